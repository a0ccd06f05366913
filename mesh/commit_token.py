"""Commit tokens: which commits of which instances an answer speaks of, opaque to the caller.

The engine puts one into the answer of every command; history takes it, and answers only once it has taken those
commits in. A token is no secret: it names instances, and reads them only for those who may.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

from mesh.errors import InvalidField, Violation

MAX_INSTANCES = 64
"""A token names so many instances at most, so that it fits into a URL."""
MAX_LENGTH = 2_048
MAX_REVISION = (1 << 43) - 1

_VERSION = b"\x01"
_ID_BYTES = 16


def encode_commit_token(commits: Iterable[tuple[str, int]]) -> str:
    """Return the token of commits, each an instance's id (a UUID) and its revision; empty where there are none.

    Of more than `MAX_INSTANCES` it names the first ones.
    """
    parts = [_VERSION]
    for instance_id, revision in commits:
        if len(parts) > 2 * MAX_INSTANCES:
            break
        parts.append(bytes.fromhex(instance_id.replace("-", "")))
        parts.append(_varint(revision))
    if len(parts) == 1:
        return ""
    return base64.urlsafe_b64encode(b"".join(parts)).rstrip(b"=").decode()


def join_commit_tokens(tokens: Iterable[str]) -> str:
    """Return a token of the commits of several; of more than `MAX_INSTANCES` it names the first ones."""
    commits: dict[str, int] = {}
    for token in tokens:
        if len(commits) >= MAX_INSTANCES:
            break
        if token:
            for instance_id, revision in decode_commit_token(token).items():
                commits[instance_id] = max(revision, commits.get(instance_id, 0))
    return encode_commit_token(commits.items())


def decode_commit_token(token: str) -> dict[str, int]:
    """Return the revision of each instance that a token names. Raises InvalidField (COMMIT_TOKEN_INVALID)."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _invalid() from None
    if raw[:1] != _VERSION or len(raw) == 1 or len(token) > MAX_LENGTH:
        raise _invalid()
    commits: dict[str, int] = {}
    place = 1
    while place < len(raw):
        instance_id = raw[place : place + _ID_BYTES]
        place += _ID_BYTES
        revision = shift = 0
        while place < len(raw) and raw[place] & 0x80 and shift < 56:
            revision |= (raw[place] & 0x7F) << shift
            shift += 7
            place += 1
        if place >= len(raw):
            raise _invalid()
        revision |= raw[place] << shift
        place += 1
        if not 0 < revision <= MAX_REVISION:
            raise _invalid()
        text = instance_id.hex()
        key = f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
        commits[key] = max(revision, commits.get(key, 0))
    return commits


def _varint(number: int) -> bytes:
    if number < 0x80:
        return bytes((number,))
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def _invalid() -> InvalidField:
    text = "Must be the commit_token of an answer of the engine, as it is."
    return InvalidField(
        "COMMIT_TOKEN_INVALID",
        "The commit token is not one that the engine gave.",
        violations=[Violation("after_commit_token", text)],
    )
