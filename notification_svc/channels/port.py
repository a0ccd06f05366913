"""What a channel is given and what it answers; nothing here knows a channel or a library."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

_DELIVERY_ID = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)


class AddressInvalid(Exception):
    """Nothing can ever be sent to an address; the message says why, and holds no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """One notification for one address.

    `delivery_id` is the same for each attempt, so that the other side can tell a repeat: letters, digits, `-` and `_`.
    `address` is an e-mail address, a URL of apprise or the URL of a webhook; it may hold secrets. `signing_secrets`
    are those of a webhook: the one in use, then the former one while it is being replaced. Raises ValueError.
    """

    delivery_id: str
    address: str = field(repr=False)
    event_type: str = ""
    occurred_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    display_name: str = ""
    language: str = "en"
    subject: str = ""
    text: str = ""
    html: str = ""
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)
    signing_secrets: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if _DELIVERY_ID.fullmatch(self.delivery_id) is None:
            raise ValueError("a delivery id has up to 128 letters, digits, hyphens and underscores")


@dataclass(frozen=True, slots=True)
class Delivered:
    """The other side has taken the message. `reference`: what it said of it, for the delivery log."""

    reference: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The message was not taken, or nobody knows whether it was.

    `retryable`: another attempt may succeed. `reason`: one sentence for the delivery log, without secrets.
    `retry_after`: seconds that the other side asks to be left alone for. `address_gone`: the other side wants no
    message any more, so that the address is to be disabled. `ours`: the other side had no part in it. `timed_out`: it
    said nothing for as long as was waited.
    """

    retryable: bool
    reason: str
    retry_after: float = 0.0
    address_gone: bool = False
    ours: bool = False
    timed_out: bool = False


Outcome = Delivered | Failed


class Channel(Protocol):
    """One way to deliver. Used on one event loop."""

    async def check(self, address: str) -> None:
        """Look at an address before it is stored.

        Raises AddressInvalid, and `mesh.errors.DependencyDown` where it cannot be told now.
        """

    async def send(self, message: OutgoingMessage) -> Outcome:
        """Deliver, in bounded time, whatever the other side does.

        Raises nothing that the other side or the message could cause; a cancelled call may have delivered.
        """

    async def close(self) -> None:
        """Let go of connections, threads and processes."""
