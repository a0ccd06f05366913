"""Files of archives: written whole or not at all, whatever happens to whoever writes them."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from history_svc.archiving.manifest import MANIFEST, read_manifest
from history_svc.archiving.process import PARTIAL, PIECE_BYTES
from history_svc.archiving.running import ArchiveFailed, ArchiveFiles
from history_svc.consumers.projection import project
from history_svc.storage.archives import Archive, archives_where, set_archive
from history_svc.storage.purging import PURGE_ROWS, claim, purge_some
from history_svc.storage.retention import Policy, put_policy
from history_svc.storage.retention_layout import (
    ARCHIVED_ROWS,
    COMPLETE,
    NO_ARCHIVE,
    NOT_RESTORED,
    RESTORING,
    WRITING,
)
from history_svc.storage.schema import HEAD
from history_svc.workers.retention import RetentionWork
from mesh.clock import SystemClock
from mesh.db.database import Database
from mesh.db.statements import Fetch, fetch
from mesh.ids import new_id
from mesh.lease import Leases
from tests.unit.history.event_histories import Life
from tests.unit.history.stored import stored
from tests.unit.history.whole_lives import whole_life

KEY = "order"


@pytest.fixture
def files(database_url: str, tmp_path: Path) -> ArchiveFiles:
    return ArchiveFiles(tmp_path / "archives", database_url)


async def holder_of(history: Database) -> str:
    leases = Leases(history, "archives of a test", 1, seconds=600)
    await leases.renew()
    assert leases.holder is not None
    return leases.holder


async def claimed(history: Database, *lives: Life) -> Archive:
    """An archive that is to be written, with the instances of these lives."""
    for life in lives:
        await history.write(project(life.events))
    wanted = Archive(new_id(), lives[0].tenant_id, KEY, WRITING, NOT_RESTORED, 1, 0, 0, 0, 0, 0, HEAD, "", "", 0)
    holder = await holder_of(history)
    count = await history.write(claim(holder, [life.id for life in lives], wanted, 1, by_policy=True))
    assert count == len(lives)
    (archive,) = [one for one in await history.read(archives_where("state", WRITING, 10)) if one.id == wanted.id]
    return archive


@contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """Let the processes that are started write no longer files, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_disk_that_is_full_leaves_nothing_behind(
    history: Database, files: ArchiveFiles, tmp_path: Path
) -> None:
    archive = await claimed(history, *(whole_life() for _ in range(3)))
    before = await stored(history)
    folder = tmp_path / "archives"
    with files_no_longer_than(2_000), pytest.raises(ArchiveFailed, match="File too large"):
        await files.write(archive)
    assert list(folder.iterdir()) == []
    assert await stored(history) == before
    outcome = await files.write(archive)
    assert [path.name for path in folder.iterdir()] == [archive.id]
    complete = replace(archive, manifest_sha256=outcome["manifest_sha256"])
    assert (await files.verify(complete))["faults"] == []


async def test_what_a_process_that_was_killed_has_left_is_removed(
    history: Database, files: ArchiveFiles, tmp_path: Path
) -> None:
    archive = await claimed(history, whole_life())
    for number in range(2):
        left = tmp_path / "archives" / f"{archive.id}.{number}{PARTIAL}"
        left.mkdir(parents=True)
        # Its files were there, its manifest not yet.
        (left / "history_task.parquet").write_bytes(b"PAR1")
    other = tmp_path / "archives" / f"{new_id()}.x{PARTIAL}"
    other.mkdir()
    await files.write(archive)
    assert {path.name for path in (tmp_path / "archives").iterdir()} == {archive.id, other.name}


@pytest.mark.parametrize("harm", ["flipped", "missing", "no manifest", "of another archive"])
async def test_what_is_there_and_not_whole_is_written_anew(
    history: Database, files: ArchiveFiles, tmp_path: Path, harm: str
) -> None:
    """As long as it is not called complete its instances are in history."""
    archive = await claimed(history, whole_life(), whole_life())
    first = await files.write(archive)
    folder = tmp_path / "archives" / archive.id
    task = folder / "history_task.parquet"
    if harm == "flipped":
        content = bytearray(task.read_bytes())
        content[len(content) // 2] ^= 1
        task.write_bytes(content)
    elif harm == "missing":
        task.unlink()
    elif harm == "no manifest":
        (folder / MANIFEST).unlink()
    else:
        manifest = read_manifest((folder / MANIFEST).read_bytes())
        (folder / MANIFEST).write_bytes(replace(manifest, archive_id=new_id()).to_json())
    assert await files.write(archive) == first
    assert [path.name for path in (tmp_path / "archives").iterdir()] == [archive.id]
    assert await files.write(archive) == first


async def test_two_processes_that_write_the_same_archive(
    history: Database, files: ArchiveFiles, tmp_path: Path
) -> None:
    """One of them has lost the lease and does not know it yet."""
    archive = await claimed(history, *(whole_life() for _ in range(5)))
    outcomes = await asyncio.gather(*(files.write(archive) for _ in range(3)), return_exceptions=True)
    done = [one for one in outcomes if isinstance(one, dict)]
    assert done, outcomes
    assert all(isinstance(one, dict | ArchiveFailed) for one in outcomes), outcomes
    last = await files.write(archive)
    assert all(one == last for one in done)
    assert (await files.verify(replace(archive, manifest_sha256=last["manifest_sha256"])))["faults"] == []


async def test_tenants_are_in_files_of_their_own(history: Database, files: ArchiveFiles, tmp_path: Path) -> None:
    lives = [whole_life(tenant_id=tenant) for tenant in ("", "acme", "umbrella") for _ in range(4)]
    for life in lives:
        await history.write(project(life.events))
    for tenant in ("", "acme"):
        await history.write(put_policy(Policy(tenant, KEY, 0, True, 1)))
    await _worked_through(history, files)
    complete = await history.read(archives_where("state", COMPLETE, 10))
    assert sorted(one.tenant_id for one in complete) == ["", "acme"]
    for archive in complete:
        for file in read_manifest((tmp_path / "archives" / archive.id / MANIFEST).read_bytes()).files:
            for row in pq.read_table(tmp_path / "archives" / archive.id / file.file).to_pylist():
                assert row.get("tenant_id", archive.tenant_id) == archive.tenant_id, file.table
    left = {row["id"] for row in (await stored(history))["history_process_instance"]}
    assert left == {life.id for life in lives if life.tenant_id == "umbrella"}


async def test_an_instance_with_more_rows_than_one_piece_or_transaction_has(
    history: Database, files: ArchiveFiles, tmp_path: Path
) -> None:
    life = whole_life()
    life.events.pop()
    values = 2 * PURGE_ROWS // 3
    for number in range(3):
        life.commit()
        life.set("", **{f"v{n}": f"{number}-{n}" for n in range(values)})
    life.commit()
    life.set("", **{f"long{n}": "长" * (PIECE_BYTES // 60) for n in range(40)})
    life.end()
    await history.write(project(life.events))
    await history.write(put_policy(Policy("", KEY, 0, True, 1)))
    rows = {table: len(of) for table, of in (await stored(history)).items()}
    work = await _worked_through(history, files)
    assert work.counters.purged == 1
    (archive,) = await history.read(archives_where("state", COMPLETE, 10))
    folder = tmp_path / "archives" / archive.id
    for rows_of in ARCHIVED_ROWS:
        with pq.ParquetFile(folder / f"{rows_of.table}.parquet") as parquet:
            assert parquet.metadata.num_rows == rows.get(rows_of.table, 1), rows_of.table
            if rows_of.table in ("history_variable", "history_long_value"):
                assert parquet.num_row_groups > 1
    assert not any((await stored(history)).values())
    assert rows["history_variable_change"] > 2 * PURGE_ROWS
    await history.write(set_archive(archive.id, restoring=RESTORING))
    await files.restore(archive)
    restored = await history.read(
        fetch(Fetch("SELECT COUNT(*) FROM archived_record WHERE archive_id=?", (archive.id,)))
    )
    assert restored == [(archive.row_count,)]


async def test_a_large_instance_is_counted_once_when_it_goes(history: Database) -> None:
    large, small = whole_life(), whole_life()
    large.set("", **{f"v{n}": n for n in range(PURGE_ROWS)})
    for life in (large, small):
        await history.write(project(life.events))
    holder = await holder_of(history)
    assert await history.write(claim(holder, [large.id, small.id], None, 1, by_policy=True)) == 2
    gone, steps = 0, 0
    while (purged := await history.write(purge_some(holder, NO_ARCHIVE))).more:
        gone, steps = gone + purged.instances, steps + 1
    assert gone == 2
    assert steps > 2
    assert not any((await stored(history)).values())


async def _worked_through(history: Database, files: ArchiveFiles) -> RetentionWork:
    """What retention does until there is nothing left to do."""
    work = RetentionWork(history, SystemClock(), files, interval_seconds=60, archive_instances=100, lease_seconds=600)
    await work._renew()
    while await work.round():
        pass
    for _ in range(3):
        await work.round()
    return work
