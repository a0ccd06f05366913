"""Traces reach an OTLP collector over its real protocol, and errors keep their details on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest
from flowmesh.engine.v1 import job_service_pb2 as jobs
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

from mesh.call import current_call
from mesh.channels import open_channel
from mesh.errors import NotFound
from mesh.settings import MeshSettings
from mesh.status import error_info_of, reason_of
from mesh.telemetry import PassingTelemetry, RecordingTelemetry, Telemetry, start_telemetry
from tests.contract.plumbing import GET, HISTORY, STREAM, found, plumbing

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
METADATA = (("traceparent", f"00-{TRACE}-{SPAN}-01"), ("x-correlation-id", "c-1"))


class Collector:
    """Takes what OTLP exporters send."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.resources: list[dict[str, str]] = []

    async def export(self, request: Any, context: Any) -> Any:
        for resource in request.resource_spans:
            attributes = {pair.key: pair.value.string_value for pair in resource.resource.attributes}
            self.resources.append(attributes)
            for scope in resource.scope_spans:
                self.spans.extend(scope.spans)
        return trace_service_pb2.ExportTraceServiceResponse()

    def of_trace(self, trace: str) -> list[Any]:
        return [span for span in self.spans if span.trace_id.hex() == trace]


@pytest.fixture
async def collector() -> AsyncIterator[tuple[Collector, str]]:
    collector = Collector()
    server = grpc.aio.server()
    handler = grpc.unary_unary_rpc_method_handler(
        collector.export,
        request_deserializer=trace_service_pb2.ExportTraceServiceRequest.FromString,
        response_serializer=trace_service_pb2.ExportTraceServiceResponse.SerializeToString,
    )
    service = "opentelemetry.proto.collector.trace.v1.TraceService"
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"Export": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield collector, f"http://127.0.0.1:{port}"
    await server.stop(None)


def settings(endpoint: str | None, ratio: float = 1.0) -> MeshSettings:
    return MeshSettings(otlp_endpoint=endpoint, trace_sample_ratio=ratio, drain_seconds=1)


async def _failing(request: Any) -> Any:
    raise NotFound("HISTORY_RECORD_NOT_FOUND", "No such record.", metadata={"id": request.id})


async def _failing_stream(request: Any) -> Any:
    yield jobs.StreamJobsResponse()
    raise NotFound("JOB_NOT_FOUND", "No such job.", metadata={"id": "1"})


@pytest.mark.parametrize("recorded", [True, False])
async def test_details_of_errors_survive(collector: tuple[Collector, str], recorded: bool) -> None:
    telemetry = start_telemetry(settings(collector[1] if recorded else None))
    async with plumbing(_failing, _failing_stream, telemetry=telemetry) as server:
        async with open_channel(f"127.0.0.1:{server.port}", settings(None), [HISTORY], telemetry=telemetry) as channel:
            for call in (server.raw(GET)(b"\x0a\x011", metadata=METADATA), channel.unary_unary(GET)(b"\x0a\x011")):
                with pytest.raises(grpc.aio.AioRpcError) as raised:
                    await call
                info = error_info_of(raised.value)
                assert info is not None
                assert (info.reason, dict(info.metadata)) == ("HISTORY_RECORD_NOT_FOUND", {"id": "1"})
            with pytest.raises(grpc.aio.AioRpcError) as unknown:
                await server.raw("/flowmesh.history.v1.HistoryService/Nothing")(b"")
            assert reason_of(unknown.value) == "METHOD_UNKNOWN"
        stream = server.stream(metadata=METADATA)
        await stream.read()
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await stream.read()
        assert reason_of(raised.value) == "JOB_NOT_FOUND"
    await telemetry.close()
    if recorded:
        names = {span.name for span in collector[0].of_trace(TRACE)}
        assert {GET.strip("/"), STREAM.strip("/")} <= {name.strip("/") for name in names}
    else:
        assert not collector[0].spans


async def test_one_trace_through_two_services(collector: tuple[Collector, str]) -> None:
    telemetry = start_telemetry(settings(collector[1]))
    inner_seen: list[str] = []
    outer_seen: list[str] = []

    async def inner(request: Any) -> Any:
        inner_seen.append(current_call().traceparent)
        return await found(request)

    async with plumbing(inner, telemetry=telemetry) as behind:
        channel = open_channel(f"127.0.0.1:{behind.port}", settings(None), [HISTORY], telemetry=telemetry)

        async def outer(request: Any) -> Any:
            outer_seen.append(current_call().traceparent)
            return await channel.unary_unary(GET)(request.SerializeToString())

        async with channel, plumbing(outer, telemetry=telemetry) as front:
            await front.get(metadata=METADATA)
    await telemetry.close()
    spans = {span.span_id.hex(): span for span in collector[0].of_trace(TRACE)}
    assert len(spans) == 3
    span = spans[inner_seen[0].split("-")[2]]
    client = spans[span.parent_span_id.hex()]
    server = spans[client.parent_span_id.hex()]
    assert server.span_id.hex() == outer_seen[0].split("-")[2]
    assert server.parent_span_id.hex() == SPAN
    assert collector[0].resources[0]["service.name"] == "flowmesh-mesh"


async def test_sampling_ratio(collector: tuple[Collector, str]) -> None:
    telemetry = start_telemetry(settings(collector[1], ratio=0.0))
    async with plumbing(telemetry=telemetry) as server:
        await server.get()
        await server.get(metadata=METADATA)
    await telemetry.close()
    # A new trace is not recorded; one the caller records goes on.
    assert {span.trace_id.hex() for span in collector[0].spans} == {TRACE}


async def test_background_work_joins_the_trace_it_belongs_to(collector: tuple[Collector, str]) -> None:
    telemetry = start_telemetry(settings(collector[1]))
    assert isinstance(telemetry, RecordingTelemetry)
    with telemetry.span("consume", METADATA[0][1]) as traceparent:
        assert traceparent.startswith(f"00-{TRACE}-")
        assert telemetry.traceparent() == traceparent
    with pytest.raises(KeyError), telemetry.span("fail", None):
        raise KeyError
    assert telemetry.traceparent() is None
    await telemetry.close()
    (consumed,) = collector[0].of_trace(TRACE)
    assert (consumed.name, consumed.parent_span_id.hex()) == ("consume", SPAN)
    (failed,) = [span for span in collector[0].spans if span.name == "fail"]
    assert failed.status.code == 2


async def test_without_a_collector_the_trace_passes_on() -> None:
    telemetry: Telemetry = start_telemetry(settings(None))
    assert isinstance(telemetry, PassingTelemetry)
    with telemetry.span("consume", METADATA[0][1]) as traceparent:
        assert traceparent == METADATA[0][1]
    with telemetry.span("consume", None) as traceparent:
        assert len(traceparent) == 55
    await telemetry.close()


async def test_collector_that_is_away_harms_nothing() -> None:
    telemetry = start_telemetry(settings("http://127.0.0.1:1"))
    async with plumbing(telemetry=telemetry) as server:
        assert (await server.get()).historic_process_instance.id == "1"
    async with asyncio.timeout(30):
        await telemetry.close()
