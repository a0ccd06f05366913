"""Alembic migrations of the form service."""
