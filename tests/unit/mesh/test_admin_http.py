from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from mesh.admin_http import AdminServer, Readiness
from mesh.metrics import Metrics
from mesh.startup import StartupError


@pytest.fixture
async def readiness() -> Readiness:
    return Readiness(check_seconds=0.05)


@pytest.fixture
async def port(readiness: Readiness) -> AsyncIterator[int]:
    metrics = Metrics()
    metrics.gauge("shown", "Shown.").at().set(1)
    server = AdminServer(metrics, readiness)
    yield await server.serve("127.0.0.1", 0)
    await server.close()


async def get(port: int, path: str, method: str = "GET") -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.request(method, f"http://127.0.0.1:{port}{path}")


async def test_pages(port: int) -> None:
    alive = await get(port, "/healthz?verbose=1")
    assert (alive.status_code, alive.text) == (200, "alive\n")
    page = await get(port, "/metrics")
    assert "shown 1.0" in page.text
    assert page.headers["content-type"].startswith("text/plain")
    head = await get(port, "/metrics", "HEAD")
    assert (head.status_code, head.text) == (200, "")
    assert (await get(port, "/")).status_code == 404
    refused = await get(port, "/healthz", "POST")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


async def test_readiness(port: int, readiness: Readiness) -> None:
    async def up() -> str:
        return "42 rows"

    async def down() -> str:
        raise ConnectionError("away")

    async def stuck() -> str:
        await asyncio.get_running_loop().create_future()
        return "never"

    readiness.add("database", up)
    ready = await get(port, "/readyz")
    assert ready.status_code == 200
    assert ready.json()["status"] == "ready"
    assert ready.json()["checks"]["database"]["detail"] == "42 rows"
    readiness.add("bus", down)
    readiness.add("peer", stuck)
    report = await get(port, "/readyz")
    assert report.status_code == 503
    checks = report.json()["checks"]
    states = {name: check["status"] for name, check in checks.items()}
    assert states == {
        "database": "up",
        "bus": "down",
        "peer": "down",
    }
    assert checks["bus"]["detail"] == "ConnectionError: away"
    assert checks["peer"]["detail"] == "no answer within 0.05 s"


async def test_not_ready_while_stopping(port: int, readiness: Readiness) -> None:
    readiness.stopping = True
    report = await get(port, "/readyz")
    assert (report.status_code, report.json()) == (503, {"status": "stopping", "checks": {}})
    assert (await get(port, "/healthz")).status_code == 200


@pytest.mark.parametrize(
    ("sent", "status"),
    [(b"nonsense\r\n\r\n", 400), (b"GET / HTTP/2\r\n\r\n", 400), (b"GET /" + b"a" * 40_000, 431), (b"", 0)],
)
async def test_what_is_no_request(port: int, sent: bytes, status: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    if len(sent) < 1000:
        writer.write_eof()
    answer = await reader.read()
    writer.close()
    assert answer.startswith(f"HTTP/1.1 {status}".encode()) if status else answer == b""


async def test_closing_ends_open_connections(readiness: Readiness) -> None:
    server = AdminServer(Metrics(), readiness)
    port = await server.serve("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /healthz HTTP/1.1\r\n")
    await get(port, "/healthz")
    async with asyncio.timeout(2):
        await server.close()
        assert await reader.read() == b""
    writer.close()
    await AdminServer(Metrics(), readiness).close()


async def test_port_in_use(port: int, readiness: Readiness) -> None:
    with pytest.raises(StartupError, match=f"Port {port} on 127.0.0.1 is in use .* FLOWMESH_ADMIN_PORT"):
        await AdminServer(Metrics(), readiness).serve("127.0.0.1", port)


async def test_port_that_nobody_may_have(readiness: Readiness) -> None:
    with pytest.raises(StartupError, match=r"Cannot listen on 192\.0\.2\.1"):
        await AdminServer(Metrics(), readiness).serve("192.0.2.1", 0)
