"""How far the relay is behind: age and number of what the outbox holds, by a cheap read every second."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from mesh.background import end
from mesh.db.database import Database, DatabaseError
from mesh.db.statements import Fetch, Program, Row
from mesh.logs import get_log
from mesh.outbox import NEW

LOOK_SECONDS = 1.0
FLUSH_LOOK_SECONDS = 0.05
PAGE = 100
MAX_PAGES = 10
"""Rows that were given up lie at the low end of the key and are walked over, so many at most."""

SEEN = 4096
"""How many looks are remembered, which is the longest age that can be told, in seconds."""

_log = get_log(__name__)


class OutboxBacklog:
    """Looks at an outbox until `stop`. What it found last is valid while the database does not answer.

    The age is how long this process has seen the oldest row wait: the times in the rows are by clocks that jump.
    """

    def __init__(self, database: Database, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._monotonic = monotonic
        self._seen: deque[tuple[int, float]] = deque(maxlen=SEEN)
        self.rows = 0
        """How many rows wait, by their numbers, of which some may be missing."""
        self.age_seconds = 0.0
        """How long the oldest one has waited at least."""
        self._task: asyncio.Task[None] | None = None

    async def look(self) -> None:
        """Look now. Raises `DatabaseError`."""
        found = await self._database.read(_backlog())
        if found is None:
            self._seen.clear()
            self.rows, self.age_seconds = 0, 0.0
            return
        now = self._monotonic()
        if self._seen and found.newest < self._seen[-1][0]:
            # SQLite begins again at 1 once all are gone.
            self._seen.clear()
        self._seen.append((found.newest, now))
        # Where the oldest row is above the newest one of that time, everything of that time is on the bus.
        while self._seen[0][0] < found.oldest:
            self._seen.popleft()
        self.rows = found.newest - found.oldest + 1
        self.age_seconds = now - self._seen[0][1]

    async def relayed(self, seconds: float) -> bool:
        """Wait until what lies in the outbox now is on the bus; return whether that came within so many seconds."""
        end = time.monotonic() + seconds
        newest: int | None = None
        while True:
            try:
                found = await self._database.read(_backlog())
            except DatabaseError as error:
                _log.warning("What the outbox holds is not known", reason=str(error))
                return False
            newest = found.newest if found and newest is None else newest
            if found is None or newest is None or found.oldest > newest:
                return True
            if time.monotonic() >= end:
                _log.warning("Events stay in the outbox until a relay runs", rows=newest - found.oldest + 1)
                return False
            await asyncio.sleep(FLUSH_LOOK_SECONDS)

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="outbox backlog")

    async def stop(self) -> None:
        """End."""
        await end(self._task)

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except DatabaseError as error:
                _log.debug("What the outbox holds is not known", reason=str(error))
            await asyncio.sleep(LOOK_SECONDS)


class _Backlog(NamedTuple):
    oldest: int
    newest: int


def _backlog() -> Program[_Backlog | None]:
    """Read the numbers of the oldest row that waits and of the newest one.

    By the primary key alone, which is cheap whatever lies in the outbox.
    """
    last = -1
    for _ in range(MAX_PAGES):
        page: list[Row] = yield Fetch("SELECT seq, status FROM outbox WHERE seq>? ORDER BY seq LIMIT ?", (last, PAGE))
        for seq, status in page:
            if status == NEW:
                newest: list[Row] = yield Fetch("SELECT MAX(seq) FROM outbox")
                return _Backlog(seq, newest[0][0])
            last = seq
        if len(page) < PAGE:
            break
    return None
