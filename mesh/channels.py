"""Channels to other services of the mesh.

Every call gets a deadline, the correlation id, the access token and the trace of the call being served; methods that
are for the mesh alone get a token of the mesh instead. Reads are tried again while the other side is UNAVAILABLE. The
channel wraps the methods of a stub once, as client interceptors of grpc.aio would cost more than the call's own work.
"""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
import orjson
from flowmesh.auth.v1 import permission_pb2
from google.api import annotations_pb2

from mesh.access.mesh_tokens import MeshTokenMaker
from mesh.access.metadata import AUTHORIZATION, MESH_TOKEN
from mesh.background import end
from mesh.call import find_call
from mesh.resilience.breaker import CircuitBreaker
from mesh.settings import MeshSettings
from mesh.startup import StartupError
from mesh.telemetry import PassingTelemetry, Telemetry
from mesh.tls import TlsSource, tls_source
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


def service_config(
    services: Iterable[ServiceDescriptor], retried: Iterable[str] = (), *, follows_health: bool = True
) -> str:
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
        "loadBalancingConfig": [{"round_robin": {}}],
    }
    if follows_health:
        # A server that drains says so by its health, before it takes no calls any more.
        config["healthCheckConfig"] = {"serviceName": ""}
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
    follows_health: bool = True,
) -> MeshChannel:
    """Return a channel to `target` for stubs of these services; close it at the end.

    `target` is `host:port`, or several as `ipv4:host:port,host:port`: calls go round those whose health says SERVING.
    It connects at the first call. `retried` as in `service_config`. With a breaker, unary calls raise `BreakerOpen`
    at once while the service does not answer. Without `follows_health` calls also go to those that say NOT_SERVING.
    With the files of TLS in the settings both sides show certificates, and the service's must have the name
    `tls_server_name`, else that of the host. Raises `StartupError` where such a file cannot be used, or the name to
    expect is not clear.
    """
    tracing = telemetry or PassingTelemetry()
    interceptors = tuple(tracing.client_interceptors())
    options: list[tuple[str, Any]] = [
        ("grpc.service_config", service_config(services, retried, follows_health=follows_health)),
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
    ]
    source = None if settings.tls is None else tls_source(settings.tls)
    if source is not None and (name := _expected_name(target, settings)):
        options.append(("grpc.ssl_target_name_override", name))

    def connect() -> grpc.aio.Channel:
        if source is None:
            return grpc.aio.insecure_channel(target, options=options, interceptors=interceptors)
        identity = source.current()
        credentials = grpc.ssl_channel_credentials(identity.ca, identity.key, identity.certificate)
        return grpc.aio.secure_channel(target, credentials, options=options, interceptors=interceptors)

    return MeshChannel(
        connect,
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
        source=source,
    )


def _expected_name(target: str, settings: MeshSettings) -> str:
    """Return the name to expect instead of the target's own; empty: that one."""
    if settings.tls_server_name:
        return settings.tls_server_name
    addresses = target.split(",")
    if len(addresses) == 1:
        return ""
    # gRPC would take the whole list for the name.
    hosts = {address.rpartition(":")[0].removeprefix("ipv4:").removeprefix("ipv6:") for address in addresses}
    if len(hosts) > 1:
        raise StartupError(
            f"The services at {target} have several names: name in {settings.variable('tls_server_name')} the one that "
            "all their certificates have."
        )
    return hosts.pop().strip("[]")


async def _note(call: grpc.aio.Call, breaker: CircuitBreaker, *, patient: bool) -> None:
    """Tell a breaker how a call ended."""
    code = await call.code()
    if code is grpc.StatusCode.UNAVAILABLE or (code is grpc.StatusCode.DEADLINE_EXCEEDED and patient):
        breaker.failed()
    elif code in (grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED):
        breaker.given_up()
    else:
        breaker.succeeded()


class _Method:
    """What calls a method over the connection that is used now."""

    __slots__ = ("__weakref__", "invoke", "make")

    def __init__(self, make: Callable[[grpc.aio.Channel], Any], channel: grpc.aio.Channel) -> None:
        self.make = make
        self.invoke: Callable[..., Any] = make(channel)


class MeshChannel(grpc.aio.Channel):
    """A channel whose calls carry the context of the call being served.

    `timeout=` of a call wins over the default, but never reaches past the deadline of the call being served.
    Streams get no default deadline. With new certificates it connects anew: what runs then ends on the connection on
    which it began, which is closed after the last.
    """

    def __init__(
        self,
        connect: Callable[[], grpc.aio.Channel],
        timeout_seconds: float,
        *,
        passes_trace: bool,
        breaker: CircuitBreaker | None = None,
        mesh_methods: frozenset[str] = frozenset(),
        mesh_tokens: MeshTokenMaker | None = None,
        source: TlsSource | None = None,
    ) -> None:
        self._connect = connect
        self._channel = connect()
        self._methods: weakref.WeakSet[_Method] = weakref.WeakSet()
        self._watching = (
            None if source is None else asyncio.create_task(source.watch(self._reconnect), name="certificates")
        )
        self._mesh_methods = mesh_methods
        self._mesh_tokens = mesh_tokens
        self._breaker = breaker
        self._outcomes: set[asyncio.Task[None]] = set()
        self._timeout = timeout_seconds
        self._passes_trace = passes_trace

    def unary_unary(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Return what calls a method with one request and one answer."""
        return self._with_context(
            method, lambda channel: channel.unary_unary(method, *arguments, **named), self._timeout, self._breaker
        )

    def unary_stream(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Return what calls a method that answers with a stream."""
        return self._with_context(method, lambda channel: channel.unary_stream(method, *arguments, **named), None)

    def stream_unary(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Return what calls a method that takes a stream."""
        return self._with_context(method, lambda channel: channel.stream_unary(method, *arguments, **named), None)

    def stream_stream(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Return what calls a method that takes and answers with a stream."""
        return self._with_context(method, lambda channel: channel.stream_stream(method, *arguments, **named), None)

    def _reconnect(self) -> None:
        # The old channel is not closed, which would cancel its calls: they hold it, and nothing else does any more.
        self._channel = self._connect()
        for each in self._methods:
            each.invoke = each.make(self._channel)

    def _with_context(
        self,
        method: str,
        make: Callable[[grpc.aio.Channel], Any],
        default_timeout: float | None,
        breaker: CircuitBreaker | None = None,
    ) -> Callable[..., Any]:
        passes_trace = self._passes_trace
        for_mesh = method in self._mesh_methods
        mesh_tokens = self._mesh_tokens if for_mesh else None
        invoked = _Method(make, self._channel)
        self._methods.add(invoked)

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
                return invoked.invoke(request, timeout=timeout, metadata=metadata, **named)
            breaker.admit()
            begun = invoked.invoke(request, timeout=timeout, metadata=metadata, **named)
            # A caller with little time says nothing about the service when that has passed.
            patient = timeout is None or timeout >= self._timeout / 2
            outcome = asyncio.ensure_future(_note(begun, breaker, patient=patient))
            self._outcomes.add(outcome)
            outcome.add_done_callback(self._outcomes.discard)
            return begun

        return call

    async def close(self, grace: float | None = None) -> None:
        """Close the connections; calls that run get `grace` seconds."""
        await end(self._watching)
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
