"""One call through the real server: context, validation, errors, limits."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from typing import Any

import grpc
import grpc.aio
import pytest
from flowmesh.engine.v1 import job_service_pb2 as jobs
from flowmesh.errors.v1 import error_reason_pb2
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from mesh.call import CallContext, current_call
from mesh.errors import Denied, DependencyDown, LeaseLost, NotFound, Overload, Violation
from mesh.logs import configure_logs
from mesh.metrics import Metrics
from mesh.rpc_metrics import RpcMetrics
from mesh.server import CORRELATION_ID, MAX_CORRELATION_ID, MeshServer, MethodUnserved
from mesh.settings import MeshSettings
from mesh.startup import StartupError
from mesh.status import error_info_of, reason_of, status_of
from tests.contract.plumbing import GET, HISTORY, JOBS, Histories, Jobs, found, plumbing, trailer

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def lines() -> Iterator[io.BytesIO]:
    import logging

    stream = io.BytesIO()
    former = logging.getLogger().level
    configure_logs("history", "h-1", stream=stream)
    yield stream
    root = logging.getLogger()
    root.removeHandler(root.handlers[-1])
    root.setLevel(former)
    logging.captureWarnings(False)


def detail(error: grpc.RpcError, kind: Any) -> Any:
    message = kind()
    for packed in status_of(error).details:
        if packed.Unpack(message):
            return message
    return None


async def test_context_comes_from_the_metadata() -> None:
    seen: list[CallContext] = []

    async def answer(request: Any) -> Any:
        seen.append(current_call())
        return await found(request)

    metadata = (
        (CORRELATION_ID, "c-1"),
        ("x-request-id", "r-1"),
        ("traceparent", TRACEPARENT),
        ("x-flowmesh-sub", "ann"),
    )
    async with plumbing(answer) as server:
        call = server.get(metadata=metadata, timeout=5)
        assert (await call).historic_process_instance.id == "1"
    (context,) = seen
    assert (context.correlation_id, context.traceparent, context.user_id) == ("c-1", TRACEPARENT, "ann")
    assert context.method == GET
    left = context.seconds_left()
    assert left is not None
    assert 4 < left < 5.1  # gRPC rounds up


async def test_context_is_made_where_the_caller_sends_none() -> None:
    seen: list[CallContext] = []

    async def answer(request: Any) -> Any:
        seen.append(current_call())
        return await found(request)

    async with plumbing(answer) as server:
        for metadata in (
            (),
            (("x-request-id", "r-1"),),
            ((CORRELATION_ID, "x" * (MAX_CORRELATION_ID + 1)), ("traceparent", "junk")),
        ):
            call = server.get(metadata=metadata)
            await call
            told = trailer(await call.trailing_metadata(), CORRELATION_ID)
            assert told == (seen[-1].correlation_id if seen[-1].correlation_made else None)
    made, taken, replaced = seen
    assert len(made.correlation_id) == len(replaced.correlation_id) == 36
    assert taken.correlation_id == "r-1"
    assert made.user_id is None
    assert made.imposed
    assert 100 < (made.seconds_left() or 0) <= 120
    assert len({context.traceparent for context in seen}) == 3
    assert all(len(context.traceparent) == 55 for context in seen)


async def test_serialized_answer_passes_through() -> None:
    async def answer(request: Any) -> bytes:
        return bytes((await found(request)).SerializeToString())

    async with plumbing(answer) as server:
        assert (await server.get("7")).historic_process_instance.id == "7"


async def test_answer_of_another_type_is_a_bug() -> None:
    async def answer(request: Any) -> Any:
        return request

    async with plumbing(answer) as server:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await server.get()
    assert reason_of(raised.value) == "INTERNAL"


async def test_broken_rules_are_all_named() -> None:
    async with plumbing() as server:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await server.list(page_size=-1, business_key="x" * 300)
    error = raised.value
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    info = error_info_of(error)
    assert info is not None
    assert (info.reason, info.domain) == ("FIELD_INVALID", "flowmesh.history")
    faults = detail(error, error_details_pb2.BadRequest).field_violations
    assert [fault.field for fault in faults] == ["page_size", "business_key"]
    assert faults[1].description == "Must be at most 255 characters."
    assert (error.details() or "").startswith("page_size: ")
    assert trailer(error.trailing_metadata(), CORRELATION_ID)


async def test_unreadable_message() -> None:
    async with plumbing() as server:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await server.raw(GET)(b"\xff\xff\xff")
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert reason_of(raised.value) == "REQUEST_MALFORMED"


@pytest.mark.parametrize("path", [f"/{HISTORY.full_name}/Nothing", "/flowmesh.other.v1.Other/Nothing"])
async def test_unknown_method(path: str) -> None:
    async with plumbing() as server:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await server.raw(path)(b"")
    assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert reason_of(raised.value) == "METHOD_UNKNOWN"
    assert path in str(raised.value.details())


async def test_oversized_message() -> None:
    called = False

    async def answer(request: Any) -> Any:
        nonlocal called
        called = True
        return await found(request)

    settings = MeshSettings(max_message_bytes=4096, drain_seconds=0)
    async with plumbing(answer, settings=settings) as server:
        with pytest.raises(grpc.aio.AioRpcError) as little:
            await server.get("x" * 5000)
        with pytest.raises(grpc.aio.AioRpcError) as much:
            await server.get("x" * 100_000)
    assert not called
    info = error_info_of(little.value)
    assert info is not None
    assert (info.reason, info.metadata["limit"]) == ("MESSAGE_TOO_LARGE", "4096")
    assert little.value.code() is much.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_expired_deadline_does_no_work() -> None:
    called = False

    async def answer(request: Any) -> Any:
        nonlocal called
        called = True
        return await found(request)

    async with plumbing(answer) as server:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await server.get(timeout=0.000_001)
    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert not called


async def test_handler_ends_at_the_deadline() -> None:
    ended = asyncio.Event()

    async def answer(request: Any) -> Any:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.set()

    async with plumbing(answer) as server:
        # Long enough for the handler to begin on a busy machine.
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await server.get(timeout=1)
        async with asyncio.timeout(2):
            await ended.wait()
    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert 'grpc_code="DEADLINE_EXCEEDED"' in server.metrics.exposition()[0].decode()


async def test_cancelled_by_the_caller() -> None:
    started, ended = asyncio.Event(), asyncio.Event()

    async def answer(request: Any) -> Any:
        started.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.set()

    async with plumbing(answer) as server:
        call = server.get()
        task = asyncio.ensure_future(call)
        await started.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(2):
            await ended.wait()
    assert 'grpc_code="CANCELLED"' in server.metrics.exposition()[0].decode()


async def test_domain_errors_carry_their_details() -> None:
    async def answer(request: Any) -> Any:
        raise {
            "found": NotFound("HISTORY_RECORD_NOT_FOUND", "No such record.", metadata={"id": request.id}),
            "lease": LeaseLost("JOB_LEASE_SUPERSEDED", "The lease is over.", metadata={"id": request.id}),
            "load": Overload("RATE_LIMITED", "Too many.", retry_after_seconds=1.5),
            "denied": Denied("ACCESS_DENIED", "No.", metadata={"permission": "a.b"}),
            "down": DependencyDown("DEPENDENCY_UNAVAILABLE", "The database is away.", metadata={"dependency": "db"}),
        }[request.id]

    errors: dict[str, grpc.aio.AioRpcError] = {}
    async with plumbing(answer) as server:
        for name in ("found", "lease", "load", "denied", "down"):
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await server.get(name)
            errors[name] = raised.value
    assert {name: error.code().name for name, error in errors.items()} == {
        "found": "NOT_FOUND",
        "lease": "FAILED_PRECONDITION",
        "load": "RESOURCE_EXHAUSTED",
        "denied": "PERMISSION_DENIED",
        "down": "UNAVAILABLE",
    }
    info = error_info_of(errors["found"])
    assert info is not None
    assert dict(info.metadata) == {"id": "found"}
    (failure,) = detail(errors["lease"], error_details_pb2.PreconditionFailure).violations
    assert (failure.type, failure.subject) == ("JOB_LEASE_SUPERSEDED", "lease")
    assert detail(errors["load"], error_details_pb2.RetryInfo).retry_delay.ToMilliseconds() == 1500


async def test_bug_is_masked_and_logged(lines: io.BytesIO) -> None:
    async def answer(request: Any) -> Any:
        raise RuntimeError("secret of the house")

    async with plumbing(answer) as server:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await server.get(metadata=((CORRELATION_ID, "c-9"), ("traceparent", TRACEPARENT)))
    error = raised.value
    info = error_info_of(error)
    assert info is not None
    assert (error.code(), info.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
    assert "secret" not in str(status_of(error))
    (line,) = [json.loads(line) for line in lines.getvalue().splitlines() if b"bug" in line]
    assert line["error_id"] == info.metadata["error_id"]
    assert (line["level"], line["correlation_id"], line["trace_id"]) == ("error", "c-9", TRACEPARENT[3:35])
    assert "secret of the house" in line["stack"]


async def test_cancellation_from_within_is_a_bug() -> None:
    async def answer(request: Any) -> Any:
        raise asyncio.CancelledError

    async with plumbing(answer) as server:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await server.get(timeout=5)
    assert reason_of(raised.value) == "INTERNAL"


async def test_slow_calls_are_logged_but_not_waiting_ones(lines: io.BytesIO) -> None:
    async def answer(request: Any) -> Any:
        if request.id == "waits":
            with current_call().idle():
                await asyncio.sleep(0.05)
        else:
            await asyncio.sleep(0.05)
        return await found(request)

    async with plumbing(answer, settings=MeshSettings(slow_call_seconds=0.03, drain_seconds=0)) as server:
        await server.get("waits")
        assert b"slow" not in lines.getvalue()
        await server.get("works")
    assert b"A call was slow" in lines.getvalue()


async def test_more_calls_than_places() -> None:
    release = asyncio.Event()
    at_work = asyncio.Event()

    async def answer(request: Any) -> Any:
        if request.id == "waits":
            with current_call().idle():
                at_work.set()
                await release.wait()
        elif request.id == "works":
            at_work.set()
            await release.wait()
        return await found(request)

    settings = MeshSettings(max_concurrent_calls=1, backpressure_retry_seconds=2, drain_seconds=1)
    async with plumbing(answer, settings=settings) as server:
        waiting = asyncio.ensure_future(server.get("waits"))
        await at_work.wait()
        assert (await server.get("quick")).historic_process_instance.id == "quick"
        at_work.clear()
        working = asyncio.ensure_future(server.get("works"))
        await at_work.wait()
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await server.get("refused")
        release.set()
        await waiting
        await working
        assert (await server.get("again")).historic_process_instance.id == "again"
    assert raised.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert reason_of(raised.value) == "BACKPRESSURE"
    assert detail(raised.value, error_details_pb2.RetryInfo).retry_delay.seconds == 2


async def test_permission_is_asked_before_anything_is_read() -> None:
    asked: list[str] = []

    async def authorize(call: CallContext, permission: Any) -> None:
        asked.append(permission.permission)
        raise Denied("ACCESS_DENIED", "No.", metadata={"permission": permission.permission})

    async with plumbing(authorize=authorize) as server:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await server.raw(GET)(b"\xff")
    assert asked == ["history.processInstances.get"]
    assert raised.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_metrics_by_method_and_code() -> None:
    async def answer(request: Any) -> Any:
        if request.id == "none":
            raise NotFound("HISTORY_RECORD_NOT_FOUND", "No such record.")
        return await found(request)

    async with plumbing(answer) as server:
        await server.get()
        await server.get()
        with pytest.raises(grpc.aio.AioRpcError):
            await server.get("none")
    # A call is counted once it has ended here, which its caller may hear of first; the stopped server has counted all.
    page = server.metrics.exposition()[0].decode()
    labels = 'grpc_method="GetHistoricProcessInstance",grpc_service="flowmesh.history.v1.HistoryService"'
    assert f'grpc_server_handled_total{{grpc_code="OK",{labels}}} 2.0' in page
    assert f'grpc_server_handled_total{{grpc_code="NOT_FOUND",{labels}}} 1.0' in page
    assert f"grpc_server_handling_seconds_count{{{labels}}} 3.0" in page
    assert 'grpc_server_in_flight{kind="unary",server="mesh"} 0.0' in page


async def test_health_of_each_service_and_of_all() -> None:
    async with plumbing() as server:
        check = server.channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        for service in ("", HISTORY.full_name):
            answer = await check(health_pb2.HealthCheckRequest(service=service))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        await server.server.health.set(HISTORY.full_name, serving=False)
        answer = await check(health_pb2.HealthCheckRequest(service=HISTORY.full_name))
        assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await check(health_pb2.HealthCheckRequest(service="nobody"))
    assert raised.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_reflection_lists_services_and_their_files(version: str) -> None:
    async with plumbing() as server:
        reflect = server.channel.stream_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
        requests = [
            reflection_pb2.ServerReflectionRequest(list_services=""),
            reflection_pb2.ServerReflectionRequest(file_containing_symbol=HISTORY.full_name),
        ]
        listed, described = [answer async for answer in reflect(iter(requests))]
    names = {service.name for service in listed.list_services_response.service}
    assert {HISTORY.full_name, "grpc.health.v1.Health"} <= names
    assert described.file_descriptor_response.file_descriptor_proto


async def test_stream_sends_its_context_and_ends_with_an_error() -> None:
    async def stream(request: Any) -> Any:
        yield jobs.StreamJobsResponse()
        yield jobs.StreamJobsResponse().SerializeToString()
        raise NotFound("JOB_NOT_FOUND", f"No jobs for {current_call().correlation_id}.")

    async with plumbing(stream=stream) as server:
        call = server.stream(metadata=((CORRELATION_ID, "c-2"),))
        assert trailer(await call.initial_metadata(), CORRELATION_ID) == "c-2"
        assert await call.read() == await call.read() == jobs.StreamJobsResponse()
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await call.read()
    assert reason_of(raised.value) == "JOB_NOT_FOUND"
    assert raised.value.details() == "No jobs for c-2."


async def test_a_stream_that_is_refused_at_once_has_nothing_but_its_error() -> None:
    """Initial metadata would be the gateway's 200."""

    async def stream(request: Any) -> Any:
        await asyncio.sleep(0)
        raise NotFound("JOB_NOT_FOUND", "No jobs.")
        yield  # pragma: no cover

    async with plumbing(stream=stream) as server:
        call = server.stream()
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await call.read()
        assert not await call.initial_metadata()
    assert reason_of(raised.value) == "JOB_NOT_FOUND"


async def test_a_stream_that_has_nothing_to_tell_says_that_it_is_open() -> None:
    tell = asyncio.Event()

    async def stream(request: Any) -> Any:
        await tell.wait()
        yield jobs.StreamJobsResponse()
        raise NotFound("JOB_NOT_FOUND", "No jobs.")

    async with plumbing(stream=stream) as server, asyncio.timeout(30):
        call = server.stream(metadata=((CORRELATION_ID, "c-3"),))
        assert trailer(await call.initial_metadata(), CORRELATION_ID) == "c-3"
        tell.set()
        assert await call.read() == jobs.StreamJobsResponse()
        with pytest.raises(grpc.aio.AioRpcError):
            await call.read()


async def test_a_stream_without_a_message_ends_well() -> None:
    async def stream(request: Any) -> Any:
        for _ in ():
            yield jobs.StreamJobsResponse()

    async with plumbing(stream=stream) as server:
        call = server.stream(metadata=((CORRELATION_ID, "c-4"),))
        assert await call.read() is grpc.aio.EOF
        assert trailer(await call.initial_metadata(), CORRELATION_ID) == "c-4"


async def test_stream_is_closed_when_the_caller_leaves() -> None:
    closed = asyncio.Event()

    async def stream(request: Any) -> Any:
        try:
            yield jobs.StreamJobsResponse()
            await asyncio.get_running_loop().create_future()
        finally:
            closed.set()

    async with plumbing(stream=stream) as server:
        call = server.stream()
        await call.read()
        call.cancel()
        async with asyncio.timeout(2):
            await closed.wait()


async def test_second_server_on_the_port_fails_in_one_sentence() -> None:
    async with plumbing() as first:
        second = MeshServer(MeshSettings(), RpcMetrics(Metrics()))
        second.add(HISTORY, Histories())
        with pytest.raises(StartupError) as raised:
            await second.serve("127.0.0.1", first.port)
    message = str(raised.value)
    assert f"Port {first.port} on 127.0.0.1 is in use" in message
    assert "FLOWMESH_PORT" in message


def test_servicer_without_a_method_is_refused() -> None:
    server = MeshServer(MeshSettings(), RpcMetrics(Metrics()))
    with pytest.raises(MethodUnserved, match="GetHistoricProcessInstance"):
        server.add(HISTORY, object())


def test_handler_of_the_wrong_kind_is_refused() -> None:
    class NotAStream(Jobs):
        async def StreamJobs(self, request: Any) -> Any:  # type: ignore[override]
            return None

    server = MeshServer(MeshSettings(), RpcMetrics(Metrics()))
    with pytest.raises(MethodUnserved, match="an async generator StreamJobs"):
        server.add(JOBS, NotAStream(lambda request: request))


def test_method_without_a_permission_is_refused() -> None:
    from google.protobuf import descriptor_pb2, descriptor_pool

    file = descriptor_pb2.FileDescriptorProto(name="test/open.proto", package="flowmesh.test.v1", syntax="proto3")
    file.message_type.add(name="Empty")
    method = file.service.add(name="OpenService").method.add(name="Do")
    method.input_type = method.output_type = ".flowmesh.test.v1.Empty"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    service = pool.FindServiceByName("flowmesh.test.v1.OpenService")

    class Open:
        async def Do(self, request: Any) -> Any:
            return request

    server = MeshServer(MeshSettings(), RpcMetrics(Metrics()))
    with pytest.raises(MethodUnserved, match="exactly one of permission, public, signed_in and mesh"):
        server.add(service, Open())


def test_every_reason_of_the_server_is_in_the_contract() -> None:
    names = set(error_reason_pb2.ErrorReason.keys())
    for reason in (
        "FIELD_INVALID", "REQUEST_MALFORMED", "MESSAGE_TOO_LARGE", "DEADLINE_EXCEEDED", "BACKPRESSURE",
        "SHUTTING_DOWN", "METHOD_UNKNOWN", "INTERNAL", "PAGE_TOKEN_INVALID",
    ):  # fmt: skip
        assert f"ERROR_REASON_{reason}" in names


async def test_violations_beyond_a_header_are_counted() -> None:
    async def answer(request: Any) -> Any:
        from mesh.errors import InvalidModel

        faults = [Violation(f"a.bpmn#task{number}", "Line 1, column 2, rule x: " + "y" * 80) for number in range(500)]
        raise InvalidModel("BPMN_INVALID", "The model cannot run.", violations=faults)

    async with plumbing(answer) as server:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await server.get()
    info = error_info_of(raised.value)
    assert info is not None
    shown = len(detail(raised.value, error_details_pb2.BadRequest).field_violations)
    assert shown > 20
    assert int(info.metadata["violations_omitted"]) == 500 - shown


async def test_stream_is_refused_like_any_call() -> None:
    async def authorize(call: CallContext, permission: Any) -> None:
        raise Denied("ACCESS_DENIED", "No.", metadata={"permission": permission.permission})

    async def stream(request: Any) -> Any:
        yield jobs.StreamJobsResponse()

    async with plumbing(stream=stream, authorize=authorize) as server:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await server.stream().read()
        assert reason_of(raised.value) == "ACCESS_DENIED"
        with pytest.raises(grpc.aio.AioRpcError) as late:
            await server.stream(timeout=0.000_001).read()
        assert late.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
