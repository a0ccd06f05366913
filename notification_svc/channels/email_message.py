"""An e-mail as it goes over the wire: headers that nothing can be put into, text and HTML."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError, MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

import idna

from notification_svc.channels.port import AddressInvalid, OutgoingMessage

MOST_ADDRESS = 254
_MOST_LOCAL_PART = 64
_MOST_SUBJECT = 250
_MOST_NAME = 100
# Not every server takes 8-bit bodies.
_ASCII = SMTP.clone(cte_type="7bit")
_UTF8 = SMTPUTF8.clone(cte_type="7bit")
_LOCAL_PART = re.compile(r"[^\s\x00-\x1f\x7f()<>\[\]:;@\\,.\"]+(\.[^\s\x00-\x1f\x7f()<>\[\]:;@\\,.\"]+)*")
_TURNS = frozenset(chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
"""Characters that turn the direction of writing: with them a subject or a name can look like another one."""
_DOMAIN = re.compile(r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+|localhost", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sender:
    """From whom e-mail comes. `domain` stands in Message-IDs."""

    address: Address
    reply_to: str = ""

    @property
    def domain(self) -> str:
        """Domain of the address."""
        return self.address.domain


def sender(address: str, name: str = "", reply_to: str = "") -> Sender:
    """Make a sender. Raises AddressInvalid."""
    return Sender(_address(address, name), str(_address(reply_to)) if reply_to else "")


def check_address(text: str) -> Address:
    """Return an e-mail address with its domain in ASCII. Raises AddressInvalid."""
    return _address(text)


def message_id(delivery_id: str, domain: str) -> str:
    """Return the Message-ID of a delivery: the same for each attempt, so that a repeat can be told."""
    return f"<{delivery_id}@{domain}>"


def email_message(message: OutgoingMessage, origin: Sender, now: datetime) -> EmailMessage:
    """Make the e-mail of a message. Raises AddressInvalid."""
    recipient = _address(message.address, message.display_name)
    mail = EmailMessage(policy=_ASCII if recipient.username.isascii() else _UTF8)
    try:
        mail["From"] = origin.address
        mail["To"] = recipient
        if origin.reply_to:
            mail["Reply-To"] = origin.reply_to
        mail["Subject"] = one_line(message.subject, _MOST_SUBJECT)
        mail["Date"] = format_datetime(now)
        mail["Message-ID"] = message_id(message.delivery_id, origin.domain)
        if message.language.replace("-", "").isalnum() and message.language.isascii():
            mail["Content-Language"] = message.language
        # RFC 3834: no answering machine answers.
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        mail.set_content(_body(message.text))
        if message.html:
            mail.add_alternative(_body(message.html), subtype="html")
    except (HeaderParseError, MessageError, ValueError) as error:
        raise AddressInvalid(f"The message cannot be written as an e-mail: {error}.") from error
    return mail


def one_line(text: str, most: int) -> str:
    """Return a text without line breaks, control characters and what turns the direction of writing, not too long."""
    kept = " ".join("".join(map(_kept, text)).split())
    return kept if len(kept) <= most else kept[: most - 1].rstrip() + "…"


def _kept(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    # Half a surrogate pair cannot be written as UTF-8.
    return "" if category == "Cs" or character in _TURNS else character


def _body(text: str) -> str:
    # NUL is in no e-mail.
    return text.encode(errors="replace").decode().replace("\0", "")


def _address(text: str, name: str = "") -> Address:
    local, at, domain = text.rpartition("@")
    if not at:
        raise AddressInvalid("An e-mail address has the form name@domain.")
    if len(text) > MOST_ADDRESS or len(local.encode(errors="replace")) > _MOST_LOCAL_PART:
        raise AddressInvalid("The e-mail address is too long.")
    if not text.isprintable() or _LOCAL_PART.fullmatch(local) is None:
        raise AddressInvalid("The e-mail address has characters that no address has.")
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode()
        except idna.IDNAError:
            raise AddressInvalid("The domain of the e-mail address is none that there can be.") from None
    if _DOMAIN.fullmatch(domain) is None:
        raise AddressInvalid("The domain of the e-mail address is none that there can be.")
    return Address(display_name=one_line(name, _MOST_NAME), username=local, domain=domain)
