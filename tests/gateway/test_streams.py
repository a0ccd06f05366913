from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import httpx
import pytest
from flowmesh.engine.v1 import job_pb2, job_service_pb2, job_service_pb2_grpc

from tests.gateway.running import Mesh

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH = "/v1/jobs:stream?type=charge&worker=w1&leaseDuration=30s&fetchVariables=a&fetchVariables=b"


def message(number: int) -> job_service_pb2.StreamJobsResponse:
    job = job_pb2.Job(id=f"j{number}", headers={"text": "line\nbreak"})
    return job_service_pb2.StreamJobsResponse(job=job)


class Stream:
    """Sends what the test puts into it, so that a test sees each message arrive before the next is sent."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[job_service_pb2.StreamJobsResponse | None] = asyncio.Queue()
        self.cancelled = asyncio.Event()

    async def __call__(self, _: Any, __: Any) -> AsyncIterator[job_service_pb2.StreamJobsResponse]:
        try:
            while (item := await self.queue.get()) is not None:
                yield item
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


async def next_line(lines: AsyncIterator[str]) -> str:
    async with asyncio.timeout(5):
        return await anext(lines)


async def test_lines_of_json(mesh: Mesh) -> None:
    stream = mesh.engine.answers["StreamJobs"] = Stream()
    stream.queue.put_nowait(message(1))
    async with mesh.http.stream("GET", PATH) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/x-ndjson"
        assert answer.headers["x-correlation-id"]
        lines = answer.aiter_lines()
        for number in (1, 2, 3):
            job = json.loads(await next_line(lines))["job"]
            assert (job["id"], job["headers"]) == (f"j{number}", {"text": "line\nbreak"})
            stream.queue.put_nowait(message(number + 1) if number < 3 else None)
        assert [line async for line in lines] == []
    request = mesh.engine.last[1]
    assert (request.type, request.worker, request.lease_duration.seconds) == ("charge", "w1", 30)
    assert list(request.fetch_variables) == ["a", "b"]


async def test_server_sent_events(mesh: Mesh) -> None:
    stream = mesh.engine.answers["StreamJobs"] = Stream()
    stream.queue.put_nowait(message(1))
    headers = {"accept": "text/event-stream, */*;q=0.1"}
    async with mesh.http.stream("GET", PATH, headers=headers) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        lines = answer.aiter_lines()
        for number in (1, 2):
            prefix, _, data = (await next_line(lines)).partition(": ")
            assert prefix == "data"
            assert json.loads(data)["job"]["id"] == f"j{number}"
            assert await next_line(lines) == ""
            stream.queue.put_nowait(message(2) if number == 1 else None)


async def test_accept_of_events_does_not_change_unary_answers(mesh: Mesh) -> None:
    answer = await mesh.http.get("/v1/jobs", headers={"accept": "text/event-stream"})
    assert answer.json() == {"jobs": [], "nextPageToken": ""}


async def test_streams_by_grpc(mesh: Mesh) -> None:
    stream = mesh.engine.answers["StreamJobs"] = Stream()
    call = job_service_pb2_grpc.JobServiceStub(mesh.channel).StreamJobs(
        job_service_pb2.StreamJobsRequest(type="charge", worker="w1")
    )
    for number in (1, 2):
        stream.queue.put_nowait(message(number))
        assert (await call.read()).job.id == f"j{number}"
    call.cancel()
    async with asyncio.timeout(5):
        await stream.cancelled.wait()


async def test_streams_outlive_every_timeout_as_long_as_they_speak(mesh: Mesh) -> None:
    stream = mesh.engine.answers["StreamJobs"] = Stream()
    heartbeat = job_service_pb2.StreamJobsResponse(heartbeat=job_service_pb2.StreamJobsResponse.Heartbeat())

    async def beat() -> None:
        for _ in range(5):
            stream.queue.put_nowait(heartbeat)
            await asyncio.sleep(0.5)
        stream.queue.put_nowait(None)

    beating = asyncio.create_task(beat())
    answer = await mesh.http.get(PATH)
    await beating
    assert answer.text.splitlines() == ['{"heartbeat":{}}'] * 5


async def test_silent_streams_are_cut_and_the_service_hears_of_it(mesh: Mesh) -> None:
    stream = mesh.engine.answers["StreamJobs"] = Stream()
    stream.queue.put_nowait(message(1))
    async with mesh.http.stream("GET", PATH) as answer:
        lines = answer.aiter_lines()
        assert await next_line(lines)
        with pytest.raises(httpx.RemoteProtocolError):
            await next_line(lines)
    async with asyncio.timeout(5):
        await stream.cancelled.wait()


async def test_a_caller_that_goes_away_ends_the_stream(mesh: Mesh) -> None:
    stream = mesh.engine.answers["StreamJobs"] = Stream()
    stream.queue.put_nowait(message(1))
    async with httpx.AsyncClient(base_url=mesh.url) as http, http.stream("GET", PATH) as answer:
        assert await next_line(answer.aiter_lines())
    async with asyncio.timeout(0.9):
        await stream.cancelled.wait()


async def test_an_error_before_the_first_message(mesh: Mesh) -> None:
    async def refuse(_: Any, context: Any) -> AsyncIterator[Any]:
        await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many streams")
        yield  # pragma: no cover

    mesh.engine.answers["StreamJobs"] = refuse
    for accept in ("*/*", "text/event-stream"):
        answer = await mesh.http.get(PATH, headers={"accept": accept})
        assert answer.status_code == 429
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["message"] == "too many streams"


async def test_strict_queries_of_streams(mesh: Mesh) -> None:
    answer = await mesh.http.get(PATH + "&bogus=1", headers={"accept": "text/event-stream"})
    assert answer.status_code == 400
    assert answer.json()["details"][1]["fieldViolations"][0]["field"] == "bogus"
