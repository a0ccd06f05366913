from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pymysql
import pytest

from engine_svc.main import MIGRATIONS, MIGRATIONS_HEAD
from mesh.db.database import Database
from mesh.db.migrate import migrate
from mesh.db.schema import open_database
from tests.infrastructure.mariadb import MariadbServer
from tests.integration.engine.serving import Engine

KEPT_TABLES = frozenset({"alembic_version", "definition_epoch"})


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the engine's tables, to be copied."""
    path = tmp_path_factory.mktemp("engine") / "template.db"
    migrate(f"sqlite:///{path}", MIGRATIONS, MIGRATIONS_HEAD)
    return path


@pytest.fixture(scope="session")
def mariadb_name(mariadb_server: MariadbServer) -> Iterator[str]:
    """A database with the engine's tables for all tests: making them takes longer than most tests."""
    with mariadb_server.database() as name:
        migrate(mariadb_server.url(name), MIGRATIONS, MIGRATIONS_HEAD)
        yield name


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def engine_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an engine's database without content, once on SQLite and once on MariaDB."""
    if request.param == "sqlite":
        path = tmp_path / "engine.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: MariadbServer = request.getfixturevalue("mariadb_server")
    name: str = request.getfixturevalue("mariadb_name")
    yield server.url(name)
    _empty(server, name)


def _empty(server: MariadbServer, name: str) -> None:
    """Delete all rows in one transaction: one for each table would take longer than most tests."""
    connection = pymysql.connect(
        host=server.host, port=server.port, user=server.user, password=server.password, database=name
    )
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute("SHOW TABLES")
        for table in sorted({str(row[0]) for row in cursor.fetchall()} - KEPT_TABLES):
            cursor.execute(f"DELETE FROM {table}")
        connection.commit()


@pytest.fixture
async def engine_database(engine_url: str) -> AsyncIterator[Database]:
    """The engine's database, open."""
    database = await open_database(engine_url)
    yield database
    await database.close()


@pytest.fixture
async def engine(engine_database: Database) -> AsyncIterator[Engine]:
    """A running engine."""
    running = await Engine.started(engine_database)
    yield running
    await running.stop()


@pytest.fixture
async def two_engines(engine_url: str, engine_database: Database) -> AsyncIterator[tuple[Engine, Engine]]:
    """Two engines on one database, each with connections of its own, as two processes would have."""
    other_database = await open_database(engine_url)
    first = await Engine.started(engine_database)
    second = await Engine.started(other_database, first.clock)
    yield first, second
    await first.stop()
    await second.stop()
    await other_database.close()
