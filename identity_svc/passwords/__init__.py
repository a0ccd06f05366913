"""Passwords: how they are kept, and which are good enough."""
