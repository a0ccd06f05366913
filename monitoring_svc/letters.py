"""Dead letters: their names, and what their headers say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mesh.bus import headers
from mesh.bus.port import MessagePosition, ReceivedMessage
from mesh.bus.topics import DEAD_LETTER_SUFFIX, dead_letter_topic

_NAME: Final = re.compile(r"([A-Za-z0-9._-]{1,249})\.([0-9]{1,9})\.([0-9]{1,18})", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_LAST_MICROS: Final = 253_402_300_799_999_999
"""The end of the year 9999."""


@dataclass(slots=True, frozen=True)
class Letter:
    """What is told of a dead letter by its place and headers; a header that makes no sense counts as missing.

    `topic` and the two after it: where the event lay before; `failed_at`: microseconds since the Unix epoch.
    """

    name: str
    topic: str
    partition: int
    offset: int
    group: str
    reason: str
    attempts: int
    failed_at: int
    stack: str
    others: Mapping[str, str]


def position_of(message: ReceivedMessage) -> MessagePosition:
    """Return where a dead letter lies."""
    return MessagePosition(message.topic, message.partition, message.offset)


def position_named(name: str) -> MessagePosition | None:
    """Return where the dead letter of a name lies; None where it is no such name."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    topic, partition, offset = match.groups()
    return MessagePosition(dead_letter_topic(topic), int(partition), int(offset))


def before(position: MessagePosition) -> MessagePosition | None:
    """Return the position from which reading on begins with this one."""
    if position.partition == 0 and position.offset == 0:
        return None
    return MessagePosition(position.topic, position.partition, position.offset - 1)


def letter_of(message: ReceivedMessage) -> Letter:
    """Read the headers of a dead letter."""
    given = message.headers
    topic = message.topic.removesuffix(DEAD_LETTER_SUFFIX)
    failed_at = _number(given, headers.FAILED_AT)
    return Letter(
        name=f"{topic}.{message.partition}.{message.offset}",
        topic=given.get(headers.ORIGINAL_TOPIC, topic),
        partition=min(_number(given, headers.ORIGINAL_PARTITION), 2**31 - 1),
        offset=_number(given, headers.ORIGINAL_OFFSET),
        group=given.get(headers.GROUP, ""),
        reason=given.get(headers.REASON, ""),
        attempts=min(_number(given, headers.ATTEMPTS), 2**31 - 1),
        failed_at=failed_at if 0 < failed_at <= _LAST_MICROS else message.timestamp_micros,
        stack=given.get(headers.STACK, ""),
        others={name: text for name, text in given.items() if not name.startswith(headers.DEAD_LETTER_PREFIX)},
    )


def _number(given: Mapping[str, str], name: str) -> int:
    text = given.get(name, "")
    return int(text) if _NUMBER.fullmatch(text) else 0
