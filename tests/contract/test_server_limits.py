"""What the server does not let a call have: more time than it gives, and work while something is behind."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import grpc.aio
import pytest
from flowmesh.engine.v1 import job_service_pb2 as jobs
from google.rpc import error_details_pb2

import mesh.server
from mesh.admin_http import Readiness
from mesh.call import current_call
from mesh.metrics import Metrics
from mesh.resilience.pressure import BackPressure, Watched
from mesh.rpc_metrics import RpcMetrics
from mesh.server import MeshServer
from mesh.settings import MeshSettings
from mesh.status import reason_of, status_of
from tests.contract.plumbing import JOBS, Jobs, found, plumbing


@pytest.mark.parametrize("patience", [None, 50.0])
async def test_no_call_lasts_longer_than_the_server_allows(patience: float | None) -> None:
    ended = asyncio.Event()
    left: list[float | None] = []

    async def answer(request: Any) -> Any:
        left.append(current_call().seconds_left())
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.set()

    settings = MeshSettings(default_deadline_seconds=0.2, max_deadline_seconds=0.3, drain_seconds=2)
    async with plumbing(answer, settings=settings) as server:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await asyncio.wait_for(server.get(timeout=patience), 10)
        assert ended.is_set()
    assert left[0] is not None
    assert left[0] <= (0.2 if patience is None else 0.3)
    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert reason_of(raised.value) == "DEADLINE_EXCEEDED"


async def test_streams_get_no_deadline() -> None:
    async def stream(request: Any) -> Any:
        assert current_call().deadline is None
        yield jobs.StreamJobsResponse(heartbeat={})
        await asyncio.sleep(0.7)
        yield jobs.StreamJobsResponse(heartbeat={})

    settings = MeshSettings(default_deadline_seconds=0.1, drain_seconds=2)
    async with plumbing(stream=stream, settings=settings) as server:
        assert len([message async for message in server.stream()]) == 2


async def test_health_follows_readiness_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """One check that fails takes no server out of service; it is back at the first one that passes."""
    monkeypatch.setattr(mesh.server, "_HEALTH_SECONDS", 0.01)
    outcomes = [True, False, False, True, False, False, False, False, True]
    asked = 0

    async def check() -> str:
        nonlocal asked
        asked += 1
        if asked <= len(outcomes) and not outcomes[asked - 1]:
            raise ConnectionError("away")
        return "there"

    readiness = Readiness()
    readiness.add("database", check)
    changes: list[tuple[bool, int]] = []
    server = MeshServer(MeshSettings(drain_seconds=0), RpcMetrics(Metrics()))
    server.add(JOBS, Jobs(found))
    server.follow(readiness)
    told = server.health.set

    async def noted(service: str, *, serving: bool) -> None:
        changes.append((serving, asked))
        await told(service, serving=serving)

    monkeypatch.setattr(server.health, "set", noted)
    await server.serve("127.0.0.1", 0)
    async with server, asyncio.timeout(20):
        while asked < len(outcomes) + 2:
            await asyncio.sleep(0.01)
    # Each time for the server as a whole and for its service.
    assert changes == [(True, 0), (True, 0), (False, 7), (False, 7), (True, 9), (True, 9)]


async def test_work_is_refused_by_level_and_reads_never() -> None:
    behind = 0.0
    pressure = BackPressure([Watched("database", "a write would wait {value:g} s", 1.0, lambda: behind)])
    begun: list[str] = []

    class Servicer(Jobs):
        async def CompleteJob(self, request: Any) -> Any:
            begun.append("CompleteJob")
            return jobs.CompleteJobResponse()

        async def RunJob(self, request: Any) -> Any:
            begun.append("RunJob")
            return jobs.RunJobResponse()

        async def ListJobs(self, request: Any) -> Any:
            begun.append("ListJobs")
            return jobs.ListJobsResponse()

    server = MeshServer(MeshSettings(drain_seconds=2), RpcMetrics(Metrics()), pressure=pressure)
    server.add(JOBS, Servicer(found), new_work={"RunJob"})
    port = await server.serve("127.0.0.1", 0)
    requests = {
        "ListJobs": jobs.ListJobsRequest(),
        "CompleteJob": jobs.CompleteJobRequest(id="1", lease_token="1"),
        "RunJob": jobs.RunJobRequest(id="1"),
    }
    async with server, grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        for value, served in ((0.0, 3), (1.0, 2), (2.0, 1), (1.0, 2), (0.4, 3)):
            behind = value
            pressure.look()
            begun.clear()
            for number, (name, request) in enumerate(requests.items()):
                call = channel.unary_unary(f"/{JOBS.full_name}/{name}")(request.SerializeToString())
                if number < served:
                    await call
                    continue
                with pytest.raises(grpc.aio.AioRpcError) as raised:
                    await call
                assert raised.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
                assert reason_of(raised.value) == "BACKPRESSURE"
                retry = error_details_pb2.RetryInfo()
                assert any(detail.Unpack(retry) for detail in status_of(raised.value).details)
                assert 1 <= retry.retry_delay.ToNanoseconds() / 1e9 <= 2
            assert begun == list(requests)[:served]
