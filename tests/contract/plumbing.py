"""A servicer of the history contract whose answers the tests choose, on a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
from flowmesh.engine.v1 import job_service_pb2 as jobs
from flowmesh.history.v1 import history_service_pb2 as pb

from mesh.metrics import Metrics
from mesh.rpc_metrics import RpcMetrics
from mesh.server import MeshServer
from mesh.settings import MeshSettings

HISTORY = pb.DESCRIPTOR.services_by_name["HistoryService"]
JOBS = jobs.DESCRIPTOR.services_by_name["JobService"]
GET = f"/{HISTORY.full_name}/GetHistoricProcessInstance"
LIST = f"/{HISTORY.full_name}/ListHistoricProcessInstances"
STREAM = f"/{JOBS.full_name}/StreamJobs"

Answer = Callable[[Any], Awaitable[Any]]


async def found(request: Any) -> Any:
    return pb.GetHistoricProcessInstanceResponse(historic_process_instance={"id": request.id})


class _Rest:
    """Has a handler for every method that no test asks for."""

    def __getattr__(self, name: str) -> Any:
        async def unused(request: Any) -> Any:
            raise AssertionError(name)

        return unused


class Histories(_Rest):
    def __init__(self, answer: Answer = found) -> None:
        self._answer = answer

    async def GetHistoricProcessInstance(self, request: Any) -> Any:
        return await self._answer(request)

    async def ListHistoricProcessInstances(self, request: Any) -> Any:
        return pb.ListHistoricProcessInstancesResponse()


class Jobs(_Rest):
    def __init__(self, stream: Callable[[Any], AsyncIterator[Any]]) -> None:
        self._stream = stream

    async def StreamJobs(self, request: Any) -> AsyncIterator[Any]:
        async for response in self._stream(request):
            yield response


class Plumbing:
    """A server with its metrics, and a channel to it."""

    def __init__(self, server: MeshServer, metrics: Metrics, port: int, channel: grpc.aio.Channel) -> None:
        self.server = server
        self.metrics = metrics
        self.port = port
        self.channel = channel

    def raw(self, path: str) -> Any:
        """Return what calls a method with bytes."""
        return self.channel.unary_unary(path, None, None)

    def get(self, record: str = "1", **named: Any) -> Any:
        call = self.channel.unary_unary(
            GET,
            request_serializer=pb.GetHistoricProcessInstanceRequest.SerializeToString,
            response_deserializer=pb.GetHistoricProcessInstanceResponse.FromString,
        )
        return call(pb.GetHistoricProcessInstanceRequest(id=record), **named)

    def list(self, **fields: Any) -> Any:
        call = self.channel.unary_unary(
            LIST,
            request_serializer=pb.ListHistoricProcessInstancesRequest.SerializeToString,
            response_deserializer=pb.ListHistoricProcessInstancesResponse.FromString,
        )
        return call(pb.ListHistoricProcessInstancesRequest(**fields))

    def stream(self, **named: Any) -> Any:
        call = self.channel.unary_stream(
            STREAM,
            request_serializer=jobs.StreamJobsRequest.SerializeToString,
            response_deserializer=jobs.StreamJobsResponse.FromString,
        )
        return call(jobs.StreamJobsRequest(type="pay", worker="w1"), **named)


@asynccontextmanager
async def plumbing(
    answer: Answer = found,
    stream: Callable[[Any], AsyncIterator[Any]] | None = None,
    settings: MeshSettings | None = None,
    **named: Any,
) -> AsyncIterator[Plumbing]:
    metrics = Metrics()
    server = MeshServer(settings or MeshSettings(drain_seconds=2), RpcMetrics(metrics), **named)
    server.add(HISTORY, Histories(answer))
    if stream is not None:
        server.add(JOBS, Jobs(stream))
    port = await server.serve("127.0.0.1", 0)
    async with server, grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Plumbing(server, metrics, port, channel)


def trailer(metadata: Any, key: str) -> Any:
    return dict(tuple(pair) for pair in metadata).get(key)
