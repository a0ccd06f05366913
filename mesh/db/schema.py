"""Opening a service's database by its URL and bringing its tables up to date.

The version that the database has is read by the plain driver. SQLAlchemy and Alembic take 0.6 s and 40 MB to
import, so they are loaded only where there is something to migrate, and then in a process of their own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from mesh.db.database import Database, DatabaseError, DatabaseLimits, DatabaseUnavailable
from mesh.resilience.breaker import CircuitBreaker

SQLITE_SCHEMES = frozenset({"sqlite"})
MARIADB_SCHEMES = frozenset({"mariadb", "mysql"})

UNREADY = 3
"""Exit code of a migration that may be tried again."""


Schema = tuple[str, str, str]
"""URL of a database, package of its migrations, version that the code needs."""


class SchemaError(Exception):
    """The tables cannot be brought to the version that the code needs; the message is one sentence for people."""


class SchemaUnready(SchemaError):
    """The tables could not be brought up to date now: another process is at it, or this try was cut short."""


def sqlite_path(database_url: str) -> Path | None:
    """Return the file of a `sqlite:///` URL, None for another kind of database.

    `sqlite:///data/engine.db` is relative to the working folder, `sqlite:////var/engine.db` absolute. Raises
    ValueError for a URL of an unknown kind or without a path.
    """
    parts = urlsplit(database_url)
    if parts.scheme in MARIADB_SCHEMES:
        return None
    path = unquote(parts.path.removeprefix("/"))
    if parts.scheme not in SQLITE_SCHEMES or parts.netloc or not path:
        raise ValueError(
            f"the database URL must read sqlite:///path or mariadb://user:password@host:port/name, not {database_url!r}"
        )
    return Path(path)


async def open_database(
    database_url: str, limits: DatabaseLimits | None = None, breaker: CircuitBreaker | None = None
) -> Database:
    """Open the database of a URL: `sqlite:///path`, `mariadb://…` or `mysql://…`.

    Limits and breaker are for a server; a file has none. Raises ValueError for another URL, `DatabaseUnavailable`
    where the database cannot be opened.
    """
    path = sqlite_path(database_url)
    if path is None:
        # Each driver costs memory and start-up time where the other one is used; asyncmy takes 90 ms.
        from mesh.db.mariadb import MariadbDatabase

        return await MariadbDatabase.connect(database_url, limits, breaker)
    from mesh.db.sqlite import SqliteDatabase

    return SqliteDatabase(path)


async def ensure_schema(database_url: str, migrations: str, head: str) -> None:
    """Bring the tables to version `head`; does nothing where they have it.

    `migrations` is the package whose folder `versions` holds the Alembic migrations. Processes that start at once
    take turns by a lock, which the death of its holder frees. Raises `SchemaUnready` where it is worth trying again,
    `SchemaError` where the database was written by a newer release or a migration fails, and `DatabaseUnavailable`
    where the database does not answer.
    """
    if await _stored_version(database_url) != head:
        await _migrate((database_url, migrations, head))


async def ensure_schemas_of_files(*schemas: Schema) -> None:
    """Bring the tables of several SQLite files up to date in one process, which costs less than one for each.

    What cannot be done now is left to `ensure_schema`, which says why.
    """
    behind = [schema for schema in schemas if await _is_behind(*schema)]
    if behind:
        with contextlib.suppress(SchemaError):
            await _migrate(*behind)


async def _is_behind(database_url: str, _: str, head: str) -> bool:
    path = sqlite_path(database_url)
    if path is None:
        return False
    try:
        return await asyncio.to_thread(_sqlite_version, path) != head
    except DatabaseUnavailable:
        return False


async def _stored_version(database_url: str) -> str | None:
    path = sqlite_path(database_url)
    if path is not None:
        return await asyncio.to_thread(_sqlite_version, path)
    return await _mariadb_version(database_url)


def _sqlite_version(path: Path) -> str | None:
    if not path.exists():
        return None
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=10)) as connection:
            known = connection.execute("SELECT 1 FROM sqlite_master WHERE name='alembic_version'").fetchone()
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if known else None
    except sqlite3.Error as error:
        raise DatabaseUnavailable(f"cannot open the SQLite database {path}: {error}") from error
    return str(row[0]) if row else None


async def _mariadb_version(database_url: str) -> str | None:
    async with _mariadb_cursor(database_url) as cursor:
        await cursor.execute("SHOW TABLES LIKE 'alembic_version'")
        if not await cursor.fetchall():
            return None
        await cursor.execute("SELECT version_num FROM alembic_version")
        row = await cursor.fetchone()
    return str(row[0]) if row else None


@contextlib.asynccontextmanager
async def _mariadb_cursor(database_url: str) -> AsyncIterator[Any]:
    from asyncmy.errors import Error

    from mesh.db.mariadb import connect_mariadb

    limits = DatabaseLimits()
    connection = await connect_mariadb(database_url, limits.connect_seconds)
    try:
        async with asyncio.timeout(limits.answer_seconds), connection.cursor() as cursor:
            yield cursor
    except TimeoutError as error:
        raise DatabaseUnavailable("the database does not answer") from error
    except (Error, OSError) as error:
        raise DatabaseError(f"cannot read the schema's version: {error}") from error
    finally:
        connection.close()


async def _migrate(*schemas: Schema) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "mesh.db.migrate",
        *(word for _, *words in schemas for word in words),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    # A URL may hold a password, which the list of processes must not show.
    output, errors = await process.communicate("\n".join(url for url, _, _ in schemas).encode())
    if process.returncode == 0:
        return
    sentence = output.decode(errors="replace").strip()
    if process.returncode == UNREADY:
        raise SchemaUnready(sentence)
    if process.returncode is not None and process.returncode < 0:
        # What it had done is there or undone, and it can be run again.
        raise SchemaUnready(f"the migration of the database was ended by signal {-process.returncode}")
    raise SchemaError(sentence or f"the migration of the database failed: {errors.decode(errors='replace').strip()}")
