"""The processes of a benchmark: servers that print their port as a JSON line, and what they cost."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench import ROOT
from gateway_envoy.launch import EnvoyProcess
from gateway_envoy.settings import OFF, GatewaySettings

START_SECONDS = 30.0
STOP_SECONDS = 15.0
_TICKS = os.sysconf("SC_CLK_TCK")


class ServerFailed(RuntimeError):
    """A server process did not come up or ended by itself."""


@dataclass(slots=True, frozen=True)
class Server:
    """A running server."""

    name: str
    port: int
    pid: int

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"127.0.0.1:{self.port}"

    def resident_mib(self) -> float:
        """Return the memory it holds, in MiB."""
        return resident_mib(self.pid)

    def cpu_seconds(self) -> float:
        """Return the CPU time it has used."""
        return cpu_seconds(self.pid)


def resident_mib(pid: int) -> float:
    """Return the resident memory of a process in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ServerFailed(f"process {pid} has ended")


def cpu_seconds(pid: int) -> float:
    """Return the CPU time, user and system, that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


@contextlib.asynccontextmanager
async def server(
    name: str, module: str, *arguments: str, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Server]:
    """Run `python -m module` for the block, with more variables. Raises `ServerFailed` where it does not come up."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", module, *arguments),
        stdout=PIPE,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        start_new_session=True,
    )
    try:
        yield Server(name, await _port(name, process), process.pid)
    finally:
        await _stop(process)


async def _port(name: str, process: Process) -> int:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            line = await process.stdout.readline()
    except TimeoutError:
        raise ServerFailed(f"{name} was not ready within {START_SECONDS:.0f} s") from None
    if not line:
        raise ServerFailed(f"{name} ended with code {await process.wait()} at its start")
    return int(json.loads(line)["port"])


async def _stop(process: Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


@contextlib.asynccontextmanager
async def gateway(backends: Mapping[str, str], folder: Path, *, authentication: str = OFF) -> AsyncIterator[Server]:
    """Run Envoy before services, whose addresses `backends` has by name, for the block."""
    descriptors = (ROOT / "gen" / "descriptors.binpb").read_bytes()
    settings = GatewaySettings(
        backends={f"flowmesh.{name}.v1": [address] for name, address in backends.items()},
        listen_host="127.0.0.1",
        listen_port=0,
        authentication=authentication,
    )
    with (folder / "access.log").open("wb") as access_log:
        envoy = EnvoyProcess(descriptors, settings, folder / "envoy", access_log=access_log)
        await envoy.start()
        try:
            assert envoy.pid is not None
            yield Server("Envoy", envoy.port, envoy.pid)
        finally:
            await envoy.stop()
