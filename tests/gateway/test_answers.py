"""What stands in the head of every answer, and which answers may be kept."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import httpx
import pytest
from flowmesh.engine.v1 import process_definition_service_pb2_grpc
from flowmesh.engine.v1.process_definition_service_pb2 import GetProcessDefinitionXmlRequest
from google.api import httpbody_pb2

from gateway_envoy.caching import FOR_EVERYBODY, FOREVER
from gateway_envoy.contract import HTTP_BODY, read_contract
from tests.gateway.guarded import guarded
from tests.gateway.running import DESCRIPTORS, Mesh
from tests.gateway.signing import bearer, token

pytestmark = pytest.mark.asyncio(loop_scope="session")

ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
NO_PAGE = "default-src 'none'; frame-ancestors 'none'"
XML = "/v1/processDefinitions/d1/xml"


def assert_safe(headers: httpx.Headers) -> None:
    assert {name: headers.get(name) for name in ALWAYS} == ALWAYS
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    told = {
        name for name in headers if name.startswith(("x-envoy", "x-flowmesh")) or name in ("server", "x-powered-by")
    }
    assert told == set()


async def test_every_answer_is_safe(mesh: Mesh) -> None:
    for verb, path, status in (
        ("GET", "/v1/jobs", 200),
        ("GET", "/v1/jobs?bogus=1", 400),
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/jobs/a%2Fb", 400),
        ("GET", "/healthz", 200),
        ("GET", "/api-docs", 200),
        ("GET", "/api-docs/page.js", 200),
        ("OPTIONS", "/v1/jobs", 404),
    ):
        answer = await mesh.http.request(verb, path)
        assert answer.status_code == status
        assert_safe(answer.headers)
        page = path.startswith("/api-docs")
        assert answer.headers["content-security-policy"].startswith("default-src 'self'" if page else NO_PAGE)
        if not page:
            assert answer.headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in answer.headers


async def test_answers_by_grpc_are_safe_too(mesh: Mesh) -> None:
    call = mesh.channel.unary_unary(
        "/flowmesh.engine.v1.JobService/GetJob", request_serializer=bytes, response_deserializer=bytes
    )(b"")
    headers = dict(await call.initial_metadata() or ())
    assert {name: headers.get(name) for name in ALWAYS} == ALWAYS
    assert not [name for name in headers if name.startswith(("x-envoy", "x-flowmesh", "server"))]


async def test_over_tls_browsers_are_told_to_stay_there(tmp_path: Path) -> None:
    async with guarded(tmp_path, hsts_seconds=31_536_000) as gate:
        for path, status in (("/v1/jobs", 401), ("/healthz", 200)):
            answer = await gate.http.get(path)
            assert answer.status_code == status
            assert answer.headers["strict-transport-security"] == "max-age=31536000"
            assert_safe(answer.headers)


def answer_xml(mesh: Any, data: bytes) -> None:
    mesh.engine.answers["GetProcessDefinitionXml"] = lambda *_: httpbody_pb2.HttpBody(
        content_type="application/xml", data=data
    )


@pytest.mark.parametrize("size", [20, 5_000_000])
async def test_what_never_changes_is_not_sent_twice(mesh: Mesh, size: int) -> None:
    answer_xml(mesh, b"x" * size)
    first = await mesh.http.get(XML)
    assert first.status_code == 200
    assert first.headers["cache-control"] == "private, max-age=86400, immutable"
    assert "authorization" in first.headers["vary"]
    tag = first.headers["etag"]
    for known in (tag, f'"other", W/{tag}', "*"):
        again = await mesh.http.get(XML, headers={"if-none-match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["cache-control"] == first.headers["cache-control"]
        assert_safe(again.headers)
        # The connection goes on where the answer ends.
        assert (await mesh.http.get("/v1/jobs")).json() == {"jobs": [], "nextPageToken": ""}
    other = await mesh.http.get(XML, headers={"if-none-match": '"other"'})
    assert (other.status_code, len(other.content)) == (200, size)


async def test_an_unchanged_answer_ends_with_its_head(mesh: Mesh) -> None:
    answer_xml(mesh, b"<definitions/>")
    reader, writer = await asyncio.open_connection("127.0.0.1", mesh.envoy.port)
    writer.write(f"GET {XML} HTTP/1.1\r\nhost: x\r\nif-none-match: *\r\nconnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 304")
    assert b"transfer-encoding" not in head
    assert b"content-length" not in head
    assert body == b""


async def test_who_knows_the_tag_must_still_be_allowed_to_read(mesh: Mesh) -> None:
    async def deny(_: Any, context: grpc.aio.ServicerContext) -> None:
        await context.abort(grpc.StatusCode.NOT_FOUND, "no such definition")

    answer_xml(mesh, b"<definitions/>")
    tag = (await mesh.http.get(XML)).headers["etag"]
    mesh.engine.answers["GetProcessDefinitionXml"] = deny
    answer = await mesh.http.get(XML, headers={"if-none-match": tag})
    assert answer.status_code == 404
    assert "etag" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


async def test_grpc_callers_get_the_whole_answer(mesh: Mesh) -> None:
    answer_xml(mesh, b"<definitions/>")
    stub = process_definition_service_pb2_grpc.ProcessDefinitionServiceStub(mesh.channel)
    answer = await stub.GetProcessDefinitionXml(
        GetProcessDefinitionXmlRequest(id="d1"), metadata=(("if-none-match", "*"),)
    )
    assert answer.data == b"<definitions/>"


async def test_keys_may_be_kept_by_everybody_and_nothing_else(tmp_path: Path) -> None:
    async with guarded(tmp_path) as gate:
        assert (await gate.http.get("/.well-known/jwks.json")).headers["cache-control"] == "public, max-age=30"
        mine = bearer(token(gate.key))
        for path in ("/v1/jobs", "/v1/userTasks", "/v1/permissions:own", "/v1/processDefinitions/d1"):
            answer = await gate.http.get(path, headers=mine)
            assert answer.headers["cache-control"] == "no-store"
            assert "etag" not in answer.headers
        answer_xml(gate, b"<definitions/>")
        refused = await gate.http.get(XML, headers={"if-none-match": "*"})
        assert refused.status_code == 401
        assert refused.headers["cache-control"] == "no-store"


async def test_pages_are_not_sent_twice(mesh: Mesh) -> None:
    tags = set()
    for path in ("/api-docs", "/api-docs/page.js", "/api-docs/openapi.json"):
        first = await mesh.http.get(path)
        assert first.headers["cache-control"] == "no-cache"
        tags.add(first.headers["etag"])
        again = await mesh.http.get(path, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
        assert_safe(again.headers)
        assert (await mesh.http.get(path, headers={"if-none-match": '"other"'})).content == first.content
    assert len(tags) == 3


async def test_every_file_was_thought_of() -> None:
    """A new method that answers with a file is either fixed for good, or is not to be kept and stands here."""
    changing = {
        "flowmesh.form.v1.FormDefinitionService.GetFormDefinitionSchema",
        "flowmesh.form.v1.FormFileService.DownloadFormFile",
        "flowmesh.form.v1.FormFileService.DownloadTaskFormFile",
        "flowmesh.notification.v1.NotificationService.StreamNotifications",
    }
    methods = {f"{method.service}.{method.name}": method for method in read_contract(DESCRIPTORS).methods}
    files = {
        name
        for name, method in methods.items()
        if method.output_type == HTTP_BODY and any(rule.verb == "GET" for rule in method.rules)
    }
    assert files == FOREVER | FOR_EVERYBODY.keys() | changing
    assert all(methods[name].public for name in FOR_EVERYBODY)
