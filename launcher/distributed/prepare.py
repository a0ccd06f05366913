"""Makes ready what the processes share, once, before any of them starts: databases, tables, topics.

It is a process of its own, as what it imports would stay in the supervisor for good. Addresses come on standard
input, for they may hold passwords: `{"databases": {"engine": URL, ...}, "bus": URL, "data_dir": PATH,
"authentication": "required"}`. The secret of the mesh is in the environment.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import pymysql

from identity_svc.commands.start import prepare_directory
from identity_svc.main import IdentityService
from identity_svc.settings import IdentitySettings
from launcher.distributed.services import WITH_DATABASE
from launcher.embedded.options import OFF
from launcher.machine_key import ACCOUNT_ID, keep_machine_key
from mesh.bus.opening import open_bus
from mesh.bus.port import Bus, BusError
from mesh.bus.topics import all_topics
from mesh.clock import SystemClock
from mesh.db.database import DatabaseError
from mesh.db.mariadb_address import parse_mariadb_url
from mesh.db.schema import SchemaError, ensure_schema, open_database
from mesh.errors import DependencyDown
from mesh.metrics import Metrics
from mesh.process import run
from mesh.settings import MeshSettings
from mesh.startup import StartupError

CONNECT_SECONDS = 5
_UNKNOWN_DATABASE = 1049
_ACCESS_DENIED_TO_USER = 1045
_ACCESS_DENIED_TO_DATABASE = 1044
BUS_SECONDS = 30.0


class _Settings(MeshSettings):
    service_name: ClassVar[str] = "launcher"


async def main() -> None:
    """Prepare what standard input names. Raises StartupError."""
    given = json.loads(sys.stdin.read())
    # First, so that a setting that is wrong leaves nothing behind.
    settings = _Settings.from_environment(
        bus_url=given["bus"], data_dir=Path(given["data_dir"]), database_url="", cache_url=""
    )
    for url in given["databases"].values():
        await asyncio.to_thread(ensure_database, url)
    async with AsyncExitStack() as closing:
        bus, _ = await asyncio.gather(_open_bus(settings, closing), _prepare_tables(given["databases"]))
        if given["authentication"] != OFF:
            await _prepare_identity(given, bus)


def ensure_database(url: str) -> None:
    """Create the database of a URL where it is missing. Raises StartupError where that cannot be done."""
    try:
        address = parse_mariadb_url(url)
        context = address.context()
    except DatabaseError as error:
        raise StartupError(f"--database (FLOWMESH_DATABASE_URL) cannot be used: {error}") from error
    host, port, user, name = address.host, address.port, address.user, address.database

    def connect(database: str | None) -> Any:
        return pymysql.connect(
            host=host,
            port=port,
            user=user,
            password=address.password,
            database=database,
            ssl=context,
            connect_timeout=CONNECT_SECONDS,
        )

    try:
        connect(name).close()
    except pymysql.err.OperationalError as error:
        code = error.args[0]
        if code == _ACCESS_DENIED_TO_USER:
            raise StartupError(
                f"The database server at {host}:{port} refuses user {user}: check the name and the password."
            ) from None
        if code not in (_UNKNOWN_DATABASE, _ACCESS_DENIED_TO_DATABASE):
            raise StartupError(f"The database server at {host}:{port} cannot be reached ({error.args[-1]}).") from None
        _create(connect, name, user, f"{host}:{port}")


def _create(connect: Callable[[str | None], Any], name: str, user: str, address: str) -> None:
    quoted = name.replace("`", "``")
    sql = f"CREATE DATABASE IF NOT EXISTS `{quoted}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    try:
        connection = connect(None)
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
    except pymysql.err.Error as error:
        raise StartupError(
            f"The user {user} may not create or use the database {name} at {address} ({error.args[-1]}); let an "
            f"administrator run: {sql}; GRANT ALL ON `{quoted}`.* TO '{user}'@'%'."
        ) from None


async def _prepare_tables(databases: dict[str, str]) -> None:
    for service in WITH_DATABASE:
        module, _, head = service.head.partition(":")
        try:
            await ensure_schema(databases[service.name], service.migrations, getattr(import_module(module), head))
        except (SchemaError, DatabaseError) as error:
            raise StartupError(f"The database of {service.name} cannot be used: {error}.") from error


async def _open_bus(settings: MeshSettings, closing: AsyncExitStack) -> Bus:
    """Open the bus until the end, with its topics."""
    try:
        async with asyncio.timeout(BUS_SECONDS):
            bus = await open_bus(settings.own_bus_url, event_topics=settings.event_topics)
            closing.push_async_callback(bus.close)
            await bus.ensure_topics(all_topics())
    except TimeoutError:
        raise StartupError(f"The event bus did not answer within {BUS_SECONDS:g} s: check --bus.") from None
    except (BusError, DatabaseError, OSError) as error:
        raise StartupError(f"The event bus cannot be used: {error}.") from error
    return bus


async def _prepare_identity(given: dict[str, Any], bus: Bus) -> None:
    """Let the commands of this machine sign in by themselves."""
    url = given["databases"]["identity"]
    settings = IdentitySettings.from_environment(database_url=url, data_dir=Path(given["data_dir"]), cache_url="")
    try:
        database = await open_database(url, settings.database_limits)
        try:
            clock = SystemClock()
            await prepare_directory(database, clock)
            service = IdentityService(settings, database, bus, Metrics(), clock=clock)
            await keep_machine_key(settings.data_dir, service.machine_account(ACCOUNT_ID))
        finally:
            await database.close()
    except (DatabaseError, DependencyDown) as error:
        raise StartupError(f"The database of identity cannot be used: {error}.") from error


if __name__ == "__main__":
    run(main)
