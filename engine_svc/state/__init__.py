"""A process instance in memory."""
