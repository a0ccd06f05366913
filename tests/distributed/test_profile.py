"""The distributed profile on real servers: several engines, one that dies, one that is told to go."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from typing import Any

import httpx
import pytest

from tests.distributed.traffic import deploy, traffic
from tests.e2e.processes import ended_in_history, eventually
from tests.infrastructure.mesh import Mesh
from tests.launcher.running import flowmesh, is_alive

pytestmark = [pytest.mark.slow, pytest.mark.distributed, pytest.mark.mariadb, pytest.mark.timeout(300)]


async def _handled(mesh: Mesh, node: str) -> float:
    """How many calls of the engine's services a process has answered."""
    async with httpx.AsyncClient() as client:
        page = (await client.get(f"{mesh.state()['nodes'][node]['admin']}/metrics")).text
    lines = re.findall(r"(?m)^grpc_server_handled_total\{.*flowmesh\.engine\..*\} (\S+)$", page)
    return sum(map(float, lines))


async def _up_again(mesh: Mesh, name: str, former: int) -> int:
    async def look() -> int | None:
        pid: int | None = mesh.state()["processes"][name]
        return pid if pid and pid != former else None

    pid: int = await eventually(look, 60)
    return pid


async def test_both_engines_serve_and_history_follows(mesh: Mesh, rest: httpx.AsyncClient) -> None:
    await deploy(rest)
    before = [await _handled(mesh, node) for node in ("engine-1", "engine-2")]
    async with traffic(mesh) as record:
        await record.reaches(50)
    assert not record.failures
    after = [await _handled(mesh, node) for node in ("engine-1", "engine-2")]
    assert all(now - then >= 10 for then, now in zip(before, after, strict=True)), (before, after)
    for instance in record.completed:
        assert (await ended_in_history(rest, instance))["status"] == "STATUS_COMPLETED"


async def test_a_killed_engine_is_started_again_and_loses_nothing(mesh: Mesh, rest: httpx.AsyncClient) -> None:
    await deploy(rest)
    former = mesh.state()["processes"]["engine-1"]
    async with traffic(mesh) as record:
        await record.reaches(10)
        os.kill(former, signal.SIGKILL)
        await _up_again(mesh, "engine-1", former)
        failed = len(record.failures)
        await record.reaches(20)
        # Once it is back, and the gateway has seen so, everything is served again.
        assert len(record.failures) - failed <= 8, record.failures
    for instance in record.completed:
        await ended_in_history(rest, instance)
    for instance in set(record.started) - set(record.completed):
        # What was acknowledged is there, whichever engine had it.
        answer = await rest.get(f"/v1/processInstances/{instance}")
        assert answer.status_code == 200 or (await ended_in_history(rest, instance)), answer.text
    assert "engine-1 ERROR   It ended with signal SIGKILL" in mesh.output()


async def test_an_engine_that_is_told_to_go_fails_no_call(mesh: Mesh, rest: httpx.AsyncClient) -> None:
    await deploy(rest)
    former = mesh.state()["processes"]["engine-2"]
    async with traffic(mesh) as record:
        await record.reaches(10)
        os.kill(former, signal.SIGTERM)
        await _up_again(mesh, "engine-2", former)
        await record.reaches(20)
    assert not record.failures, record.failures


async def test_a_killed_history_catches_up(mesh: Mesh, rest: httpx.AsyncClient) -> None:
    await deploy(rest)
    former = mesh.state()["processes"]["history-1"]
    async with traffic(mesh) as record:
        await record.reaches(10)
        os.kill(former, signal.SIGKILL)
        await record.reaches(20)
    await _up_again(mesh, "history-1", former)
    for instance in record.completed:
        await ended_in_history(rest, instance)


def _status(mesh: Mesh) -> tuple[int, dict[str, Any]]:
    done = flowmesh("status", "--json", "--data", str(mesh.folder / "data"))
    return done.returncode, json.loads(done.stdout)


async def test_status_tells_of_every_process(mesh: Mesh) -> None:
    code, status = await asyncio.to_thread(_status, mesh)
    assert code == 0, status
    assert status["profile"] == "distributed"
    assert set(status["processes"]) == {
        "gateway",
        "engine-1",
        "engine-2",
        "identity-1",
        "form-1",
        "notification-1",
        "history-1",
        "monitoring-1",
    }
    assert status["lag"]["history-service"] >= 0
    paused = mesh.state()["processes"]["history-1"]
    os.kill(paused, signal.SIGSTOP)
    try:
        code, status = await asyncio.to_thread(_status, mesh)
    finally:
        os.kill(paused, signal.SIGCONT)
    assert code == 1
    assert status["processes"]["history-1"]["status"] == "DOWN"


# The last two end the mesh.


async def test_a_killed_supervisor_leaves_nobody_behind(mesh: Mesh) -> None:
    pids = mesh.pids()
    assert len(pids) >= 5
    assert mesh.process is not None
    mesh.process.kill()
    mesh.process.wait()

    async def look() -> bool:
        return not any(is_alive(pid) for pid in pids)

    await eventually(look, 60)


async def test_ctrl_c_ends_it_in_order(mesh: Mesh, rest: httpx.AsyncClient) -> None:
    await asyncio.to_thread(mesh.start)
    pids = mesh.pids()
    async with traffic(mesh) as record:
        await record.reaches(10)
        assert await asyncio.to_thread(mesh.stop) == 0
    assert not any(is_alive(pid) for pid in pids)
    # What was answered before the end was answered well; later calls found nobody, or were in the queue of the
    # listener when it was closed.
    unanswered = ("ConnectError", "RemoteProtocolError", "ReadError")
    assert all(any(name in failure for name in unanswered) for failure in record.failures), record.failures
    assert flowmesh("status", "--data", str(mesh.folder / "data")).returncode == 3
