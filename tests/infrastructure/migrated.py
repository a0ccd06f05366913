"""Databases that have the tables of a service already: making them takes longer than most tests.

On MariaDB tests take turns on one database, which is emptied after each; where a test changed tables, wrote much, or left
a connection, the next one gets a new database.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
import pytest

from mesh.db.migrate import migrate
from tests.infrastructure.mariadb import MariadbServer

FRESH = "fresh_database"
MOST_ROWS = 1000
"""Where more were written the database's notes on its indexes are of no use for the next test."""
CLOSING_SECONDS = 0.5
"""How long the server may take to notice that the test's connections are closed."""


@dataclass(slots=True)
class _Kept:
    name: str
    layout: list[tuple[Any, ...]]
    rows: dict[str, Counter[tuple[Any, ...]]]
    """What migrations have written, by table."""


class MigratedFiles:
    """Makes SQLite files for one process of the test run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def copy(self, target: Path, migrations: str, head: str) -> str:
        """Make a file with the tables of a service; return its URL."""
        template = self._folder / f"{migrations}.db"
        if not template.exists():
            migrate(f"sqlite:///{template}", migrations, head)
        shutil.copy(template, target)
        return f"sqlite:///{target}"


class MigratedDatabases:
    """Databases on a server for one process of the test run."""

    def __init__(self, server: MariadbServer) -> None:
        self._server = server
        self._kept: dict[str, _Kept] = {}

    @contextlib.contextmanager
    def database(self, migrations: str, head: str, *, fresh: bool = False) -> Iterator[str]:
        """Give the URL of a database with the tables of a service and no more; `fresh`: never used before."""
        kept = None if fresh else self._kept.pop(migrations, None)
        if kept is None:
            kept = self._make(migrations, head)
        try:
            yield self._server.url(kept.name)
        finally:
            if migrations not in self._kept and _emptied(self._server, kept):
                self._kept[migrations] = kept
            else:
                self._server.drop_database(kept.name)

    def drop(self) -> None:
        """Drop what is left."""
        for kept in self._kept.values():
            self._server.drop_database(kept.name)

    def _make(self, migrations: str, head: str) -> _Kept:
        name = self._server.create_database()
        migrate(self._server.url(name), migrations, head)
        with _cursor(self._server, name) as cursor:
            layout = _layout(cursor, name)
            return _Kept(name, layout, {table: _rows(cursor, table) for table in sorted({row[0] for row in layout})})


def _emptied(server: MariadbServer, kept: _Kept) -> bool:
    """Put a database back to what it was; False where that cannot be done."""
    changed = 0
    try:
        with _cursor(server, kept.name) as cursor:
            if not _alone(cursor, kept.name) or _layout(cursor, kept.name) != kept.layout:
                return False
            for table, rows in kept.rows.items():
                if rows and _rows(cursor, table) == rows:
                    continue
                changed += cursor.execute(f"DELETE FROM {table}")
                for row, times in rows.items():
                    places = ",".join(["%s"] * len(row))
                    for _ in range(times):
                        cursor.execute(f"INSERT INTO {table} VALUES ({places})", row)
            cursor.connection.commit()
    except pymysql.Error:
        return False
    return changed <= MOST_ROWS


@contextlib.contextmanager
def _cursor(server: MariadbServer, name: str) -> Iterator[Any]:
    connection = pymysql.connect(
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        database=name,
        init_command="SET SESSION innodb_lock_wait_timeout=5, lock_wait_timeout=5",
    )
    with contextlib.closing(connection), connection.cursor() as cursor:
        yield cursor


def _alone(cursor: Any, name: str) -> bool:
    """Tell whether nobody else is connected to the database any more."""
    end = time.monotonic() + CLOSING_SECONDS
    while True:
        cursor.execute(
            "SELECT count(*) FROM information_schema.processlist WHERE db=%s AND id<>connection_id()", (name,)
        )
        if cursor.fetchone()[0] == 0:
            return True
        if time.monotonic() > end:
            return False
        time.sleep(0.02)


def _layout(cursor: Any, name: str) -> list[tuple[Any, ...]]:
    """Return the columns and the indexes of all tables."""
    layout: list[tuple[Any, ...]] = []
    for source, columns in (
        ("columns", "table_name, column_name, column_type, is_nullable"),
        ("statistics", "table_name, index_name, column_name, seq_in_index"),
    ):
        cursor.execute(f"SELECT {columns} FROM information_schema.{source} WHERE table_schema=%s", (name,))
        layout += cursor.fetchall()
    return sorted(tuple(map(str, row)) for row in layout)


def _rows(cursor: Any, table: str) -> Counter[tuple[Any, ...]]:
    cursor.execute(f"SELECT * FROM {table}")
    return Counter(cursor.fetchall())


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{FRESH}: gets a database that no other test has used")


@pytest.fixture(scope="session")
def migrated_files(tmp_path_factory: pytest.TempPathFactory) -> MigratedFiles:
    return MigratedFiles(tmp_path_factory.mktemp("migrated"))


@pytest.fixture(scope="session")
def migrated_databases(mariadb_server: MariadbServer) -> Iterator[MigratedDatabases]:
    databases = MigratedDatabases(mariadb_server)
    yield databases
    databases.drop()


def migrated_database_url(migrations: str, head: str) -> Any:
    """Return the fixture `database_url` for tests of a service: as the usual one, with the tables of the service."""

    @pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
    def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
        if request.param == "sqlite":
            files: MigratedFiles = request.getfixturevalue("migrated_files")
            yield files.copy(tmp_path / "test.db", migrations, head)
            return
        databases: MigratedDatabases = request.getfixturevalue("migrated_databases")
        fresh = request.node.get_closest_marker(FRESH) is not None
        with databases.database(migrations, head, fresh=fresh) as url:
            yield url

    return database_url
