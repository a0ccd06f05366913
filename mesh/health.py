"""The gRPC health protocol (`grpc.health.v1.Health`) of a server.

The library's own servicer keeps its watchers open while the server drains; these end with the last news.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
from grpc_health.v1 import health_pb2

SERVICE = "grpc.health.v1.Health"

_Status = health_pb2.HealthCheckResponse


class HealthService:
    """Whether each service, and the server as a whole (the empty name), takes calls."""

    def __init__(self) -> None:
        self._status: dict[str, health_pb2.HealthCheckResponse.ServingStatus] = {"": _Status.NOT_SERVING}
        self._changed = asyncio.Condition()
        self._stopping = False

    async def set(self, service: str, *, serving: bool) -> None:
        """Set the state of a service; without effect once the server stops."""
        if not self._stopping:
            await self._set({service: _Status.SERVING if serving else _Status.NOT_SERVING})

    async def stop(self) -> None:
        """Say NOT_SERVING for everything from now on, and end the watchers."""
        self._stopping = True
        await self._set(dict.fromkeys(self._status, _Status.NOT_SERVING))

    async def _set(self, status: dict[str, health_pb2.HealthCheckResponse.ServingStatus]) -> None:
        async with self._changed:
            self._status.update(status)
            self._changed.notify_all()

    def handler(self) -> grpc.GenericRpcHandler[Any, Any]:
        """Return what the server registers."""
        return grpc.method_handlers_generic_handler(
            SERVICE,
            {
                "Check": grpc.unary_unary_rpc_method_handler(
                    self._check,
                    request_deserializer=health_pb2.HealthCheckRequest.FromString,
                    response_serializer=health_pb2.HealthCheckResponse.SerializeToString,
                ),
                "Watch": grpc.unary_stream_rpc_method_handler(
                    self._watch,
                    request_deserializer=health_pb2.HealthCheckRequest.FromString,
                    response_serializer=health_pb2.HealthCheckResponse.SerializeToString,
                ),
            },
        )

    async def _check(
        self, request: health_pb2.HealthCheckRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> health_pb2.HealthCheckResponse:
        status = self._status.get(request.service)
        if status is None:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"There is no service {request.service} here.")
        return health_pb2.HealthCheckResponse(status=status)

    async def _watch(
        self, request: health_pb2.HealthCheckRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> AsyncIterator[health_pb2.HealthCheckResponse]:
        told: health_pb2.HealthCheckResponse.ServingStatus | None = None
        while True:
            status = self._status.get(request.service, _Status.SERVICE_UNKNOWN)
            if status != told:
                told = status
                yield health_pb2.HealthCheckResponse(status=status)
            if self._stopping:
                return
            async with self._changed:
                if not self._stopping and self._status.get(request.service, _Status.SERVICE_UNKNOWN) == told:
                    await self._changed.wait()
