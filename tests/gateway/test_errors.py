from __future__ import annotations

import asyncio
from typing import Any

import grpc
import grpc.aio
import httpx
import pytest
from flowmesh.engine.v1 import (
    deployment_service_pb2_grpc,
    incident_service_pb2,
    incident_service_pb2_grpc,
    job_service_pb2,
    job_service_pb2_grpc,
)
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from tests.gateway.running import Mesh

pytestmark = pytest.mark.asyncio(loop_scope="session")


def info_of(answer: httpx.Response) -> tuple[int, str, str, dict[str, str]]:
    assert answer.headers["content-type"] == "application/json"
    status = answer.json()
    assert set(status) == {"code", "message", "details"}
    info = status["details"][0]
    assert info["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    return status["code"], info["reason"], info["domain"], info["metadata"]


def rich_status() -> status_pb2.Status:
    details = [any_pb2.Any() for _ in range(3)]
    details[0].Pack(
        error_details_pb2.ErrorInfo(reason="JOB_NOT_FOUND", domain="flowmesh.engine", metadata={"id": "j1"})
    )
    details[1].Pack(
        error_details_pb2.BadRequest(
            field_violations=[error_details_pb2.BadRequest.FieldViolation(field="id", description="no such job")]
        )
    )
    details[2].Pack(error_details_pb2.RetryInfo())
    return status_pb2.Status(code=5, message="no job j1 – 漢字", details=details)


async def test_details_of_a_service_reach_rest_and_grpc(mesh: Mesh) -> None:
    async def fail(_: Any, context: grpc.aio.ServicerContext) -> None:
        await context.abort_with_status(rpc_status.to_status(rich_status()))

    mesh.engine.answers["GetJob"] = fail
    answer = await mesh.http.get("/v1/jobs/j1")
    assert answer.status_code == 404
    assert info_of(answer) == (5, "JOB_NOT_FOUND", "flowmesh.engine", {"id": "j1"})
    assert answer.json()["message"] == "no job j1 – 漢字"
    assert answer.json()["details"][1] == {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [
            {
                "field": "id",
                "description": "no such job",
                "reason": "",
                **answer.json()["details"][1]["fieldViolations"][0],
            }
        ],
    }
    assert answer.headers["x-correlation-id"]

    stub = job_service_pb2_grpc.JobServiceStub(mesh.channel)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.GetJob(job_service_pb2.GetJobRequest(id="j1"))
    assert rpc_status.from_call(caught.value) == rich_status()


@pytest.mark.parametrize(
    ("code", "http"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, 400),
        (grpc.StatusCode.FAILED_PRECONDITION, 400),
        (grpc.StatusCode.OUT_OF_RANGE, 400),
        (grpc.StatusCode.UNAUTHENTICATED, 401),
        (grpc.StatusCode.PERMISSION_DENIED, 403),
        (grpc.StatusCode.NOT_FOUND, 404),
        (grpc.StatusCode.ALREADY_EXISTS, 409),
        (grpc.StatusCode.ABORTED, 409),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, 429),
        (grpc.StatusCode.CANCELLED, 499),
        (grpc.StatusCode.INTERNAL, 500),
        (grpc.StatusCode.UNIMPLEMENTED, 501),
        (grpc.StatusCode.UNAVAILABLE, 503),
        (grpc.StatusCode.DEADLINE_EXCEEDED, 504),
    ],
)
async def test_http_status_of_each_code(mesh: Mesh, code: grpc.StatusCode, http: int) -> None:
    async def fail(_: Any, context: grpc.aio.ServicerContext) -> None:
        await context.abort(code, "because")

    mesh.engine.answers["ClaimUserTask"] = fail
    answer = await mesh.http.post("/v1/userTasks/t1:claim", json={})
    assert answer.status_code == http
    assert answer.json() == {"code": code.value[0], "message": "because", "details": []}


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/"),
        ("GET", "/v1"),
        ("GET", "/v1/"),
        ("GET", "/v1/nothing"),
        ("GET", "/v2/jobs"),
        ("PUT", "/v1/jobs"),
        ("DELETE", "/v1/jobs/j1"),
        ("GET", "/v1/jobs/j1:complete"),
        ("POST", "/v1/jobs/j1:explode"),
        ("GET", "/v1//jobs"),
        ("POST", "/flowmesh.engine.v1.JobService/GetJob"),
        ("GET", "/api-docs/nothing"),
        ("OPTIONS", "/v1/jobs"),
    ],
)
async def test_unknown_methods(mesh: Mesh, verb: str, path: str) -> None:
    answer = await mesh.http.request(verb, path)
    assert answer.status_code == 404, answer.text
    assert info_of(answer) == (5, "METHOD_UNKNOWN", "flowmesh.gateway", {})
    assert mesh.engine.calls == []


async def test_unknown_method_by_grpc(mesh: Mesh) -> None:
    call = mesh.channel.unary_unary(
        "/flowmesh.engine.v1.JobService/Explode", request_serializer=bytes, response_deserializer=bytes
    )
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(b"")
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert info_from(caught.value).reason == "METHOD_UNKNOWN"


async def test_rest_paths_by_grpc(mesh: Mesh) -> None:
    call = mesh.channel.unary_unary("/v1/jobs", request_serializer=bytes, response_deserializer=bytes)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(b"")
    assert info_from(caught.value).reason == "METHOD_UNKNOWN"


def info_from(error: grpc.aio.AioRpcError) -> error_details_pb2.ErrorInfo:
    status = rpc_status.from_call(error)
    assert status is not None
    assert status.message == error.details()
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    return info


async def never(_: Any, __: Any) -> None:
    await asyncio.Event().wait()


async def test_deadlines(mesh: Mesh) -> None:
    mesh.engine.answers["ListIncidents"] = never
    answer = await mesh.http.get("/v1/incidents")
    assert answer.status_code == 504
    assert info_of(answer) == (4, "DEADLINE_EXCEEDED", "flowmesh.gateway", {})

    stub = incident_service_pb2_grpc.IncidentServiceStub(mesh.channel)
    request = incident_service_pb2.ListIncidentsRequest()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.ListIncidents(request)
    assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert info_from(caught.value).reason == "DEADLINE_EXCEEDED"

    async def slow(_: Any, __: Any) -> Any:
        await asyncio.sleep(1.3)
        return incident_service_pb2.ListIncidentsResponse(next_page_token="late")

    mesh.engine.answers["ListIncidents"] = slow
    assert (await stub.ListIncidents(request, timeout=5)).next_page_token == "late"
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.ListIncidents(request, timeout=0.2)
    assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED


async def test_long_polls_may_wait_longer(mesh: Mesh) -> None:
    async def slow(_: Any, __: Any) -> Any:
        await asyncio.sleep(1.5)
        return job_service_pb2.ActivateJobsResponse()

    mesh.engine.answers["ActivateJobs"] = slow
    body = {"type": "t", "worker": "w", "requestTimeout": "1s"}
    answer = await mesh.http.post("/v1/jobs:activate", json=body)
    assert answer.status_code == 200
    mesh.engine.answers["ActivateJobs"] = never
    answer = await mesh.http.post("/v1/jobs:activate", json=body)
    assert answer.status_code == 504


async def test_bodies_too_large(mesh: Mesh) -> None:
    limit = str(7 * 1024 * 1024)
    body = b'{"businessKey":"' + b"x" * 7_500_000 + b'"}'
    answer = await mesh.http.post("/v1/processInstances", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert info_of(answer) == (8, "MESSAGE_TOO_LARGE", "flowmesh.gateway", {"limit": limit})
    answer = await mesh.http.post("/v1/deployments:upload?resourceName=x.bpmn", content=body)
    assert answer.status_code == 413
    assert info_of(answer) == (8, "MESSAGE_TOO_LARGE", "flowmesh.gateway", {"limit": limit})
    assert mesh.engine.calls == []


async def test_headers_too_large(mesh: Mesh) -> None:
    answer = await mesh.http.get("/v1/jobs", headers={"x-large": "x" * 40_000})
    assert answer.status_code == 431
    assert info_of(answer) == (8, "MESSAGE_TOO_LARGE", "flowmesh.gateway", {"limit": "32768"})


@pytest.mark.parametrize("path", ["/v1/jobs/a%2Fb", "/v1/jobs/a%5Cb", "/v1/jobs/%2e%2e%2fx"])
async def test_escaped_slashes(mesh: Mesh, path: str) -> None:
    answer = await mesh.http.get(path)
    assert answer.status_code == 400
    assert info_of(answer) == (3, "REQUEST_MALFORMED", "flowmesh.gateway", {})
    assert "escaped slash" in answer.json()["message"]
    assert mesh.engine.calls == []


async def test_dots_in_paths_are_resolved(mesh: Mesh) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", mesh.envoy.port)
    writer.write(b"GET /v1/incidents/../jobs/j1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200")
    assert mesh.engine.last[0] == "flowmesh.engine.v1.JobService/GetJob"


async def test_headers_with_underscores(mesh: Mesh) -> None:
    answer = await mesh.http.get("/v1/jobs", headers={"x_flowmesh_sub": "me"})
    assert answer.status_code == 400
    assert info_of(answer)[1] == "REQUEST_MALFORMED"


async def test_a_request_that_is_never_finished(mesh: Mesh) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", mesh.envoy.port)
    writer.write(
        b"POST /v1/processInstances HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        b"content-length: 100\r\n\r\n{"
    )
    async with asyncio.timeout(5):
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readuntil(b"}\n")
    writer.close()
    assert head.startswith(b"HTTP/1.1 408")
    assert b'"reason":"DEADLINE_EXCEEDED"' in body


async def test_a_body_on_a_get(mesh: Mesh) -> None:
    answer = await mesh.http.request("GET", "/v1/jobs", json={"type": "x"})
    assert answer.status_code == 400
    assert answer.json()["message"] == "This method takes no body."


async def test_a_service_that_is_down(mesh: Mesh) -> None:
    port = mesh.engine.port
    await mesh.engine.stop()
    try:
        answer = await mesh.http.post("/v1/jobs/j1:fail", json={})
        assert answer.status_code == 503
        assert info_of(answer) == (14, "DEPENDENCY_UNAVAILABLE", "flowmesh.gateway", {})
        stub = job_service_pb2_grpc.JobServiceStub(mesh.channel)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.FailJob(job_service_pb2.FailJobRequest())
        assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
        assert info_from(caught.value).reason == "DEPENDENCY_UNAVAILABLE"
        history = await mesh.http.get("/v1/history/tasks")
        assert history.status_code == 200
    finally:
        await mesh.engine.start(port)
    async with asyncio.timeout(5):
        while (await mesh.http.post("/v1/jobs/j1:fail", json={})).status_code != 200:
            await asyncio.sleep(0.05)


async def test_only_reads_are_retried(mesh: Mesh) -> None:
    async def unavailable(_: Any, context: grpc.aio.ServicerContext) -> Any:
        await context.abort(grpc.StatusCode.UNAVAILABLE, "not now")

    mesh.engine.answers["GetJob"] = unavailable
    mesh.engine.answers["FailJob"] = unavailable
    assert (await mesh.http.get("/v1/jobs/j1")).status_code == 503
    assert len(mesh.engine.calls) == 3
    mesh.engine.calls.clear()
    assert (await mesh.http.post("/v1/jobs/j1:fail", json={})).status_code == 503
    assert len(mesh.engine.calls) == 1


async def test_large_grpc_request(mesh: Mesh) -> None:
    from flowmesh.engine.v1 import deployment_pb2, deployment_service_pb2

    stub = deployment_service_pb2_grpc.DeploymentServiceStub(mesh.channel)
    resource = deployment_pb2.Resource(name="x.bpmn", content=b"x" * 5 * 1024 * 1024)
    await stub.CreateDeployment(deployment_service_pb2.CreateDeploymentRequest(resources=[resource]))
    assert len(mesh.engine.last[1].resources[0].content) == 5 * 1024 * 1024
