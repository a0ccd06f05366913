"""A MariaDB server for the test run, and databases on SQLite and MariaDB for single tests.

FLOWMESH_TEST_MARIADB_URL names a server, of MariaDB or MySQL, on which databases may be created and dropped. Without it
the server is the machine's own `mariadbd`, started on first use with a data folder of its own, one for each process of
the test run; without either the MariaDB half of the tests is skipped.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit
from uuid import uuid4

import pymysql
import pytest
from sqlalchemy import MetaData, create_engine, make_url

from mesh.db.database import Database
from mesh.db.schema import open_database, sqlite_path
from tests.infrastructure.ports import free_port

START_SECONDS = 30.0
STOP_SECONDS = 20.0
URL_VARIABLE = "FLOWMESH_TEST_MARIADB_URL"


@dataclass(slots=True)
class MariadbServer:
    """A running server: where it is, and databases on it."""

    host: str
    port: int
    user: str
    password: str

    def url(self, name: str, *, port: int | None = None) -> str:
        """Return the URL of a database, through another port of the same host if given."""
        credentials = quote(self.user, safe="")
        if self.password:
            credentials += f":{quote(self.password, safe='')}"
        return f"mariadb://{credentials}@{self.host}:{port or self.port}/{name}"

    def execute(self, sql: str) -> list[tuple[object, ...]]:
        """Run a statement as the administrator."""
        connection = pymysql.connect(
            host=self.host, port=self.port, user=self.user, password=self.password, autocommit=True
        )
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """Create an empty database, give its name, drop it at the end."""
        name = self.create_database()
        try:
            yield name
        finally:
            self.drop_database(name)

    def create_database(self) -> str:
        """Create an empty database; return its name."""
        name = f"flowmesh_{uuid4().hex}"
        self.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database."""
        self.execute(f"DROP DATABASE {name}")


def binary(name: str) -> str | None:
    """Return the path of a program of the server, None where it is not installed."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/libexec")


def install(installer: str, home: Path) -> None:
    """Make `home` and in it the data folder of a server."""
    home.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [
            installer,
            "--no-defaults",
            f"--user={_user()}",
            f"--datadir={home / 'data'}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ],
        check=True,
        capture_output=True,
    )


def server_command(server: str, home: Path, port: int) -> list[str]:
    """Return the command that serves the data folder in `home`."""
    return [
        server,
        "--no-defaults",
        f"--user={_user()}",
        f"--datadir={home / 'data'}",
        f"--socket={home / 'socket'}",
        f"--pid-file={home / 'pid'}",
        # A server that starts removes the temporary tables of others in a shared folder.
        f"--tmpdir={home}",
        f"--port={port}",
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
        "--skip-log-bin",
        "--innodb-flush-log-at-trx-commit=1",
        "--innodb-buffer-pool-size=64M",
        "--innodb-log-file-size=32M",
        "--innodb-fast-shutdown=2",
        "--performance-schema=OFF",
    ]


def _user() -> str:
    return pwd.getpwuid(os.getuid()).pw_name


@contextlib.contextmanager
def running_mariadb(*options: str) -> Iterator[MariadbServer]:
    """Give a server of the machine's own with options of `mariadbd`; skip where there is none."""
    server, installer = binary("mariadbd"), binary("mariadb-install-db")
    if not (server and installer):
        pytest.skip("needs mariadbd and mariadb-install-db on this machine")
    with _own_server(server, installer, options) as running:
        yield running


@contextlib.contextmanager
def _own_server(server: str, installer: str, options: Sequence[str] = ()) -> Iterator[MariadbServer]:
    # A socket's path may have about 100 characters, pytest's folders are longer.
    with tempfile.TemporaryDirectory(prefix="flowmesh-mariadb-") as folder:
        home = Path(folder)
        install(installer, home)
        port = free_port()
        with (home / "server.log").open("wb") as log:
            process = subprocess.Popen(
                [*server_command(server, home, port), *options],
                stdout=log,
                stderr=log,
                # Ctrl-C ends the test run first, then the server.
                start_new_session=True,
            )
        try:
            running = MariadbServer("127.0.0.1", port, "root", "")
            _await_ready(running, process, home / "server.log")
            yield running
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await_ready(server: MariadbServer, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            server.execute("SELECT 1")
        except pymysql.Error as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"mariadbd did not start:\n{log.read_text(errors='replace')}") from error
            time.sleep(0.02)
        else:
            return


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariadbServer]:
    """Give a running MariaDB server; skip where there is none."""
    if url := os.environ.get(URL_VARIABLE):
        parts = urlsplit(url)
        yield MariadbServer(
            parts.hostname or "127.0.0.1",
            parts.port or 3306,
            unquote(parts.username or ""),
            unquote(parts.password or ""),
        )
        return
    server, installer = binary("mariadbd"), binary("mariadb-install-db")
    if not (server and installer):
        pytest.skip(f"needs mariadbd and mariadb-install-db on this machine, or {URL_VARIABLE}")
    with _own_server(server, installer) as running:
        yield running


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of an empty database, once on SQLite and once on MariaDB."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.db'}"
        return
    server: MariadbServer = request.getfixturevalue("mariadb_server")
    with server.database() as name:
        yield server.url(name)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Give an empty database, once on SQLite and once on MariaDB."""
    opened = await open_database(database_url)
    yield opened
    await opened.close()


async def create_tables(database_url: str, metadata: MetaData) -> None:
    """Create tables in a test's database."""
    await asyncio.to_thread(_create_tables, database_url, metadata)


def _create_tables(database_url: str, metadata: MetaData) -> None:
    path = sqlite_path(database_url)
    engine = create_engine(f"sqlite:///{path}" if path else make_url(database_url).set(drivername="mysql+pymysql"))
    metadata.create_all(engine)
    engine.dispose()
