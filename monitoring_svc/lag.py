"""Lag of consumer groups and drift of topics as metrics, measured again and again."""

from __future__ import annotations

import asyncio

from mesh.background import end
from mesh.bus.port import Bus, BusError
from mesh.logs import get_log
from mesh.metrics import Metrics

_log = get_log(__name__)


class LagSampler:
    """Measures every `interval_seconds` between `start` and `stop`; what cannot be measured stays as it was."""

    def __init__(self, bus: Bus, metrics: Metrics, interval_seconds: float, bus_seconds: float) -> None:
        self._bus = bus
        self._interval_seconds = interval_seconds
        self._bus_seconds = bus_seconds
        self._lag = metrics.gauge(
            "flowmesh_consumer_group_lag", "Messages that a consumer group has left.", ("group", "topic")
        )
        self._failures = metrics.counter("flowmesh_monitoring_failures_total", "Measurements that failed.")
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="lag of consumer groups")

    async def stop(self) -> None:
        """End."""
        await end(self._task)

    async def sample(self) -> None:
        """Measure once. Raises `BusError`, `TimeoutError`."""
        found: dict[tuple[str, str], int] = {}
        async with asyncio.timeout(self._bus_seconds):
            for group in await self._bus.consumer_groups():
                for at in await self._bus.group_offsets(group):
                    found[group, at.topic] = found.get((group, at.topic), 0) + at.lag
        for (group, topic), lag in found.items():
            self._lag.at(group, topic).set(lag)
        for labels, gauge in self._lag.children():
            if labels not in found:
                gauge.set(0)

    async def _run(self) -> None:
        while True:
            try:
                await self.sample()
            except (BusError, TimeoutError) as error:
                self._failures.at().add()
                _log.warning("The lag of consumer groups could not be measured", detail=str(error) or "time-out")
            await asyncio.sleep(self._interval_seconds)
