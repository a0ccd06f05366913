"""Forgets all but the last records of finished timers and asynchronous jobs."""

from __future__ import annotations

from engine_svc.storage.finished_jobs import has_too_many, prune_finished_jobs
from mesh.db.database import Database

INTERVAL_SECONDS = 5.0


class FinishedJobRetention:
    """The work of one round."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> bool:
        """Forget what is old; there is never more to do at once."""
        if await self._database.read(has_too_many()):
            await self._database.write(prune_finished_jobs())
        return False
