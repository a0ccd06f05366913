"""`python -m launcher.gateway` as its container runs it: settings from the environment, one limit for all gateways."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.gateway.guarded import Guarded, free_port, guarded
from tests.gateway.running import ROOT
from tests.gateway.signing import bearer, token
from tests.infrastructure.redis import RedisServer

START_SECONDS = 20.0


def environment(**settings: object) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FLOWMESH_")}
    chosen = {f"FLOWMESH_{name.upper()}": str(value) for name, value in settings.items()}
    return {**inherited, "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}", **chosen}


async def started(**settings: object) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "launcher.gateway"),
        env=environment(**settings),
        cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )


@contextlib.asynccontextmanager
async def gateway_process(gate: Guarded, redis: RedisServer) -> AsyncIterator[httpx.AsyncClient]:
    """Run a gateway process before the backends of another one for the block."""
    port = free_port()
    backends = (gate.engine, gate.history, gate.monitoring, gate.identity, gate.form)
    process = await started(
        gateway_port=port,
        gateway_admin_port=0,
        gateway_backends=" ".join(
            [
                *(f"{backend.package}=127.0.0.1:{backend.port}" for backend in backends),
                f"flowmesh.notification.v1=127.0.0.1:{gate.history.port}",
            ]
        ),
        gateway_rate_limit=6,
        gateway_rate_limit_period_seconds=600,
        cache_url=redis.url,
        drain_seconds=1,
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as http:
            async with asyncio.timeout(START_SECONDS):
                while process.returncode is None:
                    with contextlib.suppress(httpx.TransportError):
                        if (await http.get("/healthz")).status_code == 200:
                            break
                    await asyncio.sleep(0.05)
            yield http
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        _, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()


async def test_processes_share_a_limit(tmp_path: Path, redis_server: RedisServer) -> None:
    async with guarded(tmp_path) as gate, gateway_process(gate, redis_server) as one:
        async with gateway_process(gate, redis_server) as two:
            ann, eve = bearer(token(gate.key)), bearer(token(gate.key, sub="eve"))
            for gateway in (one, two):
                # Calls are let through until the gateway is connected with who counts them.
                while "x-ratelimit-remaining" not in (await gateway.get("/v1/jobs", headers=eve)).headers:
                    await asyncio.sleep(0.05)
            statuses = [(await (one, two)[number % 2].get("/v1/jobs", headers=ann)).status_code for number in range(8)]
            assert statuses == [200] * 6 + [429] * 2
            assert (await one.get("/v1/jobs")).status_code == 401
        bob = bearer(token(gate.key, sub="bob"))
        first = await one.get("/v1/jobs", headers=bob)
        assert (first.status_code, first.headers["x-ratelimit-remaining"]) == (200, "5")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"gateway_authentication": "off", "gateway_host": "0.0.0.0"},
            "FLOWMESH_AUTHENTICATION=off lets everybody in who reaches 0.0.0.0",
        ),
        ({"gateway_rate_limit": "-1"}, "FLOWMESH_GATEWAY_RATE_LIMIT must be"),
        ({"gateway_admin_host": "0.0.0.0"}, "FLOWMESH_GATEWAY_ADMIN_HOST is not a setting"),
    ],
)
async def test_settings_that_would_harm_end_the_start(settings: dict[str, str], words: str) -> None:
    process = await started(**settings)
    async with asyncio.timeout(START_SECONDS):
        _, errors = await process.communicate()
    assert process.returncode == 2
    assert words in errors.decode()
