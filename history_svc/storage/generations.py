"""Two generations of the projection's tables: the present one, and one beside it that takes its place.

A table of the next generation is named like the present one with `__next` behind it, and made like it: whatever
columns and indexes it has. In taking its place they change names, so that for a moment both have the other's; who
still writes into both writes into both. The table `history_generation` changes along and tells which is which.

On SQLite the names of indexes belong to the file, not to the table: those of a later generation have `__g<n>` behind
them. A migration that changes an index finds it by its columns.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeVar

from mesh.db.statements import (
    DeleteMany,
    Execute,
    Fetch,
    FetchKeys,
    InsertMany,
    Program,
    Row,
    Statement,
    UpdateKeys,
    UpsertMany,
)

T = TypeVar("T")

GENERATION_TABLE: Final = "history_generation"
NEXT: Final = "__next"
_SWAPPED: Final = "__swap"
_CLEAN_ROWS: Final = 2_000
_INDEX_GENERATION: Final = re.compile(r"__g\d+$")


class ForeignTable(Exception):
    """The projection writes into a table that it has not named in `PROJECTION_TABLES`."""


def next_of(table: str) -> str:
    """Return the name of a table of the next generation."""
    return table + NEXT


def redirected(program: Program[T], names: Mapping[str, str]) -> Program[T]:
    """Run a program on other tables: those of `names`, each instead of its key.

    It may read tables that are not among them. Raises ForeignTable where it writes into one.
    """
    pattern = re.compile(rf"\b({'|'.join(map(re.escape, names))})\b")
    try:
        statement = next(program)
        while True:
            outcome = yield _renamed(statement, names, pattern)
            statement = program.send(outcome)
    except StopIteration as stop:
        result: T = stop.value
        return result


def _renamed(statement: Statement, names: Mapping[str, str], pattern: re.Pattern[str]) -> Statement:
    match statement:
        case Fetch():
            return dataclasses.replace(statement, sql=pattern.sub(lambda found: names[found[1]], statement.sql))
        case Execute():
            sql, count = pattern.subn(lambda found: names[found[1]], statement.sql)
            if not count:
                raise ForeignTable(statement.sql)
            return dataclasses.replace(statement, sql=sql)
        case FetchKeys():
            return dataclasses.replace(statement, table=names.get(statement.table, statement.table))
        case InsertMany() | UpsertMany() | UpdateKeys() | DeleteMany():
            if statement.table not in names:
                raise ForeignTable(statement.table)
            return dataclasses.replace(statement, table=names[statement.table])


class Tables:
    """The schema of one of the two databases, as far as generations need it. Each method is one transaction at most."""

    def __init__(self, *, sqlite: bool) -> None:
        self._sqlite = sqlite

    def exists(self, table: str) -> Program[bool]:
        """Tell whether there is such a table."""
        if self._sqlite:
            rows: list[Row] = yield Fetch("SELECT 1 FROM sqlite_master WHERE type='table' AND name=?", (table,))
        else:
            rows = yield Fetch(
                "SELECT 1 FROM information_schema.tables WHERE table_schema=DATABASE() AND table_name=?", (table,)
            )
        return bool(rows)

    def columns(self, table: str) -> Program[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Return the names of a table's columns, and those of its primary key in their order."""
        if self._sqlite:
            rows: list[Row] = yield Fetch(f"PRAGMA table_info({table})")
            keys = sorted((row[5], row[1]) for row in rows if row[5])
            return tuple(row[1] for row in rows), tuple(name for _, name in keys)
        rows = yield Fetch(
            "SELECT column_name FROM information_schema.columns WHERE table_schema=DATABASE() AND table_name=? "
            "ORDER BY ordinal_position",
            (table,),
        )
        key_rows: list[Row] = yield Fetch(
            "SELECT column_name FROM information_schema.statistics WHERE table_schema=DATABASE() AND table_name=? "
            "AND index_name='PRIMARY' ORDER BY seq_in_index",
            (table,),
        )
        return tuple(row[0] for row in rows), tuple(row[0] for row in key_rows)

    def make_next(self, table: str, generation: int) -> Program[None]:
        """Make the table of the next generation, empty, where it is not there."""
        if (yield from self.exists(next_of(table))):
            return
        if not self._sqlite:
            yield Execute(f"CREATE TABLE {next_of(table)} LIKE {table}")
            return
        made: list[Row] = yield Fetch("SELECT sql FROM sqlite_master WHERE type='table' AND name=?", (table,))
        yield Execute(_with_name(made[0][0], table, next_of(table)))
        indexes: list[Row] = yield Fetch(
            "SELECT name, sql FROM sqlite_master WHERE type='index' AND tbl_name=? AND sql IS NOT NULL", (table,)
        )
        for name, sql in indexes:
            own_name = f"{_INDEX_GENERATION.sub('', name)}__g{generation}"
            yield Execute(_with_name(_with_name(sql, name, own_name), table, next_of(table)))

    def set_generation(self, generation: int) -> Program[None]:
        """Number the next generation."""
        yield UpsertMany(next_of(GENERATION_TABLE), ("id", "generation"), ("id",), ("generation",), [(1, generation)])

    def swap(self, tables: Sequence[str]) -> Program[None]:
        """Let tables and those of the next generation change names: all of them at once."""
        names = [name for table in tables for name in (table, next_of(table), table + _SWAPPED)]
        steps = [
            step
            for table, following, spare in zip(names[::3], names[1::3], names[2::3], strict=True)
            for step in ((table, spare), (following, table), (spare, following))
        ]
        if self._sqlite:
            for old, new in steps:
                yield Execute(f"ALTER TABLE {old} RENAME TO {new}")
        else:
            yield Execute(f"RENAME TABLE {', '.join(f'{old} TO {new}' for old, new in steps)}")

    def empty_some(self, table: str) -> Program[bool]:
        """Delete a bounded number of rows; say whether there may be more."""
        if not (yield from self.exists(table)):
            return False
        if not self._sqlite:
            deleted: int = yield Execute(f"DELETE FROM {table} LIMIT {_CLEAN_ROWS}")
            return deleted == _CLEAN_ROWS
        _, key = yield from self.columns(table)
        if not key:
            # A virtual table: only dropping it is possible.
            return False
        names = ",".join(key)
        deleted = yield Execute(
            f"DELETE FROM {table} WHERE ({names}) IN (SELECT {names} FROM {table} LIMIT {_CLEAN_ROWS})"
        )
        return deleted == _CLEAN_ROWS

    def drop(self, table: str) -> Program[None]:
        """Drop a table where it is there."""
        yield Execute(f"DROP TABLE IF EXISTS {table}")


def present_generation() -> Program[int]:
    """Return the number of the generation that answers."""
    rows: list[Row] = yield FetchKeys(GENERATION_TABLE, ("generation",), ("id",), [(1,)])
    generation: int = rows[0][0]
    return generation


def next_names(tables: Iterable[str]) -> dict[str, str]:
    """Return the tables of the next generation by those of the present one."""
    return {table: next_of(table) for table in tables}


def _with_name(sql: str, old: str, new: str) -> str:
    """Return the text of a CREATE statement with another name in it, whether the old one is quoted or not."""
    changed, count = re.subn(rf'(?<![\w"])"?{re.escape(old)}"?(?!\w)', f'"{new}"', sql, count=1)
    if not count:
        raise ValueError(f"{old} is not named in {sql}")
    return changed
