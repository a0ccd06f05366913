"""What the services of history have in common: reads that wait for commits, and the errors of the database."""

from __future__ import annotations

from typing import TypeVar

from history_svc.queries.commit_waits import CommitWaits
from mesh.db.database import Database, DatabaseUnavailable, TransientFailure, retry_after
from mesh.db.statements import Program
from mesh.errors import DependencyDown, NotFound

T = TypeVar("T")


class Reading:
    """Reads the database, after a commit where that is asked for."""

    def __init__(self, database: Database, waits: CommitWaits | None = None) -> None:
        self.database = database
        self._waits = waits or CommitWaits(database)

    async def wait(self, commit_token: str) -> None:
        """Return once a commit was taken in. Raises `DependencyDown`, and what `CommitWaits.wait` does."""
        if not commit_token:
            return
        try:
            await self._waits.wait(commit_token)
        except (DatabaseUnavailable, TransientFailure) as error:
            raise unavailable(error) from error

    async def read(self, program: Program[T]) -> T:
        """Run a program that reads. Raises `DependencyDown`, and what the program does."""
        try:
            return await self.database.read(program)
        except (DatabaseUnavailable, TransientFailure) as error:
            raise unavailable(error) from error


def missing(key: str) -> NotFound:
    """Return the error for a record that is not there, or is closed to the caller."""
    return NotFound("HISTORY_RECORD_NOT_FOUND", f"History has no record with the id {key} (yet).", metadata={"id": key})


def unavailable(error: Exception) -> DependencyDown:
    """Return the error for a database that does not answer."""
    return DependencyDown(
        "DEPENDENCY_UNAVAILABLE",
        "The history database does not answer; try again.",
        metadata={"dependency": "database"},
        retry_after_seconds=retry_after(error),
    )
