"""MariaDB and MySQL by asyncmy: READ COMMITTED, multi-row statements, one transaction a program."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, TypeVar

import asyncmy
from asyncmy.constants import CLIENT
from asyncmy.errors import Error, IntegrityError, InterfaceError, OperationalError

from mesh.db.database import (
    ConstraintViolated,
    DatabaseError,
    DatabaseLimits,
    DatabaseRefused,
    DatabaseUnavailable,
    OutcomeUnknown,
    TransactionTooLong,
    TransientFailure,
)
from mesh.db.mariadb_address import parse_mariadb_url
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
from mesh.resilience.breaker import BreakerLimits, BreakerOpen, CircuitBreaker

T = TypeVar("T")

ROWS_PER_STATEMENT = 500
ROWS_PER_TEXT = 16
"""Rows that are put into words at once, before their length is looked at."""
VALUES_PER_KEY_LIST = 999
"""From 1,000 values on MariaDB turns an IN list into a derived table, which a DELETE then scans the table for."""
BYTES_PER_STATEMENT = 4 * 1024 * 1024
"""max_allowed_packet is 16 MiB by default."""
LOCK_WAIT_SECONDS = 10
IDLE_TRANSACTION_SECONDS = 6
"""After which time the server rolls back a transaction whose process has gone silent with its locks; shorter than
others wait for them. Else a process that was paused would hold them until it goes on."""
CHANGED_SINCE_READ = 1020
DEADLOCK = 1213
LOCK_WAIT_TIMEOUT = 1205
TRANSIENT = frozenset({CHANGED_SINCE_READ, DEADLOCK, LOCK_WAIT_TIMEOUT})
LOST_CONNECTION = frozenset({2002, 2003, 2006, 2013, 2014, 2055, 1053, 1927, 4031})
REFUSED_CALLER = frozenset({1044, 1045, 1049, 1698})
"""Access denied, unknown database: settings are wrong."""
REFUSED_SERVICE = frozenset({1040, 1047, 1203, 1290, 1836})
"""Too many connections, node not ready, read-only: nothing is wrong with the work."""
CHECK_VIOLATED = frozenset({3819, 4025})
CLOSE_SECONDS = 1.0
SESSION_SETUP = (
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET NAMES utf8mb4 COLLATE utf8mb4_bin",
    # MariaDB answers EXISTS by reading all rows of the inner table into a temporary one, however few are asked about.
    "SET SESSION sql_mode='TRADITIONAL' /*M! , SESSION optimizer_switch='exists_to_in=off' */",
    # MySQL has no limit for transactions alone; there a connection that is idle outside of one is lost too, and made
    # anew by the next call. Each server reads the other one's line as a comment.
    f"SET SESSION innodb_lock_wait_timeout={LOCK_WAIT_SECONDS} "
    f"/*M!100300 , SESSION idle_transaction_timeout={IDLE_TRANSACTION_SECONDS} */"
    f"/*!80000 , SESSION wait_timeout={IDLE_TRANSACTION_SECONDS} */",
)
BEGIN_WRITE = "START TRANSACTION"
# READ COMMITTED gives every statement a view of its own: a consistent one needs REPEATABLE READ.
BEGIN_READ = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"

_NEVER = BreakerLimits(failures_in_row=sys.maxsize, least_calls=sys.maxsize)


class MariadbDatabase:
    """A MariaDB or MySQL database, reached by a few connections.

    A server that hangs is like one that is gone: the connection that waits for it is thrown away, and so are those
    that are idle. With a breaker, calls get their answer at once while it does not work.
    """

    def __init__(self, url: str, limits: DatabaseLimits, breaker: CircuitBreaker | None = None) -> None:
        self._url = url
        self._limits = limits
        self._breaker = breaker or CircuitBreaker("database", limits=_NEVER)
        self._places = asyncio.Semaphore(limits.connections)
        self._idle: list[Any] = []
        self._running: set[asyncio.Task[Any]] = set()

    @classmethod
    async def connect(
        cls, url: str, limits: DatabaseLimits | None = None, breaker: CircuitBreaker | None = None
    ) -> MariadbDatabase:
        """Connect to `mariadb://user:password@host:port/database`.

        Raises `DatabaseUnavailable` where the server does not answer, `DatabaseRefused` where it refuses.
        """
        database = cls(url, limits or DatabaseLimits(), breaker)
        database._idle.append(await database._connected())
        return database

    async def write(self, program: Program[T]) -> T:
        """See `Database.write`."""
        return await self._run(BEGIN_WRITE, program)

    async def read(self, program: Program[T]) -> T:
        """See `Database.read`."""
        try:
            return await self._run(BEGIN_READ, program)
        except OutcomeUnknown as error:
            # Nothing was written that could be there or not.
            raise DatabaseUnavailable(str(error)) from error

    async def close(self) -> None:
        """See `Database.close`."""
        if self._running:
            await asyncio.wait(self._running)
        idle, self._idle = self._idle, []
        await asyncio.gather(*(_closed(connection) for connection in idle))

    async def _run(self, begin: str, program: Program[T]) -> T:
        try:
            # A caller that goes away while it waits gives its place in the queue back.
            await self._places.acquire()
        except BaseException:
            program.close()
            raise
        task = asyncio.ensure_future(self._transact(begin, program))
        self._running.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        self._places.release()
        if not task.cancelled():
            # Its caller may be gone, and nobody else is interested.
            task.exception()

    async def _transact(self, begin: str, program: Program[T]) -> T:
        breaker = self._breaker
        try:
            try:
                breaker.admit()
            except BreakerOpen as error:
                raise DatabaseUnavailable(error.message, retry_after_seconds=error.retry_after_seconds) from error
            try:
                result = await self._transaction(begin, program)
            except (DatabaseUnavailable, OutcomeUnknown):
                self._drop_idle()
                breaker.failed()
                raise
            except Exception:
                breaker.succeeded()
                raise
            except BaseException:
                breaker.given_up()
                raise
            breaker.succeeded()
            return result
        finally:
            program.close()

    async def _transaction(self, begin: str, program: Program[T]) -> T:
        committing = False
        try:
            async with _Patience(self._limits) as patience:
                connection = await self._begun(begin, patience)
                reusable = False
                try:
                    async with _cursor_of(connection) as cursor:
                        sending = _Sending(cursor, mysql="MariaDB" not in connection.get_server_info())
                        try:
                            result = await _drive(sending, program, patience)
                            committing = True
                            patience.renew()
                            await sending.run("COMMIT")
                        except DatabaseUnavailable:
                            raise
                        except Exception:
                            reusable = await _rolled_back(cursor)
                            raise
                        reusable = True
                        return result
                finally:
                    # A connection in an unknown state must not be used again.
                    if reusable:
                        self._idle.append(connection)
                    else:
                        connection.close()
        except DatabaseUnavailable as error:
            if committing:
                raise OutcomeUnknown(f"the connection broke during COMMIT: {error}") from error
            raise

    async def _begun(self, begin: str, patience: _Patience) -> Any:
        """Return a connection with a transaction begun on it.

        A server that was restarted leaves dead connections behind. Nothing has been done on them yet, so they are
        thrown away and a new one is opened.
        """
        while True:
            idle = bool(self._idle)
            connection = self._idle.pop() if idle else await self._connected()
            try:
                patience.renew()
                await _begin(connection, begin)
            except BaseException as error:
                connection.close()
                self._drop_idle()
                if idle and isinstance(error, DatabaseUnavailable):
                    continue
                raise
            return connection

    async def _connected(self) -> Any:
        return await connect_mariadb(self._url, self._limits.connect_seconds)

    def _drop_idle(self) -> None:
        """Close the connections that nothing runs on: what befell one of them has befallen all."""
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


async def connect_mariadb(url: str, seconds: float) -> Any:
    """Return a connection to `mariadb://user:password@host:port/database` (see `mesh.db.mariadb_address`).

    Raises `DatabaseUnavailable` where the server does not answer in time, `DatabaseRefused` where it refuses.
    """
    address = parse_mariadb_url(url)
    where = str(address)
    try:
        # The driver's own limit ends when TCP is connected: a server that hangs says nothing after that.
        async with asyncio.timeout(seconds):
            return await asyncmy.connect(
                host=address.host,
                port=address.port,
                user=address.user,
                password=address.password,
                db=address.database,
                ssl=address.context(),
                charset="utf8mb4",
                binary_prefix=True,
                # UPDATE answers how many rows matched, as on SQLite, not how many became different.
                client_flag=CLIENT.FOUND_ROWS,
                autocommit=True,
                connect_timeout=seconds,
            )
    except TimeoutError as error:
        raise DatabaseUnavailable(f"cannot connect to {where}: no answer within {seconds:g} s") from error
    except (Error, OSError, RuntimeError) as error:
        # The driver raises RuntimeError where the connection is broken as soon as it is made.
        kind = DatabaseRefused if error.args and error.args[0] in REFUSED_CALLER else DatabaseUnavailable
        raise kind(f"cannot connect to {where}: {_text(error)}") from error


def _text(error: Exception) -> str:
    # The driver's errors are pairs of number and text.
    return str(error.args[1]) if len(error.args) > 1 and isinstance(error, Error) else str(error)


class _Patience:
    """Ends a transaction that takes too long, or whose server does not answer a statement, as if the server were gone.

    One timer that is moved on at each statement: an `asyncio.timeout` for each would cost more.
    """

    def __init__(self, limits: DatabaseLimits) -> None:
        self._limits = limits
        self._now = asyncio.get_running_loop().time
        self._end = self._now() + limits.transaction_seconds
        self._limit = asyncio.timeout(limits.answer_seconds)

    def renew(self) -> None:
        """Give the server time for the next statement."""
        self._limit.reschedule(min(self._now() + self._limits.answer_seconds, self._end))

    async def __aenter__(self) -> _Patience:
        await self._limit.__aenter__()
        return self

    async def __aexit__(self, kind: Any, error: BaseException | None, stack: Any) -> None:
        try:
            await self._limit.__aexit__(kind, error, stack)
        except TimeoutError as late:
            failure = TransactionTooLong if self._now() >= self._end else DatabaseUnavailable
            raise failure("the database did not finish in time") from late


async def _closed(connection: Any) -> None:
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await connection.ensure_closed()
    except (Error, OSError):
        # TimeoutError is one: the server need not hear of it.
        connection.close()


@asynccontextmanager
async def _cursor_of(connection: Any) -> AsyncIterator[Any]:
    """Open a cursor. A connection that breaks as it is closed is a `DatabaseUnavailable` like any other."""
    cursor = connection.cursor()
    try:
        yield cursor
    finally:
        try:
            await cursor.close()
        except (Error, OSError) as error:
            raise _translated(error) from error


async def _begin(connection: Any, begin: str) -> None:
    async with _cursor_of(connection) as cursor:
        if not getattr(connection, "_flowmesh_ready", False):
            for sql in SESSION_SETUP:
                await _execute(cursor, sql, None)
            connection._flowmesh_ready = True
        await _execute(cursor, begin, None)


async def _rolled_back(cursor: Any) -> bool:
    """Roll back; False where the connection broke, which rolls back as well."""
    try:
        await cursor.execute("ROLLBACK")
    except (Error, OSError):
        return False
    return True


async def _execute(cursor: Any, sql: str, parameters: tuple[Any, ...] | None) -> None:
    try:
        await cursor.execute(sql, parameters)
    except (Error, OSError) as error:
        raise _translated(error) from error


class _Sending:
    """Statements on their way to the server.

    Those without a result wait for the next one that has one, or for COMMIT, and are sent together with it: each round
    trip costs both sides as much as a small statement. Where one fails, the server runs none behind it. `mysql`: the
    server is a MySQL, which has a syntax of its own for the new values of an upsert and warns of the other one.
    """

    __slots__ = ("_cursor", "_size", "_waiting", "mysql")

    def __init__(self, cursor: Any, *, mysql: bool) -> None:
        self._cursor = cursor
        self.mysql = mysql
        self._waiting: list[str] = []
        self._size = 0

    def text(self, sql: str, parameters: Sequence[Any]) -> str:
        """Return a piece of SQL with its parameters in it."""
        text: str = self._cursor.mogrify(sql, tuple(parameters))
        return text

    async def later(self, text: str) -> None:
        """Send a statement without a result, by and by. Raises `DatabaseError` of it or of those that wait."""
        size = _size_of(text)
        if self._waiting and self._size + size > BYTES_PER_STATEMENT:
            await self._send(self._waiting)
        self._waiting.append(text)
        self._size += size

    async def run(self, sql: str, parameters: tuple[Any, ...] | None = None) -> Any:
        """Run a statement behind those that wait; return the cursor with its result. Raises as `later`."""
        if not self._waiting:
            await _execute(self._cursor, sql, parameters)
            return self._cursor
        text = self._cursor.mogrify(sql, parameters)
        if self._size + _size_of(text) > 2 * BYTES_PER_STATEMENT:
            await self._send(self._waiting)
        await self._send([*self._waiting, text])
        return self._cursor

    async def _send(self, texts: list[str]) -> None:
        self._waiting, self._size = [], 0
        await _execute(self._cursor, ";".join(texts), None)
        try:
            while await self._cursor.nextset():
                pass
        except (Error, OSError) as error:
            raise _translated(error) from error


async def _drive(sending: _Sending, program: Program[T], patience: _Patience) -> T:
    outcome: Any = None
    while True:
        patience.renew()
        try:
            statement = program.send(outcome)
        except StopIteration as end:
            result: T = end.value
            return result
        outcome = await _run(sending, statement)


async def _run(sending: _Sending, statement: Statement) -> Any:
    match statement:
        case Fetch(sql, parameters, lock, skip_locked, share):
            text = _marked(sql)
            if lock:
                text += " FOR UPDATE SKIP LOCKED" if skip_locked else " FOR UPDATE"
            elif share:
                text += " LOCK IN SHARE MODE"
            cursor = await sending.run(text, tuple(parameters) or None)
            return list(await cursor.fetchall())
        case FetchKeys():
            return await _fetch_keys(sending, statement)
        case Execute(sql, parameters):
            return (await sending.run(_marked(sql), tuple(parameters) or None)).rowcount
        case InsertMany(table, columns, rows):
            await _multi_row(sending, f"INSERT INTO {table} ({','.join(columns)}) VALUES ", rows, "")
        case UpsertMany(table, columns, key_columns, update_columns, rows):
            incoming = "incoming.{0}" if sending.mysql else "VALUES({0})"
            assignments = ",".join(f"{column}={incoming.format(column)}" for column in update_columns)
            # Setting a key to itself leaves the row as it is.
            assignments = assignments or f"{key_columns[0]}={table}.{key_columns[0]}"
            prefix = f"INSERT INTO {table} ({','.join(columns)}) VALUES "
            alias = " AS incoming" if sending.mysql else ""
            await _multi_row(sending, prefix, rows, f"{alias} ON DUPLICATE KEY UPDATE {assignments}")
        case UpdateKeys():
            return await _update_keys(sending, statement)
        case DeleteMany(table, key_columns, keys):
            prefix = f"DELETE FROM {table} WHERE ({','.join(key_columns)}) IN ("
            await _multi_row(sending, prefix, keys, ")", _keys_per_statement(len(key_columns)))
    return None


def _keys_per_statement(width: int) -> int:
    return min(ROWS_PER_STATEMENT, VALUES_PER_KEY_LIST // width)


async def _multi_row(
    sending: _Sending, prefix: str, rows: Sequence[Row], suffix: str, limit: int = ROWS_PER_STATEMENT
) -> None:
    texts: list[str] = []
    size = count = place = 0
    at_once = ROWS_PER_TEXT
    while place < len(rows):
        part = rows[place : place + min(at_once, limit - count)]
        text = sending.text(_marks(len(part[0]), len(part)), [value for row in part for value in row])
        # Of the text, as looking at each value would cost more than putting it into words.
        length = _size_of(text)
        if length > BYTES_PER_STATEMENT and len(part) > 1:
            at_once = 1
            continue
        if texts and size + length > BYTES_PER_STATEMENT:
            await sending.later(f"{prefix}{','.join(texts)}{suffix}")
            texts, size, count = [], 0, 0
        texts.append(text)
        size += length
        count += len(part)
        place += len(part)
        if count >= limit or place >= len(rows):
            await sending.later(f"{prefix}{','.join(texts)}{suffix}")
            texts, size, count = [], 0, 0


def _size_of(text: str) -> int:
    """Return how many bytes a piece of SQL has on its way. Bytes that are no text are single surrogates in it."""
    return len(text) if text.isascii() else len(text.encode(errors="surrogateescape"))


@lru_cache(maxsize=1024)
def _marks(width: int, rows: int) -> str:
    return ",".join([f"({','.join(['%s'] * width)})"] * rows)


async def _fetch_keys(sending: _Sending, statement: FetchKeys) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    keys = sorted(set(statement.keys))
    names = ",".join(statement.key_columns)
    mark = f"({','.join(['%s'] * len(statement.key_columns))})"
    suffix = " FOR UPDATE" if statement.lock else " LOCK IN SHARE MODE" if statement.share else ""
    limit = _keys_per_statement(len(statement.key_columns))
    for start in range(0, len(keys), limit):
        part = keys[start : start + limit]
        sql = (
            f"SELECT {','.join(statement.columns)} FROM {statement.table} "
            f"WHERE ({names}) IN ({','.join([mark] * len(part))}) ORDER BY {names}{suffix}"
        )
        cursor = await sending.run(sql, tuple(value for key in part for value in key))
        rows += await cursor.fetchall()
    return rows


async def _update_keys(sending: _Sending, statement: UpdateKeys) -> int:
    changed = 0
    mark = f"({','.join(['%s'] * len(statement.key_columns))})"
    prefix = f"UPDATE {statement.table} SET {_marked(statement.assignments)} WHERE "
    limit = _keys_per_statement(len(statement.key_columns))
    for start in range(0, len(statement.keys), limit):
        part = statement.keys[start : start + limit]
        sql = f"{prefix}({','.join(statement.key_columns)}) IN ({','.join([mark] * len(part))})"
        cursor = await sending.run(sql, (*statement.parameters, *(value for key in part for value in key)))
        changed += cursor.rowcount
    return changed


@lru_cache(maxsize=1024)
def _marked(sql: str) -> str:
    return sql.replace("?", "%s")


def _translated(error: Exception) -> DatabaseError:
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    if code in TRANSIENT:
        return TransientFailure(str(error))
    if code in LOST_CONNECTION or code in REFUSED_SERVICE or isinstance(error, OSError | InterfaceError):
        return DatabaseUnavailable(str(error))
    if isinstance(error, IntegrityError) or code in CHECK_VIOLATED:
        return ConstraintViolated(str(error))
    if isinstance(error, OperationalError) and not code:
        return DatabaseUnavailable(str(error))
    return DatabaseError(str(error))
