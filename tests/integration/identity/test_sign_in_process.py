"""The service as a process of its own: started, killed, started again, and stopped as a service is."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import grpc.aio
from flowmesh.identity.v1.session_service_pb2 import (
    BootstrapRequest,
    ListSessionsRequest,
    LoginRequest,
    RefreshRequest,
    RevokeRequest,
)

from tests.infrastructure.mesh import free_ports
from tests.integration.identity.signed_in import PASSWORD, ROOT, SECRET, Client, failure, refused

ROOT_FOLDER = Path(__file__).resolve().parents[3]
READY_SECONDS = 60.0
STOP_SECONDS = 8.0
_UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED


class _Process:
    def __init__(self, process: asyncio.subprocess.Process, channel: grpc.aio.Channel, log: Path) -> None:
        self.process = process
        self._channel = channel
        self._log = log

    def client(self, token: str = "") -> Client:
        return Client(self._channel, *((("authorization", f"Bearer {token}"),) if token else ()))

    def bootstrap_tokens(self) -> list[str]:
        lines = [json.loads(line) for line in self._log.read_text().splitlines() if line.startswith("{")]
        return [line["bootstrap_token"] for line in lines if "bootstrap_token" in line]

    def log(self) -> str:
        return self._log.read_text()

    async def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        async with asyncio.timeout(STOP_SECONDS):
            return await self.process.wait()


@contextlib.asynccontextmanager
async def _started(folder: Path, name: str) -> AsyncIterator[_Process]:
    (port,) = free_ports(1)
    log = folder / f"{name}.log"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("FLOWMESH_")}
    environment |= {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "FLOWMESH_MESH_SECRET": SECRET,
        "FLOWMESH_DATA_DIR": str(folder / "data"),
        "FLOWMESH_PORT": str(port),
        "FLOWMESH_ADMIN_PORT": "0",
        "FLOWMESH_IDENTITY_ADDRESS": f"127.0.0.1:{port}",
        "FLOWMESH_IDENTITY_PASSWORD_HASH_KIBIBYTES": "64",
    }
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "identity_svc.main", cwd=ROOT_FOLDER, env=environment, stdout=output, stderr=output
        )
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            async with asyncio.timeout(READY_SECONDS):
                while '"Identity is serving"' not in log.read_text():
                    assert process.returncode is None, log.read_text()
                    await asyncio.sleep(0.05)
                # Ready once it has heard from itself what is revoked: until then calls are told to come back.
                nobody = Client(channel, ("authorization", "Bearer x.y.z"))
                while (await failure(nobody.ListSessions(ListSessionsRequest()))).code() is not _UNAUTHENTICATED:
                    await asyncio.sleep(0.05)
            yield _Process(process, channel, log)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_what_was_answered_holds_after_a_kill(tmp_path: Path) -> None:
    async with _started(tmp_path, "first") as first:
        (token,) = first.bootstrap_tokens()
        await first.end(signal.SIGKILL)
    async with _started(tmp_path, "second") as second:
        # It was not used.
        assert second.bootstrap_tokens() == [token]
        request = BootstrapRequest(bootstrap_token=token, user_id=ROOT, password=PASSWORD)
        tokens = (await second.client().Bootstrap(request)).tokens
        ended = (await second.client().Login(LoginRequest(user=ROOT, password=PASSWORD))).tokens
        await second.client(tokens.access_token).Revoke(RevokeRequest(session_id=ended.session_id))
        refreshed = (
            await second.client().Refresh(RefreshRequest(refresh_token=tokens.refresh_token, request_id="a"))
        ).tokens
        await second.end(signal.SIGKILL)
    async with _started(tmp_path, "third") as third:
        assert third.bootstrap_tokens() == []
        listed = await third.client(refreshed.access_token).ListSessions(ListSessionsRequest())
        assert [session.id for session in listed.sessions] == [tokens.session_id]
        assert await refused(third.client(ended.access_token).ListSessions(ListSessionsRequest())) == "SESSION_REVOKED"
        again = RefreshRequest(refresh_token=refreshed.refresh_token, request_id="b")
        await third.client().Refresh(again)
        assert await third.end(signal.SIGTERM) == 0
        assert PASSWORD not in second.log() + third.log()


async def test_without_a_secret_it_does_not_start(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("FLOWMESH_")}
    environment |= {"PYTHONPATH": os.pathsep.join(sys.path), "FLOWMESH_DATA_DIR": str(tmp_path)}
    environment |= {"FLOWMESH_PORT": "0", "FLOWMESH_ADMIN_PORT": "0"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "identity_svc.main",
        cwd=ROOT_FOLDER,
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await asyncio.wait_for(process.communicate(), READY_SECONDS)
    assert process.returncode == 2
    assert b"FLOWMESH_MESH_SECRET" in errors
