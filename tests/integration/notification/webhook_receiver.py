"""A real HTTP server that takes webhooks, in every way in which a receiver can fail."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook


@dataclass
class Received:
    """One request: its headers and its body."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def content(self) -> Any:
        return json.loads(self.body)

    def signed_by(self, secret: str) -> bool:
        """Tell whether it is signed with a secret, as a receiver's library finds."""
        verified = Webhook(secret).verify(self.body.decode(), self.headers)
        return bool(verified)


@dataclass
class Receiver:
    """Takes webhooks. `status`: what is answered; 0: the connection is closed without a word. `most_open`: so many requests
    were at work at once."""

    host: str = "127.0.0.1"
    scheme: str = "http"
    port: int = 0
    status: int = 204
    seconds: float = 0.0
    received: list[Received] = field(default_factory=list)
    open: set[asyncio.Task[None]] = field(default_factory=set)
    under: int = 0
    most_open: int = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.open.add(task)
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.open.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {
                name.strip().lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head[1:] if line)
            }
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.received.append(Received(headers, body))
            self.under += 1
            self.most_open = max(self.most_open, self.under)
            try:
                await self._wait(reader)
            finally:
                self.under -= 1
            if not self.status:
                break
            writer.write(f"HTTP/1.1 {self.status} Said\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()

    async def _wait(self, reader: asyncio.StreamReader) -> None:
        """Wait as long as set, or until the sender has given up."""
        if not self.seconds:
            return
        gone = asyncio.create_task(reader.read(1))
        done, _ = await asyncio.wait([gone], timeout=self.seconds)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        if done:
            raise ConnectionResetError("the sender has given up")


@contextlib.asynccontextmanager
async def webhook_receiver(host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A running one."""
    receiver = Receiver(host, scheme="https" if tls else "http")
    server = await asyncio.start_server(receiver.serve, host, 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in list(receiver.open):
            task.cancel()
        await asyncio.gather(*receiver.open, return_exceptions=True)
