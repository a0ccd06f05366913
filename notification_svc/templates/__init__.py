"""Texts of notifications: templates, what they may say, and how they are rendered in bounded time."""
