"""Attacks on a whole mesh."""
