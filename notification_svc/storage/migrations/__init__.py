"""Migrations of the notification service's tables."""
