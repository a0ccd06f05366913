"""Alembic migrations of the engine's database."""

HEAD = "0001"
