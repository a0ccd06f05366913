"""Forgets sagas that ended long ago, with their transaction logs."""

from __future__ import annotations

from engine_svc.storage.sagas import PRUNE_BATCH, any_saga_ended, prune_sagas
from mesh.clock import Clock
from mesh.db.database import Database

INTERVAL_SECONDS = 60.0


class SagaRetention:
    """The work of one round: a bounded batch."""

    def __init__(self, database: Database, clock: Clock, retention_seconds: int) -> None:
        self._database = database
        self._clock = clock
        self._retention_micros = retention_seconds * 1_000_000

    async def run(self) -> bool:
        """Forget what is old; say whether there may be more."""
        before = self._clock.now_micros() - self._retention_micros
        if not await self._database.read(any_saga_ended(before)):
            return False
        return await self._database.write(prune_sagas(before)) == PRUNE_BATCH
