"""SQLite: one writer thread, a few readers, write-ahead log, every commit synced to disk."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from mesh.db.database import ConstraintViolated, DatabaseError, DatabaseUnavailable, TransientFailure
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

BUSY_TIMEOUT_MILLIS = 10_000
BUSY_PAUSE_SECONDS = 0.005
CACHED_STATEMENTS = 512
WRITER_CACHE_KIBIBYTES = 8_192
READER_CACHE_KIBIBYTES = 1_024
"""Page caches of a connection. A process has up to nine connections (three files), and the system caches the files
once more; 16 MiB for each took the embedded mesh above its 300 MB without making anything faster."""
MAX_BOUND_PARAMETERS = 30_000
MAX_ROWS = 256
EXACT_ROWS = 32
MAX_ALTERNATIVES = 64
"""Each one is code of its own in the prepared statement."""
READER_THREADS = 2


class SqliteDatabase:
    """A SQLite file, shared with other processes if need be.

    Raises `DatabaseUnavailable` on opening a file that cannot be opened or is no SQLite database.
    """

    def __init__(self, path: Path, *, readers: int = READER_THREADS) -> None:
        self._path = path
        self._thread_state = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._writer = ThreadPoolExecutor(1, thread_name_prefix=f"{path.stem}-writer")
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix=f"{path.stem}-reader")
        _connect(path).close()

    async def write(self, program: Program[T]) -> T:
        """See `Database.write`."""
        return await _shielded(self._writer, self._write, program)

    async def read(self, program: Program[T]) -> T:
        """See `Database.read`."""
        return await _shielded(self._readers, self._read, program)

    async def close(self) -> None:
        """See `Database.close`."""
        await asyncio.to_thread(self._shut_down)

    def _shut_down(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        for connection in self._connections:
            connection.close()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._thread_state, "connection", None)
        if connection is None:
            connection = _connect(self._path)
            self._thread_state.connection = connection
            self._connections.append(connection)
        return connection

    def _write(self, program: Program[T]) -> T:
        return _transact(self._connection(), "BEGIN IMMEDIATE", program)

    def _read(self, program: Program[T]) -> T:
        connection = self._connection()
        if not getattr(self._thread_state, "read_only", False):
            # As on MariaDB, a program given to `read` cannot write by mistake.
            connection.execute("PRAGMA query_only=ON")
            connection.execute(f"PRAGMA cache_size=-{READER_CACHE_KIBIBYTES}")
            self._thread_state.read_only = True
        return _transact(connection, "BEGIN", program)


async def _shielded(executor: ThreadPoolExecutor, work: Any, program: Program[T]) -> T:
    future = asyncio.get_running_loop().run_in_executor(executor, work, program)
    result: T = await asyncio.shield(future)
    return result


def _connect(path: Path) -> sqlite3.Connection:
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, cached_statements=CACHED_STATEMENTS
        )
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MILLIS}")
        _use_write_ahead_log(connection)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA cache_size=-{WRITER_CACHE_KIBIBYTES}")
        connection.execute("PRAGMA foreign_keys=ON")
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        raise DatabaseUnavailable(f"cannot open the SQLite database {path}: {error}") from error
    return connection


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch the file to a write-ahead log.

    The file keeps the mode. While another process switches it, SQLite reports the lock at once, whatever the busy
    time-out says.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT_MILLIS / 1000
    while True:
        try:
            if connection.execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",):
                return
            raise DatabaseUnavailable(
                "SQLite cannot keep a write-ahead log there; the data folder must be on a local disk"
            )
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() > deadline:
                raise
        time.sleep(BUSY_PAUSE_SECONDS)


def _transact(connection: sqlite3.Connection, begin: str, program: Program[T]) -> T:
    try:
        connection.execute(begin)
        try:
            result = _drive(connection, program)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    except sqlite3.Error as error:
        raise _translated(error) from error
    finally:
        program.close()
    return result


def _drive(connection: sqlite3.Connection, program: Program[T]) -> T:
    outcome: Any = None
    while True:
        try:
            statement = program.send(outcome)
        except StopIteration as end:
            result: T = end.value
            return result
        try:
            outcome = _run(connection, statement)
        except OverflowError as error:
            raise DatabaseError(f"an integer has more than 64 bits: {error}") from error


def _run(connection: sqlite3.Connection, statement: Statement) -> Any:
    match statement:
        case Fetch(sql, parameters):
            return connection.execute(sql, parameters).fetchall()
        case InsertMany(table, columns, rows):
            for part in _parts(rows, len(columns)):
                connection.execute(_insert_sql(table, columns, len(part)), _flat(part))
        case UpsertMany(table, columns, key_columns, update_columns, rows):
            for part in _parts(rows, len(columns)):
                sql = _upsert_sql(table, columns, key_columns, update_columns, len(part))
                connection.execute(sql, _flat(part))
        case DeleteMany(table, key_columns, keys):
            for part in _parts(keys, len(key_columns), MAX_ALTERNATIVES):
                connection.execute(_delete_sql(table, key_columns, len(part)), _flat(part))
        case FetchKeys():
            return _fetch_keys(connection, statement)
        case UpdateKeys(table, assignments, parameters, key_columns, keys):
            changed = 0
            for part in _parts(keys, len(key_columns), MAX_ALTERNATIVES):
                sql = _update_sql(table, assignments, key_columns, len(part))
                changed += connection.execute(sql, (*parameters, *_flat(part))).rowcount
            return changed
        case Execute(sql, parameters):
            return connection.execute(sql, parameters).rowcount
    return None


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
        sql = _fetch_keys_sql(statement.table, statement.columns, statement.key_columns, padded)
        values = [value for key in part for value in key]
        values += [None] * ((padded - len(part)) * width)
        rows += connection.execute(sql, values).fetchall()
    return rows


@lru_cache(maxsize=CACHED_STATEMENTS)
def _fetch_keys_sql(table: str, columns: tuple[str, ...], key_columns: tuple[str, ...], count: int) -> str:
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


@lru_cache(maxsize=CACHED_STATEMENTS)
def _insert_sql(table: str, columns: tuple[str, ...], count: int) -> str:
    return f"INSERT INTO {table} ({','.join(columns)}) VALUES {_marks(len(columns), count)}"


@lru_cache(maxsize=CACHED_STATEMENTS)
def _upsert_sql(
    table: str, columns: tuple[str, ...], keys: tuple[str, ...], updates: tuple[str, ...], count: int
) -> str:
    insert = _insert_sql(table, columns, count)
    if not updates:
        return f"{insert} ON CONFLICT ({','.join(keys)}) DO NOTHING"
    assignments = ",".join(f"{column}=excluded.{column}" for column in updates)
    return f"{insert} ON CONFLICT ({','.join(keys)}) DO UPDATE SET {assignments}"


@lru_cache(maxsize=CACHED_STATEMENTS)
def _delete_sql(table: str, key_columns: tuple[str, ...], count: int) -> str:
    return f"DELETE FROM {table} WHERE {_key_condition(key_columns, count)}"


@lru_cache(maxsize=CACHED_STATEMENTS)
def _update_sql(table: str, assignments: str, key_columns: tuple[str, ...], count: int) -> str:
    return f"UPDATE {table} SET {assignments} WHERE {_key_condition(key_columns, count)}"


def _key_condition(key_columns: tuple[str, ...], count: int) -> str:
    # Alternatives are looked up one by one; `(a, b) IN (VALUES …)` would read the whole table.
    one = f"({' AND '.join(f'{column}=?' for column in key_columns)})"
    return " OR ".join([one] * count)


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _translated(error: sqlite3.Error) -> DatabaseError:
    if isinstance(error, sqlite3.IntegrityError):
        return ConstraintViolated(str(error))
    if isinstance(error, sqlite3.OperationalError):
        code = error.sqlite_errorcode & 0xFF
        if _is_busy(error):
            return TransientFailure(str(error))
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            return DatabaseUnavailable(str(error))
    return DatabaseError(str(error))
