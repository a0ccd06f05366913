"""SQLite: one writer at a time, a few readers, write-ahead log, every commit synced to disk."""

from __future__ import annotations

import asyncio
import math
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

from mesh.db.database import ConstraintViolated, DatabaseError, DatabaseUnavailable, TransientFailure
from mesh.db.sqlite_changes import SqliteChanges
from mesh.db.sqlite_statements import rows_touched, run
from mesh.db.statements import Program, Statement

T = TypeVar("T")

BUSY_TIMEOUT_MILLIS = 10_000
BUSY_PAUSE_SECONDS = 0.005
CACHED_STATEMENTS = 512
WRITER_CACHE_KIBIBYTES = 8_192
READER_CACHE_KIBIBYTES = 1_024
"""Page caches of a connection. A process has up to nine connections (three files), and the system caches the files
once more; 16 MiB for each took the embedded mesh above its 300 MB without making anything faster."""
READER_THREADS = 2
ROWS_ON_THE_LOOP = 200
"""A transaction that touches no more rows runs on the event loop up to its COMMIT, which takes about 10 µs a row. In a
thread, each statement gives the interpreter lock away and waits for the loop to give it back: with 32 callers that
cost W1 and W2 a seventh of their rate. With larger batches, the loop has better things to do."""


class SqliteDatabase:
    """A SQLite file, shared with other processes if need be.

    Raises `DatabaseUnavailable` on opening a file that cannot be opened or is no SQLite database.
    """

    def __init__(self, path: Path, *, readers: int = READER_THREADS) -> None:
        self._path = path
        self._thread_state = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._write_turn = asyncio.Lock()
        self._write_connection: sqlite3.Connection | None = None
        self._writes: set[asyncio.Task[Any]] = set()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix=f"{path.stem}-writer")
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix=f"{path.stem}-reader")
        _connect(path).close()

    async def write(self, program: Program[T]) -> T:
        """See `Database.write`."""
        task = asyncio.get_running_loop().create_task(self._write(program))
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        return await asyncio.shield(task)

    async def read(self, program: Program[T]) -> T:
        """See `Database.read`."""
        future = asyncio.get_running_loop().run_in_executor(self._readers, self._read, program)
        return await asyncio.shield(future)

    def changes(self) -> SqliteChanges:
        """Return what tells whether something may have been committed, by any process."""
        return SqliteChanges(self._path)

    async def close(self) -> None:
        """See `Database.close`."""
        if self._writes:
            await asyncio.wait(self._writes)
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

    async def _write(self, program: Program[T]) -> T:
        loop = asyncio.get_running_loop()
        async with self._write_turn:
            if self._write_connection is None:
                self._write_connection = await loop.run_in_executor(self._writer, self._connection)
            transaction = _Transaction(self._write_connection, "BEGIN IMMEDIATE", program)
            transaction.start(ROWS_ON_THE_LOOP)
            return await loop.run_in_executor(self._writer, transaction.finish)

    def _read(self, program: Program[T]) -> T:
        connection = self._connection()
        if not getattr(self._thread_state, "read_only", False):
            # As on MariaDB, a program given to `read` cannot write by mistake.
            connection.execute("PRAGMA query_only=ON")
            connection.execute(f"PRAGMA cache_size=-{READER_CACHE_KIBIBYTES}")
            self._thread_state.read_only = True
        return _Transaction(connection, "BEGIN", program).finish()


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


class _Transaction(Generic[T]):
    """One program in one transaction. Raises `DatabaseError` or what the program raises, and is undone then."""

    def __init__(self, connection: sqlite3.Connection, begin: str, program: Program[T]) -> None:
        self._connection = connection
        self._begin = begin
        self._program = program
        self._next: Statement | None = None
        self._ended = False
        self._result: T

    def start(self, rows: int) -> None:
        """Run the statements that touch no more than so many rows in all, if the database is free at once."""
        with self._undone_on_error():
            self._connection.execute("PRAGMA busy_timeout=0")
            try:
                self._connection.execute(self._begin)
            except sqlite3.OperationalError as error:
                if _is_busy(error):
                    return
                raise
            finally:
                self._connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MILLIS}")
            self._run(rows)

    def finish(self) -> T:
        """Run what is left, and commit."""
        with self._undone_on_error():
            if not self._connection.in_transaction:
                self._connection.execute(self._begin)
            self._run(math.inf)
            self._connection.execute("COMMIT")
            return self._result

    def _run(self, rows: float) -> None:
        outcome: Any = None
        while not self._ended:
            if self._next is None:
                try:
                    self._next = self._program.send(outcome)
                except StopIteration as end:
                    self._result = end.value
                    self._ended = True
                    return
            rows -= rows_touched(self._next)
            if rows < 0:
                return
            outcome = run(self._connection, self._next)
            self._next = None

    @contextmanager
    def _undone_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self._program.close()
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise _translated(error) from error
            raise


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _code(error: sqlite3.Error) -> int:
    # What the module raises by itself has none.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _translated(error: sqlite3.Error) -> DatabaseError:
    if isinstance(error, sqlite3.IntegrityError):
        return ConstraintViolated(str(error))
    if isinstance(error, sqlite3.OperationalError):
        if _is_busy(error):
            return TransientFailure(str(error))
        if _code(error) in (
            sqlite3.SQLITE_FULL,
            sqlite3.SQLITE_IOERR,
            sqlite3.SQLITE_CANTOPEN,
            sqlite3.SQLITE_READONLY,
        ):
            return DatabaseUnavailable(str(error))
    return DatabaseError(str(error))
