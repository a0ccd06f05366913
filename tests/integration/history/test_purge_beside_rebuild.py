"""Instances are archived and purged while history is built again, in both orders: as if one had come after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from flowmesh.history.v1 import archive_service_pb2 as archives_pb
from flowmesh.history.v1 import rebuild_service_pb2 as pb
from flowmesh.history.v1 import retention_service_pb2 as retention_pb
from flowmesh.history.v1.archive_service_pb2_grpc import ArchiveServiceStub
from flowmesh.history.v1.retention_service_pb2_grpc import RetentionServiceStub
from google.protobuf.duration_pb2 import Duration

from history_svc.main import HistoryService
from history_svc.settings import HistorySettings
from history_svc.storage.projection_tables import INSTANCE_ID_LENGTH, PROJECTION_TABLES
from history_svc.storage.rebuilds import Rebuild, begin
from history_svc.storage.retention_layout import CLAIMED, GONE
from mesh.bus.local import LocalBus
from mesh.bus.topics import all_topics
from mesh.db.database import Database
from mesh.db.statements import Fetch, Program, fetch
from mesh.metrics import Metrics
from tests.integration.history.test_rebuild import FIRST_HOUR, Served, publish
from tests.unit.history.counted import read
from tests.unit.history.event_histories import Life
from tests.unit.history.stored import Stored, stored
from tests.unit.history.whole_lives import whole_life

PATIENCE_SECONDS = 90.0
State = pb.Rebuild.State


class Mesh(Served):
    """The service with its retention."""

    def __init__(self, service: HistoryService, channel: grpc.aio.Channel, bus: LocalBus) -> None:
        super().__init__(service, channel, bus)
        self.retention: Any = RetentionServiceStub(channel)
        self.archives: Any = ArchiveServiceStub(channel)

    async def let_go(self) -> None:
        """Archived ones of one process, plain ones of another."""
        for key in ("archived", "plain"):
            request = retention_pb.SetRetentionPolicyRequest(
                process_definition_key=key, keep=Duration(seconds=0), archive=key == "archived"
            )
            await self.retention.SetRetentionPolicy(request)


@pytest.fixture
async def bus(tmp_path: Path) -> AsyncIterator[LocalBus]:
    opened = await LocalBus.open(tmp_path / "bus.db")
    await opened.ensure_topics(all_topics())
    yield opened
    await opened.close()


@pytest.fixture
async def mesh(history: Database, database_url: str, bus: LocalBus, tmp_path: Path) -> AsyncIterator[Mesh]:
    settings = HistorySettings(
        port=0,
        drain_seconds=0.5,
        database_url=database_url,
        data_dir=tmp_path,
        archive_dir=tmp_path / "archives",
        retention_interval_seconds=0.05,
        archive_instances=30,
    )
    service = HistoryService(settings, history, bus, Metrics())
    port = await service.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Mesh(service, channel, bus)
    await service.stop()


def the_lives() -> list[Life]:
    """Ended ones that go, ended ones of a process that keeps them, and some that run."""
    lives = [whole_life(key=("archived", "plain", "kept")[number % 3]) for number in range(60)]
    for number in range(6):
        running = Life(key=("archived", "plain")[number % 2], definition_id="running")
        running.start("ann", amount=number)
        lives.append(running)
    return lives


def without(rows: Stored, gone: set[str]) -> Stored:
    """The rows of all other instances."""
    owner = {table.name: table.owner for table in PROJECTION_TABLES}
    return {
        table: [
            row
            for row in of
            if str(row.get("process_instance_id") or row[owner[table]])[:INSTANCE_ID_LENGTH] not in gone
        ]
        for table, of in rows.items()
    }


async def purged(history: Database, state: int) -> int:
    rows = await history.read(fetch(Fetch("SELECT COUNT(*) FROM history_purge WHERE state=?", (state,))))
    count: int = rows[0][0]
    return count


async def until_gone(history: Database, count: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await purged(history, GONE) < count:
            await asyncio.sleep(0.05)


async def check_archives(mesh: Mesh, ids: set[str]) -> None:
    found: list[str] = []
    listed = (await mesh.archives.ListArchives(archives_pb.ListArchivesRequest())).archives
    for archive in listed:
        answer = await mesh.archives.VerifyArchive(archives_pb.VerifyArchiveRequest(id=archive.id))
        assert answer.intact, answer
        await mesh.archives.RestoreArchive(archives_pb.RestoreArchiveRequest(id=archive.id))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                now = (await mesh.archives.GetArchive(archives_pb.GetArchiveRequest(id=archive.id))).archive
                if now.restoring == archives_pb.Archive.RESTORING_DONE:
                    break
                await asyncio.sleep(0.05)
        page = await mesh.archives.ListArchivedProcessInstances(
            archives_pb.ListArchivedProcessInstancesRequest(archive_id=archive.id, page_size=1000)
        )
        found += [one.id for one in page.historic_process_instances]
    assert sorted(found) == sorted(ids)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("order", ["purge first", "rebuild first", "one after the other"])
async def test_the_rows_are_the_same_in_whatever_order(
    history: Database, bus: LocalBus, mesh: Mesh, tmp_path: Path, order: str
) -> None:
    lives = the_lives()
    await publish(bus, [event for life in lives for event in life.events])
    await mesh.caught_up()
    ended = [life for life in lives if life.events[-1].HasField("process_instance_completed")]
    gone = {life.id for life in ended if life.key != "kept"}
    archived = {life.id for life in ended if life.key == "archived"}
    expected = without(await stored(history), gone)
    counted = await read(history, FIRST_HOUR, FIRST_HOUR + 4)
    if order == "purge first":
        # An archive cannot be written yet, so its instances stay claimed.
        (tmp_path / "archives").write_text("no folder")
        await mesh.let_go()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await purged(history, CLAIMED) or await purged(history, GONE) < len(gone) - len(archived):
                await asyncio.sleep(0.05)
        started = (await mesh.rebuilds.StartRebuild(pb.StartRebuildRequest(keep_older=True))).rebuild
        await asyncio.sleep(1.5)
        found = (await mesh.rebuilds.GetRebuild(pb.GetRebuildRequest(id=started.id))).rebuild
        assert found.state == State.STATE_PREPARING
        (tmp_path / "archives").unlink()
    elif order == "rebuild first":
        started = (await mesh.rebuilds.StartRebuild(pb.StartRebuildRequest(keep_older=True))).rebuild
        await mesh.let_go()
        await _never_at_once(history, len(gone))
    else:
        await mesh.let_go()
        await until_gone(history, len(gone))
        started = (await mesh.rebuilds.StartRebuild(pb.StartRebuildRequest(keep_older=True))).rebuild
    rebuilt = await mesh.ended(started.id)
    assert rebuilt.state == State.STATE_SUCCEEDED, rebuilt
    await until_gone(history, len(gone))
    assert await purged(history, CLAIMED) == 0
    assert await stored(history) == expected
    assert await read(history, FIRST_HOUR, FIRST_HOUR + 4) == counted
    # What comes late for those that are gone changes nothing, in the tables that have changed names either.
    late = [life for life in ended if life.id in gone]
    await publish(bus, [event for life in late for event in life.events])
    await mesh.caught_up()
    assert await stored(history) == expected
    assert await read(history, FIRST_HOUR, FIRST_HOUR + 4) == counted
    await check_archives(mesh, archived)


async def _never_at_once(history: Database, count: int) -> None:
    """Look on until so many are gone: while the next generation is filled nothing is claimed."""

    def look() -> Program[tuple[bool, int]]:
        rebuilding = yield Fetch("SELECT id FROM history_rebuild WHERE cleaned=0")
        claimed = yield Fetch("SELECT COUNT(*) FROM history_purge WHERE state=?", (CLAIMED,))
        return bool(rebuilding), claimed[0][0]

    seen = 0
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await purged(history, GONE) < count:
            rebuilding, claimed = await history.read(look())
            assert not (rebuilding and claimed)
            seen += rebuilding
            await asyncio.sleep(0.005)
    assert seen


async def test_a_rebuild_of_everything_that_a_claim_has_overtaken_fails_and_loses_nothing(
    history: Database, bus: LocalBus, mesh: Mesh, tmp_path: Path
) -> None:
    lives = the_lives()
    await publish(bus, [event for life in lives for event in life.events])
    await mesh.caught_up()
    gone = {life.id for life in lives if life.key != "kept" and life.definition_id != "running"}
    expected = without(await stored(history), gone)
    counted = await read(history, FIRST_HOUR, FIRST_HOUR + 4)
    (tmp_path / "archives").write_text("no folder")
    await mesh.let_go()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await purged(history, CLAIMED):
            await asyncio.sleep(0.02)
    # As a call that has looked before the claim, and stores what it asks for after it.
    await history.write(begin(Rebuild("overtaken", 0, int(State.STATE_PREPARING), 0, "ann", "", 1)))
    (tmp_path / "archives").unlink()
    failed = await mesh.ended("overtaken")
    assert failed.state == State.STATE_FAILED
    assert "statistics still count" in failed.problem
    await until_gone(history, len(gone))
    assert await stored(history) == expected
    assert await read(history, FIRST_HOUR, FIRST_HOUR + 4) == counted
