"""The event bus: a port with a durable local implementation."""
