"""The database as calls see it: its failures are answers that say whether to call again, not bugs."""

from __future__ import annotations

from typing import TypeVar

from mesh.db.database import Database, DatabaseUnavailable, OutcomeUnknown, TransientFailure, retry_after
from mesh.db.statements import Program
from mesh.errors import DependencyDown

T = TypeVar("T")


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
