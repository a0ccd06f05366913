"""The operator's side door of a process: `/metrics`, `/healthz` and `/readyz` over HTTP/1.1.

Three small pages for probes and scrapers, so it is a bare protocol on the event loop: GET and HEAD, one request a
connection, no body read.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import orjson

from mesh.listening import port_unavailable
from mesh.logs import get_log
from mesh.metrics import Metrics

Check = Callable[[], Awaitable[str]]
"""Asks whether something works; returns a short detail, raises where it does not."""

_log = get_log(__name__)

_REQUEST_SECONDS = 5.0
_CHECK_SECONDS = 2.0
_MAX_HEAD_BYTES = 16 << 10


class Readiness:
    """Whether the process can do its work: checks by name, all of which must pass but those it can do without."""

    def __init__(self, check_seconds: float = _CHECK_SECONDS) -> None:
        self._checks: dict[str, Check] = {}
        self._optional: set[str] = set()
        self._check_seconds = check_seconds
        self.stopping = False
        self.waiting: dict[str, str] = {}
        """What the process still needs before it can start, with the reason why it is not there."""

    def add(self, name: str, check: Check, *, optional: bool = False) -> None:
        """Add a check; it is asked at every request and fails after two seconds.

        Where an optional one fails, the process is degraded but ready.
        """
        self._checks[name] = check
        if optional:
            self._optional.add(name)

    async def report(self) -> tuple[bool, dict[str, object]]:
        """Ask all checks at once; return whether all passed, and the details as JSON."""
        names = list(self._checks)
        results = await asyncio.gather(*(self._ask(self._checks[name]) for name in names))
        failed = {name for name, (passed, _) in zip(names, results, strict=True) if not passed}
        ready = not self.stopping and not self.waiting and failed <= self._optional
        if self.stopping or self.waiting:
            status = "stopping" if self.stopping else "starting"
        else:
            status = "not ready" if not ready else "degraded" if failed else "ready"
        report: dict[str, object] = {
            "status": status,
            "checks": {name: detail for name, (_, detail) in zip(names, results, strict=True)},
        }
        if self.waiting:
            report["waiting_for"] = dict(self.waiting)
        return ready, report

    async def _ask(self, check: Check) -> tuple[bool, dict[str, object]]:
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._check_seconds):
                detail, passed = await check(), True
        except TimeoutError:
            detail, passed = f"no answer within {self._check_seconds:g} s", False
        except Exception as error:  # noqa: BLE001 - whatever a check raises is its answer
            detail, passed = f"{type(error).__name__}: {error}", False
        milliseconds = round((time.monotonic() - started) * 1000, 1)
        return passed, {"status": "up" if passed else "down", "detail": detail, "milliseconds": milliseconds}


class AdminServer:
    """Serves the three pages."""

    def __init__(self, metrics: Metrics, readiness: Readiness) -> None:
        self._metrics = metrics
        self._readiness = readiness
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def serve(self, host: str, port: int) -> int:
        """Listen; port 0 takes a free one. Returns the port. Raises StartupError where it cannot be had."""
        try:
            self._server = await asyncio.start_server(
                self._connected, host, port, limit=_MAX_HEAD_BYTES, reuse_port=False
            )
        except OSError as error:
            raise port_unavailable(host, port, "FLOWMESH_ADMIN_PORT", error) from error
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def close(self) -> None:
        """Stop listening and end what is open."""
        if self._server is None:
            return
        self._server.close()
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                writer.write(await self._answer(reader))
                await writer.drain()
        except (TimeoutError, ConnectionError) as error:
            _log.debug("An admin connection ended early", reason=repr(error))
        finally:
            self._connections.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return b""
        except asyncio.LimitOverrunError:
            return _response(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, b"The head of the request is too long.\n")
        parts = head.split(b"\r\n", 1)[0].split(b" ")
        if len(parts) != 3 or not parts[2].startswith(b"HTTP/1."):
            return _response(HTTPStatus.BAD_REQUEST, b"This is not HTTP/1.1.\n")
        verb, target, _ = parts
        if verb not in (b"GET", b"HEAD"):
            return _response(HTTPStatus.METHOD_NOT_ALLOWED, b"GET and HEAD only.\n", extra="Allow: GET, HEAD\r\n")
        status, body, kind = await self._page(target.split(b"?", 1)[0])
        return _response(status, body, kind, head_only=verb == b"HEAD")

    async def _page(self, path: bytes) -> tuple[HTTPStatus, bytes, str]:
        if path == b"/healthz":
            return HTTPStatus.OK, b"alive\n", _TEXT
        if path == b"/readyz":
            ready, report = await self._readiness.report()
            status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
            return status, orjson.dumps(report, option=orjson.OPT_APPEND_NEWLINE), "application/json"
        if path == b"/metrics":
            body, kind = await asyncio.to_thread(self._metrics.exposition)
            return HTTPStatus.OK, body, kind
        return HTTPStatus.NOT_FOUND, b"There are /metrics, /healthz and /readyz.\n", _TEXT


_TEXT = "text/plain; charset=utf-8"


def _response(status: HTTPStatus, body: bytes, kind: str = _TEXT, *, extra: str = "", head_only: bool = False) -> bytes:
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        f"Cache-Control: no-store\r\n{extra}Connection: close\r\n\r\n"
    ).encode()
    return head if head_only else head + body
