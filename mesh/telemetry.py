"""Tracing: OpenTelemetry where a collector is set, else only the trace context that is passed on.

The SDK with its exporter and instrumentation is heavy to import, so only `start_telemetry` does it, and only where
`otlp_endpoint` is set.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from mesh.trace_context import HEADER, new_traceparent

if TYPE_CHECKING:
    import grpc.aio
    from opentelemetry.sdk.trace import TracerProvider

    from mesh.settings import MeshSettings


class Telemetry(Protocol):
    """What the server, the channels and the consumers need of tracing."""

    def server_interceptors(self) -> Sequence[Any]:
        """Return the grpc.aio server interceptors that record a span for each call."""

    def client_interceptors(self) -> Sequence[grpc.aio.ClientInterceptor]:
        """Return the interceptors that record a span for each outgoing call and pass the trace on."""

    def traceparent(self) -> str | None:
        """Return the header of the span that is being recorded; None where none is."""

    def span(self, name: str, traceparent: str | None) -> AbstractContextManager[str]:
        """Record a block below `traceparent` (a new trace without one); gives the header for what the block sends."""

    async def close(self) -> None:
        """Send what is not sent yet, and stop."""


class PassingTelemetry:
    """Records nothing; passes on the trace context that came with a call."""

    def server_interceptors(self) -> Sequence[Any]:
        """Return nothing."""
        return ()

    def client_interceptors(self) -> Sequence[grpc.aio.ClientInterceptor]:
        """Return nothing."""
        return ()

    def traceparent(self) -> str | None:
        """Return None: nothing is recorded."""
        return None

    @contextmanager
    def span(self, name: str, traceparent: str | None) -> Iterator[str]:
        """Give `traceparent` as it is, or that of a new trace."""
        yield traceparent or new_traceparent()

    async def close(self) -> None:
        """Do nothing."""


class RecordingTelemetry:
    """Records spans with OpenTelemetry and sends them to a collector by OTLP."""

    def __init__(self, provider: TracerProvider) -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._tracer = provider.get_tracer("flowmesh")
        self._propagator = TraceContextTextMapPropagator()

    def server_interceptors(self) -> Sequence[Any]:
        """Return the interceptor that records a span for each call."""
        from opentelemetry.instrumentation import grpc as instrumentation

        return (_untyped(instrumentation).aio_server_interceptor(tracer_provider=self._provider),)

    def client_interceptors(self) -> Sequence[grpc.aio.ClientInterceptor]:
        """Return the interceptors that record a span for each outgoing call and set its `traceparent`."""
        from opentelemetry.instrumentation import grpc as instrumentation

        interceptors: Sequence[grpc.aio.ClientInterceptor]
        interceptors = _untyped(instrumentation).aio_client_interceptors(tracer_provider=self._provider)
        return interceptors

    def traceparent(self) -> str | None:
        """Return the header of the span that is being recorded; None outside of one."""
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier)
        return carrier.get(HEADER)

    @contextmanager
    def span(self, name: str, traceparent: str | None) -> Iterator[str]:
        """Record the block as a span below `traceparent`, as a failed one where it raises."""
        above = self._propagator.extract({HEADER: traceparent} if traceparent else {})
        with self._tracer.start_as_current_span(name, context=above):
            yield self.traceparent() or new_traceparent()

    async def close(self) -> None:
        """Send what is not sent yet, and stop."""
        # The exporter waits for the collector; the event loop must not.
        await asyncio.to_thread(self._provider.shutdown)


def _untyped(module: object) -> Any:
    """Return a module whose functions have no types."""
    return module


def start_telemetry(settings: MeshSettings) -> Telemetry:
    """Return the tracing that the settings ask for."""
    if settings.otlp_endpoint is None:
        return PassingTelemetry()
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    resource = Resource.create(
        {"service.name": f"flowmesh-{settings.service_name}", "service.instance.id": settings.instance}
    )
    provider = TracerProvider(
        resource=resource,
        sampler=ParentBased(TraceIdRatioBased(settings.trace_sample_ratio)),
        # The process closes it where the loop still runs; at exit nobody would wait.
        shutdown_on_exit=False,
    )
    exporter = OTLPSpanExporter(
        endpoint=settings.otlp_endpoint, insecure=settings.otlp_endpoint.startswith("http://"), timeout=5
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return RecordingTelemetry(provider)
