"""The database port and the errors that its implementations raise."""

from __future__ import annotations

from typing import Protocol, TypeVar

from mesh.db.statements import Program

T = TypeVar("T")


class DatabaseError(Exception):
    """The database refused the work; nothing of it was done."""


class ConstraintViolated(DatabaseError):
    """A key exists already, or another constraint was broken."""


class TransientFailure(DatabaseError):
    """Deadlock or lock time-out: the same work may succeed when tried again."""


class DatabaseUnavailable(DatabaseError):
    """The database cannot be reached; nothing was done."""


class OutcomeUnknown(Exception):
    """The connection broke during COMMIT: the work was done wholly or not at all, nobody knows which."""


class Database(Protocol):
    """A service's own database."""

    async def write(self, program: Program[T]) -> T:
        """Run a program in one transaction and commit it durably.

        Cancelling the caller does not stop the transaction. Raises `DatabaseError` (rolled back),
        `OutcomeUnknown`, or whatever the program raises (rolled back).
        """

    async def read(self, program: Program[T]) -> T:
        """Run a program that only reads, on one consistent view of the data. Raises `DatabaseError`."""

    async def close(self) -> None:
        """Finish running work and close the connections."""
