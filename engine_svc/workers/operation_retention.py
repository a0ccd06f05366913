"""Forgets batches that ended long ago, and migrations that are too old to be undone."""

from __future__ import annotations

from engine_svc.storage.batches import any_batch_ended, prune_batches
from engine_svc.storage.migration_journal import PRUNE_BATCH, any_entry, prune_entries
from mesh.clock import Clock
from mesh.db.database import Database

INTERVAL_SECONDS = 60.0
MICROS = 1_000_000


class OperationRetention:
    """The work of one round: a bounded part of each."""

    def __init__(self, database: Database, clock: Clock, batch_seconds: int, migration_seconds: int) -> None:
        self._database = database
        self._clock = clock
        self._batch_micros = batch_seconds * MICROS
        self._migration_micros = migration_seconds * MICROS

    async def run(self) -> bool:
        """Forget what is old; say whether there may be more."""
        now = self._clock.now_micros()
        more = False
        # Looking first costs no write while there is nothing to forget.
        if await self._database.read(any_batch_ended(now - self._batch_micros)):
            more = await self._database.write(prune_batches(now - self._batch_micros))
        if await self._database.read(any_entry(now - self._migration_micros)):
            more |= await self._database.write(prune_entries(now - self._migration_micros)) == PRUNE_BATCH
        return more
