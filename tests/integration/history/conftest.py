from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from history_svc.storage.schema import HEAD, MIGRATIONS
from mesh.db.database import Database
from mesh.db.schema import ensure_schema, open_database
from tests.infrastructure.mariadb import database_url, mariadb_server  # noqa: F401 - fixtures


@pytest.fixture
async def history(database_url: str) -> AsyncIterator[Database]:
    """History's database with its tables, once on SQLite and once on MariaDB."""
    await ensure_schema(database_url, MIGRATIONS, HEAD)
    database = await open_database(database_url)
    yield database
    await database.close()
