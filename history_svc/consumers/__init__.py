"""What the history service reads from the bus."""
