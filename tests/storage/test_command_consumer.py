"""The consumer whose events are commands: order, retries, dead letters, and what a stop leaves for the next one."""

from __future__ import annotations

import asyncio
import collections
from collections.abc import AsyncIterator

import pytest
from flowmesh.events.v1.event_pb2 import EventEnvelope

from mesh import command_consumer
from mesh.bus import headers
from mesh.bus.opening import open_bus
from mesh.bus.port import Bus, BusMessage
from mesh.bus.topics import WORKFLOW_EXECUTION_EVENTS, all_topics
from mesh.call import current_call
from mesh.command_consumer import CommandConsumer
from mesh.db.database import DatabaseUnavailable
from mesh.errors import Conflict, DependencyDown, WrongState
from tests.infrastructure.events import event, event_message
from tests.storage.test_consumer import until

TOPIC = WORKFLOW_EXECUTION_EVENTS


@pytest.fixture
async def bus(bus_url: str) -> AsyncIterator[Bus]:
    bus = await open_bus(bus_url)
    await bus.ensure_topics(all_topics())
    yield bus
    await bus.close()


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_consumer, "FIRST_RETRY_SECONDS", 0.01)


class Performer:
    """Does events by noting them; `failures` are raised first, by key."""

    def __init__(self) -> None:
        self.done: list[tuple[str, int]] = []
        self.calls = 0
        self.failures: dict[str, list[Exception]] = collections.defaultdict(list)
        self.at_work = 0
        self.most_at_work = 0
        self.traceparents: list[str] = []

    async def __call__(self, envelope: EventEnvelope, topic: str) -> None:
        assert topic == TOPIC
        self.calls += 1
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        try:
            self.traceparents.append(current_call().traceparent)
            await asyncio.sleep(0.002)
            if self.failures[envelope.biz_id]:
                raise self.failures[envelope.biz_id].pop(0)
            revision = envelope.process_instance_suspended.process_instance.revision
            self.done.append((envelope.biz_id, revision - 1))
        finally:
            self.at_work -= 1


class Running:
    """A consumer that runs for the length of a block."""

    def __init__(self, bus: Bus, perform: Performer, **options: int) -> None:
        self.loop = CommandConsumer(bus, "group", [TOPIC], perform, **options)

    async def __aenter__(self) -> CommandConsumer:
        self._task = asyncio.create_task(self.loop.run())
        return self.loop

    async def __aexit__(self, *_: object) -> None:
        self.loop.stop()
        await asyncio.wait_for(self._task, 10)


async def test_keys_are_in_order_and_side_by_side(bus: Bus) -> None:
    perform = Performer()
    keys = [f"k{number}" for number in range(20)]
    await bus.publish([event_message(key, number) for number in range(10) for key in keys])
    async with Running(bus, perform, max_concurrent=8) as loop:
        await until(lambda: loop.counters.handled == 200)
    for key in keys:
        assert [number for done, number in perform.done if done == key] == list(range(10))
    assert 1 < perform.most_at_work <= 8


async def test_what_passes_is_waited_out_and_the_order_kept(bus: Bus) -> None:
    perform = Performer()
    perform.failures["a"] = [DatabaseUnavailable("gone"), DependencyDown("D", "gone"), Conflict("C", "again")] * 3
    await bus.publish([event_message("a", number) for number in range(3)] + [event_message("b", 0)])
    async with Running(bus, perform) as loop:
        await until(lambda: loop.counters.handled == 4)
    assert [number for key, number in perform.done if key == "a"] == [0, 1, 2]
    assert loop.counters.retries == 9
    assert await bus.dead_letters(TOPIC, None, 10) == []


async def test_what_cannot_succeed_is_a_dead_letter_with_the_reason(bus: Bus) -> None:
    perform = Performer()
    perform.failures["a"] = [WrongState("JOB_DONE", "it is done")]
    perform.failures["bug"] = [KeyError("x")] * 3
    perform.failures["flaky"] = [KeyError("x")] * 2
    await bus.publish([event_message(key, number) for key in ("a", "bug", "flaky") for number in range(2)])
    async with Running(bus, perform) as loop:
        await until(lambda: loop.counters.handled == 4 and loop.counters.dead_letters == 2)
    assert sorted(perform.done) == [("a", 1), ("bug", 1), ("flaky", 0), ("flaky", 1)]
    letters = {letter.key: letter for letter in await bus.dead_letters(TOPIC, None, 10)}
    assert letters["a"].headers[headers.REASON] == "JOB_DONE"
    assert letters["a"].headers[headers.STACK] == "it is done"
    assert (letters["bug"].headers[headers.REASON], letters["bug"].headers[headers.ATTEMPTS]) == ("KeyError", "3")
    assert letters["a"].headers[headers.GROUP] == "group"


async def test_unknown_types_are_dead_letters(bus: Bus) -> None:
    newer = event("a", 0)
    newer.ClearField("process_instance_suspended")
    # Field 9999 with an empty message: a payload that only a newer release knows.
    unknown = newer.SerializeToString() + b"\xfa\xf0\x04\x00"
    await bus.publish([BusMessage(TOPIC, "a", unknown), BusMessage(TOPIC, "a", b"\xff"), event_message("a", 1)])
    perform = Performer()
    async with Running(bus, perform) as loop:
        await until(lambda: loop.counters.handled == 1 and loop.counters.dead_letters == 2)
    reasons = {letter.headers[headers.REASON] for letter in await bus.dead_letters(TOPIC, None, 10)}
    assert reasons == {"UNKNOWN_EVENT_TYPE", "UNDECODABLE"}


async def test_what_a_stop_interrupts_comes_to_the_next_one(bus: Bus) -> None:
    perform = Performer()
    perform.failures["a"] = [DatabaseUnavailable("gone")] * 1000
    perform.failures["c"] = [WrongState("NO", "no")]
    await bus.publish([event_message(key, 0) for key in ("a", "b", "c")])
    async with Running(bus, perform) as loop:
        await until(lambda: loop.counters.retries > 2)
    # The dead letter of the batch is not written either: it would be there twice.
    assert await bus.dead_letters(TOPIC, None, 10) == []
    again = Performer()
    async with Running(bus, again) as loop:
        await until(lambda: loop.counters.handled == 3)
    assert {key for key, _ in again.done} == {"a", "b", "c"}


async def test_the_trace_goes_on(bus: Bus) -> None:
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    message = event_message("a", 0)
    await bus.publish([BusMessage(TOPIC, "a", message.value, {"traceparent": traceparent})])
    perform = Performer()
    async with Running(bus, perform) as loop:
        await until(lambda: loop.counters.handled == 1)
    assert perform.traceparents == [traceparent]
