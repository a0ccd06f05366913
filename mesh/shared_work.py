"""Shares kinds of background work out among the processes of a database, each kind done by one of them at a time.

Claims and conditions in the statements see to it that nothing is done twice; this keeps N processes from looking for
the same work N times. Where a process dies, another one does its kinds after `LEASE_SECONDS`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from mesh.db.database import Database, DatabaseError, OutcomeUnknown
from mesh.lease import Leases
from mesh.logs import get_log
from mesh.periodic import Periodic

_log = get_log(__name__)

LEASE_SECONDS = 5.0

Work = Callable[[], Awaitable[bool]]
"""A round of work; says whether there is more to do at once."""


@dataclass(slots=True, frozen=True)
class Kind:
    """A kind of work, done again and again with an interval in seconds."""

    name: str
    interval_seconds: float
    work: Work


class SharedWork:
    """One process's part of `kinds` of work, which all that share under this name have in the same order."""

    def __init__(self, database: Database, name: str, kinds: Sequence[Kind]) -> None:
        self._leases = Leases(database, name, len(kinds), seconds=LEASE_SECONDS)
        self._rounds = [
            Periodic(kind.name, kind.interval_seconds, self._where_ours(number, kind.work))
            for number, kind in enumerate(kinds)
        ]
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to take part."""
        self._task = asyncio.create_task(self._leases.keep(self._stopping, self._renewed), name="shared work")
        for one in self._rounds:
            one.start()

    async def stop(self) -> None:
        """Leave the work to others."""
        for one in self._rounds:
            await one.stop()
        self._stopping.set()
        if self._task is None:
            return
        await self._task
        try:
            await self._leases.release()
        except (DatabaseError, OutcomeUnknown) as error:
            _log.warning("Shared work could not be given up, it is taken over by and by", error=error)

    def _where_ours(self, number: int, work: Work) -> Work:
        async def run() -> bool:
            return number in self._leases.numbers and await work()

        return run

    async def _renewed(self, _taken: int) -> None:
        # What is under way may end: others that begin the same meanwhile lose its claims or win them.
        await self._leases.give_up_surplus()
