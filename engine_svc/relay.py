"""The relay of the engine's outbox. It imports little of the engine, as it may run in another process."""

from __future__ import annotations

import asyncio

from engine_svc.events.expansion import expand
from mesh.bus.port import Bus
from mesh.clock import Clock, SystemClock
from mesh.db.database import Database
from mesh.metrics import Metrics
from mesh.relay import Relay


class EngineRelay:
    """Takes the engine's events from its outbox to the bus. It may run in another process than the engine."""

    def __init__(self, database: Database, bus: Bus, metrics: Metrics, *, clock: Clock | None = None) -> None:
        self._relay = Relay(database, bus, expand, clock or SystemClock())
        self._task: asyncio.Task[None] | None = None
        counters = self._relay.counters
        metrics.observe(
            "flowmesh_engine_relay_messages", "Events taken to the bus since the start.", lambda: counters.messages
        )
        metrics.observe(
            "flowmesh_engine_relay_failed_rows", "Commits whose events could not be relayed.", lambda: counters.failed
        )
        metrics.observe(
            "flowmesh_engine_relay_buckets", "Buckets of the outbox that this relay has.", lambda: self._relay.buckets
        )

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._relay.run(), name="engine relay")

    def wake(self) -> None:
        """Let it look for events at once."""
        self._relay.wake()

    async def stop(self) -> None:
        """End after the batch that is being relayed."""
        self._relay.stop()
        if self._task is not None:
            await self._task
