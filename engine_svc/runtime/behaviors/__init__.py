"""What several processors share."""
