"""Consumers for the tests of monitoring: real loops on a real database, with a handler that can be mended."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from flowmesh.events.v1.event_pb2 import EventEnvelope

from mesh.bus import headers
from mesh.bus.port import Bus, BusMessage
from mesh.bus.topics import WORKFLOW_EXECUTION_EVENTS, dead_letter_topic
from mesh.consumer import ConsumerLoop
from mesh.db.database import Database
from mesh.db.statements import Fetch, Program

TOPIC = WORKFLOW_EXECUTION_EVENTS
BOTH_BUSES = pytest.mark.parametrize(
    "empty_bus", ["local", pytest.param("kafka", marks=[pytest.mark.kafka, pytest.mark.slow])], indirect=True
)
PATIENCE_SECONDS = 20.0


class Handler:
    """Counts what it takes in by event id; breaks on the keys in `poison` until they are taken out."""

    def __init__(self, *poison: str) -> None:
        self.poison = set(poison)
        self.effects: Counter[str] = Counter()

    def __call__(self, events: Sequence[EventEnvelope]) -> Program[None]:
        for event in events:
            if event.biz_id in self.poison:
                raise ValueError(f"the handler breaks on {event.biz_id}")
        yield Fetch("SELECT 1")
        self.effects.update(event.event_id for event in events)


class Running:
    """A consumer loop that runs for the length of a block."""

    def __init__(self, bus: Bus, database: Database, group: str, handler: Handler) -> None:
        self.loop = ConsumerLoop(bus, database, group, [TOPIC], handler)

    async def __aenter__(self) -> ConsumerLoop:
        self._task = asyncio.create_task(self.loop.run())
        return self.loop

    async def __aexit__(self, *_: object) -> None:
        self.loop.stop()
        await asyncio.wait_for(self._task, PATIENCE_SECONDS)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():
            await asyncio.sleep(0.005)


def dead_letter(number: int, group: str = "billing", value: bytes = b"no event", **more: str) -> BusMessage:
    """Return a dead letter as a consumer leaves it."""
    return BusMessage(
        dead_letter_topic(TOPIC),
        f"key-{number}",
        value,
        {
            "traceparent": f"00-{number}",
            headers.REASON: "ValueError",
            headers.STACK: "Traceback ...",
            headers.ATTEMPTS: "3",
            headers.GROUP: group,
            headers.ORIGINAL_TOPIC: TOPIC,
            headers.ORIGINAL_PARTITION: "5",
            headers.ORIGINAL_OFFSET: str(number),
            headers.FAILED_AT: str(1_700_000_000_000_000 + number),
            **more,
        },
    )
