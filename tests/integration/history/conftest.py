from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from history_svc.storage.schema import HEAD, MIGRATIONS
from mesh.db.database import Database
from mesh.db.schema import open_database
from tests.infrastructure.migrated import migrated_database_url

database_url = migrated_database_url(MIGRATIONS, HEAD)


@pytest.fixture
async def history(database_url: str) -> AsyncIterator[Database]:
    """History's database with its tables, once on SQLite and once on MariaDB."""
    database = await open_database(database_url)
    yield database
    await database.close()
