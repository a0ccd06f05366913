"""An e-mail as it goes over the wire: headers that nothing can be put into, text and HTML."""

from __future__ import annotations

import re
import unicodedata
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError, MessageError
from email.headerregistry import Address, AddressHeader
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any

import idna

from notification_svc.channels.port import AddressInvalid, OutgoingMessage

MOST_ADDRESS = 254
_MOST_LOCAL_PART = 64
_MOST_SUBJECT = 250
_MOST_NAME = 100
_WORD_BYTES = 39
"""Bytes of text in an encoded word, so that none makes a line longer than 78 characters."""
_LOCAL_PART = re.compile(r"[^\s\x00-\x1f\x7f()<>\[\]:;@\\,.\"]+(\.[^\s\x00-\x1f\x7f()<>\[\]:;@\\,.\"]+)*")
_TURNS = frozenset(chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
"""Characters that turn the direction of writing: with them a subject or a name can look like another one."""
_DOMAIN = re.compile(r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+|localhost", re.ASCII)


class _Policy(EmailPolicy):
    """Writes the headers of people's words itself: what the library makes of them gains and loses spaces (3.11)."""

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        """Keep a subject as it is: the library would decode what looks encoded in it, line breaks and all."""
        return (name, value) if name == "Subject" else super().header_store_parse(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        """Return a header as it goes over the wire."""
        if isinstance(value, AddressHeader):
            written = ", ".join(map(_written, value.addresses))
        elif name == "Subject":
            written = encoded_words(value)
        else:
            return super().fold_binary(name, value)
        return f"{name}: {written}\r\n".encode()


# Not every server takes 8-bit bodies.
_ASCII = _Policy(linesep="\r\n", cte_type="7bit", raise_on_defect=True)
_UTF8 = _Policy(linesep="\r\n", cte_type="7bit", raise_on_defect=True, utf8=True)


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
        # RFC 3834: no answering machine answers.
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        mail.set_content(_body(message.text))
        if message.html:
            mail.add_alternative(_body(message.html), subtype="html")
        # Last, as it would become one of the first part otherwise.
        if message.language.replace("-", "").isalnum() and message.language.isascii():
            mail["Content-Language"] = message.language
    except (HeaderParseError, MessageError, ValueError) as error:
        raise AddressInvalid(f"The message cannot be written as an e-mail: {error}.") from error
    return mail


def encoded_words(text: str) -> str:
    """Return a text for a header: as it is where it is ASCII, else as encoded words (RFC 2047)."""
    if text.isascii() and text.isprintable() and "=?" not in text:
        return text
    words: list[bytearray] = [bytearray()]
    for character in text:
        encoded = character.encode()
        if len(words[-1]) + len(encoded) > _WORD_BYTES:
            words.append(bytearray())
        words[-1] += encoded
    # The line break between two of them is no part of the text.
    return "\r\n ".join(f"=?utf-8?b?{b64encode(word).decode()}?=" for word in words)


def one_line(text: str, most: int) -> str:
    """Return a text without line breaks, control characters and what turns the direction of writing, not too long."""
    kept = " ".join("".join(map(_kept, text)).split())
    return kept if len(kept) <= most else kept[: most - 1].rstrip() + "…"


def _written(address: Address) -> str:
    name = encoded_words(address.display_name)
    if name == address.display_name:
        return str(address)
    return f"{name}\r\n <{address.addr_spec}>"


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
