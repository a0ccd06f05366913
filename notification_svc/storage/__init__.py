"""The notification service's own tables."""
