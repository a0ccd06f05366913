"""Envoy's rate limit protocol over a counter: `envoy.service.ratelimit.v3.RateLimitService`.

Where the counter does not answer, every call may go on: the gateway's own limit stands before this one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import grpc
import grpc.aio
from flowmesh.internal.v1 import rate_limit_pb2

from gateway_envoy.rate_limit.counter import CallCounter, Counted
from gateway_envoy.rate_limiting import ADDRESS, USER

SERVICE = "envoy.service.ratelimit.v3.RateLimitService"
_Request = rate_limit_pb2.RateLimitRequest
_Response = rate_limit_pb2.RateLimitResponse
_COUNTED_BY = (USER, ADDRESS)
_STOP_SECONDS = 1.0


class RateLimitServer:
    """Serves on a socket of the file system, which only its folder's owner reaches."""

    def __init__(self, counter: CallCounter, socket: Path) -> None:
        self._counter = counter
        self._socket = socket
        self._server: grpc.aio.Server | None = None

    async def __aenter__(self) -> Self:
        server = grpc.aio.server()
        handler = grpc.unary_unary_rpc_method_handler(
            self._should_rate_limit,
            request_deserializer=_Request.FromString,
            response_serializer=_Response.SerializeToString,
        )
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {"ShouldRateLimit": handler}),))
        server.add_insecure_port(f"unix:{self._socket.resolve()}")
        await server.start()
        self._server = server
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            await self._server.stop(_STOP_SECONDS)
        await self._counter.close()

    async def _should_rate_limit(self, request: _Request, _: grpc.aio.ServicerContext[Any, Any]) -> _Response:
        answer = _Response(overall_code=_Response.CODE_OK)
        for descriptor in request.descriptors:
            caller = _caller(descriptor)
            counted = await self._counter.count(caller, request.hits_addend or 1) if caller else None
            code = _Response.CODE_OK if counted is None or counted.allowed else _Response.CODE_OVER_LIMIT
            status = answer.statuses.add(code=code)
            if counted is None:
                continue
            status.limit_remaining = counted.remaining
            status.duration_until_reset.FromSeconds(counted.reset_seconds)
            answer.overall_code = max(answer.overall_code, code)
            self._add_headers(answer, counted)
        return answer

    def _add_headers(self, answer: _Response, counted: Counted) -> None:
        headers = {
            "x-ratelimit-limit": str(self._counter.number),
            "x-ratelimit-remaining": str(counted.remaining),
            "x-ratelimit-reset": str(counted.reset_seconds),
        }
        if not counted.allowed:
            headers["retry-after"] = str(max(1, counted.retry_seconds))
        for key, value in headers.items():
            answer.response_headers_to_add.add(key=key, value=value)


def _caller(descriptor: rate_limit_pb2.RateLimitDescriptor) -> str:
    """Return by what a descriptor is counted; empty where it names nobody."""
    for entry in descriptor.entries:
        if entry.key in _COUNTED_BY:
            return f"{entry.key}:{entry.value}"
    return ""
