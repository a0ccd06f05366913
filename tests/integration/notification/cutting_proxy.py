"""A TCP proxy that cuts its connections, in the middle of whatever they carry."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field


@dataclass
class CuttingProxy:
    """Hands connections on to a port. `cuts`: after how many bytes from there each next connection is cut; then none."""

    target: int
    cuts: Iterator[int]
    port: int = 0
    cut: int = 0
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection."""
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        there, away = await asyncio.open_connection("127.0.0.1", self.target)
        forth = asyncio.create_task(_copy(reader, away))
        try:
            left = next(self.cuts, None)
            while data := await there.read(1 << 16):
                writer.write(data if left is None else data[:left])
                await writer.drain()
                if left is not None:
                    left -= len(data)
                    if left <= 0:
                        self.cut += 1
                        break
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            forth.cancel()
            # Without a word: not as HTTP ends an answer.
            writer.transport.abort()
            away.transport.abort()
            self._open.discard(task)

    async def close(self) -> None:
        """Cut what is left."""
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()


@contextlib.asynccontextmanager
async def cutting_proxy(target: int, cuts: Iterator[int]) -> AsyncIterator[CuttingProxy]:
    """A running one."""
    proxy = CuttingProxy(target, cuts)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
