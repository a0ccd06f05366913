"""A receiver of webhooks that reads raw HTTP and answers whatever it is told, byte by byte."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from tests.tls.files import Certificates

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Received:
    """A request."""

    line: str
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass
class Receiver:
    """What came in."""

    port: int = 0
    connections: int = 0
    requests: list[Received] = field(default_factory=list)
    answer: bytes | Answer = OK

    def url(self, scheme: str = "https", host: str = "localhost", path: str = "/hooks") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                pairs = [line.split(": ", 1) for line in head[1:] if line]
                headers = {name.lower(): value for name, value in pairs}
                assert len(headers) == len(pairs), "no header comes twice"
                body = await reader.readexactly(int(headers["content-length"]))
                self.requests.append(Received(head[0], headers, body, number))
                if isinstance(self.answer, bytes):
                    writer.write(self.answer)
                    await writer.drain()
                else:
                    await self.answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError, TimeoutError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def receiver(
    certificates: Certificates | None = None, *, hosts: tuple[str, ...] = ("localhost", "127.0.0.1")
) -> AsyncIterator[Receiver]:
    made = Receiver()
    context = None
    if certificates is not None:
        certificate, key = certificates.issue("receiver", hosts)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await made.serve(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        if tasks:
            await asyncio.wait(list(tasks))
        await asyncio.sleep(0.01)
