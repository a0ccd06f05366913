"""Forgets the answers kept for request ids once nobody will ask for them any more."""

from __future__ import annotations

from engine_svc.storage.requests import PRUNE_BATCH, prune_requests
from mesh.clock import Clock
from mesh.db.database import Database

INTERVAL_SECONDS = 60.0


class RequestRetention:
    """The work of one round: a bounded batch."""

    def __init__(self, database: Database, clock: Clock, retention_seconds: int) -> None:
        self._database = database
        self._clock = clock
        self._retention_micros = retention_seconds * 1_000_000

    async def run(self) -> bool:
        """Forget what is old; say whether there may be more."""
        pruned = await self._database.write(prune_requests(self._clock.now_micros() - self._retention_micros))
        return pruned == PRUNE_BATCH
