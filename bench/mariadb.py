"""A MariaDB server for the run, durable at every commit, where the machine has `mariadbd`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from pathlib import Path

import pymysql

from bench.processes import Server, ServerFailed
from tests.infrastructure.ports import free_port

START_SECONDS = 30.0
STOP_SECONDS = 30.0
DATABASE = "bench"


def binaries() -> tuple[str, str] | None:
    """Return the server and its installer, None where this machine has none."""
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin:/usr/libexec"
    found, installer = shutil.which("mariadbd", path=path), shutil.which("mariadb-install-db", path=path)
    return (found, installer) if found and installer else None


def url(server: Server) -> str:
    """Return the URL of the benchmark's database."""
    return f"mariadb://root@{server.address}/{DATABASE}"


@contextlib.asynccontextmanager
async def server(programs: tuple[str, str], data: Path, buffer_pool: str = "256M") -> AsyncIterator[Server]:
    """Run MariaDB for the block with an empty database. Raises `ServerFailed` where it does not come up."""
    binary, installer = programs
    user = pwd.getpwuid(os.getuid()).pw_name
    install = await asyncio.create_subprocess_exec(
        *(installer, "--no-defaults", f"--user={user}", f"--datadir={data}"),
        *("--auth-root-authentication-method=normal", "--skip-test-db"),
        stdout=DEVNULL,
        stderr=DEVNULL,
    )
    if await install.wait():
        raise ServerFailed(f"mariadb-install-db ended with code {install.returncode}")
    port = free_port()
    # A socket's path may have about 100 characters.
    with tempfile.TemporaryDirectory(prefix="bench-") as sockets:
        process = await asyncio.create_subprocess_exec(
            *(binary, "--no-defaults", f"--user={user}", f"--datadir={data}"),
            *(f"--socket={sockets}/socket", f"--pid-file={sockets}/pid", f"--port={port}", "--bind-address=127.0.0.1"),
            *("--skip-name-resolve", "--skip-log-bin", "--performance-schema=OFF"),
            *(
                "--innodb-flush-log-at-trx-commit=1",
                f"--innodb-buffer-pool-size={buffer_pool}",
                "--innodb-log-file-size=256M",
            ),
            stdout=DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            await _ready(port, process)
            yield Server("MariaDB", port, process.pid)
        finally:
            if process.returncode is None:
                process.terminate()
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def _ready(port: int, process: Process) -> None:
    deadline = asyncio.get_running_loop().time() + START_SECONDS
    while True:
        try:
            await asyncio.to_thread(_create_database, port)
        except pymysql.Error as error:
            if process.returncode is not None or asyncio.get_running_loop().time() > deadline:
                raise ServerFailed(f"mariadbd did not come up: {error}") from error
            await asyncio.sleep(0.02)
        else:
            return


def _create_database(port: int) -> None:
    connection = pymysql.connect(host="127.0.0.1", port=port, user="root", autocommit=True)
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
