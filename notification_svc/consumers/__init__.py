"""What the notification service reads from the bus."""
