"""Makes jobs ready again whose lease has run out or whose back-off is over."""

from __future__ import annotations

from engine_svc.commands.job_signals import JobSignals
from engine_svc.storage.jobs import free_due_jobs, next_due
from mesh.clock import Clock
from mesh.db.database import Database

INTERVAL_SECONDS = 0.25


class JobAvailability:
    """The work of one round: a bounded batch."""

    def __init__(self, database: Database, clock: Clock, signals: JobSignals) -> None:
        self._database = database
        self._clock = clock
        self._signals = signals

    async def run(self) -> bool:
        """Free what is due; say whether there may be more."""
        now = self._clock.now_micros()
        if not await self._database.read(next_due(now)):
            return False
        types = await self._database.write(free_due_jobs(now))
        self._signals.notify(types)
        return bool(types)
