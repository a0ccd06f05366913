"""The inbox and the consumer loop over both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import pytest
from flowmesh.events.v1.event_pb2 import EventEnvelope

from mesh import consumer as consumer_module
from mesh.bus import headers
from mesh.bus.opening import open_bus
from mesh.bus.port import Bus, BusError, BusMessage, MessagePosition
from mesh.bus.topics import WORKFLOW_EXECUTION_EVENTS, all_topics
from mesh.consumer import POLL_SECONDS, BatchTooLarge, ConsumerLoop
from mesh.db.database import Database, DatabaseUnavailable, OutcomeUnknown, TransactionTooLong, TransientFailure
from mesh.db.statements import Execute, Fetch, InsertMany, Program, Row
from mesh.event_decoding import Unreadable, decode
from mesh.ids import new_id
from mesh.inbox import inbox_insert, prune_inbox
from tests.infrastructure.events import event, event_message
from tests.storage.test_programs import COLUMNS, all_rows

TOPIC = WORKFLOW_EXECUTION_EVENTS


@pytest.fixture
async def bus(bus_url: str) -> AsyncIterator[Bus]:
    bus = await open_bus(bus_url)
    await bus.ensure_topics(all_topics())
    yield bus
    await bus.close()


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer_module, "FIRST_RETRY_SECONDS", 0.01)


def store_events(events: Sequence[EventEnvelope]) -> Program[None]:
    """Count each event in a row of its own; a second time breaks the key. `bad` breaks the handler."""
    for envelope in events:
        if envelope.biz_id == "bad":
            raise ValueError("the handler breaks on this")
    rows: list[Row] = yield Fetch("SELECT COUNT(*) FROM item")
    start = rows[0][0]
    yield InsertMany(
        "item",
        COLUMNS,
        [
            (e.biz_id, e.process_instance_suspended.process_instance.revision - 1, None, None, start + place)
            for place, e in enumerate(events)
        ],
    )


class Running:
    """A consumer loop that runs for the length of a block."""

    def __init__(self, bus: object, database: object, group: str = "group", handle: object = store_events) -> None:
        self.loop = ConsumerLoop(bus, database, group, [TOPIC], handle)  # type: ignore[arg-type]

    async def __aenter__(self) -> ConsumerLoop:
        self._task = asyncio.create_task(self.loop.run())
        return self.loop

    async def __aexit__(self, *_: object) -> None:
        self.loop.stop()
        await asyncio.wait_for(self._task, 10)


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, "it did not come about"
        await asyncio.sleep(0.005)


async def test_events_take_effect_once_and_in_order(store: Database, bus: Bus) -> None:
    sent = [event_message(f"k{n % 7}", n) for n in range(2_000)]
    await bus.publish(sent)
    # Delivered again: in the same batch, and much later.
    await bus.publish([sent[-1], sent[-1], *sent[:500]])
    async with Running(bus, store) as loop:
        await until(lambda: loop.counters.received == 2_502)
    assert (loop.counters.handled, loop.counters.duplicates) == (2_000, 502)
    rows = await all_rows(store)
    assert sorted(row[1] for row in rows) == list(range(2_000))
    for key in range(7):
        ordered = sorted((row[4], row[1]) for row in rows if row[0] == f"k{key}")
        assert [number for _, number in ordered] == list(range(key, 2_000, 7))
    assert sum(offset.lag for offset in await bus.group_offsets("group")) == 0


async def test_two_groups_over_one_database(store: Database, bus: Bus) -> None:
    seen: list[str] = []

    def note(events: Sequence[EventEnvelope]) -> Program[None]:
        yield Fetch("SELECT 1")
        seen.extend(envelope.biz_id for envelope in events)

    await bus.publish([event_message("k", n) for n in range(10)])
    async with Running(bus, store, "one") as one, Running(bus, store, "two", note) as two:
        await until(lambda: one.counters.handled == two.counters.handled == 10)
    assert len(seen) == 10


async def test_a_bad_event_becomes_a_dead_letter_and_the_rest_goes_on(store: Database, bus: Bus) -> None:
    await bus.publish([event_message("a", n) for n in range(20)])
    bad = event_message("bad", 1)
    await bus.publish([BusMessage(bad.topic, bad.key, bad.value, {"traceparent": "00-a"})])
    await bus.publish([event_message("a", n) for n in range(20, 40)])
    async with Running(bus, store) as loop:
        await until(lambda: loop.counters.received == 41 and loop.counters.dead_letters == 1)
        await until(lambda: loop.counters.handled == 40)
    assert [row[1] for row in await all_rows(store)] == list(range(40))
    assert loop.counters.retries == 2
    [letter] = await bus.dead_letters(TOPIC, None, 10)
    assert letter.value == bad.value
    assert letter.key == "bad"
    assert letter.headers["traceparent"] == "00-a"
    assert letter.headers[headers.REASON] == "ValueError"
    assert "the handler breaks on this" in letter.headers[headers.STACK]
    assert letter.headers[headers.ATTEMPTS] == "3"
    assert letter.headers[headers.GROUP] == "group"
    assert letter.headers[headers.ORIGINAL_TOPIC] == TOPIC
    assert int(letter.headers[headers.ORIGINAL_PARTITION]) in range(12)
    assert letter.headers[headers.ORIGINAL_OFFSET].isdigit()

    # Mended and replayed: only the group that failed takes it.
    seen: list[str] = []

    def mended(events: Sequence[EventEnvelope]) -> Program[None]:
        yield Fetch("SELECT 1")
        seen.extend(envelope.biz_id for envelope in events)

    others: list[str] = []

    def other(events: Sequence[EventEnvelope]) -> Program[None]:
        yield Fetch("SELECT 1")
        others.extend(envelope.event_id for envelope in events)

    async with Running(bus, store, "other", other) as reader, Running(bus, store, "group", mended) as again:
        await until(lambda: reader.counters.handled == 41)
        assert await bus.replay_dead_letters([MessagePosition(letter.topic, letter.partition, letter.offset)]) == 1
        await until(lambda: reader.counters.received == 42 and again.counters.received == 1)
        await until(lambda: again.counters.handled == 1)
    assert seen == ["bad"]
    assert len(others) == 41


async def test_what_is_no_event_becomes_a_dead_letter(store: Database, bus: Bus) -> None:
    other_major = event("k", 1)
    other_major.event_version = "2.0"
    invalid = event("k", 1)
    invalid.event_id = "no uuid"
    no_payload = event("k", 1)
    no_payload.ClearField("process_instance_suspended")
    values = [b"\xff\xff garbage", other_major.SerializeToString(), invalid.SerializeToString()]
    values.append(no_payload.SerializeToString())
    await bus.publish([BusMessage(TOPIC, "k", value) for value in values])
    await bus.publish([event_message("k", 5)])
    async with Running(bus, store) as loop:
        await until(lambda: loop.counters.handled == 1)
    letters = await bus.dead_letters(TOPIC, None, 10)
    assert [(letter.value, letter.headers[headers.REASON]) for letter in letters] == list(
        zip(values, ["UNDECODABLE", "UNSUPPORTED_VERSION", "INVALID", "INVALID"], strict=True)
    )
    assert "event_id" in letters[2].headers[headers.STACK]
    assert [row[1] for row in await all_rows(store)] == [5]


async def test_newer_minor_versions_are_read_and_newer_types_skipped(store: Database, bus: Bus) -> None:
    newer = event("k", 1)
    newer.event_version = "1.7"
    # An unknown field of the envelope, and one of the payload's kind.
    unknown_field = newer.SerializeToString() + bytes([(50 << 3 | 2) & 0x7F | 0x80, 3, 1]) + b"x"
    envelope = event("k", 2)
    envelope.ClearField("process_instance_suspended")
    unknown_type = envelope.SerializeToString() + b"\xc2\x3e\x02\x08\x01"
    assert decode(unknown_type) is None
    read = decode(unknown_field)
    assert read is not None
    assert read.event_version == "1.7"
    await bus.publish([BusMessage(TOPIC, "k", value) for value in (unknown_type, unknown_field)])
    async with Running(bus, store) as loop:
        await until(lambda: loop.counters.handled == 1)
    assert (loop.counters.unknown_types, loop.counters.dead_letters) == (1, 0)


@pytest.mark.parametrize("value", [b"", b"\x00", b"\x0a\xff"])
def test_rubbish_is_unreadable(value: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(value)


class FaultyDatabase:
    """Fails its first writes, before or after doing them."""

    def __init__(self, database: Database, failures: list[tuple[Exception, bool]]) -> None:
        self._database = database
        self._failures = failures

    async def write(self, program: Program[object]) -> object:
        if not self._failures:
            return await self._database.write(program)
        error, done = self._failures.pop(0)
        if done:
            await self._database.write(program)
        program.close()
        raise error


async def test_failures_of_the_database_are_waited_out(store: Database, bus: Bus) -> None:
    failures: list[tuple[Exception, bool]] = [
        (DatabaseUnavailable("gone"), False),
        (TransientFailure("deadlock"), False),
        (OutcomeUnknown("cut"), True),
        (DatabaseUnavailable("gone"), False),
        (OutcomeUnknown("cut"), False),
    ]
    await bus.publish([event_message("k", n) for n in range(10)])
    async with Running(bus, FaultyDatabase(store, failures)) as loop:
        await until(lambda: loop.counters.handled + loop.counters.duplicates == 10)
    assert failures == []
    assert len(await all_rows(store)) == 10
    assert loop.counters.dead_letters == 0


async def test_what_is_too_much_for_one_transaction_is_written_in_several(store: Database, bus: Bus) -> None:
    """Whether it is its time that says so or who handles it; in order, and with more at once later on."""
    sizes: list[int] = []
    most = 3

    def limited(events: Sequence[EventEnvelope]) -> Program[None]:
        if len(events) > most:
            raise (BatchTooLarge if len(events) % 2 else TransactionTooLong)("too much")
        sizes.append(len(events))
        yield from store_events(events)

    await bus.publish([event_message("a", number) for number in range(20)])
    async with Running(bus, store, handle=limited) as loop:
        await until(lambda: loop.counters.handled == 20)
        assert max(sizes) <= most
        most = 1_000
        await bus.publish([event_message("a", number) for number in range(20, 40)])
        await until(lambda: loop.counters.handled == 40)
    assert (loop.counters.dead_letters, loop.counters.retries) == (0, 0)
    assert max(sizes) > 3
    assert [row[1] for row in sorted(await all_rows(store), key=lambda row: row[4])] == list(range(40))


async def test_failures_of_the_bus_are_waited_out(store: Database, bus: Bus) -> None:
    class Faulty:
        """Fails when joined, when asked and when told, once each."""

        def __init__(self) -> None:
            self.joins = 0

        async def consumer(self, group: str, topics: Sequence[str]) -> object:
            self.joins += 1
            if self.joins == 1:
                raise BusError("down")
            real = await bus.consumer(group, topics)
            method = {2: "poll", 3: "commit"}.get(self.joins)
            if method:

                async def fail(*_: object) -> None:
                    raise BusError(f"no {method}")

                setattr(real, method, fail)
            return real

        async def publish(self, messages: Sequence[BusMessage]) -> None:
            await bus.publish(messages)

    await bus.publish([event_message("k", n) for n in range(10)])
    async with Running(Faulty(), store) as loop:
        await until(lambda: loop.counters.received == 20)
    assert (loop.counters.handled, loop.counters.duplicates, loop.counters.bus_failures) == (10, 10, 3)


async def test_stopping_is_quick(store: Database, bus: Bus) -> None:
    async with Running(bus, store) as loop:
        await asyncio.sleep(0.3)
        started = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - started < POLL_SECONDS
    assert loop.counters.received == 0


async def test_stopping_while_the_database_is_away(store: Database, bus: Bus) -> None:
    await bus.publish([event_message("k", 1)])
    failures: list[tuple[Exception, bool]] = [(DatabaseUnavailable("gone"), False)] * 1_000
    async with Running(bus, FaultyDatabase(store, failures)):
        await until(lambda: len(failures) < 999)
    async with Running(bus, store) as loop:
        await until(lambda: loop.counters.handled == 1)


async def test_another_process_took_the_event_meanwhile(store: Database, bus: Bus) -> None:
    """Two members with the same event, one of them fenced off already: the loser finds it in the inbox."""
    message = event_message("k", 1)
    await bus.publish([message, event_message("k", 2)])
    event_id = EventEnvelope.FromString(message.value).event_id
    raced = False

    class Racing:
        async def write(self, program: Program[object]) -> object:
            nonlocal raced

            def race() -> Program[object]:
                outcome = program.send(None)
                result = yield outcome
                # After it has looked: as a transaction between the two statements would.
                yield inbox_insert("group", [event_id], 1)
                yield Execute("UPDATE inbox SET received_at=2")
                try:
                    statement = program.send(result)
                    while True:
                        statement = program.send((yield statement))
                except StopIteration as end:
                    return end.value

            if raced:
                return await store.write(program)
            raced = True
            return await store.write(race())

    async with Running(bus, Racing()) as loop:
        await until(lambda: loop.counters.handled == 2)
    assert loop.counters.dead_letters == 0
    assert len(await all_rows(store)) == 2


async def test_the_inbox_is_pruned(store: Database, bus: Bus) -> None:
    def add(received_at: int, count: int) -> Program[None]:
        yield inbox_insert("group", [new_id() for _ in range(count)], received_at)

    def size() -> Program[int]:
        rows: list[Row] = yield Fetch("SELECT COUNT(*) FROM inbox")
        return int(rows[0][0])

    await store.write(add(1_000, 2_500))
    await store.write(add(2**62, 10))
    assert await store.write(prune_inbox(1_000)) == 0
    loop = ConsumerLoop(bus, store, "group", [TOPIC], store_events)
    assert await loop.prune() == 2_500
    assert await store.read(size()) == 10
