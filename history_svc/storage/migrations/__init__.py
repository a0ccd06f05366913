"""Migrations of the history service's tables."""
