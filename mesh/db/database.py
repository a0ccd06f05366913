"""The database port and the errors that its implementations raise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

from mesh.db.statements import Program

T = TypeVar("T")

RETRY_AFTER_SECONDS = 0.5
"""When a caller may come back that a database failed which says nothing about it."""


class DatabaseError(Exception):
    """The database refused the work; nothing of it was done."""


class ConstraintViolated(DatabaseError):
    """A key exists already, or another constraint was broken."""


class TransientFailure(DatabaseError):
    """Deadlock or lock time-out: the same work may succeed when tried again."""


class DatabaseUnavailable(DatabaseError):
    """The database cannot be reached; nothing was done.

    `retry_after_seconds`: when it is tried again, where that is known.
    """

    def __init__(self, message: str, *, retry_after_seconds: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class TransactionTooLong(DatabaseUnavailable):
    """A transaction came to its own limit of time; nothing was done. Less work in one may succeed."""


class DatabaseRefused(DatabaseUnavailable):
    """The server is there, but has no such database or does not take the credentials: waiting does not help."""


class OutcomeUnknown(Exception):
    """The connection broke during COMMIT: the work was done wholly or not at all, nobody knows which."""


def retry_after(error: Exception) -> float:
    """Return the seconds after which a caller may come back that was failed by this error of a database."""
    return (error.retry_after_seconds if isinstance(error, DatabaseUnavailable) else 0.0) or RETRY_AFTER_SECONDS


@dataclass(frozen=True, slots=True)
class DatabaseLimits:
    """How long a database server may take before it counts as not answering, and how many connections it gets.

    `connect_seconds`: for a new connection; `answer_seconds`: for one statement, above the time a lock may be waited
    for (10 s); `transaction_seconds`: for a transaction from its first statement to its COMMIT.
    """

    connections: int = 8
    connect_seconds: float = 5.0
    answer_seconds: float = 15.0
    transaction_seconds: float = 60.0


class Database(Protocol):
    """A service's own database."""

    async def write(self, program: Program[T]) -> T:
        """Run a program in one transaction and commit it durably.

        Cancelling the caller does not stop the transaction once it has begun. Raises `DatabaseError` (rolled back),
        `OutcomeUnknown`, or whatever the program raises (rolled back).
        """

    async def read(self, program: Program[T]) -> T:
        """Run a program that only reads, on one consistent view of the data. Raises `DatabaseError`."""

    async def close(self) -> None:
        """Finish running work and close the connections."""
