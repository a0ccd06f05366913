"""Tells people and programs what happens: by e-mail, in chats, on phones, by webhooks, in their inbox."""
