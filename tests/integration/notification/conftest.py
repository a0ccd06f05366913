from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from mesh.bus.opening import open_bus
from mesh.bus.port import Bus
from mesh.db.database import Database
from mesh.db.schema import open_database
from notification_svc.storage.schema import HEAD, MIGRATIONS
from tests.infrastructure.migrated import migrated_database_url
from tests.integration.notification.mail_catcher import MailCatcher, mail_catcher

database_url = migrated_database_url(MIGRATIONS, HEAD)


@pytest.fixture
async def notification(database_url: str) -> AsyncIterator[Database]:
    """The service's database with its tables, once on SQLite and once on MariaDB."""
    database = await open_database(database_url)
    yield database
    await database.close()


@pytest.fixture
async def bus(tmp_path: Path) -> AsyncIterator[Bus]:
    opened = await open_bus(f"sqlite:///{tmp_path / 'bus.db'}")
    yield opened
    await opened.close()


@pytest.fixture
def mails() -> Iterator[MailCatcher]:
    """A real SMTP server."""
    with mail_catcher() as catcher:
        yield catcher
