"""MariaDB and MySQL by asyncmy: READ COMMITTED, multi-row statements, one transaction a program."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import asyncmy
from asyncmy.constants import CLIENT
from asyncmy.errors import Error, IntegrityError, InterfaceError, OperationalError

from mesh.db.database import (
    ConstraintViolated,
    DatabaseError,
    DatabaseUnavailable,
    OutcomeUnknown,
    TransientFailure,
)
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

ROWS_PER_STATEMENT = 500
VALUES_PER_KEY_LIST = 999
"""From 1,000 values on MariaDB turns an IN list into a derived table, which a DELETE then scans the table for."""
BYTES_PER_STATEMENT = 4 * 1024 * 1024
"""max_allowed_packet is 16 MiB by default."""
TRANSACTION_SECONDS = 60.0
"""A server that takes longer is treated as gone; well above the lock wait time-out."""
LOCK_WAIT_SECONDS = 10
CHANGED_SINCE_READ = 1020
DEADLOCK = 1213
LOCK_WAIT_TIMEOUT = 1205
TRANSIENT = frozenset({CHANGED_SINCE_READ, DEADLOCK, LOCK_WAIT_TIMEOUT})
LOST_CONNECTION = frozenset({2002, 2003, 2006, 2013, 2014, 2055, 1053, 1927, 4031})
REFUSED_SERVICE = frozenset({1040, 1047, 1203, 1290, 1836})
"""Too many connections, node not ready, read-only: nothing is wrong with the work."""
CHECK_VIOLATED = frozenset({3819, 4025})
SESSION_SETUP = (
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET NAMES utf8mb4 COLLATE utf8mb4_bin",
    "SET SESSION sql_mode='STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'",
    f"SET SESSION innodb_lock_wait_timeout={LOCK_WAIT_SECONDS}",
)
BEGIN_WRITE = "START TRANSACTION"
# READ COMMITTED gives every statement a view of its own: a consistent one needs REPEATABLE READ.
BEGIN_READ = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"


class MariadbDatabase:
    """A MariaDB or MySQL database, reached by a pool of connections."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    @classmethod
    async def connect(cls, url: str, *, connections: int = 8) -> MariadbDatabase:
        """Connect to `mariadb://user:password@host:port/database`.

        Raises `DatabaseUnavailable` where the server does not answer or refuses the credentials.
        """
        parts = urlsplit(url)
        try:
            pool = await asyncmy.create_pool(
                host=parts.hostname or "localhost",
                port=parts.port or 3306,
                user=unquote(parts.username or ""),
                password=unquote(parts.password or ""),
                db=parts.path.lstrip("/"),
                charset="utf8mb4",
                binary_prefix=True,
                # UPDATE answers how many rows matched, as on SQLite, not how many became different.
                client_flag=CLIENT.FOUND_ROWS,
                minsize=1,
                maxsize=connections,
                autocommit=True,
                connect_timeout=5,
            )
        except (Error, OSError) as error:
            raise DatabaseUnavailable(f"cannot connect to the database at {parts.hostname}: {error}") from error
        return cls(pool)

    async def write(self, program: Program[T]) -> T:
        """See `Database.write`."""
        return await _shielded(self._transact(BEGIN_WRITE, program))

    async def read(self, program: Program[T]) -> T:
        """See `Database.read`."""
        try:
            return await _shielded(self._transact(BEGIN_READ, program))
        except OutcomeUnknown as error:
            # Nothing was written that could be there or not.
            raise DatabaseUnavailable(str(error)) from error

    async def close(self) -> None:
        """See `Database.close`."""
        self._pool.close()
        await self._pool.wait_closed()

    async def _transact(self, begin: str, program: Program[T]) -> T:
        committing = False
        try:
            async with asyncio.timeout(TRANSACTION_SECONDS) as limit:
                connection = await self._begun(begin)
                reusable = False
                try:
                    async with connection.cursor() as cursor:
                        try:
                            result = await _drive(cursor, program)
                        except DatabaseUnavailable:
                            raise
                        except Exception:
                            reusable = await _rolled_back(cursor)
                            raise
                        committing = True
                        await _execute(cursor, "COMMIT", None)
                        reusable = True
                        return result
                finally:
                    # A connection in an unknown state must not be used again.
                    if not reusable:
                        connection.close()
                    self._pool.release(connection)
        except DatabaseUnavailable as error:
            if committing:
                raise OutcomeUnknown(f"the connection broke during COMMIT: {error}") from error
            raise
        except TimeoutError as error:
            if not limit.expired():
                raise
            message = f"the database did not finish within {TRANSACTION_SECONDS:.0f} s"
            raise (OutcomeUnknown(message) if committing else DatabaseUnavailable(message)) from error
        finally:
            program.close()

    async def _begun(self, begin: str) -> Any:
        """Return a connection with a transaction begun on it.

        A server that was restarted leaves dead connections in the pool. Nothing has been done on them yet, so
        they are thrown away and a new one is opened.
        """
        connection = await self._acquired()
        try:
            await _begin(connection, begin)
        except DatabaseUnavailable:
            await self._discard(connection)
            await self._pool.clear()
        except BaseException:
            await self._discard(connection)
            raise
        else:
            return connection
        connection = await self._acquired()
        try:
            await _begin(connection, begin)
        except BaseException:
            await self._discard(connection)
            raise
        return connection

    async def _acquired(self) -> Any:
        try:
            return await self._pool.acquire()
        except (Error, OSError, RuntimeError) as error:
            # asyncmy raises RuntimeError where the server breaks the connection while it is being set up.
            raise DatabaseUnavailable(f"the database does not answer: {error}") from error

    async def _discard(self, connection: Any) -> None:
        connection.close()
        self._pool.release(connection)


async def _shielded(work: Awaitable[T]) -> T:
    return await asyncio.shield(asyncio.ensure_future(work))


async def _begin(connection: Any, begin: str) -> None:
    async with connection.cursor() as cursor:
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


async def _drive(cursor: Any, program: Program[T]) -> T:
    outcome: Any = None
    while True:
        try:
            statement = program.send(outcome)
        except StopIteration as end:
            result: T = end.value
            return result
        outcome = await _run(cursor, statement)


async def _run(cursor: Any, statement: Statement) -> Any:
    match statement:
        case Fetch(sql, parameters, lock, skip_locked, share):
            text = _marked(sql)
            if lock:
                text += " FOR UPDATE SKIP LOCKED" if skip_locked else " FOR UPDATE"
            elif share:
                text += " LOCK IN SHARE MODE"
            await _execute(cursor, text, tuple(parameters) or None)
            return list(await cursor.fetchall())
        case FetchKeys():
            return await _fetch_keys(cursor, statement)
        case Execute(sql, parameters):
            await _execute(cursor, _marked(sql), tuple(parameters) or None)
            return cursor.rowcount
        case InsertMany(table, columns, rows):
            await _multi_row(cursor, f"INSERT INTO {table} ({','.join(columns)}) VALUES ", rows, "")
        case UpsertMany(table, columns, key_columns, update_columns, rows):
            assignments = ",".join(f"{column}=VALUES({column})" for column in update_columns)
            # Setting a key to itself leaves the row as it is.
            assignments = assignments or f"{key_columns[0]}={key_columns[0]}"
            prefix = f"INSERT INTO {table} ({','.join(columns)}) VALUES "
            await _multi_row(cursor, prefix, rows, f" ON DUPLICATE KEY UPDATE {assignments}")
        case UpdateKeys():
            return await _update_keys(cursor, statement)
        case DeleteMany(table, key_columns, keys):
            prefix = f"DELETE FROM {table} WHERE ({','.join(key_columns)}) IN ("
            await _multi_row(cursor, prefix, keys, ")", _keys_per_statement(len(key_columns)))
    return None


def _keys_per_statement(width: int) -> int:
    return min(ROWS_PER_STATEMENT, VALUES_PER_KEY_LIST // width)


async def _multi_row(
    cursor: Any, prefix: str, rows: Sequence[Row], suffix: str, limit: int = ROWS_PER_STATEMENT
) -> None:
    part: list[Any] = []
    size = 0
    for row in rows:
        part.append(row)
        size += sum(len(value) if isinstance(value, str | bytes) else 16 for value in row)
        if len(part) >= limit or size >= BYTES_PER_STATEMENT:
            await _one_multi_row(cursor, prefix, part, suffix)
            part, size = [], 0
    if part:
        await _one_multi_row(cursor, prefix, part, suffix)


async def _one_multi_row(cursor: Any, prefix: str, rows: list[Any], suffix: str) -> None:
    mark = f"({','.join(['%s'] * len(rows[0]))})"
    sql = f"{prefix}{','.join([mark] * len(rows))}{suffix}"
    await _execute(cursor, sql, tuple(value for row in rows for value in row))


async def _fetch_keys(cursor: Any, statement: FetchKeys) -> list[tuple[Any, ...]]:
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
        await _execute(cursor, sql, tuple(value for key in part for value in key))
        rows += await cursor.fetchall()
    return rows


async def _update_keys(cursor: Any, statement: UpdateKeys) -> int:
    changed = 0
    mark = f"({','.join(['%s'] * len(statement.key_columns))})"
    prefix = f"UPDATE {statement.table} SET {_marked(statement.assignments)} WHERE "
    limit = _keys_per_statement(len(statement.key_columns))
    for start in range(0, len(statement.keys), limit):
        part = statement.keys[start : start + limit]
        sql = f"{prefix}({','.join(statement.key_columns)}) IN ({','.join([mark] * len(part))})"
        await _execute(cursor, sql, (*statement.parameters, *(value for key in part for value in key)))
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
