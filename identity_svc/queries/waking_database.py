"""A database that says when something was written, so that what follows its log need not wait for its next look."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from mesh.db.database import Database
from mesh.db.statements import Program

T = TypeVar("T")


class WakingDatabase:
    """A `Database` that calls who asked for it after each transaction that may have written."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._written: list[Callable[[], None]] = []

    def call_when_written(self, written: Callable[[], None]) -> None:
        """Call this from now on."""
        self._written.append(written)

    async def write(self, program: Program[T]) -> T:
        """See `Database.write`."""
        try:
            return await self._database.write(program)
        finally:
            # Whether it was written is not always known.
            for written in self._written:
                written()

    async def read(self, program: Program[T]) -> T:
        """See `Database.read`."""
        return await self._database.read(program)

    async def close(self) -> None:
        """See `Database.close`."""
        await self._database.close()
