"""What an event on the bus must be, and reading one: a newer release's is read as far as it is understood."""

from __future__ import annotations

import re
from functools import lru_cache

import protovalidate
from flowmesh.events.v1.event_pb2 import EventEnvelope
from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet

from mesh.contract_rules import surely_valid

KNOWN_MAJOR = 1
FIRST_PAYLOAD_FIELD = 100
EVENT_VERSION = re.compile(r"([0-9]{1,9})\.[0-9]+", re.ASCII)

_validator = protovalidate.Validator()


class Unreadable(Exception):
    """The message is no event that this release can read. `reason`: one word in capitals."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def decode(value: bytes) -> EventEnvelope | None:
    """Return the event in a message; None for a type of event that only a newer release knows.

    Raises `Unreadable` with UNDECODABLE, UNSUPPORTED_VERSION (another major version) or INVALID.
    """
    try:
        envelope = EventEnvelope.FromString(value)
    except DecodeError as error:
        raise Unreadable("UNDECODABLE", f"not an event envelope: {error}") from error
    if _major_of(envelope.event_version) not in (KNOWN_MAJOR, None):
        raise Unreadable(
            "UNSUPPORTED_VERSION", f"event version {envelope.event_version}, this release reads {KNOWN_MAJOR}.x"
        )
    if envelope.WhichOneof("payload") is None and _has_unknown_payload(envelope):
        return None
    check(envelope)
    return envelope


@lru_cache(maxsize=16)
def _major_of(event_version: str) -> int | None:
    version = EVENT_VERSION.fullmatch(event_version)
    return None if version is None else int(version.group(1))


def check(message: Message) -> None:
    """Refuse a message that breaks a rule of its contract. Raises `Unreadable` with INVALID."""
    if surely_valid(message):
        return
    try:
        _validator.validate(message)
    except protovalidate.ValidationError as error:
        raise Unreadable("INVALID", str(error)) from error


def _has_unknown_payload(envelope: EventEnvelope) -> bool:
    unknown = UnknownFieldSet(envelope)
    return any(unknown[place].field_number >= FIRST_PAYLOAD_FIELD for place in range(len(unknown)))
