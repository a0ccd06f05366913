"""Commits of others are noticed without a query, every one of them."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from mesh.db.sqlite import SqliteDatabase
from mesh.db.sqlite_changes import LONGEST_SECONDS, SqliteChanges
from mesh.db.statements import Execute, Fetch, Program, fetch

COMMITS = 2_000


def _create() -> Program[None]:
    yield Execute("CREATE TABLE number (value INTEGER NOT NULL)")
    yield Execute("INSERT INTO number (value) VALUES (0)")


@pytest.mark.timeout(60)
async def test_no_commit_of_another_connection_is_missed(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "x.db")
    await database.write(_create())
    changes = database.changes()

    def commit() -> None:
        with sqlite3.connect(tmp_path / "x.db", isolation_level=None) as other:
            other.execute("PRAGMA synchronous=OFF")
            # The log begins anew now and then, and has the size that it had before.
            other.execute("PRAGMA wal_autocheckpoint=7")
            for _ in range(COMMITS):
                other.execute("UPDATE number SET value=value+1")
        other.close()

    writing = threading.Thread(target=commit)
    writing.start()
    looks = queries = value = 0
    while value < COMMITS or writing.is_alive():
        looks += 1
        if changes.possible():
            queries += 1
            ((value,),) = await database.read(fetch(Fetch("SELECT value FROM number")))
        await asyncio.sleep(0.001)
    assert value == COMMITS
    await database.close()


async def test_a_file_that_nobody_writes_to_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = SqliteDatabase(tmp_path / "x.db")
    await database.write(_create())
    now = 100.0
    monkeypatch.setattr("mesh.db.sqlite_changes.steady_seconds", lambda: now)
    changes = database.changes()
    told = []
    for _ in range(40):
        told.append(changes.possible())
        now += 0.03
    # Twice more after the first look, as the file's clock has ticks; once more after a second.
    assert told[:4] == [True, True, True, False]
    assert sum(told) == 4
    assert now - 100 > LONGEST_SECONDS
    await database.write(fetch(Execute("UPDATE number SET value=1")))
    assert changes.possible()
    await database.close()


def test_without_a_log_anything_is_possible(tmp_path: Path) -> None:
    changes = SqliteChanges(tmp_path / "none.db")
    assert all(changes.possible() for _ in range(5))
