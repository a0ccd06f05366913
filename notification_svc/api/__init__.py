"""The notification service's contract: transport alone."""
