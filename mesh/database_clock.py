"""The time of the database server, for processes on several machines that write times for each other."""

from __future__ import annotations

import asyncio
import logging

from mesh.background import end
from mesh.clock import SystemClock, steady_micros
from mesh.db.database import Database, DatabaseError
from mesh.db.statements import Fetch, Program, Row

MEASURE_SECONDS = 10.0
LONGEST_SECONDS = 1.0
"""A measurement that took longer says too little."""

log = logging.getLogger(__name__)


class DatabaseClock:
    """A clock that shows what the clock of a MariaDB server shows, whatever the machine's own one does.

    Between two measurements it goes by the machine's steady clock; before the first one it is the machine's own.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._system = SystemClock()
        self._ahead: int | None = None
        self._task: asyncio.Task[None] | None = None

    def now_micros(self) -> int:
        """Return the time in microseconds since the Unix epoch."""
        return self._system.now_micros() if self._ahead is None else steady_micros() + self._ahead

    async def start(self) -> None:
        """Measure, and go on doing so. Raises `DatabaseError` where the database does not answer."""
        await self.measure()
        self._task = asyncio.create_task(self._keep(), name="database clock")

    async def stop(self) -> None:
        """End measuring."""
        await end(self._task)

    async def measure(self) -> None:
        """Compare with the server's clock once. Raises `DatabaseError`."""
        ahead, seconds = await self._database.read(_measure())
        if self._ahead is None or seconds <= LONGEST_SECONDS:
            self._ahead = ahead

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(MEASURE_SECONDS)
            try:
                await self.measure()
            except DatabaseError as error:
                log.info("the database's time could not be asked for: %s", error)


def _measure() -> Program[tuple[int, float]]:
    """Return how far the server's clock is ahead of our steady one, in microseconds, and how many seconds it took."""
    before = steady_micros()
    # UNIX_TIMESTAMP would go by the session's time zone, where an hour comes twice a year.
    rows: list[Row] = yield Fetch("SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6))")
    after = steady_micros()
    return int(rows[0][0]) - (before + after) // 2, (after - before) / 1e6
