"""Connections to the mail server, used again as long as they are good."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from aiosmtplib import SMTP, SMTPException

from mesh.tls import client_context

MAILS_OF_A_CONNECTION = 100
"""After so many mails servers like to end a connection themselves."""
_END_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where e-mail is handed in, and how. `security`: starttls, tls or none."""

    host: str
    port: int = 587
    security: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    connections: int = 4
    idle_seconds: float = 20.0
    answer_seconds: float = 30.0
    send_seconds: float = 60.0


class _Connection:
    """An open connection, and how often and when it was used."""

    __slots__ = ("idle_since", "mails", "smtp")

    def __init__(self, smtp: SMTP) -> None:
        self.smtp = smtp
        self.mails = 0
        self.idle_since = 0.0


class SmtpConnections:
    """At most so many connections as the server is to have."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._places = asyncio.Semaphore(server.connections)
        self._idle: list[_Connection] = []
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False
        self.opened = 0
        """Connections that were opened so far."""

    @contextlib.asynccontextmanager
    async def use(self) -> AsyncIterator[tuple[SMTP, float]]:
        """Give a connection that answers, and keep it where the block ends without an error.

        With it comes the time of the event loop at which all is to be done; it does not begin before there is a place.
        Raises aiosmtplib's errors, OSError and TimeoutError.
        """
        async with self._places:
            until = asyncio.get_running_loop().time() + self._server.send_seconds
            async with asyncio.timeout_at(until):
                connection = await self._taken() or await self._opened()
            good = False
            try:
                yield connection.smtp, until
                good = True
            finally:
                self._give_back(connection, good)

    def discard(self, smtp: SMTP) -> None:
        """Close a connection of which nobody knows what its next answer belongs to."""
        smtp.close()

    async def close(self) -> None:
        """End all connections that nobody uses."""
        self._closed = True
        for connection in self._idle:
            self._end(connection)
        self._idle.clear()
        if self._ending:
            await asyncio.wait(self._ending)

    async def _taken(self) -> _Connection | None:
        """Return an idle connection that still answers."""
        while self._idle:
            connection = self._idle.pop()
            try:
                async with asyncio.timeout(_END_SECONDS):
                    await connection.smtp.rset()
            except (SMTPException, OSError, TimeoutError):
                connection.smtp.close()
                continue
            except BaseException:
                connection.smtp.close()
                raise
            return connection
        return None

    async def _opened(self) -> _Connection:
        server = self._server
        smtp = SMTP(
            hostname=server.host,
            port=server.port,
            timeout=server.answer_seconds,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=None if server.security == "none" else client_context(str(server.ca_file or "")),
        )
        await smtp.connect()
        try:
            if server.user:
                await _signed_in(smtp, server.user, server.password)
        except BaseException:
            smtp.close()
            raise
        self.opened += 1
        return _Connection(smtp)

    def _give_back(self, connection: _Connection, good: bool) -> None:
        connection.mails += 1
        if not good or not connection.smtp.is_connected:
            connection.smtp.close()
        elif self._closed or connection.mails >= MAILS_OF_A_CONNECTION or not self._server.idle_seconds:
            self._end(connection)
        else:
            loop = asyncio.get_running_loop()
            connection.idle_since = loop.time()
            self._idle.append(connection)
            loop.call_later(self._server.idle_seconds, self._expire)

    def _expire(self) -> None:
        oldest = asyncio.get_running_loop().time() - self._server.idle_seconds
        for connection in [each for each in self._idle if each.idle_since <= oldest]:
            self._idle.remove(connection)
            self._end(connection)

    def _end(self, connection: _Connection) -> None:
        task = asyncio.ensure_future(_said_goodbye(connection.smtp))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


async def _signed_in(smtp: SMTP, user: str, password: str) -> None:
    """Sign in once; the library would try each way that the server knows, and a wrong password would count for each."""
    await smtp.ehlo()
    methods = smtp.server_auth_methods
    if "plain" in methods:
        await smtp.auth_plain(user, password)
    elif "login" in methods:
        await smtp.auth_login(user, password)
    elif "cram-md5" in methods:
        await smtp.auth_crammd5(user, password)
    else:
        raise SMTPException("the server offers no way to sign in with a password")


async def _said_goodbye(smtp: SMTP) -> None:
    try:
        async with asyncio.timeout(_END_SECONDS):
            await smtp.quit()
    except (SMTPException, OSError, TimeoutError):
        # What was sent is sent; the server learns the end from the connection.
        pass
    finally:
        smtp.close()
