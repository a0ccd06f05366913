"""History built again from the log: the same rows, byte for byte, while new events come and the old ones answer."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import grpc
import pytest
from flowmesh.events.v1.event_pb2 import EventEnvelope
from flowmesh.history.v1 import history_service_pb2 as history_pb
from flowmesh.history.v1 import rebuild_service_pb2 as pb
from flowmesh.history.v1.history_service_pb2_grpc import HistoryServiceStub
from flowmesh.history.v1.rebuild_service_pb2_grpc import RebuildServiceStub

from history_svc.consumers import rebuilding
from history_svc.consumers.both_generations import project_on_both
from history_svc.consumers.projection import project
from history_svc.main import HistoryService
from history_svc.settings import HistorySettings
from history_svc.storage.generations import ForeignTable, Tables, next_of, redirected
from history_svc.storage.projection_tables import OWN_TABLES, PROJECTION_TABLES
from history_svc.storage.purging import claim, forget_purged, purge_some
from history_svc.storage.rebuilds import NEXT_NAMES, Rebuild, begin, change, find, on_both, set_filling
from history_svc.storage.retention_layout import NO_ARCHIVE
from mesh.bus.local import LocalBus
from mesh.bus.port import BusMessage, RewindTarget
from mesh.bus.topics import WORKFLOW_EXECUTION_EVENTS, all_topics
from mesh.clock import SystemClock
from mesh.db.database import Database
from mesh.db.sqlite import SqliteDatabase
from mesh.db.statements import Execute, Fetch, InsertMany, Program, fetch
from mesh.lease import Leases
from mesh.metrics import Metrics
from mesh.status import error_info_of
from tests.unit.history.counted import HOUR_MICROS, read
from tests.unit.history.event_histories import START_MICROS, Life
from tests.unit.history.stored import TABLES, stored

PATIENCE_SECONDS = 60.0
FIRST_HOUR = START_MICROS // HOUR_MICROS - 1
State = pb.Rebuild.State


@pytest.fixture
async def bus(tmp_path: Path) -> AsyncIterator[LocalBus]:
    opened = await LocalBus.open(tmp_path / "bus.db")
    await opened.ensure_topics(all_topics())
    yield opened
    await opened.close()


def life(number: int, *, ended: bool = True) -> Life:
    told = Life(
        key=f"order-{number % 3}",
        definition_id=f"definition-{number % 3}",
        tenant_id="acme" if number % 2 else "",
        business_key=f"b-{number}",
    )
    told.start("ann", amount=number, text="名" * (number % 5))
    activity = told.activity("approve")
    start = told.enter(activity)
    told.tell("user_task_created", task_id=activity.id, element_id="approve", name="Approve", assignee="kim")
    told.commit()
    told.tell("user_task_assigned", task_id=activity.id, assignee="bob", previous_assignee="kim")
    told.set(amount=number + 1)
    told.commit()
    if ended:
        told.leave(activity, start)
        told.tell("user_task_completed", task_id=activity.id, element_id="approve", assignee="bob", outcome="yes")
        told.end()
    return told


async def publish(bus: LocalBus, events: Sequence[EventEnvelope]) -> None:
    for start in range(0, len(events), 500):
        part = events[start : start + 500]
        await bus.publish(
            [BusMessage(WORKFLOW_EXECUTION_EVENTS, event.biz_id, event.SerializeToString()) for event in part]
        )


class Served:
    """A running history service, and calls to it."""

    def __init__(self, service: HistoryService, channel: grpc.aio.Channel, bus: LocalBus) -> None:
        self.service = service
        self.bus = bus
        self.rebuilds: Any = RebuildServiceStub(channel)
        self.history: Any = HistoryServiceStub(channel)

    async def caught_up(self) -> None:
        """Wait until history has taken in all that is on the bus."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                offsets = await self.bus.group_offsets("history-service")
                if offsets and not any(at.lag for at in offsets):
                    return
                await asyncio.sleep(0.02)

    async def ended(self, rebuild_id: str) -> pb.Rebuild:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                found: pb.Rebuild = (await self.rebuilds.GetRebuild(pb.GetRebuildRequest(id=rebuild_id))).rebuild
                if found.HasField("end_time"):
                    return found
                await asyncio.sleep(0.05)

    async def rebuilt(self, **fields: Any) -> pb.Rebuild:
        started = (await self.rebuilds.StartRebuild(pb.StartRebuildRequest(**fields))).rebuild
        return await self.ended(started.id)


@contextlib.asynccontextmanager
async def serving(history: Database, bus: LocalBus) -> AsyncIterator[Served]:
    service = HistoryService(HistorySettings(port=0, drain_seconds=0.5), history, bus, Metrics())
    port = await service.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            yield Served(service, channel, bus)
        finally:
            await service.stop()


async def table_names(database: Database) -> set[str]:
    if isinstance(database, SqliteDatabase):
        rows = await database.read(fetch(Fetch("SELECT name FROM sqlite_master WHERE type='table'")))
    else:
        rows = await database.read(fetch(Fetch("SHOW TABLES")))
    return {row[0] for row in rows if not row[0].startswith("sqlite_")}


async def test_every_table_is_built_again_or_the_services_own(history: Database) -> None:
    projected = {table.name for table in PROJECTION_TABLES}
    assert await table_names(history) == projected | OWN_TABLES
    assert projected >= set(TABLES)


async def test_the_rows_are_the_same_byte_for_byte(history: Database, bus: LocalBus) -> None:
    lives = [life(number, ended=number % 4 != 0) for number in range(60)]
    events = [event for one in lives for event in one.events]
    random.Random(1).shuffle(events)
    await publish(bus, [*events, *random.Random(2).sample(events, 50)])
    async with serving(history, bus) as served:
        await served.caught_up()
        before = await stored(history)
        assert len(before["history_process_instance"]) == 60
        counted = await read(history, FIRST_HOUR, FIRST_HOUR + 4)
        rebuilt = await served.rebuilt(request_id="r-1")
        assert State.Name(rebuilt.state) == "STATE_SUCCEEDED", rebuilt
        assert rebuilt.events_applied == len(events)
        assert rebuilt.events_read == len(events) + 50
        assert await stored(history) == before
        assert await read(history, FIRST_HOUR, FIRST_HOUR + 4) == counted
        # What was wrong is put right, what nobody told is gone, and what was lost is there again.
        await history.write(_spoil())
        assert await stored(history) != before
        again = await served.rebuilt()
        assert State.Name(again.state) == "STATE_SUCCEEDED", again
        assert await stored(history) == before
        # The tables are as they were made, and take new events.
        late = life(99)
        await publish(bus, late.events)
        await served.caught_up()
        assert len((await stored(history))["history_process_instance"]) == 61
        assert await table_names(history) == {table.name for table in PROJECTION_TABLES} | OWN_TABLES
        repeated = (await served.rebuilds.StartRebuild(pb.StartRebuildRequest(request_id="r-1"))).rebuild
        assert repeated.id == rebuilt.id
        listed = (await served.rebuilds.ListRebuilds(pb.ListRebuildsRequest(page_size=1))).rebuilds
        assert [one.id for one in listed] == [again.id]


def _spoil() -> Program[None]:
    yield Execute("DELETE FROM history_activity")
    yield Execute("UPDATE history_task SET assignee='mallory', assignee_position=assignee_position+1")
    columns = TABLES["history_variable"]
    yield InsertMany("history_variable", columns, [("made-up", "x", "k", "", "", "n", b"1", 0, 0, 1, 0, None, None)])


async def test_new_events_come_and_the_old_rows_answer_while_it_is_rebuilt(history: Database, bus: LocalBus) -> None:
    lives = [life(number) for number in range(400)]
    await publish(bus, [event for one in lives for event in one.events])
    async with serving(history, bus) as served:
        await served.caught_up()
        started = (await served.rebuilds.StartRebuild(pb.StartRebuildRequest())).rebuild
        refused = await _refusal(served.rebuilds.StartRebuild(pb.StartRebuildRequest()))
        assert refused == "REBUILD_RUNNING"
        asked = 0
        more: list[Life] = []
        while not (await served.rebuilds.GetRebuild(pb.GetRebuildRequest(id=started.id))).rebuild.HasField("end_time"):
            more.append(life(1000 + len(more)))
            await publish(bus, more[-1].events)
            request = history_pb.ListHistoricProcessInstancesRequest(page_size=1000)
            answer = await served.history.ListHistoricProcessInstances(request, timeout=30)
            assert len(answer.historic_process_instances) >= 400
            asked += 1
        assert asked > 3
        await served.caught_up()
        after = await stored(history)
        assert len(after["history_process_instance"]) == 400 + len(more)
        # The same as what is built from nothing of the same events.
        again = await served.rebuilt()
        assert State.Name(again.state) == "STATE_SUCCEEDED"
        assert await stored(history) == after


async def test_a_log_that_begins_later_is_refused_or_older_rows_are_kept(history: Database, bus: LocalBus) -> None:
    older = [life(number, ended=number % 2 == 0) for number in range(30)]
    await publish(bus, [event for one in older for event in one.events])
    async with serving(history, bus) as served:
        await served.caught_up()
        await _forget_log(bus)
        newer = [life(100 + number) for number in range(30)]
        open_ones = [one for one in older if one.events[-1].WhichOneof("payload") != "process_instance_completed"]
        for one in open_ones:
            told = len(one.events)
            one.commit()
            one.set(later=True)
            one.end()
            await publish(bus, one.events[told:])
        await publish(bus, [event for one in newer for event in one.events])
        await served.caught_up()
        before = await stored(history)
        call = served.rebuilds.StartRebuild(pb.StartRebuildRequest())
        assert await _refusal(call) == "HISTORY_LOG_INCOMPLETE"
        spoilt = newer[0].id
        await history.write(_lose(spoilt))
        kept = await served.rebuilt(keep_older=True)
        assert State.Name(kept.state) == "STATE_SUCCEEDED", kept
        assert kept.rows_kept > 30
        assert await stored(history) == before


async def test_a_rebuild_that_the_log_runs_away_from_fails_and_loses_nothing(
    history: Database, bus: LocalBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    lives = [life(number) for number in range(20)]
    await publish(bus, [event for one in lives for event in one.events[:3]])
    await publish(bus, [event for one in lives for event in one.events[3:]])
    async with serving(history, bus) as served:
        await served.caught_up()
    before = await stored(history)
    monkeypatch.setattr(rebuilding, "BATCH", 4)
    for stopped in (True, False):
        await history.write(begin(Rebuild(f"r-{stopped}", 0, int(State.STATE_PREPARING), 1, "", "", 0)))
        worker = rebuilding.RebuildWorker(bus, history, sqlite=isinstance(history, SqliteDatabase))
        take, taken = worker._take, 0

        async def forgetting(*arguments: Any, take: Any = take, worker: Any = worker, stopped: bool = stopped) -> None:
            # Some were read, then the log forgets the rest: while the process is away, or while it reads.
            nonlocal taken
            await take(*arguments)
            taken += 1
            if taken == 1:
                await _forget_log(bus)
                if stopped:
                    worker._stopping.set()

        monkeypatch.setattr(worker, "_take", forgetting)
        worker.start()
        if stopped:
            await worker._task  # type: ignore[misc] # it was started
            await worker.stop()
            worker = rebuilding.RebuildWorker(bus, history, sqlite=isinstance(history, SqliteDatabase))
            worker.start()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (found := await history.read(find(f"r-{stopped}"))) or not found.cleaned:
                await asyncio.sleep(0.05)
        await worker.stop()
        assert State.Name(found.state) == "STATE_FAILED", found
        assert "is lost" in found.problem
        assert await stored(history) == before
        await publish(bus, [event for one in lives for event in one.events])


def _lose(instance_id: str) -> Program[None]:
    yield Execute("DELETE FROM history_activity WHERE process_instance_id=?", (instance_id,))
    yield Execute("UPDATE history_process_instance SET initiator='mallory' WHERE id=?", (instance_id,))


async def _forget_log(bus: LocalBus) -> None:
    """Let everything that is on the bus be past its time."""

    def forget() -> Program[None]:
        yield Execute("DELETE FROM message")
        yield Execute("UPDATE topic_partition SET first_offset=next_offset")

    await bus._database.write(forget())


async def test_a_rebuild_can_be_given_up(history: Database, bus: LocalBus) -> None:
    lives = [life(number) for number in range(200)]
    await publish(bus, [event for one in lives for event in one.events])
    async with serving(history, bus) as served:
        await served.caught_up()
        before = await stored(history)
        started = (await served.rebuilds.StartRebuild(pb.StartRebuildRequest())).rebuild
        request = pb.CancelRebuildRequest(id=started.id)
        cancelled = (await served.rebuilds.CancelRebuild(request)).rebuild
        assert State.Name(cancelled.state) == "STATE_CANCELLED"
        assert (await served.rebuilds.CancelRebuild(request)).rebuild.id == started.id
        done = await served.rebuilt(request_id="next") if await _cleaned(served) else None
        assert done is not None
        assert State.Name(done.state) == "STATE_SUCCEEDED"
        assert await stored(history) == before
        assert await _refusal(served.rebuilds.CancelRebuild(pb.CancelRebuildRequest(id=done.id))) == "REBUILD_ENDED"
        missing = served.rebuilds.GetRebuild(pb.GetRebuildRequest(id="none"))
        assert await _refusal(missing) == "REBUILD_NOT_FOUND"
        reused = served.rebuilds.StartRebuild(pb.StartRebuildRequest(request_id="next", keep_older=True))
        assert await _refusal(reused) == "REQUEST_ID_REUSED"


async def _cleaned(served: Served) -> bool:
    """Wait until a rebuild may be begun: what another one had made is removed."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            rows = await served.service._database.read(
                fetch(Fetch("SELECT COUNT(*) FROM history_rebuild WHERE cleaned=0"))
            )
            if rows == [(0,)]:
                return True
            await asyncio.sleep(0.05)


async def test_what_cannot_be_taken_in_is_passed_over_and_counted(history: Database, bus: LocalBus) -> None:
    good, bad = life(1), Life(ordinal=1 << 20)
    bad.start()
    await bus.publish([BusMessage(WORKFLOW_EXECUTION_EVENTS, good.id, b"no event")])
    await publish(bus, [*bad.events, *good.events])
    async with serving(history, bus) as served:
        await served.caught_up()
        before = await stored(history)
        rebuilt = await served.rebuilt()
        assert State.Name(rebuilt.state) == "STATE_SUCCEEDED"
        assert (rebuilt.events_skipped, rebuilt.events_applied) == (2, len(good.events))
        assert await stored(history) == before


async def test_a_service_that_stops_goes_on_where_it_was(history: Database, bus: LocalBus) -> None:
    lives = [life(number) for number in range(300)]
    await publish(bus, [event for one in lives for event in one.events])
    async with serving(history, bus) as served:
        await served.caught_up()
        before = await stored(history)
        started = (await served.rebuilds.StartRebuild(pb.StartRebuildRequest())).rebuild
    for pause in (0.05, 0.2, 0.4):
        async with serving(history, bus):
            await asyncio.sleep(pause)
    async with serving(history, bus) as served:
        done = await served.ended(started.id)
        assert State.Name(done.state) == "STATE_SUCCEEDED"
        assert done.events_applied == sum(len(one.events) for one in lives)
        assert await stored(history) == before


async def test_the_next_generation_has_all_columns_and_indexes(history: Database) -> None:
    tables = Tables(sqlite=isinstance(history, SqliteDatabase))
    for generation in (2, 3):
        before = {table.name: await _indexes(history, table.name) for table in PROJECTION_TABLES}
        for table in PROJECTION_TABLES:
            await history.write(tables.make_next(table.name, generation))
            await history.write(tables.make_next(table.name, generation))
            columns = await history.read(tables.columns(table.name))
            assert await history.read(tables.columns(next_of(table.name))) == columns
            assert columns[0] == TABLES.get(table.name, columns[0])
        await history.write(tables.swap([table.name for table in PROJECTION_TABLES]))
        for table in PROJECTION_TABLES:
            await history.write(tables.drop(next_of(table.name)))
        after = {table.name: await _indexes(history, table.name) for table in PROJECTION_TABLES}
        assert after == before
        assert {table for table, found in after.items() if not found} <= {
            "history_progress",
            "history_long_value",
            "history_timeline",
            "statistics_element",
        }


async def _indexes(history: Database, table: str) -> list[Any]:
    """What the indexes of a table are on, whatever they are called."""
    if isinstance(history, SqliteDatabase):
        rows = await history.read(
            fetch(Fetch("SELECT sql FROM sqlite_master WHERE type='index' AND tbl_name=? AND sql<>''", (table,)))
        )
        return sorted(re.sub(r'^CREATE INDEX "?\w+"? ON "?\w+"? ', "", row[0]) for row in rows)
    rows = await history.read(fetch(Fetch(f"SHOW INDEX FROM {table}")))
    return sorted((row[2], row[3], row[4]) for row in rows)


async def test_a_table_that_nobody_named_is_not_written_by_halves(history: Database) -> None:
    def stray() -> Program[None]:
        yield Execute("UPDATE history_rebuild SET problem=''")

    with pytest.raises(ForeignTable):
        await history.write(redirected(stray(), NEXT_NAMES))

    def inserting() -> Program[None]:
        yield InsertMany("inbox", ("consumer",), [("x",)])

    with pytest.raises(ForeignTable):
        await history.write(redirected(inserting(), NEXT_NAMES))


async def test_redirected_statements_touch_the_other_tables_alone(history: Database) -> None:
    tables = Tables(sqlite=isinstance(history, SqliteDatabase))
    for table in PROJECTION_TABLES:
        await history.write(tables.make_next(table.name, 2))
    one = life(1)
    await history.write(redirected(project(one.events), NEXT_NAMES))
    assert not any((await stored(history)).values())
    await history.write(tables.swap([table.name for table in PROJECTION_TABLES]))
    other = await stored(history)
    await history.write(tables.swap([table.name for table in PROJECTION_TABLES]))
    await history.write(project(one.events))
    assert await stored(history) == other


async def test_what_a_purge_removes_is_removed_from_both(history: Database) -> None:
    tables = Tables(sqlite=isinstance(history, SqliteDatabase))
    for table in PROJECTION_TABLES:
        await history.write(tables.make_next(table.name, 2))
    gone, kept = life(1), life(2)
    await history.write(set_filling(True))
    await history.write(project_on_both([*gone.events, *kept.events]))

    def purge() -> Program[None]:
        yield Execute("DELETE FROM history_task WHERE process_instance_id=?", (gone.id,))

    await history.write(on_both(purge(), purge()))
    for name in ("history_task", next_of("history_task")):
        rows = await history.read(fetch(Fetch(f"SELECT process_instance_id FROM {name}")))
        assert rows == [(kept.id,)]
    await history.write(set_filling(False))
    await history.write(on_both(project(gone.events), project(gone.events)))
    rows = await history.read(fetch(Fetch(f"SELECT process_instance_id FROM {next_of('history_task')}")))
    assert rows == [(kept.id,)]


async def test_what_was_purged_does_not_come_back(history: Database, bus: LocalBus) -> None:
    gone, forgotten, there = life(1), life(2), life(3)
    await publish(bus, [event for one in (gone, forgotten, there) for event in one.events])
    async with serving(history, bus) as served:
        await served.caught_up()
        holder, now = await _holder(history), SystemClock().now_micros()
        for one, micros in ((forgotten, now), (gone, now + 1)):
            await history.write(claim(holder, [one.id], None, micros, by_policy=True))
        while (await history.write(purge_some(holder, NO_ARCHIVE))).more:
            continue
        assert await history.write(forget_purged(holder, now + 1)) == 1
        expected, counted = await stored(history), await read(history, FIRST_HOUR, FIRST_HOUR + 4)
        assert [row["id"] for row in expected["history_process_instance"]] == [there.id]
        # Nor does it come back where the consumer is rewound.
        await history.write(project_on_both([event for one in (forgotten, there) for event in one.events]))
        assert await stored(history) == expected
        refused = served.rebuilds.StartRebuild(pb.StartRebuildRequest())
        assert await _refusal(refused) == "HISTORY_PURGED"
        assert (await served.rebuilt(keep_older=True)).state == State.STATE_SUCCEEDED
        assert await stored(history) == expected
        assert await read(history, FIRST_HOUR, FIRST_HOUR + 4) == counted


async def test_nothing_is_claimed_while_history_is_built_again(history: Database) -> None:
    ended = life(1)
    await history.write(project(ended.events))
    holder = await _holder(history)
    wanted = Rebuild("r", 0, int(State.STATE_PREPARING), 0, "ann", "", 1)
    await history.write(begin(wanted))
    assert await history.write(claim(holder, [ended.id], None, 1, by_policy=True)) == 0
    await history.write(change("r", [int(State.STATE_PREPARING)], state=int(State.STATE_CANCELLED), cleaned=1))
    assert await history.write(claim(holder, [ended.id], None, 1, by_policy=True)) == 1


async def _holder(history: Database) -> str:
    leases = Leases(history, "purges of a test", 1, seconds=60)
    await leases.renew()
    assert leases.holder is not None
    return leases.holder


async def test_the_group_of_the_rebuild_begins_anew_each_time(bus: LocalBus) -> None:
    await publish(bus, life(1).events)
    consumer = await bus.consumer("history-rebuild", [WORKFLOW_EXECUTION_EVENTS])
    await consumer.commit(await consumer.poll(100, 1.0))
    await consumer.close()
    offsets = await bus.rewind("history-rebuild", WORKFLOW_EXECUTION_EVENTS, RewindTarget(published_at_micros=0))
    assert len(offsets) == 12
    assert all(at.committed == 0 for at in offsets)


async def _refusal(call: Any) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    info = error_info_of(refused.value)
    assert info is not None
    return str(info.reason)
