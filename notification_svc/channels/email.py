"""E-mail by SMTP."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from datetime import UTC, datetime

import aiosmtplib
from aiosmtplib import SMTP

from notification_svc.channels.email_message import Sender, check_address, email_message, one_line
from notification_svc.channels.port import AddressInvalid, Delivered, Failed, Outcome, OutgoingMessage
from notification_svc.channels.smtp_connections import MailServer, SmtpConnections

_MOST_ANSWER = 200
_SIGN_IN_PAUSE_SECONDS = 60.0
"""Servers lock out who tries too often."""
_NOT_SIGNED_IN = frozenset({530, 534, 535, 538, 454, 432})
_UTF8_OPTIONS = ("SMTPUTF8", "BODY=8BITMIME")


class EmailChannel:
    """Hands e-mails to a mail server. The address of a message is an e-mail address."""

    def __init__(
        self, server: MailServer, sender: Sender, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._sender = sender
        self._now = now
        self.connections = SmtpConnections(server)

    async def check(self, address: str) -> None:
        """Raise AddressInvalid where a text is no e-mail address."""
        check_address(address)

    async def send(self, message: OutgoingMessage) -> Outcome:
        """Hand in the message for its one recipient."""
        try:
            mail = email_message(message, self._sender, self._now())
            recipient = check_address(message.address).addr_spec
        except AddressInvalid as error:
            return Failed(False, str(error))
        utf8 = not recipient.isascii()
        content = mail.as_bytes()
        try:
            async with self.connections.use() as (smtp, until):
                return await self._handed_in(smtp, until, recipient, content, utf8)
        except aiosmtplib.SMTPAuthenticationError as error:
            return Failed(True, f"The mail server refuses the sign-in: {_answer(error)}.", _SIGN_IN_PAUSE_SECONDS)
        except aiosmtplib.SMTPResponseException as error:
            return Failed(True, f"The mail server cannot be used now: {_answer(error)}.")
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            return Failed(True, f"The mail server cannot be used now: {_cause(error)}.")

    async def close(self) -> None:
        """End the connections."""
        await self.connections.close()

    async def _handed_in(self, smtp: SMTP, until: float, recipient: str, content: bytes, utf8: bool) -> Outcome:
        try:
            async with asyncio.timeout_at(until):
                _, answer = await smtp.sendmail(
                    self._sender.address.addr_spec, recipient, content, mail_options=_UTF8_OPTIONS if utf8 else ()
                )
        except aiosmtplib.SMTPRecipientsRefused as error:
            return _refused("the recipient", error.recipients[0])
        except aiosmtplib.SMTPSenderRefused as error:
            return _refused("the sender", error)
        except aiosmtplib.SMTPDataError as error:
            return _refused("the message", error)
        except aiosmtplib.SMTPNotSupported:
            return Failed(False, "The mail server takes no addresses with other letters than those of ASCII.")
        except TimeoutError:
            self.connections.discard(smtp)
            return Failed(True, "The mail server did not answer in time; it may have taken the message.")
        except (aiosmtplib.SMTPServerDisconnected, OSError):
            self.connections.discard(smtp)
            return Failed(True, "The connection to the mail server broke; it may have taken the message.")
        return Delivered(one_line(answer, _MOST_ANSWER))


def _refused(what: str, error: aiosmtplib.SMTPResponseException) -> Failed:
    """Tell what a refusal means. Codes from 500 are for good, those below pass (RFC 5321, 4.2.1)."""
    if error.code in _NOT_SIGNED_IN:
        return Failed(True, f"The mail server wants another sign-in: {_answer(error)}.", _SIGN_IN_PAUSE_SECONDS)
    return Failed(error.code < 500, f"The mail server refuses {what}: {_answer(error)}.")


def _cause(error: BaseException) -> str:
    """Return what is at the bottom of an error, in the library's words where there are no better ones."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not valid, {cause.verify_message}"
        cause = cause.__cause__ or cause.__context__
    return one_line(str(error) or "it does not answer in time", _MOST_ANSWER).rstrip(".: ")


def _answer(error: aiosmtplib.SMTPResponseException) -> str:
    return one_line(f"{error.code} {error.message}", _MOST_ANSWER).rstrip(".")
