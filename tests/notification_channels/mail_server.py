"""A real mail server (aiosmtpd) on this event loop, that can be told to fail."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.tls.files import Certificates

USER = b"flowmesh"
PASSWORD = b"correct horse"


@dataclass
class Mailbox:
    """What came in, and what the server is to answer."""

    port: int = 0
    connections: int = 0
    open: int = 0
    most_open: int = 0
    mails: list[tuple[Envelope, EmailMessage]] = field(default_factory=list)
    on_mail: str = ""
    on_recipient: dict[str, str] = field(default_factory=dict)
    on_data: str = ""
    data_seconds: float = 0.0
    drop: bool = False
    protocols: list[Any] = field(default_factory=list)
    sign_ins: list[bytes] = field(default_factory=list)

    async def handle_MAIL(self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if self.on_mail:
            return self.on_mail
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]) -> str:
        if address in self.on_recipient:
            return self.on_recipient[address]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:
        await asyncio.sleep(self.data_seconds)
        if self.on_data:
            return self.on_data
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append((envelope, BytesParser(policy=default).parsebytes(content)))
        if self.drop:
            assert server.transport is not None
            server.transport.close()
        return "250 2.0.0 queued as 4711"

    def sign_in(self, _: Any, __: Any, ___: Any, ____: Any, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.sign_ins.append(data.password)
        return AuthResult(success=(data.login, data.password) == (USER, PASSWORD), handled=False)


class _Server(SMTP):
    def __init__(self, mailbox: Mailbox, **options: Any) -> None:
        super().__init__(mailbox, hostname="mail.example.com", ident="test", **options)
        self._mailbox = mailbox

    def connection_made(self, transport: Any) -> None:
        if self.transport is None:
            self._mailbox.connections += 1
            self._mailbox.open += 1
            self._mailbox.most_open = max(self._mailbox.open, self._mailbox.most_open)
            self._mailbox.protocols.append(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._mailbox.open -= 1
        self._mailbox.protocols.remove(self)
        super().connection_lost(error)


@contextlib.asynccontextmanager
async def mail_server(
    certificates: Certificates | None = None,
    *,
    implicit: bool = False,
    sign_in: bool = False,
    utf8: bool = False,
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1"),
) -> AsyncIterator[Mailbox]:
    mailbox = Mailbox()
    context = None
    if certificates is not None:
        certificate, key = certificates.issue("mail", hosts)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    options: dict[str, Any] = {"enable_SMTPUTF8": utf8}
    if context is not None and not implicit:
        options.update(tls_context=context, require_starttls=True)
    if sign_in:
        options.update(authenticator=mailbox.sign_in, auth_required=True, auth_require_tls=not implicit)

    def factory() -> _Server:
        with warnings.catch_warnings():
            # It does not see that the connection is encrypted from the first byte.
            warnings.simplefilter("ignore")
            return _Server(mailbox, **options)

    server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0, ssl=context if implicit else None)
    mailbox.port = server.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        server.close()
        for _ in range(20):
            if mailbox.open:
                await asyncio.sleep(0.01)
        for each in list(mailbox.protocols):
            each.transport.abort()
        await asyncio.sleep(0.01)
