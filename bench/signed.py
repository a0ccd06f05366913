"""A mesh whose callers must have signed in: engine, identity, and Envoy that verifies tokens and counts calls."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import processes
from bench.http1 import HttpClient
from bench.processes import Server
from gateway_envoy.settings import REQUIRED

RENEW_SECONDS = 240.0
"""Well before a token runs out."""
_CREDENTIALS = "cli-credentials.json"


@dataclass(slots=True, frozen=True)
class SignedMesh:
    """What is measured, and a client that signs its calls."""

    engine: Server
    http: HttpClient


@asynccontextmanager
async def signed_mesh(folder: Path) -> AsyncIterator[SignedMesh]:
    """Run one for the block, with databases in a folder that is made."""
    await asyncio.to_thread(folder.mkdir)
    environment = {"FLOWMESH_MESH_SECRET": secrets.token_urlsafe(32)}
    async with AsyncExitStack() as closing:
        identity = await closing.enter_async_context(
            processes.server("identity", "bench.identity_process", str(folder), environment=environment)
        )
        environment["FLOWMESH_IDENTITY_ADDRESS"] = identity.address
        database = f"sqlite:///{folder / 'engine.db'}"
        engine = await closing.enter_async_context(
            processes.server("signed engine", "bench.signed_engine_process", database, environment=environment)
        )
        backends = dict.fromkeys(("engine", "history", "form", "monitoring", "notification"), engine.address)
        gateway = await closing.enter_async_context(
            processes.gateway({**backends, "identity": identity.address}, folder, authentication=REQUIRED)
        )
        http = HttpClient("127.0.0.1", gateway.port)
        closing.callback(http.close)
        api_key: str = json.loads((folder / _CREDENTIALS).read_text())["api_key"]
        await _sign(http, api_key)
        renewing = asyncio.create_task(_renew(http, api_key))
        closing.push_async_callback(_ended, renewing)
        yield SignedMesh(engine, http)


async def _sign(http: HttpClient, api_key: str) -> None:
    answer = await http.post("/v1/sessions:exchangeApiKey", json.dumps({"apiKey": api_key}).encode())
    http.headers = f"authorization: Bearer {json.loads(answer)['tokens']['accessToken']}\r\n"


async def _renew(http: HttpClient, api_key: str) -> None:
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        await _sign(http, api_key)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
