"""A real SMTP server that keeps what it is given."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.infrastructure.ports import free_port


@dataclass
class MailCatcher:
    """What arrived, in its order. `answer`: what is said to each e-mail; `seconds`: how long that takes."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    answer: str = "250 kept"
    answers: list[str] = field(default_factory=list)
    """What the next ones are told; then `answer`."""
    seconds: float = 0.0
    begun: int = 0
    """E-mails that have come in, also those that are not answered yet."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.begun += 1
        if self.seconds:
            await asyncio.sleep(self.seconds)
        said = self.answers.pop(0) if self.answers else self.answer
        if said.startswith("250"):
            mail = message_from_bytes(cast("bytes", envelope.content), policy=policy.default)
            self.mails.append(mail)
        return said

    def to(self, address: str) -> list[EmailMessage]:
        """Return what somebody was sent."""
        return [mail for mail in self.mails if address in str(mail["To"])]

    def text_to(self, address: str) -> str:
        """Return the plain text of the last e-mail that somebody was sent."""
        part = self.to(address)[-1].get_body(("plain",))
        assert part is not None
        return str(part.get_content())

    def ids(self) -> Counter[str]:
        """Return how often each Message-ID came."""
        return Counter(str(mail["Message-ID"]) for mail in self.mails)

    def settings(self) -> dict[str, Any]:
        """Return settings of a service that sends here."""
        return {
            "smtp_host": "127.0.0.1",
            "smtp_port": self.port,
            "smtp_security": "none",
            "smtp_sender": "flowmesh@example.com",
        }


@contextlib.contextmanager
def mail_catcher() -> Iterator[MailCatcher]:
    """A running one."""
    catcher = MailCatcher(free_port())
    controller = Controller(catcher, hostname="127.0.0.1", port=catcher.port)
    controller.start()
    try:
        yield catcher
    finally:
        controller.stop()
