"""Statements as SQLite runs them, whole sets of rows at a time."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from mesh.db.database import DatabaseError
from mesh.db.statements import (
    DeleteMany,
    Execute,
    Fetch,
    FetchKeys,
    InsertMany,
    Row,
    Statement,
    UpdateKeys,
    UpsertMany,
)

CACHED_TEXTS = 512
MAX_BOUND_PARAMETERS = 30_000
MAX_ROWS = 256
EXACT_ROWS = 32
MAX_ALTERNATIVES = 64
"""Each one is code of its own in the prepared statement."""


def run(connection: sqlite3.Connection, statement: Statement) -> Any:
    """Run a statement; return its result. Raises `DatabaseError` and what `sqlite3` raises."""
    try:
        return _run(connection, statement)
    except OverflowError as error:
        raise DatabaseError(f"an integer has more than 64 bits: {error}") from error


def rows_touched(statement: Statement) -> float:
    """Return how many rows a statement touches by key; infinity where the statement does not say."""
    match statement:
        case InsertMany() | UpsertMany():
            return len(statement.rows)
        case FetchKeys() | UpdateKeys() | DeleteMany():
            return len(statement.keys)
    return math.inf


def _run(connection: sqlite3.Connection, statement: Statement) -> Any:
    match statement:
        case Fetch(sql, parameters):
            return _rows(connection, sql, parameters)
        case InsertMany(table, columns, rows):
            for part in _parts(rows, len(columns)):
                connection.execute(_insert_sql(table, columns, len(part)), _flat(part))
        case UpsertMany(table, columns, key_columns, update_columns, rows):
            for part in _parts(rows, len(columns)):
                sql = _upsert_sql(table, columns, key_columns, update_columns, len(part))
                connection.execute(sql, _flat(part))
        case DeleteMany(table, key_columns, keys):
            for part in _parts(keys, len(key_columns), MAX_ALTERNATIVES):
                connection.execute(delete_sql(table, key_columns, len(part)), _flat(part))
        case FetchKeys():
            return _fetch_keys(connection, statement)
        case UpdateKeys(table, assignments, parameters, key_columns, keys):
            changed = 0
            for part in _parts(keys, len(key_columns), MAX_ALTERNATIVES):
                sql = update_sql(table, assignments, key_columns, len(part))
                changed += connection.execute(sql, (*parameters, *_flat(part))).rowcount
            return changed
        case Execute(sql, parameters):
            return connection.execute(sql, parameters).rowcount
    return None


def _rows(connection: sqlite3.Connection, sql: str, parameters: Sequence[Any]) -> list[Row]:
    """Run a query. Texts that are not UTF-8, which only others can have written, come with their bytes escaped."""
    try:
        return connection.execute(sql, parameters).fetchall()
    except sqlite3.OperationalError as error:
        if "UTF-8" not in str(error):
            raise
    factory = connection.text_factory
    connection.text_factory = _escaped
    try:
        return connection.execute(sql, parameters).fetchall()
    finally:
        connection.text_factory = factory


def _escaped(text: bytes) -> str:
    return text.decode(errors="surrogateescape")


def _fetch_keys(connection: sqlite3.Connection, statement: FetchKeys) -> list[tuple[Any, ...]]:
    width = len(statement.key_columns)
    chunk = MAX_BOUND_PARAMETERS // width
    rows: list[tuple[Any, ...]] = []
    keys = sorted(set(statement.keys))
    for start in range(0, len(keys), chunk):
        part = keys[start : start + chunk]
        # A power of two keeps the number of prepared statements small; NULL, which equals nothing, fills up.
        padded = 1 << (len(part) - 1).bit_length()
        if padded * width > MAX_BOUND_PARAMETERS:
            padded = len(part)
        sql = fetch_keys_sql(statement.table, statement.columns, statement.key_columns, padded)
        values = [value for key in part for value in key]
        values += [None] * ((padded - len(part)) * width)
        rows += _rows(connection, sql, values)
    return rows


@lru_cache(maxsize=CACHED_TEXTS)
def fetch_keys_sql(table: str, columns: tuple[str, ...], key_columns: tuple[str, ...], count: int) -> str:
    """Return the text that fetches so many keys."""
    # `(a, b) IN (VALUES …)` reads the whole table where there are two rows or more. CROSS JOIN makes SQLite look
    # every key up.
    names = ",".join(f"k{position}" for position in range(len(key_columns)))
    condition = " AND ".join(f"t.{column}=wanted.k{position}" for position, column in enumerate(key_columns))
    return (
        f"WITH wanted({names}) AS (VALUES {_marks(len(key_columns), count)}) "
        f"SELECT {','.join(f't.{column}' for column in columns)} FROM wanted CROSS JOIN {table} t ON {condition} "
        f"ORDER BY {','.join(f't.{column}' for column in key_columns)}"
    )


def _parts(rows: Sequence[Row], width: int, limit: int = MAX_ROWS) -> Iterator[Sequence[Row]]:
    """Cut rows into statements: as few as can be, of sizes that come again.

    Each run of a statement gives the interpreter lock away and has to wait for it again, which under load takes
    longer than the row. Every size up to `EXACT_ROWS` and powers of two above keep the prepared statements few.
    """
    start = 0
    left = len(rows)
    largest = 1 << (min(limit, MAX_BOUND_PARAMETERS // width).bit_length() - 1)
    while left:
        count = left if left <= min(EXACT_ROWS, largest) else min(largest, 1 << (left.bit_length() - 1))
        yield rows[start : start + count]
        start += count
        left -= count


def _flat(rows: Sequence[Row]) -> list[Any]:
    return [value for row in rows for value in row]


def _marks(width: int, count: int) -> str:
    return ",".join([f"({','.join('?' * width)})"] * count)


@lru_cache(maxsize=CACHED_TEXTS)
def _insert_sql(table: str, columns: tuple[str, ...], count: int) -> str:
    return f"INSERT INTO {table} ({','.join(columns)}) VALUES {_marks(len(columns), count)}"


@lru_cache(maxsize=CACHED_TEXTS)
def _upsert_sql(
    table: str, columns: tuple[str, ...], keys: tuple[str, ...], updates: tuple[str, ...], count: int
) -> str:
    insert = _insert_sql(table, columns, count)
    if not updates:
        return f"{insert} ON CONFLICT ({','.join(keys)}) DO NOTHING"
    assignments = ",".join(f"{column}=excluded.{column}" for column in updates)
    return f"{insert} ON CONFLICT ({','.join(keys)}) DO UPDATE SET {assignments}"


@lru_cache(maxsize=CACHED_TEXTS)
def delete_sql(table: str, key_columns: tuple[str, ...], count: int) -> str:
    """Return the text that deletes so many keys."""
    return f"DELETE FROM {table} WHERE {_key_condition(key_columns, count)}"


@lru_cache(maxsize=CACHED_TEXTS)
def update_sql(table: str, assignments: str, key_columns: tuple[str, ...], count: int) -> str:
    """Return the text that updates so many keys."""
    return f"UPDATE {table} SET {assignments} WHERE {_key_condition(key_columns, count)}"


def _key_condition(key_columns: tuple[str, ...], count: int) -> str:
    # Alternatives are looked up one by one; `(a, b) IN (VALUES …)` would read the whole table.
    one = f"({' AND '.join(f'{column}=?' for column in key_columns)})"
    return " OR ".join([one] * count)
