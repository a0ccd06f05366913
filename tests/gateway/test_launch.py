from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from flowmesh.engine.v1 import incident_service_pb2

from gateway_envoy import strict_json
from gateway_envoy.launch import EnvoyProcess, GatewayError
from gateway_envoy.settings import GatewaySettings
from tests.gateway.backend import Backend
from tests.gateway.running import DESCRIPTORS, ROOT, settings_for


@pytest_asyncio.fixture
async def backends() -> AsyncIterator[tuple[Backend, Backend]]:
    pair = Backend("flowmesh.engine.v1"), Backend("flowmesh.history.v1")
    for backend in pair:
        await backend.start()
    yield pair
    for backend in pair:
        await backend.stop()


def process(folder: Path, settings: GatewaySettings, **options: Any) -> EnvoyProcess:
    return EnvoyProcess(DESCRIPTORS, settings, folder, access_log=subprocess.DEVNULL, **options)


async def test_ready_soon_small_and_gone_at_once(tmp_path: Path, backends: tuple[Backend, Backend]) -> None:
    lines: list[str] = []
    gateway = process(tmp_path, settings_for(*backends), on_log_line=lines.append)
    start = time.perf_counter()
    await gateway.start()
    assert time.perf_counter() - start < 2
    pid = gateway.pid
    assert pid is not None
    assert os.getsid(pid) == pid
    assert resident_bytes(pid) < 95 * 1024 * 1024
    async with httpx.AsyncClient() as http:
        assert (await http.get(f"http://127.0.0.1:{gateway.port}/v1/jobs")).status_code == 200
    # With no call in flight it waits for nothing, and ends by itself.
    async with asyncio.timeout(60):
        await gateway.stop(drain=600, kill_after=600)
    assert gateway.pid is None
    assert not [line for line in lines if "error" in line.lower()]
    await gateway.stop()


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


async def test_calls_in_flight_end_before_the_gateway(tmp_path: Path, backends: tuple[Backend, Backend]) -> None:
    release = asyncio.Event()
    arrived = asyncio.Event()

    async def wait(_: Any, __: Any) -> Any:
        arrived.set()
        await release.wait()
        return incident_service_pb2.ListIncidentsResponse()

    backends[0].answers["ListIncidents"] = wait
    gateway = process(tmp_path, settings_for(*backends, unary_timeout=10))
    await gateway.start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}") as http:
        call = asyncio.create_task(http.get("/v1/incidents"))
        await arrived.wait()
        stopping = asyncio.create_task(gateway.stop())
        async with asyncio.timeout(3):
            while await accepts(gateway.port):
                await asyncio.sleep(0.01)
        assert not stopping.done()
        release.set()
        assert (await call).status_code == 200
        await stopping
    assert gateway.pid is None


async def accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def test_a_call_that_does_not_end_is_cut(tmp_path: Path, backends: tuple[Backend, Backend]) -> None:
    async def never(_: Any, __: Any) -> None:
        await asyncio.Event().wait()

    backends[0].answers["ListIncidents"] = never
    gateway = process(tmp_path, settings_for(*backends, unary_timeout=10))
    await gateway.start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}") as http:
        call = asyncio.create_task(http.get("/v1/incidents"))
        async with asyncio.timeout(3):
            while not backends[0].calls:
                await asyncio.sleep(0.01)
        start = time.perf_counter()
        await gateway.stop(drain=0.3)
        assert 0.3 <= time.perf_counter() - start < 2
        with pytest.raises(httpx.HTTPError):
            await call


async def test_a_port_in_use_is_one_sentence(tmp_path: Path, backends: tuple[Backend, Backend]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        gateway = process(tmp_path, settings_for(*backends, listen_port=port))
        with pytest.raises(GatewayError, match=rf"^The gateway cannot listen on 127\.0\.0\.1:{port}: Address already"):
            await gateway.start()
    assert gateway.pid is None


async def test_a_second_gateway_does_not_share_the_port(tmp_path: Path, backends: tuple[Backend, Backend]) -> None:
    first = process(tmp_path / "1", settings_for(*backends))
    await first.start()
    second = process(tmp_path / "2", settings_for(*backends, listen_port=first.port))
    with pytest.raises(GatewayError, match="Address already in use"):
        await second.start()
    await first.stop()


async def test_an_admin_port_in_use_tells_envoys_last_words(tmp_path: Path, backends: tuple[Backend, Backend]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = settings_for(*backends, admin_port=taken.getsockname()[1])
        gateway = process(tmp_path, settings, on_log_line=lambda _: None)
        with pytest.raises(GatewayError, match=r"(?i)Envoy ended with code .*address already in use"):
            await gateway.start()


async def test_a_folder_that_cannot_be_written(tmp_path: Path, backends: tuple[Backend, Backend]) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(GatewayError, match="cannot write its configuration"):
        await process(blocked / "run", settings_for(*backends)).start()


async def test_not_ready_in_time_leaves_nothing_running(tmp_path: Path, backends: tuple[Backend, Backend]) -> None:
    gateway = process(tmp_path, settings_for(*backends))
    with pytest.raises(GatewayError, match=r"not ready after 0\.001 s"):
        await gateway.start(timeout=0.001)
    assert gateway.pid is None


async def test_its_end_is_noticed(tmp_path: Path, backends: tuple[Backend, Backend]) -> None:
    gateway = process(tmp_path, settings_for(*backends), on_log_line=lambda _: None)
    with pytest.raises(GatewayError, match="not started"):
        await gateway.wait()
    await gateway.start()
    assert gateway.pid is not None
    os.kill(gateway.pid, signal.SIGKILL)
    async with asyncio.timeout(5):
        assert await gateway.wait() == -signal.SIGKILL
    await gateway.stop()


async def test_services_may_start_after_the_gateway(tmp_path: Path) -> None:
    engine, history = Backend("flowmesh.engine.v1"), Backend("flowmesh.history.v1")
    await engine.start()
    await history.start()
    settings = settings_for(engine, history)
    await engine.stop()
    gateway = process(tmp_path, settings)
    await gateway.start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}") as http:
        assert (await http.get("/v1/jobs")).status_code == 503
        assert (await http.get("/healthz")).status_code == 200
        await engine.start(engine.port)
        async with asyncio.timeout(5):
            while (await http.get("/v1/jobs")).status_code != 200:
                await asyncio.sleep(0.02)
    await gateway.stop()
    await engine.stop()
    await history.stop()


async def test_calls_spread_over_the_backends_of_a_service(tmp_path: Path, backends: tuple[Backend, Backend]) -> None:
    engine, history = backends
    second = Backend("flowmesh.engine.v1")
    await second.start()
    settings = settings_for(engine, history)
    addresses = {**settings.backends, "flowmesh.engine.v1": [f"127.0.0.1:{b.port}" for b in (engine, second)]}
    gateway = process(tmp_path, dataclasses.replace(settings, backends=addresses))
    await gateway.start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}") as http:
        for _ in range(10):
            assert (await http.get("/v1/jobs")).status_code == 200
        assert engine.calls
        assert second.calls
        await second.stop()
        for _ in range(10):
            assert (await http.get("/v1/jobs")).status_code == 200
    await gateway.stop()


def test_importing_the_launch_is_light() -> None:
    code = "import sys, gateway_envoy.launch; print({'google.protobuf', 'grpc', 'yaml'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"


async def test_a_check_that_fails_lets_nothing_pass(
    tmp_path: Path, backends: tuple[Backend, Backend], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.lua"
    source = strict_json.SCRIPT.read_text()
    broken.write_text(
        source.replace("local function inspect(handle)\n", 'local function inspect(handle)\n  error("boom")\n')
    )
    monkeypatch.setattr(strict_json, "SCRIPT", broken)
    lines: list[str] = []
    gateway = process(tmp_path, settings_for(*backends), on_log_line=lines.append)
    await gateway.start()
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"http://127.0.0.1:{gateway.port}/v1/jobs")
    assert answer.status_code == 500
    assert answer.json()["details"][0]["reason"] == "INTERNAL"
    assert backends[0].calls == []
    await gateway.stop()
    assert any("boom" in line for line in lines)


async def test_memory_of_large_bodies_is_given_back(tmp_path: Path, backends: tuple[Backend, Backend]) -> None:
    gateway = process(tmp_path, settings_for(*backends))
    await gateway.start()
    pid = gateway.pid
    assert pid is not None
    before = resident_bytes(pid)
    body = {"resources": [{"name": "x.bpmn", "content": "eHh4" * (1024 * 1024)}]}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}", timeout=20) as http:
        for _ in range(5):
            assert (await http.post("/v1/deployments", json=body)).status_code == 200
        async with asyncio.timeout(20):
            # 30 MiB more at its most.
            while resident_bytes(pid) > before + 12 * 1024 * 1024:
                await asyncio.sleep(0.1)
    await gateway.stop()
