"""A bare HTTP/1.1 client for POST on kept connections: small enough that the server is what is measured."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import cast


class BadAnswer(Exception):
    """The server answered with another status than 200, or not in HTTP as this client reads it."""


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self._buffer = bytearray()
        self._answer: asyncio.Future[bytes] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods, not the base class.
        self._transport = cast(asyncio.Transport, transport)

    def send(self, request: bytes) -> asyncio.Future[bytes]:
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        head_end = buffer.find(b"\r\n\r\n")
        if head_end < 0 or self._answer is None:
            return
        head = bytes(buffer[:head_end]).lower()
        position = head.find(b"content-length:")
        if position < 0:
            self._fail(f"no content-length: {head.decode()}")
            return
        length = int(head[position + 15 :].partition(b"\r\n")[0])
        if len(buffer) < head_end + 4 + length:
            return
        body = bytes(buffer[head_end + 4 : head_end + 4 + length])
        buffer.clear()
        if head.startswith(b"http/1.1 200"):
            self._answer.set_result(body)
        else:
            self._fail(f"{head.decode()}: {body.decode()}")

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(f"the connection was lost: {exc}")

    def close(self) -> None:
        if self._transport is not None:
            self._answer = None
            self._transport.close()

    def _fail(self, why: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(BadAnswer(why))


class HttpClient:
    """As many connections as there are calls in flight; each is used again."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._free: deque[_Connection] = deque()
        self.headers = ""
        """Further header lines of each call, each with its end."""

    async def post(self, path: str, body: bytes) -> bytes:
        """Post JSON; return the body of the answer. Raises `BadAnswer`, OSError."""
        if self._free:
            connection = self._free.pop()
        else:
            loop = asyncio.get_running_loop()
            _, connection = await loop.create_connection(_Connection, self._host, self._port)
        head = (
            f"POST {path} HTTP/1.1\r\nhost: {self._host}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n{self.headers}\r\n"
        )
        answer = await connection.send(head.encode() + body)
        self._free.append(connection)
        return answer

    def close(self) -> None:
        """Close the connections that are not in use."""
        while self._free:
            self._free.pop().close()
