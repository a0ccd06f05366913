from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine_svc.main import MIGRATIONS as ENGINE_MIGRATIONS
from engine_svc.main import MIGRATIONS_HEAD as ENGINE_HEAD
from form_svc.storage.schema import HEAD, MIGRATIONS
from mesh.bus.opening import open_bus
from mesh.bus.port import Bus
from mesh.db.database import Database
from mesh.db.migrate import migrate
from mesh.db.schema import open_database
from tests.infrastructure.migrated import migrated_database_url
from tests.integration.engine.serving import TurnedClock
from tests.integration.form.forms import Forms

database_url = migrated_database_url(MIGRATIONS, HEAD)


@pytest.fixture
async def form_database(database_url: str) -> AsyncIterator[Database]:
    """The form service's database with its tables, once on SQLite and once on MariaDB."""
    database = await open_database(database_url)
    yield database
    await database.close()


@pytest.fixture
async def engine_database(tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite:///{tmp_path / 'engine.db'}"
    await asyncio.to_thread(migrate, url, ENGINE_MIGRATIONS, ENGINE_HEAD)
    database = await open_database(url)
    yield database
    await database.close()


@pytest.fixture
async def bus(tmp_path: Path) -> AsyncIterator[Bus]:
    opened = await open_bus(f"sqlite:///{tmp_path / 'bus.db'}")
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
async def forms(
    form_database: Database, engine_database: Database, bus: Bus, clock: TurnedClock
) -> AsyncIterator[Forms]:
    running = await Forms.started(form_database, engine_database, bus, clock, settle_after_seconds=0.5)
    yield running
    await running.stop()
