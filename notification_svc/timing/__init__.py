"""When something is told, by the clock on the wall of who is told."""
