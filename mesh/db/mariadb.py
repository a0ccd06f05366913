"""MariaDB and MySQL by asyncmy: READ COMMITTED, multi-row statements, one transaction a program."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import asyncmy
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
    Statement,
    UpdateKeys,
    UpsertMany,
)

T = TypeVar("T")

ROWS_PER_STATEMENT = 500
BYTES_PER_STATEMENT = 4 * 1024 * 1024
"""max_allowed_packet is 16 MiB by default."""
DEADLOCK = 1213
LOCK_WAIT_TIMEOUT = 1205
LOST_CONNECTION = frozenset({2003, 2006, 2013, 2014, 1053, 1927, 4031})
SESSION_SETUP = (
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET NAMES utf8mb4 COLLATE utf8mb4_bin",
    "SET SESSION sql_mode='STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'",
    "SET SESSION innodb_lock_wait_timeout=10",
)


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
        return await _shielded(self._transact("START TRANSACTION", program))

    async def read(self, program: Program[T]) -> T:
        """See `Database.read`."""
        return await _shielded(self._transact("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", program))

    async def close(self) -> None:
        """See `Database.close`."""
        self._pool.close()
        await self._pool.wait_closed()

    async def _transact(self, begin: str, program: Program[T]) -> T:
        try:
            connection = await self._pool.acquire()
        except (Error, OSError) as error:
            raise DatabaseUnavailable(f"the database does not answer: {error}") from error
        healthy = False
        try:
            async with connection.cursor() as cursor:
                await _set_up(connection, cursor)
                await cursor.execute(begin)
                try:
                    result = await _drive(cursor, program)
                except DatabaseError:
                    raise
                except (Error, OSError):
                    raise
                except BaseException:
                    await cursor.execute("ROLLBACK")
                    healthy = True
                    raise
                try:
                    await cursor.execute("COMMIT")
                except (Error, OSError) as error:
                    raise OutcomeUnknown(f"the connection broke during COMMIT: {error}") from error
                healthy = True
                return result
        except (Error, OSError) as error:
            raise _translated(error) from error
        finally:
            # A connection in an unknown state must not be used again.
            if not healthy:
                connection.close()
            self._pool.release(connection)


async def _shielded(work: Awaitable[T]) -> T:
    return await asyncio.shield(asyncio.ensure_future(work))


async def _set_up(connection: Any, cursor: Any) -> None:
    if getattr(connection, "_flowmesh_ready", False):
        return
    for sql in SESSION_SETUP:
        await cursor.execute(sql)
    connection._flowmesh_ready = True


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
        case Fetch(sql, parameters, lock, skip_locked):
            text = _marked(sql)
            if lock:
                text += " FOR UPDATE SKIP LOCKED" if skip_locked else " FOR UPDATE"
            await cursor.execute(text, tuple(parameters) or None)
            return list(await cursor.fetchall())
        case FetchKeys():
            return await _fetch_keys(cursor, statement)
        case Execute(sql, parameters):
            await cursor.execute(_marked(sql), tuple(parameters) or None)
            return cursor.rowcount
        case InsertMany(table, columns, rows):
            await _multi_row(cursor, f"INSERT INTO {table} ({','.join(columns)}) VALUES ", rows, "")
        case UpsertMany(table, columns, _, update_columns, rows):
            assignments = ",".join(f"{column}=VALUES({column})" for column in update_columns)
            prefix = f"INSERT INTO {table} ({','.join(columns)}) VALUES "
            await _multi_row(cursor, prefix, rows, f" ON DUPLICATE KEY UPDATE {assignments}")
        case UpdateKeys():
            return await _update_keys(cursor, statement)
        case DeleteMany(table, key_columns, keys):
            prefix = f"DELETE FROM {table} WHERE ({','.join(key_columns)}) IN ("
            await _multi_row(cursor, prefix, keys, ")")
    return None


async def _multi_row(cursor: Any, prefix: str, rows: Any, suffix: str) -> None:
    part: list[Any] = []
    size = 0
    for row in rows:
        part.append(row)
        size += sum(len(value) if isinstance(value, str | bytes) else 16 for value in row)
        if len(part) >= ROWS_PER_STATEMENT or size >= BYTES_PER_STATEMENT:
            await _one_multi_row(cursor, prefix, part, suffix)
            part, size = [], 0
    if part:
        await _one_multi_row(cursor, prefix, part, suffix)


async def _one_multi_row(cursor: Any, prefix: str, rows: list[Any], suffix: str) -> None:
    mark = f"({','.join(['%s'] * len(rows[0]))})"
    sql = f"{prefix}{','.join([mark] * len(rows))}{suffix}"
    await cursor.execute(sql, tuple(value for row in rows for value in row))


async def _fetch_keys(cursor: Any, statement: FetchKeys) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    keys = sorted(set(statement.keys))
    names = ",".join(statement.key_columns)
    mark = f"({','.join(['%s'] * len(statement.key_columns))})"
    suffix = " FOR UPDATE" if statement.lock else ""
    for start in range(0, len(keys), ROWS_PER_STATEMENT):
        part = keys[start : start + ROWS_PER_STATEMENT]
        sql = (
            f"SELECT {','.join(statement.columns)} FROM {statement.table} "
            f"WHERE ({names}) IN ({','.join([mark] * len(part))}) ORDER BY {names}{suffix}"
        )
        await cursor.execute(sql, tuple(value for key in part for value in key))
        rows += await cursor.fetchall()
    return rows


async def _update_keys(cursor: Any, statement: UpdateKeys) -> int:
    changed = 0
    mark = f"({','.join(['%s'] * len(statement.key_columns))})"
    prefix = f"UPDATE {statement.table} SET {_marked(statement.assignments)} WHERE "
    for start in range(0, len(statement.keys), ROWS_PER_STATEMENT):
        part = statement.keys[start : start + ROWS_PER_STATEMENT]
        sql = f"{prefix}({','.join(statement.key_columns)}) IN ({','.join([mark] * len(part))})"
        await cursor.execute(sql, (*statement.parameters, *(value for key in part for value in key)))
        changed += cursor.rowcount
    return changed


@lru_cache(maxsize=1024)
def _marked(sql: str) -> str:
    return sql.replace("?", "%s")


def _translated(error: Exception) -> DatabaseError:
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    if code in (DEADLOCK, LOCK_WAIT_TIMEOUT):
        return TransientFailure(str(error))
    if code in LOST_CONNECTION or isinstance(error, OSError | InterfaceError):
        return DatabaseUnavailable(str(error))
    if isinstance(error, IntegrityError):
        return ConstraintViolated(str(error))
    if isinstance(error, OperationalError) and not code:
        return DatabaseUnavailable(str(error))
    return DatabaseError(str(error))
