"""What is taken off the bus."""
