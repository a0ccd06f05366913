"""A bus that comes late, and goes away."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from mesh.admin_http import Readiness
from mesh.bus.local import LocalBus
from mesh.bus.port import Bus, BusError, BusMessage, MessageRefused
from mesh.bus.topics import WORKFLOW_EXECUTION_EVENTS, all_topics
from mesh.metrics import Metrics
from mesh.resilience.breaker import BreakerMetrics
from mesh.resilience.service_bus import ServiceBus

MESSAGE = BusMessage(WORKFLOW_EXECUTION_EVENTS, "key", b"value")


class Broker:
    """A durable bus that may be away."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.away = True
        self.published = 0

    async def open(self) -> Bus:
        if self.away:
            raise BusError("connection refused")
        local: Any = await LocalBus.open(self._path)
        publish = local.publish

        async def published(messages: Any) -> None:
            self.published += 1
            if self.away:
                raise BusError("connection refused")
            await publish(messages)

        local.publish = published
        bus: Bus = local
        return bus


async def status(readiness: Readiness) -> tuple[bool, object]:
    ready, report = await readiness.report()
    return ready, report["status"]


async def until_published(bus: ServiceBus) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                return await bus.publish([MESSAGE])
            except BusError:
                await asyncio.sleep(0.02)


async def test_a_bus_that_comes_late(tmp_path: Path) -> None:
    broker, readiness = Broker(tmp_path / "bus.db"), Readiness()
    bus = ServiceBus(broker.open, readiness=readiness)
    bus.open_later()
    await bus.ensure_topics(all_topics())
    with pytest.raises(BusError, match="not there yet"):
        await bus.publish([MESSAGE])
    with pytest.raises(BusError, match="not there yet"):
        await bus.consumer("group", [WORKFLOW_EXECUTION_EVENTS])
    assert await status(readiness) == (True, "degraded")
    broker.away = False
    await until_published(bus)
    assert await status(readiness) == (True, "ready")
    consumer = await bus.consumer("group", [WORKFLOW_EXECUTION_EVENTS])
    (message,) = await consumer.poll(10, 10)
    assert message.value == b"value"
    await consumer.close()
    await bus.close()


async def test_a_bus_that_goes_away_is_left_alone(tmp_path: Path) -> None:
    broker, readiness, metrics = Broker(tmp_path / "bus.db"), Readiness(), Metrics()
    broker.away = False
    bus = ServiceBus(broker.open, metrics=BreakerMetrics(metrics), readiness=readiness)
    await bus.open()
    await bus.ensure_topics(all_topics())
    for _ in range(20):
        with pytest.raises(MessageRefused):
            await bus.publish([BusMessage("no-such-topic", "key", b"")])
    assert await status(readiness) == (True, "ready"), "what it refuses is nothing against it"
    broker.away = True
    broker.published = 0
    for _ in range(50):
        with pytest.raises(BusError):
            await bus.publish([MESSAGE])
    assert broker.published < 10
    assert await status(readiness) == (True, "degraded")
    assert 'breaker_state{dependency="bus"} 2.0' in metrics.exposition()[0].decode()
    broker.away = False
    await until_published(bus)
    assert await status(readiness) == (True, "ready")
    await bus.close()


async def test_closing_a_bus_that_never_came(tmp_path: Path) -> None:
    bus = ServiceBus(Broker(tmp_path / "bus.db").open)
    bus.open_later()
    await asyncio.sleep(0)
    await bus.close()
