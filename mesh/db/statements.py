"""Statement programs: database work written once, run by a thread on SQLite and by the event loop on MariaDB.

A program is a generator that yields statements and is sent their results. It does no I/O itself, so the same
code serves both databases, and the runner decides where it runs. SQL is written with `?` placeholders and must
not hold a literal `%`.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")

Row = tuple[Any, ...]
Parameters = Sequence[Any]


@dataclass(slots=True, frozen=True)
class Fetch:
    """Read rows. Result: list of tuples.

    `lock` keeps the rows locked until the transaction ends (on SQLite the transaction itself does);
    `skip_locked` leaves out rows that others have locked. `share` lets others read the rows under a lock of the
    same kind, but nobody change them.
    """

    sql: str
    parameters: Parameters = ()
    lock: bool = False
    skip_locked: bool = False
    share: bool = False


@dataclass(slots=True, frozen=True)
class FetchKeys:
    """Read the rows of a table that have one of the given keys, in key order. Result: list of tuples.

    `lock` and `share` as with `Fetch`.
    """

    table: str
    columns: tuple[str, ...]
    key_columns: tuple[str, ...]
    keys: Sequence[Row]
    lock: bool = False
    share: bool = False


@dataclass(slots=True, frozen=True)
class Execute:
    """Change rows. Result: how many rows matched."""

    sql: str
    parameters: Parameters = ()


@dataclass(slots=True, frozen=True)
class InsertMany:
    """Insert rows. Result: None."""

    table: str
    columns: tuple[str, ...]
    rows: Sequence[Row]


@dataclass(slots=True, frozen=True)
class UpsertMany:
    """Insert rows; where the key exists, set `update_columns` instead (none: leave the row). Result: None."""

    table: str
    columns: tuple[str, ...]
    key_columns: tuple[str, ...]
    update_columns: tuple[str, ...]
    rows: Sequence[Row]


@dataclass(slots=True, frozen=True)
class UpdateKeys:
    """Change the rows that have one of the given keys. Result: how many were changed.

    `assignments` is the text after SET, with a `?` for each of `parameters`.
    """

    table: str
    assignments: str
    parameters: Parameters
    key_columns: tuple[str, ...]
    keys: Sequence[Row]


@dataclass(slots=True, frozen=True)
class DeleteMany:
    """Delete the rows that have one of the given keys. Result: None."""

    table: str
    key_columns: tuple[str, ...]
    keys: Sequence[Row]


Statement = Fetch | FetchKeys | Execute | InsertMany | UpsertMany | UpdateKeys | DeleteMany

Program = Generator[Statement, Any, T]
"""Yields statements, is sent their results, returns a `T`."""


def placeholders(count: int) -> str:
    """Return `(?,?,...)` with `count` marks."""
    return f"({','.join('?' * count)})"


def fetch(statement: Fetch) -> Program[list[Row]]:
    """Return the program that runs one query."""
    rows: list[Row] = yield statement
    return rows
