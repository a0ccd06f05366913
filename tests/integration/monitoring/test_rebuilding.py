"""History rebuilt from the bus, as `docs/operations.md` says it: stop, empty or restore the database, rewind, start."""

from __future__ import annotations

import shutil
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from flowmesh.events.v1.event_pb2 import EventEnvelope
from flowmesh.monitoring.v1 import consumer_group_service_pb2 as pb
from google.protobuf.empty_pb2 import Empty
from google.protobuf.timestamp_pb2 import Timestamp

from history_svc.consumers.consuming import CONSUMER_GROUP, WorkflowEventConsumer
from history_svc.storage.schema import HEAD, MIGRATIONS
from mesh.bus.port import Bus, BusMessage
from mesh.db.schema import ensure_schema
from mesh.db.sqlite import SqliteDatabase
from tests.integration.monitoring.consuming import TOPIC, until
from tests.unit.history.event_histories import Life
from tests.unit.history.stored import stored


@asynccontextmanager
async def consuming(bus: Bus, database: SqliteDatabase) -> AsyncIterator[WorkflowEventConsumer]:
    consumer = WorkflowEventConsumer(bus, database, max_batch=50)
    consumer.start()
    yield consumer
    await consumer.stop()


async def opened(path: Path) -> SqliteDatabase:
    await ensure_schema(f"sqlite:///{path}", MIGRATIONS, HEAD)
    return SqliteDatabase(path)


def lives(count: int) -> list[EventEnvelope]:
    """The events of instances that have ended."""
    events = []
    for number in range(count):
        life = Life()
        life.start("ann", amount=number)
        life.leave(life.activity("approve"))
        life.end()
        events += life.events
    return events


async def publish(bus: Bus, events: Sequence[EventEnvelope]) -> None:
    await bus.publish([BusMessage(TOPIC, event.biz_id, event.SerializeToString()) for event in events])


async def test_an_empty_database_is_filled_again_and_a_full_one_is_left_alone(
    bus: Bus, groups: Any, tmp_path: Path
) -> None:
    events = lives(20)
    await publish(bus, events)
    first, second = await opened(tmp_path / "first.db"), await opened(tmp_path / "second.db")
    async with consuming(bus, first) as consumer:
        await until(lambda: consumer.counters.handled == len(events))
    content = await stored(first)

    rewind = pb.RewindConsumerGroupRequest(name=CONSUMER_GROUP, topic=TOPIC, oldest=Empty())
    assert (await groups.RewindConsumerGroup(rewind)).consumer_group.lag == len(events)
    async with consuming(bus, second) as consumer:
        await until(lambda: consumer.counters.handled == len(events))
    assert await stored(second) == content

    await groups.RewindConsumerGroup(rewind)
    async with consuming(bus, first) as consumer:
        await until(lambda: consumer.counters.duplicates == len(events))
        assert consumer.counters.handled == 0
    assert await stored(first) == content
    await first.close()
    await second.close()


async def test_a_restored_backup_takes_in_what_came_after_it(bus: Bus, groups: Any, tmp_path: Path) -> None:
    earlier, later = lives(10), lives(15)
    await publish(bus, earlier)
    database = await opened(tmp_path / "history.db")
    async with consuming(bus, database) as consumer:
        await until(lambda: consumer.counters.handled == len(earlier))
    await database.close()
    shutil.copy(tmp_path / "history.db", tmp_path / "backup.db")
    database = SqliteDatabase(tmp_path / "history.db")
    await publish(bus, later)
    async with consuming(bus, database) as consumer:
        await until(lambda: consumer.counters.handled == len(later))
    content = await stored(database)
    await database.close()

    restored = SqliteDatabase(tmp_path / "backup.db")
    # A time before the backup: what it has already comes again and is skipped.
    before = Timestamp(seconds=int(time.time()) - 600)
    rewind = pb.RewindConsumerGroupRequest(name=CONSUMER_GROUP, topic=TOPIC, publish_time=before)
    assert (await groups.RewindConsumerGroup(rewind)).consumer_group.lag == len(earlier) + len(later)
    async with consuming(bus, restored) as consumer:
        await until(lambda: consumer.counters.handled == len(later))
        await until(lambda: consumer.counters.duplicates == len(earlier))
    assert await stored(restored) == content
    await restored.close()
