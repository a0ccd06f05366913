"""From the outbox through the relay and the bus into a consumer's tables, over every bus."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from flowmesh.events.v1.event_pb2 import EventEnvelope

from mesh.bus.port import Bus, BusMessage
from mesh.bus.topics import WORKFLOW_EXECUTION_EVENTS, all_topics
from mesh.clock import SystemClock
from mesh.consumer import ConsumerLoop
from mesh.db.sqlite import SqliteDatabase
from mesh.db.statements import Program
from mesh.ids import new_id
from mesh.outbox import OutboxEntry, OutboxRow, outbox_insert
from mesh.relay import Relay
from tests.bus.conftest import OpenBus
from tests.crash.bus_processes import count, create_tables
from tests.crash.test_bus_crash import query
from tests.infrastructure.events import event

ROWS, KEYS = 2_000, 30


def expand(row: OutboxRow) -> list[BusMessage]:
    """One event a row; `lost` goes to a topic that does not exist."""
    topic = "nowhere" if row.payload == b"lost" else row.topic
    number = 0 if row.payload == b"lost" else int(row.payload)
    return [BusMessage(topic, row.partition_key, event(row.partition_key, number, row.id).SerializeToString())]


def add(rows: Sequence[tuple[str, bytes]]) -> Program[None]:
    now = SystemClock().now_micros()
    yield outbox_insert([OutboxEntry(new_id(), WORKFLOW_EXECUTION_EVENTS, key, 1, text, now) for key, text in rows])


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        await asyncio.sleep(0.02)


async def test_every_event_takes_effect_once_and_in_order(bus: Bus, another: OpenBus, tmp_path: Path) -> None:
    """Two consumers, one of which ends in the middle, and a row that the bus never takes."""
    await bus.ensure_topics(all_topics())
    database, other = SqliteDatabase(tmp_path / "outbox.db"), SqliteDatabase(tmp_path / "effects.db")
    for one in (database, other):
        await one.write(create_tables())
    rows = [(f"k{n % KEYS}", b"%d" % (n // KEYS)) for n in range(ROWS)]
    await database.write(add([*rows[:500], ("lost", b"lost"), *rows[500:]]))
    relay = Relay(database, bus, expand, SystemClock(), batch_rows=200, max_attempts=1)
    handled: list[str] = []

    def handle(events: Sequence[EventEnvelope]) -> Program[None]:
        yield from count(events)
        handled.extend(envelope.event_id for envelope in events)

    loops = [
        ConsumerLoop(await another(), other, "through", [WORKFLOW_EXECUTION_EVENTS], handle, max_batch=100)
        for _ in range(2)
    ]
    running = [asyncio.create_task(work) for work in (relay.run(), loops[0].run(), loops[1].run())]
    await until(lambda: len(handled) > ROWS // 2)
    loops[0].stop()
    await until(lambda: len(set(handled)) == ROWS)
    relay.stop()
    loops[1].stop()
    await asyncio.gather(*running)
    assert (relay.counters.rows, relay.counters.failed) == (ROWS, 1)
    effects: dict[object, list[object]] = {}
    for key, number in query(tmp_path / "effects.db", "SELECT partition_key, number FROM effect ORDER BY place"):
        effects.setdefault(key, []).append(number)
    assert effects == {f"k{key}": list(range(len(range(key, ROWS, KEYS)))) for key in range(KEYS)}
    for one in (database, other):
        await one.close()
