from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from history_svc.storage.schema import HEAD, MIGRATIONS
from mesh.db.database import Database
from mesh.db.migrate import migrate
from mesh.db.schema import open_database


@pytest.fixture
async def history(database_url: str) -> AsyncIterator[Database]:
    """History's database with its tables, once on SQLite and once on MariaDB."""
    # In this process: the one that `ensure_schema` starts for it takes a second.
    await asyncio.to_thread(migrate, database_url, MIGRATIONS, HEAD)
    database = await open_database(database_url)
    yield database
    await database.close()
