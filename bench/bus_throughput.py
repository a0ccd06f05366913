"""How fast a bus publishes and polls, and how fast a consumer loop takes events in on SQLite.

`python bench/bus_throughput.py [messages] [kafka://HOST:PORT]`: the bus in a file, or on Kafka. Prints messages a
second; the interpreter and its build matter.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "gen")]

from flowmesh.events.v1.event_pb2 import EventEnvelope  # noqa: E402

from mesh.bus.opening import open_bus  # noqa: E402
from mesh.bus.port import BusMessage, TopicSpec  # noqa: E402
from mesh.bus.topics import WORKFLOW_EXECUTION_EVENTS, all_topics  # noqa: E402
from mesh.consumer import ConsumerLoop  # noqa: E402
from mesh.db.sqlite import SqliteDatabase  # noqa: E402
from mesh.db.statements import Execute, InsertMany, Program  # noqa: E402
from mesh.ids import new_id  # noqa: E402

BATCH = 1_000
KEYS = 500


def event(key: str, number: int) -> bytes:
    """Return a realistic event."""
    envelope = EventEnvelope(
        event_id=new_id(),
        event_type="workflow.activity.completed.v1",
        event_version="1.0",
        source_service="engine",
        correlation_id=new_id(),
        biz_id=key,
    )
    envelope.timestamp.FromMicroseconds(time.time_ns() // 1000)
    body = envelope.activity_completed
    body.process_instance.id = key
    body.process_instance.process_definition_id = new_id()
    body.process_instance.process_definition_key = "order"
    body.process_instance.process_definition_version = 1
    body.process_instance.revision = number + 1
    body.activity.id = f"{key}.{number}"
    body.activity.element_id = "approve"
    body.activity.element_type = "userTask"
    body.activity.sequence = number + 1
    body.start_time.CopyFrom(envelope.timestamp)
    return envelope.SerializeToString()


async def publish_and_poll(url: str, count: int) -> None:
    """Measure the bus alone."""
    bus = await open_bus(url)
    await bus.ensure_topics([TopicSpec("bench", 12, 86_400)])
    keys = [new_id() for _ in range(KEYS)]
    values = [event(keys[number % KEYS], number) for number in range(BATCH)]
    headers = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "event_id": new_id()}
    messages = [BusMessage("bench", keys[n % KEYS], value, headers) for n, value in enumerate(values)]
    started = time.perf_counter()
    for _ in range(count // BATCH):
        await bus.publish(messages)
    report("publish, batches of 1,000", count, started)

    consumer = await bus.consumer("bench", ["bench"])
    received = len(await consumer.poll(1, 30.0))
    started = time.perf_counter()
    while received < count:
        batch = await consumer.poll(BATCH, 1.0)
        received += len(batch)
        await consumer.commit(batch)
    report("poll and commit, up to 1,000", received, started)
    await bus.close()


async def consume(url: str, folder: Path, count: int) -> None:
    """Measure a consumer loop with a handler that writes one row an event."""
    bus = await open_bus(url)
    await bus.ensure_topics(all_topics())
    database = SqliteDatabase(folder / "service.db")

    def tables() -> Program[None]:
        yield Execute(
            "CREATE TABLE inbox (consumer TEXT, event_id TEXT, received_at INTEGER, "
            "PRIMARY KEY (consumer, event_id)) WITHOUT ROWID"
        )
        yield Execute("CREATE INDEX inbox_received_at ON inbox (received_at)")
        yield Execute("CREATE TABLE seen (id INTEGER PRIMARY KEY, instance TEXT, activity TEXT)")

    await database.write(tables())
    keys = [new_id() for _ in range(KEYS)]
    for start in range(0, count, BATCH):
        numbers = range(start, start + BATCH)
        messages = [BusMessage(WORKFLOW_EXECUTION_EVENTS, keys[n % KEYS], event(keys[n % KEYS], n)) for n in numbers]
        await bus.publish(messages)

    def handle(events: Sequence[EventEnvelope]) -> Program[None]:
        rows = [(envelope.biz_id, envelope.activity_completed.activity.id) for envelope in events]
        yield InsertMany("seen", ("instance", "activity"), rows)
        if loop.counters.handled + len(events) >= count:
            loop.stop()

    loop = ConsumerLoop(bus, database, "bench", [WORKFLOW_EXECUTION_EVENTS], handle)
    started = time.perf_counter()
    await loop.run()
    report("consumer loop with inbox", loop.counters.handled, started)
    await bus.close()
    await database.close()


def report(what: str, count: int, started: float) -> None:
    """Print a rate."""
    print(f"{what:32} {count / (time.perf_counter() - started):12,.0f} messages/s")


async def main() -> None:
    """Run both measurements in a temporary folder."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    print(f"Python {sys.version.split()[0]}, {count:,} messages")
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[2] if len(sys.argv) > 2 else f"sqlite:///{folder}/bus.db"
        # Topics of its own on a cluster that others use as well.
        if url.startswith("kafka://"):
            url += f"{'&' if '?' in url else '?'}prefix=bench-{new_id()}."
        await publish_and_poll(url, count)
        await consume(url, Path(folder), count)


if __name__ == "__main__":
    asyncio.run(main())
