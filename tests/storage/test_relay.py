"""The outbox and its relay over both databases."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from mesh import relay as relay_module
from mesh.bus.local import LocalBus
from mesh.bus.port import BusError, BusMessage, TopicSpec
from mesh.clock import SystemClock
from mesh.db.database import Database, DatabaseUnavailable
from mesh.db.schema import open_database
from mesh.db.statements import Execute, Fetch, Program, Row
from mesh.ids import new_id
from mesh.outbox import OutboxEntry, OutboxRow, outbox_insert
from mesh.relay import Relay

TOPIC = "events"


@pytest.fixture
async def bus(tmp_path: Path) -> AsyncIterator[LocalBus]:
    bus = await LocalBus.open(tmp_path / "bus.db")
    await bus.ensure_topics([TopicSpec(TOPIC, 4, 3_600)])
    yield bus
    await bus.close()


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "FIRST_RETRY_SECONDS", 0.02)


def entry(key: str, payload: bytes, topic: str = TOPIC) -> OutboxEntry:
    return OutboxEntry(new_id(), topic, key, 1, payload, SystemClock().now_micros())


def add(entries: Sequence[OutboxEntry]) -> Program[None]:
    yield outbox_insert(entries)


def expand(row: OutboxRow) -> list[BusMessage]:
    """Two messages a row; `bad` never works."""
    if row.payload.startswith(b"bad"):
        raise ValueError("cannot expand this")
    assert row.kind == 1
    return [BusMessage(row.topic, row.partition_key, b"%s.%d" % (row.payload, part)) for part in range(2)]


async def published(bus: LocalBus, group: str = "check") -> list[tuple[str, str]]:
    consumer = await bus.consumer(group, [TOPIC])
    found: list[tuple[str, str]] = []
    while batch := await consumer.poll(1_000, 0):
        found += [(message.key, message.value.decode()) for message in batch]
    await consumer.close()
    return found


def values(found: list[tuple[str, str]], key: str) -> list[str]:
    return [value for of, value in found if of == key]


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "it did not come about"
        await asyncio.sleep(0.005)


async def count(database: Database) -> int:
    def program() -> Program[int]:
        rows: list[Row] = yield Fetch("SELECT COUNT(*) FROM outbox")
        return int(rows[0][0])

    return await database.read(program())


async def finish(relay: Relay, running: asyncio.Task[None]) -> None:
    relay.stop()
    await asyncio.wait_for(running, 10)


async def test_rows_reach_the_bus_in_order_and_are_deleted(store: Database, bus: LocalBus) -> None:
    relay = Relay(store, bus, expand, SystemClock(), batch_rows=70)
    await store.write(add([entry(f"k{n % 5}", str(n).encode()) for n in range(1_000)]))
    running = asyncio.create_task(relay.run())
    await until(lambda: relay.counters.rows == 1_000)
    await store.write(add([entry("k0", b"later")]))
    await until(lambda: relay.counters.rows == 1_001)
    await finish(relay, running)
    assert await count(store) == 0
    found = await published(bus)
    for key in range(5):
        expected = [f"{n}.{part}" for n in range(key, 1_000, 5) for part in range(2)]
        assert values(found, f"k{key}") == expected + (["later.0", "later.1"] if key == 0 else [])
    assert relay.counters.messages == 2_002
    assert relay.counters.takeovers == 1


async def test_wake_up(store: Database, bus: LocalBus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "FIRST_IDLE_SECONDS", 20.0)
    monkeypatch.setattr(relay_module, "LONGEST_IDLE_SECONDS", 20.0)
    relay = Relay(store, bus, expand, SystemClock())
    running = asyncio.create_task(relay.run())
    await until(lambda: relay.counters.takeovers == 1)
    await asyncio.sleep(0.1)
    for number in range(5):
        await store.write(add([entry("k", b"%d" % number)]))
        relay.wake()
        await until(lambda: relay.counters.rows == number + 1, 5)  # noqa: B023
    await finish(relay, running)


async def test_a_batch_is_bounded_by_bytes(store: Database, bus: LocalBus) -> None:
    sizes: list[int] = []

    class Spy:
        async def publish(self, messages: Sequence[BusMessage]) -> None:
            sizes.append(len(messages))
            await bus.publish(messages)

    relay = Relay(store, Spy(), expand, SystemClock(), batch_bytes=2_500)  # type: ignore[arg-type]
    await store.write(add([entry("k", b"x" * 1_000) for _ in range(10)] + [entry("k", b"y" * 10_000)]))
    running = asyncio.create_task(relay.run())
    await until(lambda: relay.counters.rows == 11)
    await finish(relay, running)
    assert sizes == [4, 4, 4, 4, 4, 2]


async def test_a_bad_row_is_given_up_and_holds_back_only_its_key(
    store: Database, bus: LocalBus, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    relay = Relay(store, bus, expand, SystemClock(), batch_rows=3, max_attempts=3)
    await store.write(
        add(
            [entry("a", b"1"), entry("a", b"bad"), entry("a", b"2"), entry("b", b"1")]
            + [entry("a", b"%d" % n) for n in range(3, 20)]
            + [entry("b", b"2")]
        )
    )
    running = asyncio.create_task(relay.run())
    await until(lambda: relay.counters.rows == 3)
    assert values(await published(bus, "early"), "b") == ["1.0", "1.1", "2.0", "2.1"]
    await until(lambda: relay.counters.rows == 21)
    await finish(relay, running)
    assert values(await published(bus), "a") == [f"{n}.{part}" for n in range(1, 20) for part in range(2)]
    assert (relay.counters.retries, relay.counters.failed) == (2, 1)
    assert "cannot expand this" in caplog.text

    def failed() -> Program[list[Row]]:
        rows: list[Row] = yield Fetch("SELECT status, retry_count, error FROM outbox")
        return rows

    [(status, retries, error)] = await store.read(failed())
    assert (status, retries) == ("FAILED", 3)
    assert "ValueError: cannot expand this" in error

    def mend() -> Program[int]:
        count: int = yield Execute(
            "UPDATE outbox SET status='NEW', retry_count=0, next_attempt_at=0 WHERE status='FAILED'"
        )
        return count

    # People have it tried again, as docs/operations.md says.
    assert await store.write(mend()) == 1
    mended = Relay(store, bus, lambda row: [BusMessage(TOPIC, row.partition_key, row.payload)], SystemClock())
    running = asyncio.create_task(mended.run())
    await until(lambda: mended.counters.rows == 1)
    await finish(mended, running)
    assert await count(store) == 0


async def test_what_the_bus_never_takes_is_given_up(store: Database, bus: LocalBus) -> None:
    relay = Relay(store, bus, expand, SystemClock(), max_attempts=2)
    await store.write(add([entry("a", b"1"), entry("b", b"2", topic="nowhere"), entry("c", b"3")]))
    running = asyncio.create_task(relay.run())
    await until(lambda: relay.counters.failed == 1)
    await finish(relay, running)
    assert sorted(await published(bus)) == [("a", "1.0"), ("a", "1.1"), ("c", "3.0"), ("c", "3.1")]


async def test_failures_of_bus_and_database_are_waited_out(store: Database, bus: LocalBus) -> None:
    class Faulty:
        """Fails before and after publishing, in turns."""

        def __init__(self) -> None:
            self.calls = 0

        async def publish(self, messages: Sequence[BusMessage]) -> None:
            self.calls += 1
            if self.calls == 1:
                raise BusError("down")
            await bus.publish(messages)
            if self.calls == 2:
                raise BusError("no answer")

    class FaultyDatabase:
        def __init__(self) -> None:
            self.reads = 0

        async def write(self, program: Program[object]) -> object:
            return await store.write(program)

        async def read(self, program: Program[object]) -> object:
            self.reads += 1
            if self.reads in (2, 3):
                program.close()
                raise DatabaseUnavailable("gone")
            return await store.read(program)

    relay = Relay(FaultyDatabase(), Faulty(), expand, SystemClock())  # type: ignore[arg-type]
    await store.write(add([entry("k", b"1")]))
    running = asyncio.create_task(relay.run())
    await until(lambda: relay.counters.rows == 1)
    await finish(relay, running)
    # Twice, as the first answer was lost: at least once.
    assert values(await published(bus), "k") == ["1.0", "1.1", "1.0", "1.1"]
    assert relay.counters.bus_failures == 2


async def test_one_relay_at_a_time(store: Database, bus: LocalBus, database_url: str) -> None:
    other_database = await open_database(database_url)
    relays = [Relay(database, bus, expand, SystemClock(), lease_seconds=0.4) for database in (store, other_database)]
    running = [asyncio.create_task(relay.run()) for relay in relays]
    for turn in range(40):
        await store.write(add([entry("k", b"%d" % turn)]))
        await asyncio.sleep(0.01)
    await until(lambda: sum(relay.counters.rows for relay in relays) == 40)
    assert sorted(relay.counters.rows for relay in relays) == [0, 40]
    worker, standby = sorted(relays, key=lambda relay: -relay.counters.rows)
    # It is given up at the end, so the other one takes over without waiting for its time to run out.
    await finish(worker, running[relays.index(worker)])
    await store.write(add([entry("k", b"40")]))
    await until(lambda: standby.counters.rows == 1)
    await finish(standby, running[relays.index(standby)])
    assert values(await published(bus), "k") == [f"{n}.{part}" for n in range(41) for part in range(2)]
    await other_database.close()


async def test_a_relay_that_wakes_up_late_neither_publishes_nor_deletes(store: Database, bus: LocalBus) -> None:
    """Held up in its expansion, or while it publishes, it finds that another has the lease."""

    def steal() -> Program[None]:
        yield Execute("UPDATE lease SET token=token+1, owner='thief', expires_at=9000000000000000")

    stolen = asyncio.Event()
    publishes = []

    class Slow:
        async def publish(self, messages: Sequence[BusMessage]) -> None:
            publishes.append(messages)
            await bus.publish(messages)
            if not stolen.is_set():
                await store.write(steal())
                stolen.set()

    relay = Relay(store, Slow(), expand, SystemClock())  # type: ignore[arg-type]
    await store.write(add([entry("k", b"1")]))
    running = asyncio.create_task(relay.run())
    await asyncio.wait_for(stolen.wait(), 10)
    await asyncio.sleep(0.1)
    assert await count(store) == 1
    assert len(publishes) == 1
    assert relay.counters.rows == 0
    await finish(relay, running)


async def test_an_expired_lease_keeps_from_publishing(store: Database, bus: LocalBus) -> None:
    import time

    calls = 0

    def slow_expand(row: OutboxRow) -> list[BusMessage]:
        nonlocal calls
        calls += 1
        if calls == 1:
            time.sleep(0.3)
        return expand(row)

    relay = Relay(store, bus, slow_expand, SystemClock(), lease_seconds=0.25)
    await store.write(add([entry("k", b"1")]))
    running = asyncio.create_task(relay.run())
    await until(lambda: relay.counters.rows == 1)
    await finish(relay, running)
    assert values(await published(bus), "k") == ["1.0", "1.1"]
    assert calls == 2


@pytest.mark.mariadb
async def test_a_lower_number_that_becomes_visible_later_is_relayed(
    store: Database, bus: LocalBus, database_url: str
) -> None:
    """Numbers are given out before the commit: the row with the lower one may come second."""
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite has one writer: numbers become visible in order")
    loop = asyncio.get_running_loop()
    other = await open_database(database_url)
    relay = Relay(store, bus, expand, SystemClock())
    higher: list[asyncio.Task[None]] = []

    def lower() -> Program[None]:
        yield outbox_insert([entry("low", b"1")])
        higher.append(loop.create_task(other.write(add([entry("high", b"2")]))))
        while not higher[0].done():
            yield Fetch("SELECT SLEEP(0.01)")
        for _ in range(20):
            yield Fetch("SELECT SLEEP(0.01)")

    running = asyncio.create_task(relay.run())
    await store.write(lower())
    await until(lambda: relay.counters.rows == 2)
    await finish(relay, running)
    assert [key for key, _ in await published(bus)][::2] in (["high", "low"], ["low", "high"])
    await other.close()
