"""The outbox and its relay over both databases."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
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
from mesh.outbox import BUCKETS, OutboxEntry, OutboxRow, bucket_of, outbox_insert
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


def fail(
    bus: LocalBus,
    monkeypatch: pytest.MonkeyPatch,
    *,
    before: Mapping[int, Exception],
    after: Mapping[int, Exception] | None = None,
) -> None:
    """Let publishing fail, by the number of the call: before the messages are published, or after."""
    publish, calls = bus.publish, itertools.count(1)

    async def failing(messages: Sequence[BusMessage]) -> None:
        call = next(calls)
        if call in before:
            raise before[call]
        await publish(messages)
        if after and call in after:
            raise after[call]

    monkeypatch.setattr(bus, "publish", failing)


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
    assert relay.counters.takeovers == BUCKETS


async def test_wake_up(store: Database, bus: LocalBus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "FIRST_IDLE_SECONDS", 20.0)
    monkeypatch.setattr(relay_module, "LONGEST_IDLE_SECONDS", 20.0)
    relay = Relay(store, bus, expand, SystemClock())
    running = asyncio.create_task(relay.run())
    await until(lambda: relay.buckets == BUCKETS)
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


async def test_failures_of_bus_and_database_are_waited_out(
    store: Database, bus: LocalBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FaultyDatabase:
        def __init__(self) -> None:
            self.reads = 0

        async def write(self, program: Program[object]) -> object:
            return await store.write(program)

        async def read(self, program: Program[object]) -> object:
            self.reads += 1
            if self.reads in (2, 4):
                program.close()
                raise DatabaseUnavailable("gone")
            return await store.read(program)

    fail(bus, monkeypatch, before={1: BusError("down")}, after={2: BusError("no answer")})
    relay = Relay(FaultyDatabase(), bus, expand, SystemClock())  # type: ignore[arg-type]
    await store.write(add([entry("k", b"1")]))
    running = asyncio.create_task(relay.run())
    await until(lambda: relay.counters.rows == 1)
    await finish(relay, running)
    # Twice, as the first answer was lost: at least once.
    assert values(await published(bus), "k") == ["1.0", "1.1", "1.0", "1.1"]
    assert relay.counters.bus_failures == 2


async def test_a_bug_does_not_end_it(
    store: Database, bus: LocalBus, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fail(bus, monkeypatch, before={1: KeyError("a bug")})
    relay = Relay(store, bus, expand, SystemClock())
    await store.write(add([entry("k", b"1")]))
    running = asyncio.create_task(relay.run())
    await until(lambda: relay.counters.rows == 1)
    await finish(relay, running)
    assert values(await published(bus), "k") == ["1.0", "1.1"]
    assert [record.levelname for record in caplog.records if "could not be relayed" in record.message] == ["ERROR"]


async def test_relays_share_the_buckets(store: Database, bus: LocalBus, database_url: str) -> None:
    """Relays that come and go: each key in order, and nothing twice where each gives up what it has in peace."""
    databases = [store, await open_database(database_url), await open_database(database_url)]
    relays = [Relay(database, bus, expand, SystemClock(), lease_seconds=1.0) for database in databases]
    running = [asyncio.create_task(relays[0].run())]
    keys = [f"k{number}" for number in range(100)]
    written = 0

    async def produce(until_true: Callable[[], bool]) -> None:
        nonlocal written
        deadline = asyncio.get_running_loop().time() + 20
        while not until_true():
            assert asyncio.get_running_loop().time() < deadline, "the buckets were not shared out"
            await store.write(add([entry(key, b"%d" % written) for key in keys]))
            written += 1
            await asyncio.sleep(0.02)

    await produce(lambda: relays[0].buckets == BUCKETS)
    running.append(asyncio.create_task(relays[1].run()))
    await produce(lambda: [relay.buckets for relay in relays] == [16, 16, 0])
    running.append(asyncio.create_task(relays[2].run()))
    await produce(lambda: sorted(relay.buckets for relay in relays) == [10, 11, 11])
    await finish(relays[0], running[0])
    await produce(lambda: [relay.buckets for relay in relays] == [0, 16, 16])
    await until(lambda: sum(relay.counters.rows for relay in relays) == written * len(keys))
    for relay, task in zip(relays[1:], running[1:], strict=True):
        await finish(relay, task)
    assert all(relay.counters.rows > 0 for relay in relays)
    assert await count(store) == 0
    found = await published(bus)
    expected = [f"{n}.{part}" for n in range(written) for part in range(2)]
    for key in keys:
        assert values(found, key) == expected
    for database in databases[1:]:
        await database.close()


async def test_the_buckets_of_a_relay_that_is_stuck_are_taken_over(
    store: Database, bus: LocalBus, database_url: str
) -> None:
    """It wakes up in the middle of publishing: consumers see each key's events first in their order."""
    other = await open_database(database_url)
    stuck, go_on = asyncio.Event(), asyncio.Event()

    class Stuck:
        async def publish(self, messages: Sequence[BusMessage]) -> None:
            if not stuck.is_set():
                stuck.set()
                await go_on.wait()
            await bus.publish(messages)

    late = Relay(store, Stuck(), expand, SystemClock(), lease_seconds=0.5, batch_rows=5)  # type: ignore[arg-type]
    await store.write(add([entry("k", b"%d" % n) for n in range(20)]))
    running = asyncio.create_task(late.run())
    await asyncio.wait_for(stuck.wait(), 10)
    # As if the process stood still.
    renew = late._leases.renew

    async def renew_late() -> int:
        await go_on.wait()
        return await renew()

    late._leases.renew = renew_late  # type: ignore[method-assign]
    heir = Relay(other, bus, expand, SystemClock(), lease_seconds=0.5)
    taking_over = asyncio.create_task(heir.run())
    await until(lambda: heir.counters.rows == 20)
    go_on.set()
    await asyncio.sleep(0.2)
    assert late.counters.rows == 0
    await finish(late, running)
    await finish(heir, taking_over)
    found = values(await published(bus), "k")
    in_order = [f"{n}.{part}" for n in range(20) for part in range(2)]
    assert list(dict.fromkeys(found)) == in_order
    assert found == in_order + in_order[:10]
    await other.close()


async def test_a_relay_that_was_fenced_off_does_not_delete(store: Database, bus: LocalBus) -> None:
    """Another one has the buckets by the time it has published: it leaves the rows, and asks for buckets anew."""

    def steal() -> Program[None]:
        yield Execute("DELETE FROM lease_holder")
        yield Execute("INSERT INTO lease_holder (owner, name, beat) VALUES ('thief', 'outbox-relay', 1)")
        yield Execute("UPDATE lease SET owner='thief'")

    stolen = asyncio.Event()
    publishes = []

    class Slow:
        async def publish(self, messages: Sequence[BusMessage]) -> None:
            publishes.append(messages)
            await bus.publish(messages)
            if not stolen.is_set():
                await store.write(steal())
                stolen.set()

    relay = Relay(store, Slow(), expand, SystemClock(), lease_seconds=1.0)  # type: ignore[arg-type]
    await store.write(add([entry("k", b"1")]))
    running = asyncio.create_task(relay.run())
    await asyncio.wait_for(stolen.wait(), 10)
    await asyncio.sleep(0.3)
    assert await count(store) == 1
    assert len(publishes) == 1
    assert relay.counters.rows == 0
    # The thief does not beat.
    await until(lambda: relay.counters.rows == 1)
    assert len(publishes) == 2
    await finish(relay, running)


async def test_leases_that_ran_out_keep_from_publishing(store: Database, bus: LocalBus) -> None:
    import time

    calls = 0

    def slow_expand(row: OutboxRow) -> list[BusMessage]:
        nonlocal calls
        calls += 1
        if calls == 1:
            time.sleep(0.6)
        return expand(row)

    relay = Relay(store, bus, slow_expand, SystemClock(), lease_seconds=0.5)
    await store.write(add([entry("k", b"1")]))
    running = asyncio.create_task(relay.run())
    await until(lambda: relay.counters.rows == 1)
    await finish(relay, running)
    assert values(await published(bus), "k") == ["1.0", "1.1"]
    assert calls == 2
    assert relay.counters.bus_failures == 1


async def test_large_payloads_among_small_ones(store: Database, bus: LocalBus) -> None:
    relay = Relay(store, bus, lambda row: [BusMessage(TOPIC, row.partition_key, row.payload)], SystemClock())
    payloads = [b"%d" % n + b"x" * (relay_module.INLINE_BYTES if n % 7 == 0 else 10) for n in range(100)]
    await store.write(add([entry(f"k{n % 3}", payload) for n, payload in enumerate(payloads)]))
    running = asyncio.create_task(relay.run())
    await until(lambda: relay.counters.rows == 100)
    await finish(relay, running)
    found = await published(bus)
    for key in range(3):
        assert values(found, f"k{key}") == [payload.decode() for payload in payloads[key::3]]


async def test_one_bucket_with_many_rows_does_not_hold_up_the_others(
    store: Database, bus: LocalBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "BATCHES_A_BUCKET", 2)
    order: list[str] = []

    class Spy:
        async def publish(self, messages: Sequence[BusMessage]) -> None:
            order.extend(message.key for message in messages[::2])
            await bus.publish(messages)

    first, last = sorted(("a", "b", "c", "d", "e"), key=bucket_of)[::4]
    assert bucket_of(first) < bucket_of(last)
    relay = Relay(store, Spy(), expand, SystemClock(), batch_rows=10)  # type: ignore[arg-type]
    await store.write(add([entry(first, b"%d" % n) for n in range(200)] + [entry(last, b"%d" % n) for n in range(5)]))
    running = asyncio.create_task(relay.run())
    await until(lambda: relay.counters.rows == 205)
    await finish(relay, running)
    assert order.index(last) <= 40
    assert values(await published(bus), first) == [f"{n}.{part}" for n in range(200) for part in range(2)]


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
