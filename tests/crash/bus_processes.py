"""The processes that the crash test kills: `python bus_processes.py ROLE FOLDER NUMBER BUS_URL`.

`produce` commits rows to the outbox and says so line by line; `relay` relays them; `consume` counts them.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "gen")]

from flowmesh.events.v1.event_pb2 import EventEnvelope  # noqa: E402

from mesh.bus.opening import open_bus  # noqa: E402
from mesh.bus.port import BusMessage  # noqa: E402
from mesh.bus.topics import WORKFLOW_EXECUTION_EVENTS  # noqa: E402
from mesh.clock import SystemClock  # noqa: E402
from mesh.consumer import ConsumerLoop  # noqa: E402
from mesh.db.sqlite import SqliteDatabase  # noqa: E402
from mesh.db.statements import Execute, FetchKeys, InsertMany, Program, Row, UpsertMany  # noqa: E402
from mesh.ids import new_id  # noqa: E402
from mesh.outbox import OutboxEntry, OutboxRow, outbox_insert  # noqa: E402
from mesh.relay import Relay  # noqa: E402
from tests.infrastructure.events import event  # noqa: E402

KEYS = 20
EVENTS_PER_ROW = 3
LEASE_SECONDS = 1.0
TABLES = (
    """CREATE TABLE IF NOT EXISTS outbox (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, topic TEXT NOT NULL,
       partition_key TEXT NOT NULL, kind INTEGER NOT NULL, payload BLOB NOT NULL, created_at INTEGER NOT NULL,
       status TEXT NOT NULL, bucket INTEGER NOT NULL, retry_count INTEGER NOT NULL, next_attempt_at INTEGER NOT NULL, error TEXT)""",
    "CREATE INDEX IF NOT EXISTS outbox_bucket ON outbox (status, bucket, seq)",
    """CREATE TABLE IF NOT EXISTS lease (name TEXT, number INTEGER, owner TEXT NOT NULL,
       PRIMARY KEY (name, number)) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS lease_holder (owner TEXT PRIMARY KEY, name TEXT NOT NULL,
       beat INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS inbox (consumer TEXT, event_id TEXT, received_at INTEGER NOT NULL,
       PRIMARY KEY (consumer, event_id)) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS inbox_received_at ON inbox (received_at)",
    "CREATE TABLE IF NOT EXISTS produced (partition_key TEXT PRIMARY KEY, number INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS effect (place INTEGER PRIMARY KEY, partition_key TEXT, number INTEGER)",
    "CREATE TABLE IF NOT EXISTS total (partition_key TEXT PRIMARY KEY, number INTEGER NOT NULL)",
)


def create_tables() -> Program[None]:
    """Create the tables of both sides."""
    for sql in TABLES:
        yield Execute(sql)


def produce_row(key: str) -> Program[int]:
    """Take the key's next number and tell it, in one transaction; the business state is the counter."""
    rows: list[Row] = yield FetchKeys("produced", ("number",), ("partition_key",), [(key,)])
    number = rows[0][0] + 1 if rows else 0
    yield UpsertMany("produced", ("partition_key", "number"), ("partition_key",), ("number",), [(key, number)])
    payload = b"%d" % number
    entry = OutboxEntry(new_id(), WORKFLOW_EXECUTION_EVENTS, key, 1, payload, SystemClock().now_micros())
    yield outbox_insert([entry])
    return number


def expand(row: OutboxRow) -> list[BusMessage]:
    """Make the row's events, with the same ids each time."""
    first = int(row.payload) * EVENTS_PER_ROW
    prefix, last = row.id[:-12], int(row.id[-12:], 16)
    return [
        BusMessage(
            row.topic,
            row.partition_key,
            event(row.partition_key, first + part, f"{prefix}{last ^ part:012x}").SerializeToString(),
        )
        for part in range(EVENTS_PER_ROW)
    ]


def count(events: Sequence[EventEnvelope]) -> Program[None]:
    """Write each event down, and add to a total that a second time would falsify."""
    yield InsertMany(
        "effect",
        ("partition_key", "number"),
        [(e.biz_id, e.process_instance_suspended.process_instance.revision - 1) for e in events],
    )
    for envelope in events:
        yield Execute(
            "INSERT INTO total (partition_key, number) VALUES (?, 1) "
            "ON CONFLICT (partition_key) DO UPDATE SET number=number+1",
            (envelope.biz_id,),
        )


async def produce(folder: Path, number: int) -> None:
    """Commit rows for ever."""
    database = SqliteDatabase(folder / "producer.db")
    turn = 0
    while True:
        key = f"p{number}-{turn % KEYS}"
        written = await database.write(produce_row(key))
        sys.stdout.write(f"{key} {written}\n")
        sys.stdout.flush()
        turn += 1
        await asyncio.sleep(0.002)


async def relay(folder: Path, url: str) -> None:
    """Relay for ever."""
    database = SqliteDatabase(folder / "producer.db")
    bus = await open_bus(url)
    await Relay(database, bus, expand, SystemClock(), lease_seconds=LEASE_SECONDS, batch_rows=20).run()


async def consume(folder: Path, url: str) -> None:
    """Consume for ever."""
    database = SqliteDatabase(folder / "consumer.db")
    bus = await open_bus(url)
    await ConsumerLoop(bus, database, "crash", [WORKFLOW_EXECUTION_EVENTS], count, max_batch=25).run()


if __name__ == "__main__":
    role, home, place, bus_url = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    if role == "produce":
        asyncio.run(produce(home, place))
    elif role == "relay":
        asyncio.run(relay(home, bus_url))
    else:
        asyncio.run(consume(home, bus_url))
