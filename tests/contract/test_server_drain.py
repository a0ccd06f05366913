"""How the server stops: nothing that was accepted is lost, and nothing holds it for ever."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import grpc
import grpc.aio
import pytest
from flowmesh.engine.v1 import job_service_pb2 as jobs
from grpc_health.v1 import health_pb2

from mesh.call import current_call
from mesh.settings import MeshSettings
from mesh.status import reason_of
from tests.contract.plumbing import found, plumbing


async def test_running_calls_end_well() -> None:
    release = asyncio.Event()
    started = asyncio.Semaphore(0)

    async def answer(request: Any) -> Any:
        started.release()
        await release.wait()
        return await found(request)

    async with plumbing(answer, settings=MeshSettings(drain_seconds=10)) as server:
        calls = [asyncio.ensure_future(server.get(str(number))) for number in range(20)]
        for _ in calls:
            await started.acquire()
        began = time.monotonic()
        stopping = asyncio.create_task(server.server.stop())
        await server.server.draining.wait()
        release.set()
        answers = await asyncio.gather(*calls)
        await stopping
        assert time.monotonic() - began < 5
    assert {answer.historic_process_instance.id for answer in answers} == set(map(str, range(20)))


async def test_no_call_fails_while_the_server_drains_beside_another() -> None:
    """Callers that follow health, as the gateway does, lose nothing."""
    settings = MeshSettings(drain_notice_seconds=0.3, drain_seconds=5)
    async with plumbing(settings=settings) as first, plumbing() as second:
        check = first.channel.unary_stream(
            "/grpc.health.v1.Health/Watch",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        current = first
        serving = asyncio.Event()

        async def follow() -> None:
            nonlocal current
            async for news in check(health_pb2.HealthCheckRequest()):
                serving.set()
                if news.status != health_pb2.HealthCheckResponse.SERVING:
                    current = second

        following = asyncio.create_task(follow())
        await serving.wait()
        done = 0
        stopped = asyncio.Event()

        async def caller() -> None:
            nonlocal done
            while not stopped.is_set():
                await current.get()
                done += 1

        callers = [asyncio.create_task(caller()) for _ in range(8)]
        await first.server.stop()
        stopped.set()
        await asyncio.gather(*callers, following)
    assert done > 8


async def test_streams_are_told_and_end_themselves() -> None:
    async def stream(request: Any) -> Any:
        yield jobs.StreamJobsResponse(heartbeat={})
        await current_call().draining.wait()
        yield jobs.StreamJobsResponse(error={"code": 14})

    async with plumbing(stream=stream, settings=MeshSettings(drain_seconds=10)) as server:
        call = server.stream()
        await call.read()
        began = time.monotonic()
        stopping = asyncio.create_task(server.server.stop())
        assert (await call.read()).error.code == 14
        assert await call.read() == grpc.aio.EOF  # type: ignore[attr-defined]
        await stopping
        assert time.monotonic() - began < 5


async def test_what_does_not_end_is_cut_with_a_reason() -> None:
    ended = asyncio.Event()

    async def answer(request: Any) -> Any:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.set()

    async def stream(request: Any) -> Any:
        yield jobs.StreamJobsResponse(heartbeat={})
        await asyncio.get_running_loop().create_future()

    async with plumbing(answer, stream, MeshSettings(drain_seconds=0.2)) as server:
        streaming = server.stream()
        await streaming.read()
        call = asyncio.ensure_future(server.get())
        while server.metrics.exposition()[0].decode().count('kind="unary",server="mesh"} 1.0') == 0:
            await asyncio.sleep(0.01)
        began = time.monotonic()
        await server.server.stop()
        assert time.monotonic() - began < 3
        for waiting in (call, streaming.read()):
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await waiting
            assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
            assert reason_of(raised.value) == "SHUTTING_DOWN"
    assert ended.is_set()


async def test_stopping_twice_is_stopping_once() -> None:
    async with plumbing() as server:
        await asyncio.gather(server.server.stop(), server.server.stop())
        await server.server.health.set("late", serving=True)
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await server.get(timeout=2)
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
