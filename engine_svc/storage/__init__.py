"""The engine's tables and the SQL on them. Nothing above this package writes SQL."""
