"""The clock that shows the database server's time."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from mesh.database_clock import DatabaseClock
from mesh.db.database import Database, DatabaseUnavailable
from mesh.db.schema import open_database
from mesh.db.statements import Program
from tests.infrastructure.mariadb import MariadbServer

HOUR = 3_600_000_000
SLACK = 60_000_000
"""The machine is shared."""

pytestmark = pytest.mark.mariadb


@pytest.fixture
async def mariadb(mariadb_server: MariadbServer) -> AsyncIterator[Database]:
    with mariadb_server.database() as name:
        database = await open_database(mariadb_server.url(name))
        yield database
        await database.close()


async def test_it_goes_by_the_server_whatever_the_machine_says(
    mariadb: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = time.time_ns
    clock = DatabaseClock(mariadb)
    monkeypatch.setattr(time, "time_ns", lambda: right() + HOUR * 1_000)
    assert abs(clock.now_micros() - right() // 1_000 - HOUR) < SLACK
    await clock.start()
    before = clock.now_micros()
    assert abs(before - right() // 1_000) < SLACK
    monkeypatch.setattr(time, "time_ns", lambda: right() - HOUR * 1_000)
    assert 0 <= clock.now_micros() - before < SLACK
    await clock.stop()


async def test_it_goes_on_while_the_server_is_away(mariadb: Database) -> None:
    class Away:
        async def read(self, program: Program[object]) -> object:
            program.close()
            raise DatabaseUnavailable("away")

    clock = DatabaseClock(mariadb)
    await clock.measure()
    clock._database = Away()  # type: ignore[assignment]
    with pytest.raises(DatabaseUnavailable):
        await clock.measure()
    before = clock.now_micros()
    assert 0 <= clock.now_micros() - before < SLACK
    with pytest.raises(DatabaseUnavailable):
        await DatabaseClock(Away()).start()  # type: ignore[arg-type]
