"""Statistics by gRPC, on both databases: what they say, to whom, and what several consumers at once add."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any

import grpc.aio
import pytest
from flowmesh.events.v1.event_pb2 import EventEnvelope
from flowmesh.history.v1 import statistics_service_pb2 as pb
from flowmesh.history.v1.statistics_service_pb2_grpc import StatisticsServiceStub

from history_svc.api.statistics_service import StatisticsServicer
from history_svc.consumers.projection import project
from history_svc.queries.commit_waits import CommitWaits
from history_svc.storage.schema import HEAD, MIGRATIONS
from history_svc.storage.statistics_layout import SHARDS
from mesh.access.rows import RowGrant
from mesh.clock import ControlledClock
from mesh.db.database import ConstraintViolated, Database, TransientFailure
from mesh.db.migrate import migrate
from mesh.db.schema import open_database
from mesh.db.served_database import ServedDatabase
from mesh.db.sqlite import SqliteDatabase
from mesh.db.statements import Execute, Fetch, Program, fetch
from mesh.metrics import Metrics
from mesh.rpc_metrics import RpcMetrics
from mesh.server import MeshServer
from mesh.settings import MeshSettings
from mesh.status import error_info_of
from tests.infrastructure.walls import Door, caller
from tests.unit.history.counted import HOUR_MICROS, by_hand, read
from tests.unit.history.event_histories import START_MICROS, Life, timestamp

# 2026-09-21, 13:33:20 in UTC.
FIRST = START_MICROS // HOUR_MICROS - 1
DAY = 86_400_000_000
SECOND = 1_000_000
MIDNIGHT = START_MICROS // DAY * DAY


@pytest.fixture
def door() -> Door:
    """Says who calls."""
    return Door()


@pytest.fixture
def clock() -> ControlledClock:
    clock = ControlledClock()
    clock.turn_to(START_MICROS + 3 * DAY)
    return clock


@pytest.fixture
async def stub(history: Database, door: Door, clock: ControlledClock) -> AsyncIterator[Any]:
    server = MeshServer(MeshSettings(drain_seconds=0), RpcMetrics(Metrics()), authorize=door.authorize)
    servicer = StatisticsServicer(ServedDatabase(history), CommitWaits(history), clock)
    server.add(pb.DESCRIPTOR.services_by_name["StatisticsService"], servicer)
    port = await server.serve("127.0.0.1", 0)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield StatisticsServiceStub(channel)
    await server.stop()


def a_life(*, start: int = START_MICROS, seconds: int = 60, waits: int = 40, version: int = 1, **fields: Any) -> Life:
    """An instance that waits at `approve`, then at `pay`, and ends."""
    key = fields.get("key", "order")
    life = Life(**{"micros": start, "definition_id": f"{key}-{version}", **fields})
    life.start("ann")
    begin = life.activity("start", "startEvent")
    life.leave(begin)
    for element, kind, spent in (("approve", "userTask", waits), ("pay", "serviceTask", seconds - waits)):
        activity = life.activity(element, kind)
        entered = life.enter(activity)
        life.commit(spent * SECOND)
        life.leave(activity, entered)
    life.end()
    for event in life.events:
        payload = getattr(event, event.WhichOneof("payload") or "")
        payload.process_instance.process_definition_version = version
    return life


async def take_in(history: Database, *lives: Life) -> None:
    for life in lives:
        await history.write(project(life.events))


async def test_instances_by_definition_version_and_state(history: Database, stub: Any) -> None:
    running, paused = Life(definition_id="order-2"), Life(definition_id="order-2")
    for life in (running, paused):
        life.start()
    paused.tell("process_instance_suspended")
    for life in (running, paused):
        for event in life.events:
            getattr(event, event.WhichOneof("payload") or "").process_instance.process_definition_version = 2
    lives = [a_life(seconds=seconds, waits=0) for seconds in range(1, 101)]
    await take_in(history, *lives, running, paused, a_life(key="other"))
    answer = await stub.ListProcessStatistics(pb.ListProcessStatisticsRequest(page_size=2))
    first, second = answer.process_statistics
    assert (first.process_definition_key, first.process_definition_version, first.completed) == ("order", 1, 100)
    assert (first.durations.count, first.durations.total.seconds) == (100, 5050)
    assert first.durations.mean.ToMicroseconds() == 50_500_000
    for found, exact in ((first.durations.p50, 50), (first.durations.p90, 90), (first.durations.p99, 99)):
        assert abs(found.ToMicroseconds() / 1e6 - exact) <= exact / 100
    assert (second.running, second.paused, second.completed) == (1, 1, 0)
    assert not second.durations.HasField("p50")
    rest = await stub.ListProcessStatistics(
        pb.ListProcessStatisticsRequest(page_size=2, page_token=answer.next_page_token)
    )
    assert [one.process_definition_key for one in rest.process_statistics] == ["other"]
    assert not rest.next_page_token


async def test_throughput_by_hour_and_by_day_of_a_zone(history: Database, stub: Any) -> None:
    # 15:50 and 16:10 in UTC are 23:50 and 00:10 in Shanghai, 21:20 and 21:40 in Kolkata.
    before, after = (a_life(start=MIDNIGHT + minutes * 60 * SECOND) for minutes in (950, 970))
    await take_in(history, before, after)
    time = {"start_time": timestamp(MIDNIGHT + 57_000 * SECOND), "end_time": timestamp(MIDNIGHT + 59_000 * SECOND)}
    hours = await stub.GetThroughput(pb.GetThroughputRequest(**time, period=pb.GetThroughputRequest.PERIOD_HOUR))
    assert [(one.started, one.completed) for one in hours.periods] == [(1, 1), (1, 1)]
    of_shanghai = await stub.GetThroughput(pb.GetThroughputRequest(**time, time_zone="Asia/Shanghai"))
    assert [one.started for one in of_shanghai.periods] == [1, 1]
    assert of_shanghai.periods[1].start_time.ToMicroseconds() == MIDNIGHT + 16 * HOUR_MICROS
    of_kolkata = await stub.GetThroughput(pb.GetThroughputRequest(**time, time_zone="Asia/Kolkata"))
    assert [one.started for one in of_kolkata.periods] == [2]
    half_hours = await stub.GetThroughput(
        pb.GetThroughputRequest(**time, time_zone="Asia/Kolkata", period=pb.GetThroughputRequest.PERIOD_HOUR)
    )
    assert [one.started for one in half_hours.periods] == [2]
    of_day = await stub.GetThroughput(pb.GetThroughputRequest(**time, process_definition_key="order"))
    assert [(one.started, one.completed) for one in of_day.periods] == [(2, 2)]
    of_none = await stub.GetThroughput(pb.GetThroughputRequest(**time, process_definition_key="never"))
    assert [one.started for one in of_none.periods] == [0]


async def test_durations_by_day(history: Database, stub: Any) -> None:
    await take_in(history, *(a_life(start=MIDNIGHT + day * DAY, seconds=60 + day) for day in (0, 0, 2)))
    time = {"start_time": timestamp(MIDNIGHT), "end_time": timestamp(MIDNIGHT + 3 * DAY)}
    answer = await stub.GetDurations(pb.GetDurationsRequest(**time))
    assert (answer.durations.count, answer.durations.total.seconds) == (3, 182)
    days = [(one.start_time.ToMicroseconds(), one.durations.count) for one in answer.days]
    assert days == [(MIDNIGHT, 2), (MIDNIGHT + 2 * DAY, 1)]


async def test_what_happens_at_elements_and_where_instances_wait(
    history: Database, stub: Any, clock: ControlledClock
) -> None:
    waiting = Life(definition_id="order-1")
    waiting.start()
    activity = waiting.activity("approve")
    waiting.enter(activity)
    waiting.tell("incident_raised", incident_id="i-1", element_id="approve", type="JOB_NO_RETRIES")
    outer = waiting.activity("around", "subProcess")
    entered = waiting.enter(outer)
    waiting.commit(1000 * SECOND)
    waiting.abandon(outer, entered)
    await take_in(history, waiting, *(a_life(seconds=100, waits=75) for _ in range(3)))
    clock.turn_to(START_MICROS + 600 * SECOND)
    request = pb.GetActivityStatisticsRequest(process_definition_key="order")
    found = {one.element_id: one for one in (await stub.GetActivityStatistics(request)).activities}
    approve = found["approve"]
    assert (approve.element_name, approve.element_type) == ("Approve", "userTask")
    assert (approve.entered, approve.completed, approve.running) == (4, 3, 1)
    assert (approve.incidents, approve.open_incidents) == (1, 1)
    assert approve.running_age.seconds == 600
    assert (found["around"].terminated, found["around"].time_share) == (1, 0)
    assert (approve.time_share, found["pay"].time_share) == (0.75, 0.25)
    slow = await stub.ListBottlenecks(pb.ListBottlenecksRequest(process_definition_id="order-1", page_size=1))
    assert [(one.element_id, one.time_share) for one in slow.activities] == [("approve", 0.75)]
    later = {"start_time": timestamp(START_MICROS + DAY), "end_time": timestamp(START_MICROS + 2 * DAY)}
    request = pb.GetActivityStatisticsRequest(process_definition_key="order", **later)
    (now_there,) = (await stub.GetActivityStatistics(request)).activities
    assert (now_there.element_id, now_there.entered, now_there.running) == ("approve", 0, 1)


async def test_two_versions_compared(history: Database, stub: Any) -> None:
    await take_in(
        history,
        *(a_life(seconds=100, waits=50) for _ in range(2)),
        *(a_life(seconds=20, waits=10, version=2) for _ in range(3)),
    )
    request = pb.CompareVersionsRequest(process_definition_key="order", base_version=1, other_version=2)
    answer = await stub.CompareVersions(request)
    assert (answer.base.completed, answer.other.completed) == (2, 3)
    assert (answer.base.durations.mean.seconds, answer.other.durations.mean.seconds) == (100, 20)
    by_id = {one.element_id: one for one in answer.activities}
    assert by_id["approve"].base.durations.mean.seconds == 50
    assert by_id["approve"].other.durations.mean.seconds == 10
    request.other_version = 9
    missing = await stub.CompareVersions(request)
    assert missing.other.completed == 0
    assert not any(one.HasField("other") for one in missing.activities)


async def test_overdue_tasks_are_listed_and_counted(history: Database, stub: Any, clock: ControlledClock) -> None:
    lives = []
    for number in range(5):
        life = Life(tenant_id="acme" if number % 2 else "")
        life.start()
        due = timestamp(START_MICROS + number * SECOND)
        life.tell("user_task_created", task_id=f"t-{number}", element_id="approve", name="批准", due_time=due)
        lives.append(life)
    lives[0].commit()
    lives[0].tell("user_task_completed", task_id="t-0", element_id="approve")
    lives[1].commit()
    lives[1].tell("user_task_updated", task_id="t-1", name="x", due_time=timestamp(START_MICROS + 10 * DAY))
    await take_in(history, *lives)
    listing = pb.ListOverdueTasksRequest(page_size=2)
    answer = await stub.ListOverdueTasks(listing)
    assert ([one.id for one in answer.historic_tasks], answer.total_size) == (["t-2", "t-3"], 3)
    assert not answer.total_exceeded
    listing.page_token = answer.next_page_token
    assert [one.id for one in (await stub.ListOverdueTasks(listing)).historic_tasks] == ["t-4"]
    of_tenant = await stub.ListOverdueTasks(pb.ListOverdueTasksRequest(tenant_id="acme"))
    assert [one.id for one in of_tenant.historic_tasks] == ["t-3"]
    earlier = pb.ListOverdueTasksRequest(due_before=timestamp(START_MICROS + 3 * SECOND))
    assert [one.id for one in (await stub.ListOverdueTasks(earlier)).historic_tasks] == ["t-2"]
    clock.turn_to(START_MICROS)
    assert (await stub.ListOverdueTasks(pb.ListOverdueTasksRequest())).total_size == 0


@pytest.mark.parametrize(
    ("method", "fields", "reason"),
    [
        ("GetThroughput", {"time_zone": "Mars/Olympus", "start": 0, "end": 1}, "TIME_ZONE_UNKNOWN"),
        ("GetThroughput", {"start": 0, "end": 1_001 * DAY}, "STATISTICS_TOO_WIDE"),
        ("GetThroughput", {"start": 1, "end": 1}, "FIELD_INVALID"),
        ("GetDurations", {"start": 0, "end": 1_001 * DAY}, "STATISTICS_TOO_WIDE"),
        ("GetActivityStatistics", {}, "FIELD_INVALID"),
        ("GetActivityStatistics", {"process_definition_key": "order", "start": 0}, "FIELD_INVALID"),
        (
            "GetActivityStatistics",
            {"process_definition_key": "order", "start": 0, "end": 401 * DAY},
            "STATISTICS_TOO_WIDE",
        ),
    ],
)
async def test_what_cannot_be_asked(stub: Any, method: str, fields: dict[str, Any], reason: str) -> None:
    sent = {name: value for name, value in fields.items() if name not in ("start", "end")}
    for end in ("start", "end"):
        if end in fields:
            sent[f"{end}_time"] = timestamp(START_MICROS + fields[end])
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await getattr(stub, method)(getattr(pb, f"{method}Request")(**sent))
    info = error_info_of(refused.value)
    assert info is not None
    assert info.reason == reason


async def test_walls(history: Database, stub: Any, door: Door) -> None:
    await take_in(
        history,
        a_life(tenant_id="acme"),
        a_life(tenant_id="acme", key="review"),
        *(a_life(tenant_id="umbrella") for _ in range(3)),
    )
    life = Life(tenant_id="umbrella", definition_id="order-1")
    life.start()
    life.tell("user_task_created", task_id="t-1", due_time=timestamp(START_MICROS))
    await take_in(history, life)
    time = {"start_time": timestamp(START_MICROS), "end_time": timestamp(START_MICROS + 1)}

    async def seen() -> tuple[int, int, int, int, int]:
        processes = await stub.ListProcessStatistics(pb.ListProcessStatisticsRequest())
        hours = await stub.GetThroughput(pb.GetThroughputRequest(**time))
        spans = await stub.GetDurations(pb.GetDurationsRequest(**time))
        elements = await stub.GetActivityStatistics(pb.GetActivityStatisticsRequest(process_definition_key="order"))
        due = await stub.ListOverdueTasks(pb.ListOverdueTasksRequest())
        return (
            len(processes.process_statistics),
            sum(one.completed for one in hours.periods),
            spans.durations.count,
            sum(one.completed for one in elements.activities if one.element_id == "pay"),
            due.total_size,
        )

    assert await seen() == (3, 5, 5, 4, 1)
    acme, umbrella = frozenset({"acme"}), frozenset({"umbrella"})
    door.caller = caller("bob", RowGrant(acme))
    assert await seen() == (2, 2, 2, 1, 0)
    door.caller = caller("bob", RowGrant(umbrella))
    assert await seen() == (1, 3, 3, 3, 1)
    door.caller = caller("bob", RowGrant(acme, ("rev*",)))
    assert await seen() == (1, 1, 1, 0, 0)
    door.caller = caller("bob", RowGrant(acme, ("review",)), RowGrant(umbrella))
    assert await seen() == (2, 4, 4, 3, 1)
    door.caller = caller("bob", RowGrant(None, involved_only=True))
    assert await seen() == (0, 0, 0, 0, 0)


def _mixed(lives: Sequence[Life], parts: int) -> list[list[EventEnvelope]]:
    """The events of lives in parts, as partitions have them: an instance's in one of them, in their order."""
    return [[event for life in lives[part::parts] for event in life.events] for part in range(parts)]


async def test_several_consumers_at_once_lose_nothing_and_have_shards_of_their_own(
    history: Database, database_url: str
) -> None:
    chance = random.Random(7)
    lives = [a_life(seconds=chance.randrange(40, 400), start=START_MICROS + n * SECOND) for n in range(240)]
    consumers = 4
    databases = [await open_database(database_url) for _ in range(consumers)]

    async def consume(database: Database, events: Sequence[EventEnvelope]) -> int:
        again = 0
        for start in range(0, len(events), 50):
            while True:
                try:
                    await database.write(project(events[start : start + 50]))
                    break
                except (TransientFailure, ConstraintViolated):
                    again += 1
        return again

    parts = _mixed(lives, consumers)
    again = await asyncio.gather(*map(consume, databases, parts))
    for database in databases:
        await database.close()
    every = [event for part in parts for event in part]
    assert await read(history, FIRST, FIRST + 4) == by_hand(every)
    shards = await history.read(fetch(Fetch("SELECT DISTINCT shard FROM statistics_process ORDER BY shard")))
    assert set(shards) <= {(number,) for number in range(SHARDS)}
    if not isinstance(history, SqliteDatabase):
        assert len(shards) > 1, "consumers wait for each other"
    # None waits for the locks of another one so long that it gives up, nor is any undone.
    assert sum(again) <= 2


async def test_two_consumers_with_the_same_events_count_them_once(history: Database, database_url: str) -> None:
    lives = [a_life(seconds=60 + n) for n in range(30)]
    events = [event for life in lives for event in life.events]
    databases = [await open_database(database_url) for _ in range(2)]

    async def consume(database: Database, size: int) -> None:
        for start in range(0, len(events), size):
            for _ in range(50):
                try:
                    await database.write(project(events[start : start + size]))
                    break
                except (TransientFailure, ConstraintViolated):
                    await asyncio.sleep(0.01)
            else:
                pytest.fail("a batch was never taken in")

    await asyncio.gather(consume(databases[0], 7), consume(databases[1], 11))
    for database in databases:
        await database.close()
    assert await read(history, FIRST, FIRST + 4) == by_hand(events)


async def test_what_was_taken_in_before_is_counted_by_the_migration(history: Database, database_url: str) -> None:
    lives = [a_life(seconds=60 + n, tenant_id="acme" if n % 2 else "") for n in range(40)]
    waiting = Life(definition_id="order-1")
    waiting.start()
    waiting.enter(waiting.activity("approve"))
    waiting.tell("user_task_created", task_id="t-1", due_time=timestamp(START_MICROS))
    await take_in(history, *lives, waiting)
    expected = await read(history, FIRST, FIRST + 4)
    assert expected == by_hand([event for life in (*lives, waiting) for event in life.events])

    def as_before() -> Program[None]:
        yield Execute("UPDATE alembic_version SET version_num='0001'")
        for table in ("statistics_definition", "statistics_process", "statistics_element", "statistics_due_task"):
            yield Execute(f"DELETE FROM {table}")
        yield Execute("DELETE FROM statistics_shard")
        yield Execute("DELETE FROM history_purge_gate")

    await history.write(as_before())
    await asyncio.to_thread(migrate, database_url, MIGRATIONS, HEAD)
    assert await read(history, FIRST, FIRST + 4) == expected
