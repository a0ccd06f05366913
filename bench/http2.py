"""A bare client of unary gRPC calls on one HTTP/2 connection (RFC 9113): small enough that the server is measured.

grpc.aio costs a client about as much as a third of what the engine needs for W1. Where two engines, the database and
the client share two processors, that is taken from what the second engine could bring.
"""

from __future__ import annotations

import asyncio
import struct
from typing import Final, cast

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
FRAME_HEAD: Final = 9
GRPC_HEAD: Final = 5
"""A byte that tells compression, and the length of the message."""
FIRST_WINDOW: Final = 65_535
MAX_WINDOW: Final = 2**31 - 1
INITIAL_WINDOW_SIZE: Final = 4


class BadCall(Exception):
    """The server answered with an error, or not in HTTP/2 as this client reads it."""


class UnaryConnection(asyncio.Protocol):
    """Calls of one method on a connection of their own, each on a stream of its own."""

    def __init__(self, authority: str, path: str) -> None:
        self._head = _header_block(
            (":method", "POST"),
            (":scheme", "http"),
            (":path", path),
            (":authority", authority),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
        )
        self._next_stream = 1
        self._window = FIRST_WINDOW
        self._buffer = bytearray()
        self._answers: dict[int, asyncio.Future[bytes]] = {}
        self._bodies: dict[int, bytes] = {}
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def connect(cls, address: str, path: str) -> UnaryConnection:
        """Connect to `host:port` for calls of `/package.Service/Method`. Raises OSError."""
        host, _, port = address.rpartition(":")
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(lambda: cls(address, path), host, int(port))
        return connection

    def call(self, request: bytes) -> asyncio.Future[bytes]:
        """Send a serialized request; the future has the serialized answer, or raises `BadCall`."""
        assert self._transport is not None
        stream, self._next_stream = self._next_stream, self._next_stream + 2
        body = struct.pack(">BI", 0, len(request)) + request
        self._window -= len(body)
        if self._window < 0:
            raise BadCall("the server reads slower than this client may send")
        answer = self._answers[stream] = asyncio.get_running_loop().create_future()
        self._transport.write(_frame(HEADERS, END_HEADERS, stream, self._head) + _frame(DATA, END_STREAM, stream, body))
        return answer

    def close(self) -> None:
        """Close the connection; calls under way fail."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods, not the base class.
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(
            PREFACE
            + _frame(SETTINGS, 0, 0, struct.pack(">HI", INITIAL_WINDOW_SIZE, MAX_WINDOW))
            + _frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", MAX_WINDOW - FIRST_WINDOW))
        )

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        place, end = 0, len(buffer)
        while end - place >= FRAME_HEAD:
            high, low, kind, flags, stream = struct.unpack_from(">BHBBI", buffer, place)
            after = place + FRAME_HEAD + (high << 16 | low)
            if after > end:
                break
            self._frame(kind, flags, stream, bytes(buffer[place + FRAME_HEAD : after]))
            place = after
        del buffer[:place]

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail_all(f"the connection was lost: {exc}")

    def _frame(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        assert self._transport is not None
        if kind == DATA:
            if flags & PADDED:
                self._fail_all("the server pads its frames, which this client does not read")
            self._bodies[stream] = self._bodies.get(stream, b"") + payload
        elif kind == WINDOW_UPDATE and stream == 0:
            self._window += struct.unpack(">I", payload)[0]
        elif kind == SETTINGS and not flags & ACK:
            self._transport.write(_frame(SETTINGS, ACK, 0, b""))
        elif kind == PING and not flags & ACK:
            self._transport.write(_frame(PING, ACK, 0, payload))
        elif kind in (GOAWAY, CONTINUATION):
            self._fail_all(f"the server sent a frame of type {kind}")
        if stream and (kind == RST_STREAM or (kind in (DATA, HEADERS) and flags & END_STREAM)):
            self._ended(stream)

    def _ended(self, stream: int) -> None:
        body = self._bodies.pop(stream, b"")
        answer = self._answers.pop(stream, None)
        if answer is None or answer.done():
            return
        # An error has trailers alone: unary calls of gRPC send a message exactly where the status is OK.
        if len(body) < GRPC_HEAD:
            answer.set_exception(BadCall("the call failed; a client of grpc.aio would say why"))
        else:
            answer.set_result(body[GRPC_HEAD:])

    def _fail_all(self, why: str) -> None:
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(BadCall(why))
        self._answers.clear()


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">BHBBI", len(payload) >> 16, len(payload) & 0xFFFF, kind, flags, stream) + payload


def _header_block(*fields: tuple[str, str]) -> bytes:
    """Return fields as HPACK literals that are not indexed (RFC 7541, 6.2.2): no state that calls would share."""
    block = bytearray()
    for name, value in fields:
        block += b"\x00"
        for text in (name, value):
            if len(text) > 126:
                raise ValueError(f"{text} is too long for a length of one byte")
            block += bytes((len(text),)) + text.encode()
    return bytes(block)
