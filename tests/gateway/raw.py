"""Bytes to the gateway that no client library would write: HTTP/1.1 by hand, and frames of HTTP/2."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

SILENCE = 2.5
"""Seconds after the last bytes within which an answer must have come."""


@dataclass(frozen=True)
class RawAnswer:
    """The first answer on a connection, and what came after its head."""

    head: str
    rest: bytes

    @property
    def status(self) -> int:
        return int(self.head.split(" ", 2)[1]) if self.head else 0

    @property
    def further_answers(self) -> int:
        return self.rest.count(b"HTTP/1.1 ")


async def exchange(port: int, *pieces: bytes, pause: float = 0.0, to_the_end: bool = False) -> RawAnswer:
    """Send bytes as they are, with a pause between the pieces, and read one answer; `to_the_end`, all that comes until
    the gateway closes or is silent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    received = b""

    async def read() -> None:
        nonlocal received
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                received += data
                if not to_the_end and _is_whole(received):
                    return

    reading = asyncio.create_task(read())
    try:
        for piece in pieces:
            # What is written after the gateway has closed would take its answer away.
            if reading.done():
                break
            writer.write(piece)
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            if pause:
                await asyncio.sleep(pause)
        await asyncio.wait((reading,), timeout=SILENCE)
    finally:
        reading.cancel()
        writer.close()
    head, _, rest = received.partition(b"\r\n\r\n")
    return RawAnswer(head.decode("latin-1"), rest)


def _is_whole(received: bytes) -> bool:
    head, blank, body = received.lower().partition(b"\r\n\r\n")
    if not blank:
        return False
    if b"\r\ntransfer-encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    _, named, length = head.partition(b"\r\ncontent-length: ")
    return bool(named) and len(body) >= int(length.split(b"\r\n")[0])


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    """Return a request of HTTP/1.1 as written; only the host is added."""
    return "\r\n".join((line, "host: gateway", *headers, "", "")).encode("latin-1") + body


HEADERS, RST_STREAM, SETTINGS, GOAWAY, CONTINUATION = 1, 3, 4, 7, 9
END_STREAM, END_HEADERS = 1, 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Return a frame of HTTP/2."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def header_block(headers: Iterable[tuple[str, str]]) -> bytes:
    """Return headers in HPACK, each a literal that is not indexed."""
    block = b""
    for name, value in headers:
        block += b"\x00" + _text(name) + _text(value)
    return block


def _text(value: str) -> bytes:
    raw = value.encode("latin-1")
    if len(raw) < 127:
        return bytes([len(raw)]) + raw
    rest, length = len(raw) - 127, b"\x7f"
    while rest >= 128:
        length += bytes([rest % 128 + 128])
        rest //= 128
    return length + bytes([rest]) + raw


@contextlib.asynccontextmanager
async def http2(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a connection of HTTP/2 for the block."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(PREFACE + frame(SETTINGS, 0, 0))
    try:
        yield reader, writer
    finally:
        writer.close()


async def frames(reader: asyncio.StreamReader) -> list[tuple[int, int, bytes]]:
    """Read frames, as kind, stream and payload, until the connection is closed or silent."""
    found = []
    with contextlib.suppress(TimeoutError, asyncio.IncompleteReadError, ConnectionError):
        while True:
            head = await asyncio.wait_for(reader.readexactly(9), 1.5)
            length = int.from_bytes(head[:3], "big")
            payload = await reader.readexactly(length)
            found.append((head[3], int.from_bytes(head[5:9], "big") & 0x7FFFFFFF, payload))
    return found
