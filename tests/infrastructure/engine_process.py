"""An engine in a process of its own that a test may kill: `python -m tests.infrastructure.engine_process URL PORT 0`.

Its timers and asynchronous jobs run by themselves. What it has to tell stays in the outbox.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import grpc.aio
from flowmesh.engine.v1.activity_instance_service_pb2_grpc import ActivityInstanceServiceStub
from flowmesh.engine.v1.deployment_service_pb2_grpc import DeploymentServiceStub
from flowmesh.engine.v1.event_subscription_service_pb2_grpc import EventSubscriptionServiceStub
from flowmesh.engine.v1.job_service_pb2_grpc import JobServiceStub
from flowmesh.engine.v1.process_instance_service_pb2_grpc import ProcessInstanceServiceStub
from flowmesh.engine.v1.user_task_service_pb2_grpc import UserTaskServiceStub

from engine_svc.main import EngineService
from engine_svc.settings import EngineSettings
from mesh.db.schema import open_database
from mesh.logs import configure_logs
from mesh.metrics import Metrics
from mesh.process import run, until_stopped

ROOT = Path(__file__).resolve().parents[2]
READY = b"ready\n"
START_SECONDS = 120.0
RECONNECTS = [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 200)]


class EngineProcess:
    """A process and a channel to it, which stays the same over restarts."""

    def __init__(self, url: str, port: int, *, skew_seconds: float = 0.0) -> None:
        """`skew_seconds`: how far the process's clock is ahead."""
        self._url = url
        self._port = port
        self._skew_seconds = skew_seconds
        self._process: Process | None = None
        self.channel = grpc.aio.insecure_channel(
            f"127.0.0.1:{port}", [*RECONNECTS, ("grpc.max_receive_message_length", -1)]
        )
        self.deployments: Any = DeploymentServiceStub(self.channel)
        self.instances: Any = ProcessInstanceServiceStub(self.channel)
        self.activities: Any = ActivityInstanceServiceStub(self.channel)
        self.tasks: Any = UserTaskServiceStub(self.channel)
        self.jobs: Any = JobServiceStub(self.channel)
        self.subscriptions: Any = EventSubscriptionServiceStub(self.channel)

    async def start(self) -> None:
        """Start it and wait until it serves."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FLOWMESH_")}
        self._process = process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.infrastructure.engine_process", self._url),
            *(str(self._port), str(self._skew_seconds)),
            stdout=PIPE,
            cwd=ROOT,
            env={**kept, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert process.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            line = await process.stdout.readline()
        assert line == READY, f"the engine did not come up: {line!r}, {process.returncode}"

    def pause(self) -> None:
        """Stop it where it is (SIGSTOP)."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

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


def _skew(seconds: float) -> None:
    """Let the process's clock be ahead."""
    right = time.time_ns
    time.time_ns = lambda: right() + int(seconds * 1e9)
    time.time = lambda: time.time_ns() / 1e9


async def main() -> None:
    """Serve until the process is told to stop."""
    url, port = sys.argv[1], int(sys.argv[2])
    _skew(float(sys.argv[3]))
    # What a killed process had begun is taken over soon.
    settings = EngineSettings(
        port=port,
        database_url=url,
        instance=f"engine-{port}",
        drain_seconds=1.0,
        background_jobs="on",
        job_lease_seconds=5,
    )
    configure_logs(settings.service_name, settings.instance, "warning")
    async with AsyncExitStack() as closing:
        database = await open_database(url)
        closing.push_async_callback(database.close)
        service = EngineService(settings, database, Metrics())
        closing.push_async_callback(service.stop)
        await service.start()
        sys.stdout.buffer.write(READY)
        sys.stdout.buffer.flush()
        await until_stopped()


if __name__ == "__main__":
    run(main)
