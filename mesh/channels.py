"""Channels to other services of the mesh.

Every call gets a deadline, the correlation id, the access token and the trace of the call being served; methods that
are for the mesh alone get a token of the mesh instead. Reads are tried again while the other side is UNAVAILABLE. The
channel wraps the methods of a stub once, as client interceptors of grpc.aio would cost more than the call's own work.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
import orjson
from flowmesh.auth.v1 import permission_pb2
from google.api import annotations_pb2

from mesh.access.mesh_tokens import MeshTokenMaker
from mesh.access.metadata import AUTHORIZATION, MESH_TOKEN
from mesh.call import find_call
from mesh.resilience.breaker import CircuitBreaker
from mesh.settings import MeshSettings
from mesh.telemetry import PassingTelemetry, Telemetry
from mesh.trace_context import HEADER as TRACEPARENT

if TYPE_CHECKING:
    from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

CORRELATION_ID = "x-correlation-id"
SUBJECT = "x-flowmesh-sub"

_METADATA_BYTES = 64 << 10
# Its generated type says less than it is.
_METHOD_PERMISSION: Any = permission_pb2.method_permission


def is_idempotent(method: MethodDescriptor) -> bool:
    """Tell whether a method only reads: it is a GET on REST, or declares that it has no side effects."""
    options = method.GetOptions()
    if options.idempotency_level == options.NO_SIDE_EFFECTS:
        return True
    return bool(options.Extensions[annotations_pb2.http].get)


def is_for_mesh(method: MethodDescriptor) -> bool:
    """Tell whether only services of the mesh may call a method."""
    permission: permission_pb2.MethodPermission = method.GetOptions().Extensions[_METHOD_PERMISSION]
    return permission.mesh


def service_config(services: Iterable[ServiceDescriptor], retried: Iterable[str] = ()) -> str:
    """Return the gRPC service config that retries on UNAVAILABLE what may be retried, as JSON.

    That is the reads of `services`, and the methods in `retried` (`pkg.Service/Method`): those whose callers always
    set a request id. Up to 4 attempts, 50 ms to 1 s apart with jitter.
    """
    names = [
        {"service": service.full_name, "method": method.name}
        for service in services
        for method in service.methods
        if is_idempotent(method)
    ]
    for path in retried:
        service_name, _, method_name = path.partition("/")
        names.append({"service": service_name, "method": method_name})
    config: dict[str, object] = {
        # A service that keeps failing is not made worse by everybody's second attempts: a failure takes a token, a
        # success gives a tenth of one back, and there are retries while more than half of them are left. So beyond
        # twenty at first, a tenth of the calls may be retries.
        "retryThrottling": {"maxTokens": 40, "tokenRatio": 0.1},
        # A server that drains says so by its health, before it takes no calls any more.
        "loadBalancingConfig": [{"round_robin": {}}],
        "healthCheckConfig": {"serviceName": ""},
    }
    if names:
        config["methodConfig"] = [
            {
                "name": names,
                "retryPolicy": {
                    "maxAttempts": 4,
                    "initialBackoff": "0.05s",
                    "maxBackoff": "1s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ]
    return orjson.dumps(config).decode()


def open_channel(
    target: str,
    settings: MeshSettings,
    services: Sequence[ServiceDescriptor],
    *,
    telemetry: Telemetry | None = None,
    retried: Sequence[str] = (),
    breaker: CircuitBreaker | None = None,
) -> MeshChannel:
    """Return a channel to `target` for stubs of these services; close it at the end.

    `target` is `host:port`, or several as `ipv4:host:port,host:port`: calls go round those whose health says SERVING.
    It connects at the first call. `retried` as in `service_config`. With a breaker, unary calls raise `BreakerOpen`
    at once while the service does not answer.
    """
    tracing = telemetry or PassingTelemetry()
    interceptors = tuple(tracing.client_interceptors())
    channel = grpc.aio.insecure_channel(
        target,
        options=(
            ("grpc.service_config", service_config(services, retried)),
            ("grpc.enable_retries", 1),
            ("grpc.max_receive_message_length", -1),
            ("grpc.max_send_message_length", settings.max_message_bytes),
            ("grpc.max_metadata_size", _METADATA_BYTES),
            # Half-open connections to a machine that went away are found without waiting for TCP.
            ("grpc.keepalive_time_ms", 30_000),
            ("grpc.keepalive_timeout_ms", 5_000),
            # Processes that start together find each other soon.
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 2_000),
        ),
        interceptors=interceptors,
    )
    return MeshChannel(
        channel,
        settings.call_timeout_seconds,
        passes_trace=not interceptors,
        breaker=breaker,
        mesh_methods=frozenset(
            f"/{service.full_name}/{method.name}"
            for service in services
            for method in service.methods
            if is_for_mesh(method)
        ),
        mesh_tokens=MeshTokenMaker(settings.mesh_secret, settings.service_name) if settings.mesh_secret else None,
    )


async def _note(call: grpc.aio.Call, breaker: CircuitBreaker, *, patient: bool) -> None:
    """Tell a breaker how a call ended."""
    code = await call.code()
    if code is grpc.StatusCode.UNAVAILABLE or (code is grpc.StatusCode.DEADLINE_EXCEEDED and patient):
        breaker.failed()
    elif code in (grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED):
        breaker.given_up()
    else:
        breaker.succeeded()


class MeshChannel(grpc.aio.Channel):
    """A channel whose calls carry the context of the call being served.

    `timeout=` of a call wins over the default, but never reaches past the deadline of the call being served.
    Streams get no default deadline.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        timeout_seconds: float,
        *,
        passes_trace: bool,
        breaker: CircuitBreaker | None = None,
        mesh_methods: frozenset[str] = frozenset(),
        mesh_tokens: MeshTokenMaker | None = None,
    ) -> None:
        self._channel = channel
        self._mesh_methods = mesh_methods
        self._mesh_tokens = mesh_tokens
        self._breaker = breaker
        self._outcomes: set[asyncio.Task[None]] = set()
        self._timeout = timeout_seconds
        self._passes_trace = passes_trace

    def unary_unary(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Return what calls a method with one request and one answer."""
        invoke = self._channel.unary_unary(method, *arguments, **named)
        return self._with_context(method, invoke, self._timeout, self._breaker)

    def unary_stream(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Return what calls a method that answers with a stream."""
        return self._with_context(method, self._channel.unary_stream(method, *arguments, **named), None)

    def stream_unary(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Return what calls a method that takes a stream."""
        return self._with_context(method, self._channel.stream_unary(method, *arguments, **named), None)

    def stream_stream(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Return what calls a method that takes and answers with a stream."""
        return self._with_context(method, self._channel.stream_stream(method, *arguments, **named), None)

    def _with_context(
        self,
        method: str,
        invoke: Callable[..., Any],
        default_timeout: float | None,
        breaker: CircuitBreaker | None = None,
    ) -> Callable[..., Any]:
        passes_trace = self._passes_trace
        for_mesh = method in self._mesh_methods
        mesh_tokens = self._mesh_tokens if for_mesh else None

        def call(request: Any = None, *, timeout: float | None = None, metadata: Any = None, **named: Any) -> Any:
            timeout = default_timeout if timeout is None else timeout
            serving = find_call()
            if serving is not None:
                if serving.deadline is not None:
                    left = serving.deadline - time.monotonic()
                    timeout = left if timeout is None else min(timeout, left)
                added = [(CORRELATION_ID, serving.correlation_id)]
                if passes_trace:
                    added.append((TRACEPARENT, serving.traceparent))
                if serving.authorization and not for_mesh:
                    added.append((AUTHORIZATION, serving.authorization))
                elif serving.user_id is not None:
                    added.append((SUBJECT, serving.user_id))
                metadata = (*(metadata or ()), *added)
            if mesh_tokens is not None:
                metadata = (*(metadata or ()), (MESH_TOKEN, mesh_tokens.token()))
            if breaker is None:
                return invoke(request, timeout=timeout, metadata=metadata, **named)
            breaker.admit()
            begun = invoke(request, timeout=timeout, metadata=metadata, **named)
            # A caller with little time says nothing about the service when that has passed.
            patient = timeout is None or timeout >= self._timeout / 2
            outcome = asyncio.ensure_future(_note(begun, breaker, patient=patient))
            self._outcomes.add(outcome)
            outcome.add_done_callback(self._outcomes.discard)
            return begun

        return call

    async def close(self, grace: float | None = None) -> None:
        """Close the connections; calls that run get `grace` seconds."""
        await self._channel.close(grace)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        """Return the state of the connection."""
        return self._channel.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """Wait until the state is another than the one given."""
        await self._channel.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        """Wait until the channel is connected."""
        await self._channel.channel_ready()

    async def __aenter__(self) -> MeshChannel:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()
