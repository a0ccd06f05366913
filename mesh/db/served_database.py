"""The database as calls see it: its failures are answers that say whether to call again, not bugs."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import TypeVar

from mesh.db.database import Database, DatabaseUnavailable, OutcomeUnknown, TransientFailure, retry_after
from mesh.db.statements import Program
from mesh.errors import DependencyDown

T = TypeVar("T")

RETRY_SECONDS = 10.0
"""No further attempt at a program that met the locks of others starts later than this."""
FIRST_PAUSE_SECONDS = 0.01
LONGEST_PAUSE_SECONDS = 0.5


async def write_again(database: Database, make: Callable[[], Program[T]]) -> T:
    """Run a program in a transaction, made anew where it met another one's locks.

    `database` is one that calls are served from. Raises `DependencyDown`.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + RETRY_SECONDS
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            return await database.write(make())
        except DependencyDown as error:
            if not isinstance(error.__cause__, TransientFailure) or loop.time() > deadline:
                raise
        # Two that met do not meet again in step.
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


class ServedDatabase:
    """A `Database` that raises `DependencyDown` where the one behind it does not answer or is too busy.

    For what calls read and write by themselves; the group commit has an answer of its own for each work.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, program: Program[T]) -> T:
        """See `Database.write`. Raises `DependencyDown`."""
        try:
            return await self._database.write(program)
        except (DatabaseUnavailable, TransientFailure, OutcomeUnknown) as error:
            raise _dependency_down(error) from error

    async def read(self, program: Program[T]) -> T:
        """See `Database.read`. Raises `DependencyDown`."""
        try:
            return await self._database.read(program)
        except (DatabaseUnavailable, TransientFailure) as error:
            raise _dependency_down(error) from error

    async def close(self) -> None:
        """See `Database.close`."""
        await self._database.close()


def _dependency_down(error: Exception) -> DependencyDown:
    return DependencyDown(
        "DEPENDENCY_UNAVAILABLE",
        "the database does not answer; send the call again, with the same request id where it has one",
        metadata={"dependency": "database"},
        retry_after_seconds=retry_after(error),
    )
