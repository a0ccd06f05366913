from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from identity_svc.storage.schema import HEAD, MIGRATIONS
from mesh.bus.opening import open_bus
from mesh.bus.port import Bus
from mesh.db.database import Database
from mesh.db.schema import open_database
from tests.infrastructure.migrated import migrated_database_url
from tests.integration.identity.directory import Directory, administrator, start

database_url = migrated_database_url(MIGRATIONS, HEAD)


@pytest.fixture
async def identity(database_url: str) -> AsyncIterator[Database]:
    """Identity's database with its tables, once on SQLite and once on MariaDB."""
    database = await open_database(database_url)
    yield database
    await database.close()


@pytest.fixture
async def bus(tmp_path: Path) -> AsyncIterator[Bus]:
    opened = await open_bus(f"sqlite:///{tmp_path / 'bus.db'}")
    yield opened
    await opened.close()


@pytest.fixture
async def directory(identity: Database, bus: Bus) -> AsyncIterator[Directory]:
    """A running service with the administrator `root`."""
    running = await start(identity, bus)
    await identity.write(administrator("root"))
    yield running
    await running.close()


@pytest.fixture
def root(directory: Directory) -> Any:
    return directory.as_("root")
