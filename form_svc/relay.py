"""The relay of the form service's outbox: a row is one event, ready for the bus."""

from __future__ import annotations

import asyncio

from form_svc.storage.audit import expand
from mesh.bus.port import Bus
from mesh.clock import Clock
from mesh.db.database import Database
from mesh.metrics import Metrics
from mesh.relay import UNHURRIED_IDLE_SECONDS, Relay


class FormRelay:
    """Takes what the audit is told from the outbox to the bus."""

    def __init__(self, database: Database, bus: Bus, metrics: Metrics, clock: Clock) -> None:
        self._relay = Relay(database, bus, expand, clock, longest_idle_seconds=UNHURRIED_IDLE_SECONDS)
        self._task: asyncio.Task[None] | None = None
        counters = self._relay.counters
        metrics.observe(
            "flowmesh_form_relay_messages", "Events taken to the bus since the start.", lambda: counters.messages
        )
        metrics.observe("flowmesh_form_relay_failed_rows", "Events that could not be relayed.", lambda: counters.failed)

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._relay.run(), name="form relay")

    async def stop(self) -> None:
        """End after the batch that is being relayed."""
        self._relay.stop()
        if self._task is not None:
            await self._task
