"""Engines as processes of their own, that a test stops, kills and starts again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc.aio
import httpx
from flowmesh.engine.v1 import deployment_pb2, deployment_service_pb2
from flowmesh.engine.v1.deployment_service_pb2_grpc import DeploymentServiceStub

from tests.infrastructure.ports import free_ports
from tests.integration.engine.serving import user_task

ROOT = Path(__file__).resolve().parents[2]
LIMIT_SECONDS = 120.0


@dataclass
class EngineNode:
    """`python -m engine_svc.main` with settings of its own; its ports stay the same over restarts."""

    folder: Path
    database_url: str
    settings: dict[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None

    def __post_init__(self) -> None:
        self.port, self.admin_port = free_ports(2)
        self.log = self.folder / f"engine-{self.port}.log"

    async def begin(self) -> None:
        """Start the process without waiting for it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FLOWMESH_")}
        variables = {
            "DATABASE_URL": self.database_url,
            "DATA_DIR": str(self.folder),
            "PORT": str(self.port),
            "ADMIN_PORT": str(self.admin_port),
            "AUTHENTICATION": "off",
            **self.settings,
        }
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "engine_svc.main"),
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env={
                    **kept,
                    "PYTHONPATH": os.pathsep.join(sys.path),
                    **{f"FLOWMESH_ENGINE_{name}": value for name, value in variables.items()},
                },
            )

    async def start(self) -> None:
        """Start the process and wait until it serves."""
        await self.begin()
        await eventually(self.serves, "the engine to serve")

    async def readiness(self) -> dict[str, Any]:
        """Return what the page of readiness says; nothing where it does not answer."""
        try:
            async with httpx.AsyncClient() as client:
                answer = await client.get(f"http://127.0.0.1:{self.admin_port}/readyz", timeout=5)
        except httpx.TransportError:
            return {}
        report: dict[str, Any] = answer.json()
        return report

    async def status(self) -> str:
        """Return the status on the page of readiness."""
        return str((await self.readiness()).get("status", ""))

    async def serves(self) -> bool:
        """Tell whether it is ready and its port is open."""
        assert self.process is not None
        assert self.process.returncode is None, self.log.read_text()
        if await self.status() not in ("ready", "degraded"):
            return False
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End the process; return its exit code."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(LIMIT_SECONDS):
            return await self.process.wait()

    def log_lines(self) -> list[dict[str, Any]]:
        """Return what it has logged."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def resident_mebibytes(self) -> float:
        """Return the memory it uses."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


async def eventually(condition: Callable[[], Awaitable[Any]], what: str, seconds: float = LIMIT_SECONDS) -> Any:
    """Wait until a condition holds, and return its value."""
    deadline = time.monotonic() + seconds
    while not (value := await condition()):
        assert time.monotonic() < deadline, f"waited {seconds:g} s for {what}"
        await asyncio.sleep(0.02)
    return value


async def deploy(channel: grpc.aio.Channel) -> None:
    """Deploy the definition `review`: a user task."""
    stub: Any = DeploymentServiceStub(channel)
    resources = [deployment_pb2.Resource(name="review.bpmn", content=user_task())]
    request = deployment_service_pb2.CreateDeploymentRequest(resources=resources, request_id="deploy")
    await stub.CreateDeployment(request, timeout=LIMIT_SECONDS, wait_for_ready=True)
