"""The monitoring service: topics, consumer groups and dead letters of the event bus, shown and put in order."""
