"""Who there is, what they may do, and what became of it."""
