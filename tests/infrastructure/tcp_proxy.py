"""A TCP proxy between a client and a server that breaks connections at a chosen moment, holds them up or slows them."""

from __future__ import annotations

import asyncio


class TcpProxy:
    """Passes bytes on; once `cut_at` is set, the connection that sends these bytes is cut.

    `deliver` says whether the server gets the bytes before the cut. `hang` holds everything back until `flow`, as a
    server that does not run but is there. `delay_seconds` comes before each piece that the client sends.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.cut_at: bytes | None = None
        self.deliver = True
        self.cuts = 0
        self.refusing = False
        self.delay_seconds = 0.0
        self._flowing = asyncio.Event()
        self._flowing.set()

    async def start(self, listen_port: int = 0) -> int:
        """Listen and return the port; 0: any free one."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", listen_port)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Break all connections and stop listening."""
        self.break_all()
        if self._server is not None:
            self._server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def hang(self) -> None:
        """Pass nothing on from now on; connections are still taken."""
        self._flowing.clear()

    def flow(self) -> None:
        """Pass on what was held back, and all that comes."""
        self._flowing.set()

    def break_all(self) -> None:
        """Break every connection that is open."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        self._writers.add(writer)
        try:
            if self.refusing:
                return
            await self._connect(reader, writer)
        except (OSError, asyncio.CancelledError):
            # A broken connection is what this is for.
            writer.transport.abort()
        finally:
            writer.transport.abort()
            self._writers.discard(writer)
            self._connections.discard(task)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(*self._target)
        back = asyncio.create_task(self._answers(server_reader, writer))
        try:
            await self._requests(reader, server_writer, writer)
        finally:
            back.cancel()
            # What was written is still sent.
            server_writer.close()

    async def _requests(
        self, reader: asyncio.StreamReader, server: asyncio.StreamWriter, client: asyncio.StreamWriter
    ) -> None:
        while data := await reader.read(65536):
            if self.cut_at is not None and self.cut_at in data:
                self.cut_at = None
                self.cuts += 1
                client.transport.abort()
                if self.deliver:
                    server.write(data)
                    await server.drain()
                return
            if self.delay_seconds:
                await asyncio.sleep(self.delay_seconds)
            await self._flowing.wait()
            server.write(data)
            await server.drain()

    async def _answers(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self._flowing.wait()
            if client.transport.is_closing():
                return
            client.write(data)
            await client.drain()
        client.transport.abort()
