from __future__ import annotations

import asyncio
import struct
from typing import Any

import grpc
import grpc.aio
import httpx
import pytest
from flowmesh.engine.v1 import process_instance_pb2, process_instance_service_pb2, process_instance_service_pb2_grpc
from flowmesh.history.v1 import history_service_pb2, history_service_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from tests.gateway.running import ORIGIN, Mesh

pytestmark = pytest.mark.asyncio(loop_scope="session")

GET_INSTANCE = "/flowmesh.engine.v1.ProcessInstanceService/GetProcessInstance"


def answer_instance(mesh: Mesh) -> None:
    mesh.engine.answers["GetProcessInstance"] = lambda request, _: (
        process_instance_service_pb2.GetProcessInstanceResponse(
            process_instance=process_instance_pb2.ProcessInstance(id=request.id, status="STATUS_PAUSED")
        )
    )


async def test_grpc(mesh: Mesh) -> None:
    answer_instance(mesh)
    stub = process_instance_service_pb2_grpc.ProcessInstanceServiceStub(mesh.channel)
    answer = await stub.GetProcessInstance(process_instance_service_pb2.GetProcessInstanceRequest(id="i1"))
    assert answer.process_instance.id == "i1"
    history = history_service_pb2_grpc.HistoryServiceStub(mesh.channel)
    await history.ListHistoricTasks(history_service_pb2.ListHistoricTasksRequest(page_size=3))
    assert mesh.history.last[1].page_size == 3


async def test_reflection_and_health(mesh: Mesh) -> None:
    health = await health_pb2_grpc.HealthStub(mesh.channel).Check(health_pb2.HealthCheckRequest())
    assert health.status == health_pb2.HealthCheckResponse.SERVING
    stub = reflection_pb2_grpc.ServerReflectionStub(mesh.channel)
    call = stub.ServerReflectionInfo()
    await call.write(reflection_pb2.ServerReflectionRequest(list_services=""))
    names = {service.name for service in (await call.read()).list_services_response.service}
    assert "flowmesh.engine.v1.JobService" in names
    call.cancel()


def frame(message: bytes) -> bytes:
    return b"\x00" + struct.pack(">I", len(message)) + message


def frames(body: bytes) -> list[tuple[int, bytes]]:
    found = []
    while body:
        flags, length = struct.unpack(">BI", body[:5])
        found.append((flags, body[5 : 5 + length]))
        body = body[5 + length :]
    return found


WEB = {"content-type": "application/grpc-web+proto", "x-grpc-web": "1", "origin": ORIGIN}


async def test_grpc_web(mesh: Mesh) -> None:
    answer_instance(mesh)
    request = process_instance_service_pb2.GetProcessInstanceRequest(id="i1")
    answer = await mesh.http.post(GET_INSTANCE, content=frame(request.SerializeToString()), headers=WEB)
    assert answer.http_version == "HTTP/1.1"
    assert answer.headers["content-type"] == "application/grpc-web+proto"
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    (_, message), (flags, trailers) = frames(answer.content)
    response = process_instance_service_pb2.GetProcessInstanceResponse.FromString(message)
    assert response.process_instance.id == "i1"
    assert flags == 0x80
    assert b"grpc-status:0" in trailers.replace(b" ", b"")


async def test_errors_by_grpc_web(mesh: Mesh) -> None:
    async def fail(_: Any, context: Any) -> None:
        await context.abort(grpc.StatusCode.NOT_FOUND, "nothing here")

    mesh.engine.answers["GetProcessInstance"] = fail
    answer = await mesh.http.post(GET_INSTANCE, content=frame(b""), headers=WEB)
    assert answer.status_code == 200
    assert "5" in (answer.headers.get("grpc-status", ""), trailer(answer, "grpc-status"))
    unknown = await mesh.http.post(
        "/flowmesh.engine.v1.JobService/Explode", content=frame(b""), headers={**WEB, "x-correlation-id": "c1"}
    )
    assert (unknown.status_code, unknown.headers["grpc-status"], unknown.content) == (200, "12", b"")
    assert unknown.headers["x-correlation-id"] == "c1"


async def test_deadlines_by_grpc_web(mesh: Mesh) -> None:
    async def never(_: Any, __: Any) -> None:
        await asyncio.Event().wait()

    mesh.engine.answers["GetProcessInstance"] = never
    answer = await mesh.http.post(GET_INSTANCE, content=frame(b""), headers=WEB)
    assert (answer.status_code, answer.headers["grpc-status"], answer.content) == (200, "4", b"")
    assert answer.headers["grpc-message"].startswith("The service did not answer in time.")
    assert answer.headers["grpc-status-details-bin"]
    assert answer.headers["access-control-allow-origin"] == ORIGIN


def trailer(answer: httpx.Response, name: str) -> str:
    for flags, content in frames(answer.content):
        if flags & 0x80:
            for line in content.decode().splitlines():
                key, _, value = line.partition(":")
                if key == name:
                    return value.strip()
    return ""


async def test_preflight(mesh: Mesh) -> None:
    for path in ("/v1/jobs:activate", GET_INSTANCE, "/v1/processInstances/i1/variables"):
        answer = await mesh.http.options(
            path,
            headers={
                "origin": ORIGIN,
                "access-control-request-method": "PATCH",
                "access-control-request-headers": "content-type,authorization",
            },
        )
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert "PATCH" in answer.headers["access-control-allow-methods"]
        assert "authorization" in answer.headers["access-control-allow-headers"]
        assert answer.headers["access-control-max-age"] == "3600"


async def test_cors_of_answers_and_errors(mesh: Mesh) -> None:
    for path, status in (("/v1/jobs", 200), ("/v1/jobs?bogus=1", 400), ("/v1/nothing", 404)):
        answer = await mesh.http.get(path, headers={"origin": ORIGIN})
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert "x-correlation-id" in answer.headers["access-control-expose-headers"]


async def test_other_origins_get_no_permission(mesh: Mesh) -> None:
    headers = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    for answer in (
        await mesh.http.options("/v1/jobs", headers=headers),
        await mesh.http.get("/v1/jobs", headers=headers),
    ):
        assert "access-control-allow-origin" not in answer.headers


async def test_correlation_id_is_kept_or_made(mesh: Mesh) -> None:
    answer = await mesh.http.get("/v1/jobs", headers={"x-correlation-id": "order-7"})
    assert answer.headers["x-correlation-id"] == "order-7"
    assert mesh.engine.last[2]["x-correlation-id"] == "order-7"
    answer = await mesh.http.get("/v1/jobs")
    made = answer.headers["x-correlation-id"]
    assert len(made) == 36
    assert mesh.engine.last[2]["x-correlation-id"] == made
    for path in ("/v1/nothing", "/v1/jobs?bogus=1", "/healthz"):
        answer = await mesh.http.get(path, headers={"x-correlation-id": "order-8"})
        assert answer.headers["x-correlation-id"] == "order-8"


async def test_forged_headers_do_not_arrive(mesh: Mesh) -> None:
    forged = {
        "x-flowmesh-sub": "admin",
        "X-Flowmesh-Roles": "all",
        "x-flowmesh-client-address": "192.0.2.66",
        "x-envoy-original-path": "/v1/other",
        "x-envoy-upstream-rq-timeout-ms": "1",
        "x-request-id": "mine",
    }
    await mesh.http.get("/v1/jobs", headers=forged)
    metadata = mesh.engine.last[2]
    assert {name: value for name, value in metadata.items() if name.startswith("x-flowmesh-")} == {
        "x-flowmesh-client-address": "127.0.0.1"
    }
    assert metadata["x-envoy-original-path"] == "/v1/jobs"
    assert "x-envoy-upstream-rq-timeout-ms" not in metadata
    stub = process_instance_service_pb2_grpc.ProcessInstanceServiceStub(mesh.channel)
    await stub.GetProcessInstance(
        process_instance_service_pb2.GetProcessInstanceRequest(id="i1"), metadata=(("x-flowmesh-sub", "admin"),)
    )
    assert "x-flowmesh-sub" not in mesh.engine.last[2]


async def test_access_log(mesh: Mesh) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    traceparent = f"00-{trace_id}-00f067aa0ba902b7-01"
    headers = {"x-correlation-id": "log-1", "traceparent": traceparent}
    answer = await mesh.http.post("/v1/userTasks/t1:claim", json={}, headers=headers)
    assert mesh.engine.last[2]["traceparent"] == traceparent
    await mesh.http.get("/v1/jobs?type=secret", headers={"x-correlation-id": "log-2"})
    await mesh.http.get("/v1/nothing", headers={"x-correlation-id": "log-3"})
    lines: dict[str, dict[str, Any]] = {}
    async with asyncio.timeout(15):
        while not {"log-1", "log-2", "log-3"} <= lines.keys():
            await asyncio.sleep(0.05)
            lines = {line.get("correlation_id", ""): line for line in mesh.log_lines()}
    line = lines["log-1"]
    assert line["trace_id"] == trace_id
    assert line["route"] == "flowmesh.engine.v1.UserTaskService/ClaimUserTask"
    assert (line["method"], line["path"], line["status"]) == ("POST", "/v1/userTasks/t1:claim", 200)
    assert line["bytes_sent"] == len(answer.content)
    assert line["duration_ms"] >= 0
    assert lines["log-2"]["path"] == "/v1/jobs"
    assert "secret" not in str(lines["log-2"])
    assert lines["log-3"]["status"] == 404


async def test_healthz(mesh: Mesh) -> None:
    answer = await mesh.http.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "SERVING"})
    assert answer.headers["content-type"] == "application/json"


async def test_docs(mesh: Mesh) -> None:
    page = await mesh.http.get("/api-docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in page.headers["content-security-policy"]
    for name, content_type in (("page.js", "text/javascript"), ("page.css", "text/css")):
        assert f"/api-docs/{name}" in page.text
        assert (await mesh.http.get(f"/api-docs/{name}")).headers["content-type"].startswith(content_type)
    assert "//" not in page.text.replace("<!doctype", "")
    document = await mesh.http.get("/api-docs/openapi.json")
    assert document.headers["content-type"] == "application/json"
    assert document.json()["openapi"] == "3.1.0"
    schema = await mesh.http.get("/api-docs/process-definition.schema.json")
    assert schema.headers["content-type"] == "application/json"
    assert schema.json()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
