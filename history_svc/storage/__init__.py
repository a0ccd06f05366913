"""The history service's own tables."""
