"""The databases of the engine's tests."""

from tests.integration.engine.conftest import engine_url, mariadb_name, sqlite_template

__all__ = ["engine_url", "mariadb_name", "sqlite_template"]
