"""Whoever takes instances out of history is killed: none is lost, none is there in part, none is in two archives."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from history_svc.archiving import process as archive_process
from history_svc.archiving.manifest import MANIFEST, read_manifest
from history_svc.archiving.running import ArchiveFailed, ArchiveFiles
from history_svc.consumers.projection import project
from history_svc.storage.archives import Archive, archives_where, set_archive
from history_svc.storage.projection_tables import INSTANCE_ID_LENGTH
from history_svc.storage.retention import Policy, put_policy
from history_svc.storage.retention_layout import COMPLETE, GONE, INSTANCE_ROWS, REMOVING, RESTORED, RESTORING
from history_svc.storage.schema import HEAD, MIGRATIONS
from history_svc.workers.retention import RetentionWork
from mesh.clock import SystemClock
from mesh.db.database import Database
from mesh.db.migrate import migrate
from mesh.db.schema import open_database
from mesh.db.statements import Execute, Fetch, Program, fetch
from tests.unit.history.counted import HOUR_MICROS, read
from tests.unit.history.event_histories import START_MICROS, Life, timestamp

ROOT = Path(__file__).resolve().parents[2]
ARCHIVED = 16
"""Rows of each instance in an archive: itself, an activity, a task with a candidate, an incident with its count, a
variable with its change, 7 events, how far its events came."""
ROWS = ARCHIVED + 2
"""With the words of its business key, which no archive has."""
SEED = 11
# Long ago for the system's clock.
PAST = START_MICROS - 400 * 86_400_000_000
FIRST = PAST // HOUR_MICROS - 1


@pytest.fixture
async def history(database_url: str) -> AsyncIterator[Database]:
    await asyncio.to_thread(migrate, database_url, MIGRATIONS, HEAD)
    database = await open_database(database_url)
    yield database
    await database.close()


def a_life(key: str) -> Life:
    life = Life(key=key, definition_id=key, micros=PAST, business_key="B-1")
    life.start("ann", amount=5)
    activity = life.activity("approve")
    entered = life.enter(activity)
    life.tell(
        "user_task_created",
        task_id=activity.id,
        element_id="approve",
        candidate_groups=["it"],
        due_time=timestamp(PAST + 1_000_000),
    )
    life.tell("incident_raised", incident_id=f"{life.id}.70", element_id="approve")
    life.commit()
    life.leave(activity, entered)
    life.tell("user_task_completed", task_id=activity.id, element_id="approve")
    life.end()
    return life


async def populate(history: Database, archived: int, plain: int) -> tuple[set[str], set[str]]:
    """Instances that are to be archived, and others that are only to go; their ids."""
    ids: tuple[set[str], set[str]] = (set(), set())
    for of, key, count in ((ids[0], "archived", archived), (ids[1], "plain", plain)):
        lives = [a_life(key) for _ in range(count)]
        of |= {life.id for life in lives}
        for start in range(0, count, 100):
            await history.write(project([event for life in lives[start : start + 100] for event in life.events]))
        await history.write(put_policy(Policy("", key, 0, key == "archived", 0)))
    return ids


async def rows_of_instances(history: Database) -> Counter[str]:
    def count() -> Program[Counter[str]]:
        found: Counter[str] = Counter()
        for rows_of in INSTANCE_ROWS:
            owner = f"SUBSTR({rows_of.instance},1,{INSTANCE_ID_LENGTH})"
            rows = yield Fetch(f"SELECT {owner},COUNT(*) FROM {rows_of.table} GROUP BY {owner}")
            for instance_id, number in rows:
                found[instance_id] += number
        return found

    return await history.read(count())


async def tombstones(history: Database) -> int:
    rows = await history.read(fetch(Fetch("SELECT COUNT(*) FROM history_purge WHERE state=?", (GONE,))))
    count: int = rows[0][0]
    return count


def archived_ids(folder: Path) -> Counter[str]:
    """The instances in all archives that are whole."""
    found: Counter[str] = Counter()
    for manifest in folder.glob(f"*/{MANIFEST}"):
        if manifest.parent.name.endswith(archive_process.PARTIAL):
            continue
        tables = {file.table: file for file in read_manifest(manifest.read_bytes()).files}
        for table, file in tables.items():
            rows = pq.read_table(manifest.parent / file.file).to_pylist()
            assert len(rows) == file.rows
            if table == "history_process_instance":
                found.update(row["id"] for row in rows)
    return found


def check(rows: Counter[str], ids: tuple[set[str], set[str]], in_archives: Counter[str]) -> None:
    assert set(rows.values()) <= {ROWS}, "an instance is there in part"
    assert set(in_archives.values()) <= {1}, "an instance is in two archives"
    assert ids[0] <= rows.keys() | in_archives.keys(), "an instance is lost"


@contextlib.asynccontextmanager
async def working(database_url: str, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.crash.retention_process", database_url, str(folder)),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "gen")))},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"working\n"
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_processes_are_killed_while_they_archive_and_purge(
    history: Database, database_url: str, tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    folder = tmp_path / "archives"
    ids = await populate(history, 400, 1600)
    counted = await read(history, FIRST, FIRST + 4)
    kills, left = 0, -1
    while left:
        async with contextlib.AsyncExitStack() as processes:
            # Two at once: one of them has the lease, and the other one comes after it.
            both = [await processes.enter_async_context(working(database_url, folder)) for _ in range(2)]
            await asyncio.sleep(chance.uniform(0, 0.1 + 0.15 * kills) if kills < 10 else 6)
            both[chance.randrange(2)].send_signal(signal.SIGKILL)
            await asyncio.sleep(chance.uniform(0, 0.3))
        kills += 1
        rows = await rows_of_instances(history)
        check(rows, ids, archived_ids(folder))
        left = len(rows)
        assert kills < 40
    assert kills >= 3
    assert archived_ids(folder).keys() == ids[0]
    assert await tombstones(history) == 2000
    assert await read(history, FIRST, FIRST + 4) == counted
    for archive in await history.read(archives_where("state", COMPLETE, 100)):
        assert (await ArchiveFiles(folder, database_url).verify(archive))["faults"] == []
    assert not list(folder.glob(f"*{archive_process.PARTIAL}"))


class Crash(Exception):
    """In place of the end of a process."""


class Breaking:
    """A database whose process ends at its n-th write: before it, or after it before anybody hears of it."""

    def __init__(self, database: Database, at: int, *, done: bool) -> None:
        self._database = database
        self._left = at
        self._done = done

    async def write(self, program: Program[Any]) -> Any:
        self._left -= 1
        if self._left:
            return await self._database.write(program)
        if self._done:
            await self._database.write(program)
        else:
            program.close()
        raise Crash

    async def read(self, program: Program[Any]) -> Any:
        return await self._database.read(program)

    async def close(self) -> None:
        return


class InThisProcess(ArchiveFiles):
    """Does the work on archives in the process of the test."""

    async def _run(self, work: str, archive: Archive) -> dict[str, Any]:
        order = {"work": work, "archive": asdict(archive), "folder": str(self.folder)}
        database = await open_database(self.database_url)
        try:
            do = {"write": archive_process.write, "restore": archive_process.restore}[work]
            return await do(database, order)
        except archive_process.NotDone as error:
            raise ArchiveFailed(str(error)) from error
        finally:
            await database.close()


async def _rounds(database: Any, files: ArchiveFiles) -> None:
    """Work as a process that has just started, until nothing is left to do."""
    # Longer than the work takes on any machine: nobody renews the lease here.
    work = RetentionWork(database, SystemClock(), files, interval_seconds=60, archive_instances=3, lease_seconds=600)
    await work._renew()
    while await work.round():
        pass
    # What is to be deleted in steps, one in each round.
    for _ in range(4):
        await work.round()


async def _taken_over(history: Database) -> None:
    def free() -> Program[None]:
        yield Execute("DELETE FROM lease_holder")
        yield Execute("UPDATE lease SET owner=''")

    await history.write(free())


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
async def test_an_end_at_every_write(history: Database, database_url: str, tmp_path: Path, done: bool) -> None:
    broken, at = True, 0
    while broken:
        # The first write is that of the lease.
        at += 1
        folder = tmp_path / f"archives-{at}"
        files = InThisProcess(folder, database_url)
        ids = await populate(history, 4, 2)
        counted = await read(history, FIRST, FIRST + 4)
        broken = False
        try:
            await _rounds(Breaking(history, at + 1, done=done), files)
        except Crash:
            broken = True
        check(await rows_of_instances(history), ids, archived_ids(folder))
        await _taken_over(history)
        await _rounds(history, files)
        assert not await rows_of_instances(history)
        assert archived_ids(folder).keys() == ids[0]
        assert await read(history, FIRST, FIRST + 4) == counted
        archives = await history.read(archives_where("emptied", 1, 1000))
        assert all(archive.state == COMPLETE for archive in archives if (folder / archive.id).exists())
        await _taken_over(history)
    assert at > 5


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_restoring_and_deleting_end_at_every_write(history: Database, database_url: str, tmp_path: Path) -> None:
    files = InThisProcess(tmp_path / "archives", database_url)
    broken, at = True, 0
    while broken:
        at += 1
        await populate(history, 2, 0)
        await _rounds(history, files)
        (archive,) = [one for one in await history.read(archives_where("emptied", 1, 10)) if one.state == COMPLETE]
        await history.write(set_archive(archive.id, restoring=RESTORING))
        await _taken_over(history)
        broken = await _crashes(Breaking(history, at + 1, done=bool(at % 2)), files)
        await _taken_over(history)
        await _rounds(history, files)
        (now,) = [one for one in await history.read(archives_where("restoring", RESTORED, 10)) if one.id == archive.id]
        rows = await history.read(fetch(Fetch("SELECT COUNT(*) FROM archived_record WHERE archive_id=?", (now.id,))))
        assert rows == [(2 * ARCHIVED,)]
        await history.write(set_archive(archive.id, state=3, restoring=REMOVING))
        await _taken_over(history)
        broken |= await _crashes(Breaking(history, at + 1, done=bool(at % 2)), files)
        await _taken_over(history)
        await _rounds(history, files)
        assert await history.read(fetch(Fetch("SELECT COUNT(*) FROM archived_record"))) == [(0,)]
        assert await history.read(fetch(Fetch("SELECT COUNT(*) FROM history_archive"))) == [(0,)]
        assert not list((tmp_path / "archives").iterdir())
        await _taken_over(history)
    assert at > 2


async def _crashes(database: Breaking, files: ArchiveFiles) -> bool:
    try:
        await _rounds(database, files)
    except Crash:
        return True
    return False
