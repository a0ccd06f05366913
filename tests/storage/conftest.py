from __future__ import annotations

import pytest

from mesh.db.database import Database
from tests.infrastructure.mariadb import create_tables
from tests.storage.tables import METADATA


@pytest.fixture
async def store(database: Database, database_url: str) -> Database:
    """An open database with the tables of the storage tests."""
    await create_tables(database_url, METADATA)
    return database
