"""What a template is, and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo
from enum import StrEnum
from typing import Final


class Medium(StrEnum):
    """Where a text is read. Webhooks carry data and have none."""

    INBOX = "inbox"
    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"
    CHAT = "chat"


PARTS: Final = ("subject", "text", "html")
"""Parts of a template; only e-mail has `html`."""


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """The texts of one event, for one medium, in one language."""

    event_type: str
    medium: Medium
    language: str
    subject: str
    text: str
    html: str = ""


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a text is: how dates and numbers are written."""

    language: str = "en"
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class Rendered:
    """The texts of one message. `html` is a whole document, or empty."""

    subject: str
    text: str
    html: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderLimits:
    """What rendering a template may take."""

    source_characters: int = 32_000
    """Of each part."""
    depth: int = 30
    nodes: int = 2_000
    steps: int = 20_000
    """Turns of loops, filters, operators and pieces of output."""
    cpu_seconds: float = 0.2
    value_characters: int = 64_000
    """Of one value on its way."""
    text_characters: int = 64_000
    html_characters: int = 256_000
    subject_characters: int = 250
