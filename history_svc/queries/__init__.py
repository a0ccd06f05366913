"""Reads of history: one row, or a page of a list."""
