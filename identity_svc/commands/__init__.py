"""Changes of the directory: checks and writes, each in one transaction."""
