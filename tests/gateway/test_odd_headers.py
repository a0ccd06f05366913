"""Headers that HTTP allows and services could choke on: no call fails by them."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.gateway.running import Mesh

pytestmark = pytest.mark.asyncio(loop_scope="session")

REFUSED = (b"a_b: 1", b"x-\xc3\xa9: 1", b"x(y): 1", b"x y: 1", b": 1", b"x-null: a\x00b")


async def answer(mesh: Mesh, *lines: bytes, path: bytes = b"/v1/jobs") -> tuple[int, dict[str, str], bytes]:
    """Send a GET with these lines in its head as they are; return status, headers and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", mesh.envoy.port)
    head = (b"GET " + path + b" HTTP/1.1", b"host: here", b"connection: close", *lines, b"", b"")
    writer.write(b"\r\n".join(head))
    raw = await reader.read()
    writer.close()
    top, _, body = raw.partition(b"\r\n\r\n")
    first, *rest = top.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in rest if ": " in line)
    return int(first.split(" ")[1]), headers, body


@pytest.mark.parametrize(
    "line",
    [
        b"!x: 1",
        b"a#b: 1",
        b"'*+^`|~$%&: 1",
        b"te: trailers, gzip",
        b"grpc-timeout: soon",
        b"grpc-timeout: 99999999999S",
        b"grpc-encoding: nonsense",
        b"grpc-accept-encoding: \xff",
        b"accept-encoding: nonsense",
        b"x-file-bin: not base64!",
        b"x-file-bin: YQ==",
        b"x-text: caf\xc3\xa9",
        b"x-text: \xff\xfe",
        b"x-tab: a\tb",
        b"x-correlation-id: \xe2\x80\xae\xff",
        b"x-correlation-id: " + b"x" * 4000,
        b"traceparent: nonsense",
        b"user-agent: \xff",
        b"content-type: \xff",
        b"cookie: a=b; c=d",
        b"x-forwarded-for: ' OR 1=1",
        b"range: bytes=0-1",
    ],
)
async def test_call_goes_on(mesh: Mesh, line: bytes) -> None:
    status, headers, body = await answer(mesh, line)
    assert status == 200, body
    assert headers["x-correlation-id"]


async def test_no_line_is_broken(mesh: Mesh) -> None:
    status, _, _ = await answer(mesh, b"x-correlation-id: a\rb: c")
    if status == 200:
        assert "\r" not in mesh.engine.last[2]["x-correlation-id"]
        assert "b" not in mesh.engine.last[2]
    else:
        assert status == 400


@pytest.mark.parametrize("line", REFUSED)
async def test_call_is_refused(mesh: Mesh, line: bytes) -> None:
    status, headers, body = await answer(mesh, line)
    assert status == 400
    assert headers["content-type"] == "application/json"
    assert json.loads(body)["details"][0]["reason"] == "REQUEST_MALFORMED"
    assert not mesh.engine.calls


async def test_refused_before_the_filters_has_a_correlation_id_too(mesh: Mesh) -> None:
    for lines, path in (((b"a_b: 1",), b"/v1/jobs"), ((), b"/v1/jobs/a%5Cb"), ((), b"/v1/jobs/a%2fb")):
        status, headers, body = await answer(mesh, *lines, path=path)
        assert status == 400, body
        assert len(headers["x-correlation-id"]) == 36
        if not lines:
            # Where the head cannot be read, the caller's is not known.
            status, headers, _ = await answer(mesh, b"x-correlation-id: c1", path=path)
            assert (status, headers["x-correlation-id"]) == (400, "c1")
