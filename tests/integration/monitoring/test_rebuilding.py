"""History rebuilt from the bus, as `docs/operations.md` says it: stop, empty or restore the database, rewind, start."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from flowmesh.monitoring.v1 import consumer_group_service_pb2 as pb
from google.protobuf.empty_pb2 import Empty

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


async def test_an_empty_database_is_filled_again_and_a_full_one_is_left_alone(
    bus: Bus, groups: Any, tmp_path: Path
) -> None:
    lives = []
    for number in range(20):
        life = Life()
        life.start("ann", amount=number)
        life.leave(life.activity("approve"))
        life.end()
        lives.append(life)
    events = [event for life in lives for event in life.events]
    await bus.publish([BusMessage(TOPIC, event.biz_id, event.SerializeToString()) for event in events])
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
