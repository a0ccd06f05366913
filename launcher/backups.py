"""Backups of the distributed profile's databases, taken while the mesh runs, and their restoring.

What a backup holds belongs together: history, notifications and forms have every event that is no longer in the outbox
of the service it is of. So the outboxes are held for a moment: commits wait until what was published before is read,
and all dumps have begun. Definitions and their files are rows of the engine's database. What only the bus has is not
kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import gzip
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pymysql

from launcher.distributed.stores import Stores
from launcher.supervision import all_or_none
from launcher.version import version
from mesh.bus.opening import open_bus
from mesh.bus.port import Bus, BusError, GroupOffset
from mesh.child_process import end_now
from mesh.db.database import DatabaseError
from mesh.db.mariadb_address import parse_mariadb_url
from mesh.startup import StartupError

READERS = ("history-service", "history-audit", "notification-service", "notification-directory", "form-service")
"""Groups whose services' databases must have what the outboxes have no more."""
OUTBOXES = ("engine", "identity", "form", "notification")
"""Services with an outbox; who reads the events of another one comes after it."""
HOLD_SECONDS = 2.0
"""How long commits may be kept waiting at one attempt."""
ATTEMPTS = 30
PAUSE_SECONDS = 1.0
_FORMAT = 1
_PIECE = 1 << 20
_FIRST_TABLE = b"CREATE TABLE"
_CONNECT_SECONDS = 5


class BackupFailed(Exception):
    """The backup was not taken, or not restored; the message is one sentence for people."""


async def back_up(stores: Stores, target: Path) -> dict[str, Any]:
    """Write a backup to a folder that does not exist yet; return its description.

    Raises BackupFailed; nothing is left behind then.
    """
    dump = _program("mariadb-dump", "mysqldump")
    if await asyncio.to_thread(target.exists):
        raise BackupFailed(f"{target} exists already: name a new folder.")
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        unfinished.mkdir(parents=True)
        description = await _dump_together(dump, stores, unfinished)
        (unfinished / "backup.json").write_text(json.dumps(description, indent=2) + "\n")
        for file in unfinished.iterdir():
            _sync(file)
        _sync(unfinished)
        unfinished.rename(target)
    except OSError as error:
        raise BackupFailed(f"The backup cannot be written to {target}: {error.strerror or error}.") from error
    except (BusError, DatabaseError, pymysql.err.Error) as error:
        raise BackupFailed(f"The backup was not taken: {error}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return description


async def restore(source: Path, databases: Mapping[str, str]) -> None:
    """Fill databases, which are created where missing and must be empty, from a backup. Raises BackupFailed."""
    from launcher.distributed.prepare import ensure_database

    client = _program("mariadb", "mysql")
    try:
        kept = json.loads((source / "backup.json").read_text())
    except (OSError, ValueError):
        raise BackupFailed(f"{source} is not a finished backup.") from None
    if kept["format"] != _FORMAT:
        raise BackupFailed(f"{source} was written by another release ({kept['flowmesh']}).")
    try:
        for service in kept["databases"]:
            await asyncio.to_thread(ensure_database, databases[service])
            if await asyncio.to_thread(_has_tables, databases[service]):
                raise BackupFailed(f"The database of {service} is not empty: restore into an empty one.")
        await all_or_none(*(_load(client, source / f"{name}.sql.gz", databases[name]) for name in kept["databases"]))
    except (StartupError, pymysql.err.Error, OSError) as error:
        raise BackupFailed(f"The backup was not restored: {error}") from error


async def _dump_together(dump: str, stores: Stores, folder: Path) -> dict[str, Any]:
    bus = await open_bus(stores.bus)
    dumps = {name: _Dump(dump, url, folder / f"{name}.sql.gz") for name, url in stores.databases.items()}
    try:
        async with _outboxes_held(bus, [stores.databases[service] for service in OUTBOXES]) as held_seconds:
            begun = datetime.datetime.now(datetime.UTC)
            await all_or_none(*(each.begin() for each in dumps.values()))
        await all_or_none(*(each.finish() for each in dumps.values()))
    finally:
        for each in dumps.values():
            await each.close()
        await bus.close()
    return {
        "format": _FORMAT,
        "flowmesh": version(),
        "taken_at": begun.isoformat(),
        "commits_waited_seconds": round(held_seconds(), 3),
        "databases": sorted(dumps),
    }


@contextlib.asynccontextmanager
async def _outboxes_held(bus: Bus, urls: Sequence[str]) -> AsyncIterator[Any]:
    """Hold the outboxes once everything that was taken out of them is read."""
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as connections:
        # Whatever happens, the server lets go of a lock with its connection.
        opened = []
        for url in urls:
            opened.append(connection := await asyncio.to_thread(_connect, url))
            connections.push_async_callback(asyncio.to_thread, connection.close)
        for _ in range(ATTEMPTS):
            started = loop.time()
            if await _held_and_read(bus, opened, started + HOLD_SECONDS):
                break
            await _let_go(opened)
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            raise BackupFailed(
                "History, notifications or forms are too far behind for a backup that fits together: try again when "
                "they have caught up."
            )
        ended = 0.0
        yield lambda: ended - started
        await _let_go(opened)
        ended = loop.time()


async def _held_and_read(bus: Bus, connections: Sequence[Any], until: float) -> bool:
    # One after the other: what a service reads may have to go into its own outbox.
    for connection in connections:
        await asyncio.to_thread(_execute, connection, "LOCK TABLES outbox READ")
        if not await _readers_catch_up(bus, until):
            return False
    return True


async def _let_go(connections: Sequence[Any]) -> None:
    for connection in connections:
        await asyncio.to_thread(_execute, connection, "UNLOCK TABLES")


async def _readers_catch_up(bus: Bus, until: float) -> bool:
    ends = {place: offset.end for place, offset in await _readers_offsets(bus)}
    while True:
        behind = [
            place
            for place, offset in await _readers_offsets(bus)
            if max(offset.committed or 0, offset.begin) < ends.get(place, 0)
        ]
        if not behind:
            return True
        if asyncio.get_running_loop().time() > until:
            return False
        await asyncio.sleep(0.02)


async def _readers_offsets(bus: Bus) -> list[tuple[tuple[str, str, int], GroupOffset]]:
    """Return where each reader stands: group, topic, partition, and the offsets."""
    return [((group, each.topic, each.partition), each) for group in READERS for each in await bus.group_offsets(group)]


class _Dump:
    """A dump of one database in one snapshot: `begin` returns when it has its snapshot."""

    def __init__(self, program: str, url: str, file: Path) -> None:
        self._program = program
        self._url = url
        self._file = file
        self._process: asyncio.subprocess.Process | None = None
        self._head = b""

    async def begin(self) -> None:
        arguments, environment, name = _client_options(self._url)
        self._process = process = await asyncio.create_subprocess_exec(
            self._program,
            *arguments,
            *("--single-transaction", "--quick", "--skip-lock-tables", "--hex-blob"),
            "--default-character-set=utf8mb4",
            name,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        assert process.stdout is not None
        # The first table comes after the statement that makes the snapshot.
        while _FIRST_TABLE not in self._head:
            piece = await process.stdout.read(_PIECE)
            if not piece:
                await self._fail(process)
            self._head += piece

    async def finish(self) -> None:
        process = self._process
        assert process is not None
        assert process.stdout is not None
        with gzip.open(self._file, "wb", compresslevel=3) as out:
            await asyncio.to_thread(out.write, self._head)
            while piece := await process.stdout.read(_PIECE):
                await asyncio.to_thread(out.write, piece)
        if await process.wait() != 0:
            await self._fail(process)

    async def close(self) -> None:
        if self._process is not None:
            await end_now(self._process)

    async def _fail(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        words = (await process.stderr.read()).decode(errors="replace").strip().splitlines()
        raise BackupFailed(f"The database could not be dumped: {words[-1] if words else 'no reason was given'}")


async def _load(program: str, file: Path, url: str) -> None:
    arguments, environment, name = _client_options(url)
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        "--default-character-set=utf8mb4",
        "--binary-mode",
        name,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
    )
    assert process.stdin is not None
    assert process.stderr is not None
    errors = asyncio.create_task(process.stderr.read())
    try:
        # A client that ended says why.
        with gzip.open(file, "rb") as content, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while piece := await asyncio.to_thread(content.read, _PIECE):
                process.stdin.write(piece)
                await process.stdin.drain()
        process.stdin.close()
        words = (await errors).decode(errors="replace").strip().splitlines()
        code = await process.wait()
    finally:
        await end_now(process)
        errors.cancel()
    if code != 0:
        raise BackupFailed(f"{file.name} could not be loaded: {words[-1] if words else 'no reason was given'}")


def _client_options(url: str) -> tuple[list[str], dict[str, str], str]:
    """Return options, environment and database of a client program; the list of processes shows no password."""
    address = parse_mariadb_url(url)
    options = [
        "--no-defaults",
        "--protocol=tcp",
        f"--host={address.host}",
        f"--port={address.port}",
        f"--user={address.user}",
    ]
    if address.tls:
        options += ["--ssl", "--ssl-verify-server-cert"]
        files = {"ca": address.ca, "cert": address.certificate, "key": address.key}
        options += [f"--ssl-{name}={file}" for name, file in files.items() if file]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FLOWMESH_")}
    return options, {**environment, "MYSQL_PWD": address.password}, address.database


def _connect(url: str) -> Any:
    address = parse_mariadb_url(url)
    return pymysql.connect(
        host=address.host,
        port=address.port,
        user=address.user,
        password=address.password,
        database=address.database,
        ssl=address.context(),
        connect_timeout=_CONNECT_SECONDS,
        init_command=f"SET SESSION lock_wait_timeout={_CONNECT_SECONDS}",
    )


def _execute(connection: Any, sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def _has_tables(url: str) -> bool:
    with contextlib.closing(_connect(url)) as connection:
        return bool(_execute(connection, "SHOW TABLES"))


def _program(*names: str) -> str:
    for name in names:
        if found := shutil.which(name):
            return found
    raise BackupFailed(f"The program {names[0]} is missing: install MariaDB's client programs.")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
