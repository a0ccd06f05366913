"""A form service in a process of its own that a test may kill.

`python -m tests.infrastructure.form_process URL PORT ENGINE_PORT BUS_URL`; what broke off is taken up after half a
second.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import AsyncExitStack
from typing import Any

import grpc.aio
from flowmesh.form.v1.form_definition_service_pb2_grpc import FormDefinitionServiceStub
from flowmesh.form.v1.submission_service_pb2_grpc import SubmissionServiceStub
from flowmesh.form.v1.task_form_service_pb2_grpc import TaskFormServiceStub

from form_svc.main import FormService
from form_svc.settings import FormSettings
from mesh.bus.opening import open_bus
from mesh.db.schema import open_database
from mesh.logs import configure_logs
from mesh.metrics import Metrics
from mesh.process import run, until_stopped
from tests.infrastructure.engine_process import READY, RECONNECTS, ROOT, START_SECONDS


class FormProcess:
    """A process and a channel to it, which stays the same over restarts."""

    def __init__(self, url: str, port: int, engine_port: int, bus_url: str) -> None:
        self._arguments = (url, str(port), str(engine_port), bus_url)
        self._process: Process | None = None
        self.channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}", RECONNECTS)
        self.definitions: Any = FormDefinitionServiceStub(self.channel)
        self.tasks: Any = TaskFormServiceStub(self.channel)
        self.submissions: Any = SubmissionServiceStub(self.channel)

    async def start(self) -> None:
        """Start it and wait until it serves."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FLOWMESH_")}
        self._process = process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.infrastructure.form_process", *self._arguments),
            stdout=PIPE,
            cwd=ROOT,
            env={**kept, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert process.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            line = await process.stdout.readline()
        assert line == READY, f"the form service did not come up: {line!r}, {process.returncode}"

    async def kill(self) -> None:
        """Kill it, with whatever it is doing."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def close(self) -> None:
        """Kill it for good."""
        await self.channel.close(None)
        await self.kill()


async def main() -> None:
    """Serve until the process is told to stop."""
    url, port, engine_port, bus_url = sys.argv[1:]
    settings = FormSettings(
        port=int(port),
        database_url=url,
        instance=f"form-{port}",
        drain_seconds=1.0,
        engine_address=f"127.0.0.1:{engine_port}",
        settle_after_seconds=0.5,
    )
    configure_logs(settings.service_name, settings.instance, "error")
    async with AsyncExitStack() as closing:
        database = await open_database(url)
        closing.push_async_callback(database.close)
        bus = await open_bus(bus_url)
        closing.push_async_callback(bus.close)
        service = FormService(settings, database, bus, Metrics())
        closing.push_async_callback(service.stop)
        await service.start()
        sys.stdout.buffer.write(READY)
        sys.stdout.buffer.flush()
        await until_stopped()


if __name__ == "__main__":
    run(main)
