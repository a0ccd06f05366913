"""The relay of the identity service's outbox: a row is one event, ready for the bus."""

from __future__ import annotations

import asyncio

from identity_svc.storage.events import expand
from mesh.bus.port import Bus
from mesh.clock import Clock
from mesh.db.database import Database
from mesh.metrics import Metrics
from mesh.relay import UNHURRIED_IDLE_SECONDS, Relay


class IdentityRelay:
    """Takes the events of the directory from its outbox to the bus."""

    def __init__(self, database: Database, bus: Bus, metrics: Metrics, clock: Clock) -> None:
        self._relay = Relay(database, bus, expand, clock, longest_idle_seconds=UNHURRIED_IDLE_SECONDS)
        self._task: asyncio.Task[None] | None = None
        counters = self._relay.counters
        metrics.observe(
            "flowmesh_identity_relay_messages", "Events taken to the bus since the start.", lambda: counters.messages
        )
        metrics.observe(
            "flowmesh_identity_relay_failed_rows", "Events that could not be relayed.", lambda: counters.failed
        )

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._relay.run(), name="identity relay")

    def wake(self) -> None:
        """Let it look for events at once."""
        self._relay.wake()

    async def stop(self) -> None:
        """End after the batch that is being relayed."""
        self._relay.stop()
        if self._task is not None:
            await self._task
