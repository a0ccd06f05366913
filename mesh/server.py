"""The one gRPC server every service uses.

Each method of a servicer is wrapped once, when it is registered, by one wrapper that does everything a call needs:
context, deadline, admission, permission, parsing, validation, errors, metrics. Interceptors of grpc.aio would cost
20-30 µs each; the wrapper costs less than one of them (`bench/server_overhead.py`).

The correlation id goes back in the initial metadata of streams (those that are refused at once have none) and in the
trailing metadata of unary calls: that of failed ones, and of those whose caller sent none and so does not know it.
Initial metadata sent by a handler of grpc.aio is a write of its own (30-100 µs), and trailing metadata costs both ends
several µs.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Container
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, NoReturn, Self

import grpc
import grpc.aio
from flowmesh.auth.v1 import permission_pb2
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from mesh import reflection, validation
from mesh.access.metadata import AUTHORIZATION, CLIENT_ADDRESS, MESH_TOKEN
from mesh.access.needs import NeedUnclear, need_of
from mesh.admin_http import Readiness
from mesh.call import CallContext, set_call
from mesh.channels import is_idempotent
from mesh.errors import Denied, DependencyDown, DomainError, InvalidField, Overload, Unauthenticated
from mesh.health import HealthService
from mesh.ids import new_id
from mesh.listening import port_unavailable, probe
from mesh.logs import get_log
from mesh.metrics import Gauge
from mesh.resilience.pressure import BackPressure, Demand
from mesh.rpc_metrics import MethodMetrics, RpcMetrics
from mesh.settings import MeshSettings
from mesh.startup import StartupError
from mesh.status import DETAILS_KEY, build_status, domain_of, grpc_code, status_from
from mesh.stream_opening import StreamOpening
from mesh.telemetry import PassingTelemetry, Telemetry
from mesh.tls import TlsIdentity, TlsSource, tls_source
from mesh.trace_context import HEADER as TRACEPARENT

if TYPE_CHECKING:
    from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
    from google.rpc import status_pb2

    from mesh.audit.refusals import RefusalLog

    Context = grpc.aio.ServicerContext[Any, Any]

MethodPermission = permission_pb2.MethodPermission
Authorize = Callable[[CallContext, MethodPermission], Awaitable[None]]
"""Checks whether a call may be made; raises Unauthenticated or Denied where not."""

CORRELATION_ID = "x-correlation-id"
REQUEST_ID = "x-request-id"
LAST_EVENT_ID = "last-event-id"
SUBJECT = "x-flowmesh-sub"

MAX_CORRELATION_ID = 128
"""Characters a correlation id may have; a longer one is replaced."""

# More than the gateway lets through, with what gRPC counts for each header: from here on calls are refused by chance.
_METADATA_BYTES = 48 << 10
# Its generated type says less than it is.
_METHOD_PERMISSION: Any = permission_pb2.method_permission
_CUT_SECONDS = 2.0
_FAILURE_LOG_SECONDS = 1.0
_HEALTH_SECONDS = 1.0
_HEALTH_FAILURES = 3
_OVERDUE_SECONDS = 0.25
"""How often it is looked whether calls are past a deadline that the server gave them."""
_CHECK_AGAIN_SECONDS = 1.0
"""How often it is looked whether streams and long polls may go on."""
_LEAST_SECONDS = 0.001
"""A call with less time than this left would only do work whose answer nobody waits for."""

_log = get_log(__name__)


class MethodUnserved(StartupError):
    """A method of the contract has no handler, a handler of the wrong kind, or no permission."""


class RowsIgnored(Exception):
    """A handler did not ask which rows it may touch, although some are closed to its caller."""


class _Refused(Exception):
    """The call ends with a status that no domain error stands for."""

    def __init__(self, code: grpc.StatusCode, reason: str, text: str, metadata: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.reason = reason
        self.text = text
        self.metadata = metadata


class _Method:
    """A method of the contract with what serves it."""

    __slots__ = (
        "demand",
        "domain",
        "handler",
        "metrics",
        "parse",
        "path",
        "permission",
        "request_class",
        "response_class",
        "rows_matter",
        "streams",
        "takes_stream",
    )

    def __init__(
        self, descriptor: MethodDescriptor, servicer: object, rpcs: RpcMetrics, new_work: Container[str]
    ) -> None:
        service = descriptor.containing_service
        self.demand = (
            Demand.NONE
            if is_idempotent(descriptor)
            else Demand.NEW_WORK
            if descriptor.name in new_work
            else Demand.WORK
        )
        self.path = f"/{service.full_name}/{descriptor.name}"
        self.domain = domain_of(service.full_name)
        self.streams: bool = descriptor.server_streaming
        self.takes_stream: bool = descriptor.client_streaming
        self.request_class = GetMessageClass(descriptor.input_type)
        self.parse = self.request_class.FromString
        self.response_class = GetMessageClass(descriptor.output_type)
        self.permission = _permission_of(descriptor, self.path)
        self.rows_matter = bool(self.permission.rows)
        self.handler: Callable[[Any], Any] = _handler_of(descriptor, servicer, self.path)
        self.metrics = MethodMetrics(rpcs, service.full_name, descriptor.name)

    def serialized(self, response: Message | bytes) -> bytes:
        """Return a handler's answer as bytes; raises TypeError for one of another type."""
        if type(response) is bytes:
            return response
        if not isinstance(response, self.response_class):
            raise TypeError(f"{self.path} answered with {type(response)}")
        return response.SerializeToString()


def _permission_of(descriptor: MethodDescriptor, path: str) -> MethodPermission:
    options = descriptor.GetOptions()
    permission: MethodPermission = options.Extensions[_METHOD_PERMISSION]
    try:
        need_of(permission)
    except NeedUnclear as error:
        raise MethodUnserved(
            f"The method {path} does not say what its caller needs (flowmesh.auth.v1.method_permission): {error}."
        ) from None
    return permission


def _handler_of(descriptor: MethodDescriptor, servicer: object, path: str) -> Callable[[Any], Any]:
    if descriptor.client_streaming and descriptor.server_streaming:
        raise MethodUnserved(f"The method {path} streams both ways, which this server does not offer.")
    handler = getattr(servicer, descriptor.name, None)
    is_right = inspect.isasyncgenfunction if descriptor.server_streaming else inspect.iscoroutinefunction
    if handler is None or not is_right(handler):
        kind = "an async generator" if descriptor.server_streaming else "a coroutine function"
        raise MethodUnserved(f"{type(servicer).__name__} needs {kind} {descriptor.name} for {path}.")
    served: Callable[[Any], Any] = handler
    return served


class _Places:
    """The calls at work, counted by the gauge that shows them."""

    __slots__ = ("gauge",)

    def __init__(self, gauge: Gauge) -> None:
        self.gauge = gauge

    def enter(self) -> None:
        """Take a place."""
        self.gauge.value += 1

    def leave(self) -> None:
        """Give a place back."""
        self.gauge.value -= 1


class MeshServer:
    """A gRPC server for some services, with health and reflection.

    Servicers have a method for each RPC, named as in the contract: `async def GetX(self, request) -> Response` or an
    async generator for a stream; what takes a stream gets an async iterator of its messages, each of them valid by
    itself. The answer is a message or its serialized bytes. The context of the call comes
    from `mesh.call.current_call()`; what cannot be served is raised as a `mesh.errors.DomainError`.
    """

    def __init__(
        self,
        settings: MeshSettings,
        rpcs: RpcMetrics,
        *,
        telemetry: Telemetry | None = None,
        authorize: Authorize | None = None,
        pressure: BackPressure | None = None,
        refusals: RefusalLog | None = None,
    ) -> None:
        """`refusals` is told of calls that are refused for who makes them."""
        self._refusals = refusals
        self.health = HealthService()
        self._pressure = pressure or BackPressure()
        self.draining = asyncio.Event()
        self._settings = settings
        self._longest = settings.max_deadline_seconds
        self._unasked = min(settings.default_deadline_seconds, self._longest)
        self._rpcs = rpcs
        self._telemetry = telemetry or PassingTelemetry()
        self._records = not isinstance(self._telemetry, PassingTelemetry)
        self._authorize = authorize
        self._handlers: list[grpc.GenericRpcHandler[Any, Any]] = []
        self._services: list[str] = []
        self._calls: dict[asyncio.Task[Any], CallContext] = {}
        self._permissions: dict[str, MethodPermission] = {}
        self._watches: list[asyncio.Task[None]] = []
        self._readiness: Readiness | None = None
        self._failed_calls = 0
        self._failures_logged = -_FAILURE_LOG_SECONDS
        self._unary = _Places(rpcs.in_flight.at(settings.service_name, "unary"))
        self._streams = _Places(rpcs.in_flight.at(settings.service_name, "stream"))
        self._server: grpc.aio.Server | None = None
        self._cutting = False
        self._stopped: asyncio.Task[None] | None = None

    def add(self, service: ServiceDescriptor, servicer: object, *, new_work: Container[str] = ()) -> None:
        """Register the servicer of a service.

        `new_work` names the methods that back-pressure refuses first, as they begin what others go on with. Raises
        MethodUnserved where a method has no handler of its kind or declares no permission.
        """
        methods = [_Method(descriptor, servicer, self._rpcs, new_work) for descriptor in service.methods]
        validation.prepare(method.request_class for method in methods)
        self._permissions.update((method.path, method.permission) for method in methods)
        handlers = {
            method.path.rpartition("/")[2]: grpc.unary_stream_rpc_method_handler(self._stream_wrapper(method))
            if method.streams
            else grpc.stream_unary_rpc_method_handler(self._upload_wrapper(method))
            if method.takes_stream
            else grpc.unary_unary_rpc_method_handler(self._unary_wrapper(method))
            for method in methods
        }
        self._handlers.append(grpc.method_handlers_generic_handler(service.full_name, handlers))
        self._services.append(service.full_name)

    async def serve(self, host: str, port: int) -> int:
        """Listen and take calls; port 0 takes a free one. Returns the port.

        With the files of TLS in the settings every caller has to show a certificate of their authority, for health
        and reflection too. Raises StartupError where the port cannot be had, or such a file cannot be used.
        """
        source = None if self._settings.tls is None else tls_source(self._settings.tls)
        limit = self._settings.max_message_bytes
        self._server = grpc.aio.server(
            interceptors=tuple(self._telemetry.server_interceptors()),
            options=(
                # A second start on the same port must fail, not share its calls with the first.
                ("grpc.so_reuseport", 0),
                # Above the limit proper, so that what is a little too large gets an error with details.
                ("grpc.max_receive_message_length", 2 * limit),
                ("grpc.max_send_message_length", -1),
                ("grpc.max_metadata_size", _METADATA_BYTES),
                # Workers keep idle streams open and ping; that is no abuse.
                ("grpc.keepalive_permit_without_calls", 1),
                ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
            ),
        )
        self._server.add_generic_rpc_handlers(
            (
                *self._handlers,
                self.health.handler(),
                *reflection.handlers(self._services),
                _UnknownMethods(),
            )
        )
        bound = self._bind(host, port, source)
        await self._server.start()
        if source is not None:
            self._watches.append(asyncio.create_task(source.watch(), name="certificates"))
        await self._set_health(serving=True)
        self._watches.append(asyncio.create_task(self._end_overdue(), name="deadlines"))
        if self._authorize is not None:
            self._watches.append(asyncio.create_task(self._check_again(self._authorize), name="permissions"))
        if self._readiness is not None:
            self._watches.append(asyncio.create_task(self._follow(self._readiness), name="health"))
        return bound

    def follow(self, readiness: Readiness) -> None:
        """Let health say NOT_SERVING while the process cannot do its work; call it before `serve`.

        Only after some failures in a row: a database that is slow under load must not take all servers out of
        service at once.
        """
        self._readiness = readiness

    async def _follow(self, readiness: Readiness) -> None:
        failures = 0
        serving = True
        while True:
            await asyncio.sleep(_HEALTH_SECONDS)
            ready, report = await readiness.report()
            failures = 0 if ready else failures + 1
            if serving != (failures < _HEALTH_FAILURES):
                serving = not serving
                _log.warning("Health changed", serving=serving, report=report)
                await self._set_health(serving=serving)

    async def _set_health(self, *, serving: bool) -> None:
        for service in ("", *self._services):
            await self.health.set(service, serving=serving)

    def _bind(self, host: str, port: int, source: TlsSource | None) -> int:
        assert self._server is not None
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            bound: int = (
                self._server.add_insecure_port(address)
                if source is None
                else self._server.add_secure_port(address, _credentials(source))
            )
        except RuntimeError as error:
            why = probe(host, port) or OSError(str(error))
            raise port_unavailable(host, port, "FLOWMESH_PORT", why) from error
        return bound

    async def stop(self) -> None:
        """Drain and stop; every call waits for the same end.

        Health says NOT_SERVING and calls are still taken for `drain_notice_seconds`; then no new ones are, streams
        are told by `CallContext.draining`, and what runs after `drain_seconds` ends with UNAVAILABLE.
        """
        if self._server is None:
            return
        if self._stopped is None:
            self._stopped = asyncio.create_task(self._drain(self._server))
        await asyncio.shield(self._stopped)

    async def _drain(self, server: grpc.aio.Server) -> None:
        settings = self._settings
        await self.health.stop()
        # The time callers need to hear of it; there is nothing that tells when they all have.
        await asyncio.sleep(settings.drain_notice_seconds)
        self.draining.set()
        # From here on new calls are turned away, and the connections are told to go elsewhere.
        refusing = asyncio.create_task(server.stop(settings.drain_seconds + 2 * _CUT_SECONDS))
        if not await self._calls_end(settings.drain_seconds):
            self._cutting = True
            for call in list(self._calls):
                call.cancel()
            await self._calls_end(_CUT_SECONDS)
        # What is open now belongs to reflection or ignores its cancellation.
        await server.stop(None)
        await refusing
        for watch in self._watches:
            watch.cancel()

    async def _end_overdue(self) -> None:
        """End calls that are past the deadline that the server gave them; gRPC does so with the callers' own.

        A timer for each call would cost more than looking at the few that are at work.
        """
        while True:
            await asyncio.sleep(_OVERDUE_SECONDS)
            now = time.monotonic()
            for task, call in list(self._calls.items()):
                if call.imposed and not call.overdue and call.deadline is not None and call.deadline <= now:
                    call.overdue = True
                    task.cancel()

    async def _check_again(self, authorize: Authorize) -> None:
        """End streams and long polls whose callers may not make them any more: their token has run out, their session
        was ended, the permission was taken from them."""
        while True:
            await asyncio.sleep(_CHECK_AGAIN_SECONDS)
            for task, call in list(self._calls.items()):
                permission = self._permissions[call.method]
                # A token of the mesh says who opens a stream, and lives for a minute.
                if not call.waiting or call.refusal is not None or permission.mesh:
                    continue
                try:
                    await authorize(call, permission)
                except (Unauthenticated, Denied) as error:
                    # It may have ended, or gone on to work, while that was asked.
                    if task in self._calls and call.waiting:
                        call.refusal = error
                        task.cancel()
                except DomainError as error:
                    _log.warning("A call could not be checked again; it goes on", method=call.method, error=error)

    async def _calls_end(self, seconds: float) -> bool:
        """Wait until no call runs; return whether that came within so many seconds."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while self._calls and loop.time() < end:
            await asyncio.wait(list(self._calls), timeout=end - loop.time())
        return not self._calls

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.stop()

    def _unary_wrapper(self, method: _Method) -> Callable[[bytes, Context], Awaitable[bytes]]:
        # Between two calls the processor's caches are filled by gRPC's own work, so that every line here costs some
        # five times what it costs in a loop of its own: nothing is done twice, and names are bound beforehand.
        handler, serialized, finished = method.handler, method.serialized, method.metrics.finished
        places, gauge, calls = self._unary, self._unary.gauge, self._calls
        authorize, slow, most = self._authorize, self._settings.slow_call_seconds, self._settings.max_concurrent_calls
        # Plain numbers: comparing members of an IntEnum takes longer.
        pressure, demand = self._pressure, int(method.demand)
        monotonic, current_task = time.monotonic, asyncio.current_task
        rows_matter = method.rows_matter

        async def serve(raw: bytes, context: Context) -> bytes:
            started = monotonic()
            task = current_task()
            assert task is not None
            call = self._open(method, context, started, places)
            calls[task] = call
            gauge.value += 1
            code = "CANCELLED"
            try:
                if (
                    gauge.value > most
                    or pressure.level >= demand
                    or (call.deadline is not None and call.deadline <= started + _LEAST_SECONDS)
                ):
                    self._refuse(call, started, crowded=gauge.value > most)
                if authorize is not None:
                    await authorize(call, method.permission)
                response = serialized(await handler(self._request(method, raw)))
                if rows_matter:
                    _check_rows_asked(call)
                if call.correlation_made:
                    context.set_trailing_metadata(((CORRELATION_ID, call.correlation_id),))
                code = "OK"
            except (Exception, asyncio.CancelledError) as error:
                code, status = self._ending(method, call, error, task)
                if status is None:
                    raise
                await _abort(context, call, status)
            else:
                return response
            finally:
                gauge.value -= 1
                del calls[task]
                seconds = monotonic() - started
                finished(code, seconds)
                if seconds - call.idle_seconds > slow:
                    _log.warning("A call was slow", method=method.path, seconds=round(seconds, 3), code=code)

        return serve

    def _stream_wrapper(self, method: _Method) -> Callable[[bytes, Context], AsyncIterator[bytes]]:
        handler, places, calls, authorize = method.handler, self._streams, self._calls, self._authorize

        async def serve(raw: bytes, context: Context) -> AsyncGenerator[bytes, None]:
            started = time.monotonic()
            task = asyncio.current_task()
            assert task is not None
            call = self._open(method, context, started, places)
            calls[task] = call
            places.enter()
            code = "CANCELLED"
            metadata = ((CORRELATION_ID, call.correlation_id),)
            opening = StreamOpening(lambda: context.send_initial_metadata(metadata))
            try:
                if call.deadline is not None and call.deadline <= started + _LEAST_SECONDS:
                    self._refuse(call, started, crowded=False)
                if authorize is not None:
                    await authorize(call, method.permission)
                    call.waiting = True
                request = self._request(method, raw)
                async with aclosing(handler(request)) as responses:
                    async for response in responses:
                        if method.rows_matter:
                            _check_rows_asked(call)
                        if not opening.said:
                            await opening.say()
                        yield method.serialized(response)
                if method.rows_matter:
                    _check_rows_asked(call)
                if not opening.said:
                    await opening.say()
                code = "OK"
            except (Exception, asyncio.CancelledError) as error:
                code, status = self._ending(method, call, error, task)
                if status is None:
                    raise
                await opening.settle()
                await _abort(context, call, status)
            finally:
                opening.end()
                places.leave()
                del calls[task]
                method.metrics.finished(code, time.monotonic() - started)

        return serve

    def _upload_wrapper(self, method: _Method) -> Callable[[AsyncIterable[bytes], Context], Awaitable[bytes]]:
        handler, places, calls, authorize = method.handler, self._streams, self._calls, self._authorize
        most = self._settings.max_concurrent_calls

        async def serve(raws: AsyncIterable[bytes], context: Context) -> bytes:
            started = time.monotonic()
            task = asyncio.current_task()
            assert task is not None
            call = self._open(method, context, started, places)
            calls[task] = call
            places.enter()
            code = "CANCELLED"

            async def requests() -> AsyncGenerator[Message, None]:
                source = aiter(raws)
                while True:
                    # Whoever sends slowly is looked at again and again, whether they may still.
                    call.waiting = authorize is not None
                    try:
                        raw = await anext(source)
                    except StopAsyncIteration:
                        return
                    finally:
                        call.waiting = False
                    yield self._request(method, raw)

            try:
                crowded = places.gauge.value > most
                late = call.deadline is not None and call.deadline <= started + _LEAST_SECONDS
                if crowded or late or self._pressure.level >= int(method.demand):
                    self._refuse(call, started, crowded=crowded)
                if authorize is not None:
                    await authorize(call, method.permission)
                async with aclosing(requests()) as received:
                    response = method.serialized(await handler(received))
                if method.rows_matter:
                    _check_rows_asked(call)
                if call.correlation_made:
                    context.set_trailing_metadata(((CORRELATION_ID, call.correlation_id),))
                code = "OK"
            except (Exception, asyncio.CancelledError) as error:
                code, status = self._ending(method, call, error, task)
                if status is None:
                    raise
                await _abort(context, call, status)
            else:
                return response
            finally:
                places.leave()
                del calls[task]
                method.metrics.finished(code, time.monotonic() - started)

        return serve

    def _open(self, method: _Method, context: Context, started: float, places: _Places) -> CallContext:
        """Read the metadata of a call, once, and make its context the current one."""
        correlation_id = request_id = traceparent = authorization = mesh_token = told_address = last_event_id = ""
        user_id: str | None = None
        key: str
        value: Any
        for key, value in context.invocation_metadata() or ():
            if key == CORRELATION_ID:
                correlation_id = value
            elif key == TRACEPARENT:
                traceparent = value
            elif key == REQUEST_ID:
                request_id = value
            elif key == AUTHORIZATION:
                # Of two, those before us may have looked at the other one: together they are none that is valid.
                authorization = f"{authorization},{value}" if authorization else value
            elif key == MESH_TOKEN:
                mesh_token = value
            elif key == CLIENT_ADDRESS:
                told_address = value
            elif key == LAST_EVENT_ID:
                last_event_id = value
            elif key == SUBJECT and self._authorize is None:
                # Anybody can send it: where callers have to sign in, their token alone says who they are.
                user_id = value or None
        correlation_id = correlation_id or request_id
        made = not correlation_id or len(correlation_id) > MAX_CORRELATION_ID
        if made:
            correlation_id = new_id()
        if self._records:
            traceparent = self._telemetry.traceparent() or traceparent
        remaining = context.time_remaining()
        imposed = not (method.streams or method.takes_stream) and (remaining is None or remaining > self._longest)
        if imposed:
            remaining = self._unasked if remaining is None else self._longest
        deadline = None if remaining is None else started + remaining
        call = CallContext(correlation_id, traceparent, user_id, deadline, method.path, self.draining, places)
        call.authorization = authorization
        call.mesh_token = mesh_token
        call.told_address = told_address
        call.last_event_id = last_event_id
        call.peer = context.peer
        call.correlation_made = made
        call.imposed = imposed
        # Every call runs in a task of its own, so there is nothing to put back afterwards.
        set_call(call)
        return call

    def _request(self, method: _Method, raw: bytes) -> Message:
        """Return the request of a call; raises what says why it cannot be taken."""
        if len(raw) > self._settings.max_message_bytes:
            raise self._too_large(len(raw))
        try:
            request: Message = method.parse(raw)
        except DecodeError:
            text = f"The message is not a readable {method.request_class.DESCRIPTOR.full_name}."
            raise InvalidField("REQUEST_MALFORMED", text) from None
        validation.validate(request)
        return request

    def _too_large(self, size: int) -> _Refused:
        limit = self._settings.max_message_bytes
        text = f"The message has {size} bytes; {limit} are allowed."
        return _Refused(grpc.StatusCode.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE", text, {"limit": str(limit)})

    def _refuse(self, call: CallContext, started: float, *, crowded: bool) -> NoReturn:
        """Raise why a call is not even begun: it came too late, or there are too many."""
        if call.deadline is not None and call.deadline <= started + _LEAST_SECONDS:
            raise _Refused(
                grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "The deadline had passed when the call came."
            )
        if not crowded:
            raise self._pressure.refusal(self._settings.backpressure_retry_seconds)
        raise Overload(
            "BACKPRESSURE",
            "The service has more calls at work than it may; come back later.",
            retry_after_seconds=self._settings.backpressure_retry_seconds,
        )

    def _dependency_failed(self, method: _Method, error: DependencyDown) -> None:
        """Log it, once a second: while a dependency is down every call fails."""
        self._failed_calls += 1
        now = time.monotonic()
        if now < self._failures_logged + _FAILURE_LOG_SECONDS:
            return
        self._failures_logged = now
        _log.warning("A dependency fails calls", method=method.path, detail=error.message, calls=self._failed_calls)
        self._failed_calls = 0

    def _ending(
        self, method: _Method, call: CallContext, error: BaseException, task: asyncio.Task[Any]
    ) -> tuple[str, status_pb2.Status | None]:
        """Return the code a failed call ends with, and its status; None where nobody listens any more."""
        if isinstance(error, DomainError):
            if isinstance(error, DependencyDown):
                self._dependency_failed(method, error)
            elif self._refusals is not None and isinstance(error, Denied | Unauthenticated):
                self._refusals.note(call, error.reason)
            status = status_from(error, method.domain)
        elif isinstance(error, _Refused):
            status = build_status(error.code, error.reason, method.domain, error.text, error.metadata)
        elif isinstance(error, asyncio.CancelledError) and call.refusal is not None:
            status = status_from(call.refusal, method.domain)
        elif isinstance(error, asyncio.CancelledError) and call.overdue:
            text = "The deadline passed that the service gives to calls without one, or with one that is too long."
            status = build_status(grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", method.domain, text)
        elif isinstance(error, asyncio.CancelledError) and task.cancelling():
            if not self._cutting:
                late = call.deadline is not None and call.deadline <= time.monotonic()
                return ("DEADLINE_EXCEEDED" if late else "CANCELLED"), None
            status = build_status(
                grpc.StatusCode.UNAVAILABLE, "SHUTTING_DOWN", method.domain, "The service is shutting down; call again."
            )
        else:
            error_id = new_id()
            _log.error("A call failed by a bug", error=error, error_id=error_id, method=method.path)
            text = f"The service failed by a bug; its log tells of it as {error_id}."
            status = build_status(grpc.StatusCode.INTERNAL, "INTERNAL", method.domain, text, {"error_id": error_id})
        return grpc_code(status.code).name, status


def _credentials(source: TlsSource) -> grpc.ServerCredentials:
    """Return credentials that ask callers for certificates, and follow the files from one handshake to the next."""
    told = source.identity

    def configuration(identity: TlsIdentity) -> grpc.ServerCertificateConfiguration:
        return grpc.ssl_server_certificate_configuration([(identity.key, identity.certificate)], identity.ca)

    def fetch() -> grpc.ServerCertificateConfiguration | None:
        nonlocal told
        identity = source.current()
        # None leaves it as it is. Handshakes run in several threads; twice the same does no harm.
        if identity.version == told.version:
            return None
        told = identity
        return configuration(identity)

    return grpc.dynamic_ssl_server_credentials(
        configuration(told),
        fetch,  # type: ignore[arg-type] # None is allowed by the library, not by its types
        require_client_authentication=True,
    )


def _check_rows_asked(call: CallContext) -> None:
    """Raise RowsIgnored where a call is about to answer with rows that may be closed to its caller."""
    if call.rows_ignored:
        raise RowsIgnored(f"{call.method} has not asked which rows its caller may touch")


async def _abort(context: Context, call: CallContext, status: status_pb2.Status) -> NoReturn:
    trailers = ((CORRELATION_ID, call.correlation_id), (DETAILS_KEY, status.SerializeToString()))
    await context.abort(grpc_code(status.code), status.message, trailers)


class _UnknownMethods(grpc.GenericRpcHandler):  # type: ignore[type-arg] # not generic at run time
    """Answers for every method that nothing else answers for."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        """Return a handler that refuses the call."""
        path = handler_call_details.method

        async def refuse(requests: AsyncIterator[bytes], context: Context) -> AsyncIterator[bytes]:
            status = build_status(
                grpc.StatusCode.UNIMPLEMENTED,
                "METHOD_UNKNOWN",
                domain_of(path.strip("/")),
                f"There is no method {path}.",
            )
            await context.abort(
                grpc.StatusCode.UNIMPLEMENTED, status.message, ((DETAILS_KEY, status.SerializeToString()),)
            )
            yield b""  # makes it the async generator that a streaming handler is

        return grpc.stream_stream_rpc_method_handler(refuse)
