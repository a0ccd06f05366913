"""A gateway that wants access tokens, before real backends."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc.aio
import httpx

from gateway_envoy.launch import EnvoyProcess
from gateway_envoy.settings import REQUIRED
from tests.gateway.backend import Backend
from tests.gateway.running import DESCRIPTORS, settings_for
from tests.gateway.signing import SigningKey, publish


@dataclass
class Guarded:
    engine: Backend
    history: Backend
    monitoring: Backend
    identity: Backend
    form: Backend
    notification: Backend
    identity_port: int
    envoy: EnvoyProcess
    access_log: Path
    key: SigningKey
    http: httpx.AsyncClient
    channel: grpc.aio.Channel

    def reset(self) -> None:
        for backend in (self.engine, self.history, self.monitoring, self.identity, self.form, self.notification):
            backend.reset()
        publish(self.identity, self.key)

    def nothing_arrived(self) -> bool:
        """Tell whether no backend was called, but for the keys that Envoy asks for."""
        others = [call for call in self.identity.calls if not call[0].endswith("/GetKeySet")]
        asked = (self.engine, self.history, self.monitoring, self.form, self.notification)
        return not (any(backend.calls for backend in asked) or others)

    def kill(self) -> None:
        assert self.envoy.pid is not None
        os.kill(self.envoy.pid, signal.SIGKILL)

    def log_lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.access_log.read_text().splitlines()]


@contextlib.asynccontextmanager
async def guarded(folder: Path, *, identity_up: bool = True, **changes: Any) -> AsyncIterator[Guarded]:
    """Run a gateway with authentication and these changes of its settings for the block."""
    names = ("engine", "history", "monitoring", "identity", "form", "notification")
    backends = [Backend(f"flowmesh.{name}.v1") for name in names]
    identity = backends[3]
    key = SigningKey("k1")
    publish(identity, key)
    identity_port = free_port()
    for backend in backends:
        if backend is not identity:
            await backend.start()
    if identity_up:
        await identity.start(identity_port)
    identity.port = identity_port
    settings = settings_for(*backends, **{"authentication": REQUIRED, **changes})
    with (folder / "access.log").open("wb") as log:
        envoy = EnvoyProcess(DESCRIPTORS, settings, folder, access_log=log)
        await envoy.start()
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{envoy.port}")
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{envoy.port}", timeout=20) as http, channel:
            yield Guarded(*backends, identity_port, envoy, folder / "access.log", key, http, channel)
    finally:
        await envoy.stop(drain=0.5)
        for backend in backends:
            await backend.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
