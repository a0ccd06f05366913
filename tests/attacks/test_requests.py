"""Requests that are built to confuse whoever reads them: the gateway, a service, a log, a cache or a browser."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import time
from pathlib import Path

import grpc
import httpx
import pytest
from flowmesh.engine.v1 import process_instance_service_pb2 as pb
from flowmesh.engine.v1 import process_instance_service_pb2_grpc as stubs

from tests.attacks.victim import Victim, refused
from tests.e2e.processes import deploy, start
from tests.infrastructure.mesh import Mesh
from tests.unit.bpmn_models import around

START = "/v1/processInstances"


async def raw(mesh: Mesh, request: bytes, seconds: float = 10) -> tuple[int, dict[str, str], bytes]:
    """Send bytes as they are; return status, headers and body of the first answer, status 0 where there is none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", mesh.gateway_port)
    try:
        writer.write(request)
        await writer.drain()
        answer = b""
        try:
            async with asyncio.timeout(seconds):
                answer = await reader.read(1 << 20)
        except TimeoutError:
            return 0, {}, b""
    finally:
        await closed(writer)
    if not answer:
        return 0, {}, b""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    return int(first.split(" ")[1]), dict(line.lower().split(": ", 1) for line in lines if ": " in line), body


async def closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


def signed(mesh: Mesh) -> bytes:
    return b"authorization: " + mesh.auth.headers["authorization"].encode() + b"\r\n"


DEEP = {
    "lists": b"[" * 2_000_000,
    "lists in a variable": b'{"variables": {"a": ' + b"[" * 3000 + b"]" * 3000 + b"}}",
    "objects in a variable": b'{"variables": ' + b'{"a":' * 3000 + b"1" + b"}" * 3000 + b"}",
    "numeral": b'{"variables": {"a": 1' + b"0" * 2_000_000 + b"}}",
    "many keys": b'{"variables": {' + b",".join(b'"k%d":1' % n for n in range(200_000)) + b"}}",
    "long key": b'{"variables": {"' + b"k" * 3_000_000 + b'": 1}}',
    "key twice": b'{"processDefinitionKey": "a", "processDefinitionKey": "b"}',
    "both spellings": b'{"processDefinitionKey": "a", "process_definition_key": "b"}',
    "text that does not end": b'{"a": "' + b"x" * 1_000_000,
    "escapes": b'{"businessKey": "' + b"\\u0000" * 300_000 + b'"}',
    "half a character": b'{"processDefinitionKey": "p", "businessKey": "\\ud800"}',
    "wrong bytes": b'{"businessKey": "\xff\xfe"}',
    "infinity": b'{"variables": {"a": 1e999}}',
    "not a number": b'{"variables": {"a": NaN}}',
    "comment": b"/* */ {}",
    "two bodies": b"{} {}",
    "byte order mark": b"\xef\xbb\xbf{}",
    "another encoding": '{"processDefinitionKey": "p"}'.encode("utf-16"),
    "type of protobuf": b'{"@type": "type.googleapis.com/google.protobuf.Any", "value": 1}',
    "prototype": b'{"__proto__": {"processDefinitionKey": "p"}}',
}


@pytest.mark.parametrize("name", DEEP)
async def test_body(rest: httpx.AsyncClient, victim: Victim, name: str) -> None:
    begun = time.monotonic()
    answer = await rest.post(START, content=DEEP[name], headers={"content-type": "application/json"})
    assert time.monotonic() - begun < 15
    refused(answer, 400, 413)


@pytest.mark.parametrize(
    ("content_type", "content", "more"),
    [
        ("multipart/form-data; boundary=b", b'--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--b--', {}),
        ("multipart/form-data", b"--", {}),
        ("application/x-www-form-urlencoded", b"processDefinitionKey=p", {}),
        ("text/plain", b'{"processDefinitionKey": "p"}', {}),
        ("application/json, text/plain", b"{}", {}),
        ("application/problem+json", b"{}", {}),
        ("application/zip", b"PK\x03\x04", {}),
        ("application/x-protobuf", b"\x0a\x01p", {}),
        ("application/grpc", b"\x00\x00\x00\x00\x00", {}),
        ("application/json", gzip.compress(b'{"processDefinitionKey": "p"}', mtime=0), {"content-encoding": "gzip"}),
        ("application/json", gzip.compress(b" " * 100_000_000, mtime=0), {"content-encoding": "gzip"}),
        ("application/json", b"\x1b", {"content-encoding": "br"}),
    ],
)
async def test_content_that_is_not_json(
    rest: httpx.AsyncClient, victim: Victim, content_type: str, content: bytes, more: dict[str, str]
) -> None:
    answer = await rest.post(START, content=content, headers={"content-type": content_type, **more})
    if content_type == "application/grpc":
        # Answered in the protocol that the caller says it speaks.
        assert answer.headers.get("grpc-status", "0") != "0" or answer.status_code >= 400
        return
    refused(answer, 400, 415)


async def test_grpc_message_that_unpacks_to_a_lot(mesh: Mesh, victim: Victim) -> None:
    async with grpc.aio.insecure_channel(
        mesh.target, interceptors=mesh.auth.interceptors, compression=grpc.Compression.Gzip
    ) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            request = pb.CreateProcessInstanceRequest(process_definition_key="p" * 200_000_000)
            await stubs.ProcessInstanceServiceStub(channel).CreateProcessInstance(request, timeout=30)
    assert caught.value.code() in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INVALID_ARGUMENT)


async def test_log_has_no_line_of_a_callers_making(rest: httpx.AsyncClient, mesh: Mesh, victim: Victim) -> None:
    mark = f"forged{time.time_ns()}"
    line = f'{{"level":"ERROR","message":"{mark}"}}'
    await deploy(rest, "task.bpmn", around('<userTask id="n"/>'))
    instance = await start(rest, "p")
    texts = [f"a\r\n{line}", f"a\n{line}\n", f"a\u2028{line}", f"a\x1b[2J{line}", f"a\x85{line}"]
    for text in texts:
        await rest.post(START, json={"processDefinitionKey": text, "businessKey": text, "requestId": text[:60]})
        await rest.post(f"/v1/userTasks/{instance}.1:claim", json={"userId": text[:64]})
        await rest.post("/v1/sessions:login", json={"user": text, "password": text})
        await rest.get("/v1/users", params={"email": text})
        await rest.post("/v1/users", json={"id": text, "details": {"displayName": text}})
    for header in (b"x-correlation-id", b"user-agent", b"x-forwarded-for", b"traceparent", b"x-request-id"):
        for text in texts:
            request = b"GET /v1/jobs HTTP/1.1\r\nhost: here\r\nconnection: close\r\n" + signed(mesh)
            await raw(mesh, request + header + b": " + text.encode() + b"\r\n\r\n")
    await asyncio.sleep(0.5)
    for log in (Path(mesh.folder) / "data").rglob("*.log*"):
        for written in log.read_text(errors="replace").split("\n"):
            if mark not in written:
                continue
            assert not written.startswith(line[:10]), f"{log.name}: {written[:300]}"
            assert "\x1b" not in written, f"{log.name}: {written[:300]!r}"
            # One entry of the log, in which the text stands as a text.
            entry = json.loads(written) if written.startswith("{") else {}
            assert entry.get("message") != mark


async def test_correlation_id_comes_back_as_text_or_not_at_all(mesh: Mesh, victim: Victim) -> None:
    for text in (b"a\rset-cookie: b=c", b"<script>alert(1)</script>", b"x" * 5000, b"%0d%0aset-cookie:b=c"):
        request = b"GET /v1/jobs HTTP/1.1\r\nhost: here\r\nconnection: close\r\n" + signed(mesh)
        status, headers, _ = await raw(mesh, request + b"x-correlation-id: " + text + b"\r\n\r\n")
        assert status in (200, 400)
        assert "set-cookie" not in headers
        assert headers["content-type"] == "application/json"


HOSTS = {"host": "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "gopher", "forwarded": "host=evil.example",
         "x-original-url": "/v1/users", "x-rewrite-url": "/v1/users", "x-host": "evil.example", "x-forwarded-prefix": "/evil",
         "x-forwarded-port": "666", "x-forwarded-scheme": "evil", "x-http-method-override": "DELETE"}  # fmt: skip


@pytest.mark.parametrize(
    "path", ["/api-docs", "/api-docs/", "/api-docs/openapi.json", "/", "/healthz", "/v1/jobs", "/v1/none"]
)
async def test_what_is_answered_does_not_depend_on_who_is_said_to_be_asked(
    rest: httpx.AsyncClient, victim: Victim, path: str
) -> None:
    plain = await rest.get(path)
    for name, value in HOSTS.items():
        answer = await rest.get(path, headers={name: value})
        assert answer.status_code == plain.status_code, name
        assert answer.content == plain.content, name
        assert "evil" not in answer.text
        assert "evil" not in str([(k, v) for k, v in answer.headers.items()]), name
        location = answer.headers.get("location", "/")
        assert location.startswith("/"), location
        assert not location.startswith("//"), location
    if plain.headers.get("content-type") == "application/json" and path.startswith("/v1"):
        assert plain.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "//evil.example/%2e%2e",
        "/api-docs//evil.example",
        "/api-docs/../..//evil.example",
        "/api-docs/%2f%2fevil.example",
        "/api-docs?next=https://evil.example",
        "/api-docs/?url=https://evil.example/openapi.json",
        "/\\evil.example",
        "/api-docs\\..\\..",
        "https://evil.example/api-docs",
    ],
)
async def test_no_way_out_by_a_redirect(mesh: Mesh, victim: Victim, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\n".encode() + signed(mesh) + b"\r\n"
    status, headers, _ = await raw(mesh, request)
    assert status < 500
    location = headers.get("location", "/")
    assert location.startswith("/"), location
    assert not location.startswith(("//", "/\\")), location
    assert "evil" not in location.split("?")[0]


@pytest.mark.parametrize(
    "path",
    [
        "/api-docs/../../../../etc/passwd",
        "/api-docs/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/api-docs/..%2f..%2f..%2fetc/passwd",
        "/api-docs/..%5c..%5cetc/passwd",
        "/api-docs/%252e%252e/%252e%252e/etc/passwd",
        "/api-docs/....//....//etc/passwd",
        "/api-docs/page.css%00.html",
        "/api-docs/page.css/",
        "/api-docs/.",
        "/api-docs/..;/..;/etc/passwd",
        "/api-docs/\x7f",
        "/v1/../api-docs/../../etc/passwd",
    ],
)
async def test_no_file_but_the_pages(mesh: Mesh, victim: Victim, path: str) -> None:
    for headers in (b"", signed(mesh)):
        request = f"GET {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\n".encode("latin-1") + headers + b"\r\n"
        status, _, body = await raw(mesh, request)
        assert status in (200, 301, 302, 307, 308, 400, 401, 404), body[:300]
        assert b"root:" not in body
        if status == 200:
            assert b"Flowmesh API" in body, "only a page of our own"


async def test_smuggled_requests(mesh: Mesh, victim: Victim) -> None:
    """One request is one request, however its length is told."""
    head = b"POST /v1/jobs:activate HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\n" + signed(mesh)
    inner = b"GET /v1/users HTTP/1.1\r\nhost: here\r\n\r\n"
    for lengths in (
        b"content-length: 2\r\ncontent-length: 40\r\n",
        b"content-length: 2\r\ntransfer-encoding: chunked\r\n",
        b"transfer-encoding: chunked, identity\r\n",
        b"transfer-encoding: xchunked\r\n",
        b"transfer-encoding : chunked\r\n",
        b"content-length: -1\r\n",
        b"content-length: +2\r\n",
        b"content-length: 2, 2\r\n",
        b"content-length: 0x2\r\n",
        b"content-length: 99999999999999999999\r\n",
    ):
        status, headers, body = await raw(mesh, head + lengths + b"\r\n{}" + inner, seconds=3)
        assert status in (0, 400, 411, 413, 501), (lengths, status, body[:200])
        assert b"users" not in body
        if status == 400 and body:
            assert headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("TRACE", "/v1/jobs"),
        ("CONNECT", "/v1/jobs"),
        ("PUT", "/v1/users/cli"),
        ("PROPFIND", "/v1/jobs"),
        ("GET", "/v1/jobs/"),
        ("GET", "/V1/jobs"),
        ("GET", "/v1//jobs"),
        ("GET", "/v1/./jobs/."),
        ("GET", "/v1/jobs;a=b"),
        ("GET", "/v1/jobs%20"),
        ("GET", "/v1/%6aobs:stream%3f"),
        ("POST", "/v1/processInstances/x:cancel:cancel"),
        ("POST", "/v1/processInstances/:cancel"),
        ("GET", "/admin"),
        ("GET", "/config_dump"),
        ("POST", "/quitquitquit"),
        ("GET", "/metrics"),
        ("GET", "/debug/pprof"),
    ],
)
async def test_no_other_way_in(rest: httpx.AsyncClient, victim: Victim, verb: str, path: str) -> None:
    async with httpx.AsyncClient(base_url=rest.base_url, timeout=30) as nobody:
        open_answer = await nobody.request(verb, path)
    assert open_answer.status_code in (400, 401, 404, 405, 501), open_answer.text[:200]
    answer = await rest.request(verb, path)
    assert answer.status_code in (200, 400, 404, 405, 501), answer.text[:200]
    if answer.status_code == 200:
        # A path that means the same after it was put in order is that path, token and all.
        assert verb == "GET"
        assert path in ("/v1/./jobs/.", "/v1/jobs/", "/v1/jobs%20"), path
        assert open_answer.status_code == 401


async def test_slow_senders_hold_nothing(mesh: Mesh, victim: Victim) -> None:
    """A hundred connections that send a byte now and then."""
    connections = [await asyncio.open_connection("127.0.0.1", mesh.gateway_port) for _ in range(100)]
    try:
        for _, writer in connections:
            writer.write(b"POST /v1/processInstances HTTP/1.1\r\nhost: here\r\ncontent-length: 1000000\r\n")
        for _ in range(6):
            await asyncio.sleep(0.5)
            for _, writer in connections:
                writer.write(b"a: b\r\n")
        await asyncio.sleep(11)
        ended = await asyncio.gather(*(asyncio.wait_for(reader.read(), 15) for reader, _ in connections))
        assert all(answer.startswith(b"HTTP/1.1 4") for answer in ended), ended[0]
    finally:
        for _, writer in connections:
            await closed(writer)


async def test_heads_that_are_too_large(mesh: Mesh, victim: Victim) -> None:
    start_line = b"GET /v1/jobs HTTP/1.1\r\nhost: here\r\nconnection: close\r\n"
    for more in (
        b"x-long: " + b"x" * 60_000 + b"\r\n",
        b"".join(b"x-%d: 1\r\n" % n for n in range(2000)),
        b"cookie: " + b"a=b; " * 20_000 + b"\r\n",
    ):
        status, headers, body = await raw(mesh, start_line + signed(mesh) + more + b"\r\n")
        assert status == 431, body[:200]
        assert headers["content-type"] == "application/json"
    status, _, body = await raw(mesh, b"GET /v1/jobs?" + b"a" * 70_000 + b" HTTP/1.1\r\nhost: here\r\n\r\n")
    assert status in (400, 414, 431), body[:200]


async def test_large_heads_that_are_allowed_reach_the_service(mesh: Mesh, victim: Victim) -> None:
    """What the gateway lets through no service refuses by chance."""
    for _ in range(20):
        request = b"GET /v1/jobs HTTP/1.1\r\nhost: here\r\nconnection: close\r\n" + signed(mesh)
        lines = b"".join(b"x-%d: %s\r\n" % (n, b"x" * 400) for n in range(70))
        status, _, body = await raw(mesh, request + lines + b"\r\n")
        assert status == 200, body[:300]
