"""Page tokens: where a list goes on, opaque to the caller and bound to the method and its filters.

A token is the sort key of the last row with a checksum over key, request type and filters. The checksum finds
tokens that were damaged or belong to another list; it is no secret, since a key of a list one may read tells nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Protocol, TypeVar, cast

import orjson
from google.protobuf.message import Message

from mesh.errors import InvalidField, Violation

DEFAULT_PAGE_SIZE = 50

SortKey = tuple[str | int | None, ...]

_CHECKSUM_BYTES = 8


class ListRequest(Protocol):
    """What every request of a list method has."""

    page_size: int
    page_token: str


def page_size_of(request: ListRequest, default: int = DEFAULT_PAGE_SIZE) -> int:
    """Return how many rows to answer with; `default` where the caller left it to us."""
    return request.page_size or default


def encode_page_token(request: ListRequest, last_key: Sequence[str | int | None]) -> str:
    """Return the token of the page that begins behind the row with this sort key."""
    key = orjson.dumps(list(last_key))
    return base64.urlsafe_b64encode(_checksum(request, key) + key).rstrip(b"=").decode()


def decode_page_token(request: ListRequest, *kinds: type[str] | type[int]) -> SortKey | None:
    """Return the sort key a request goes on from; None for the first page.

    `kinds` are the types of the key's parts; each part may be None as well. Raises InvalidField
    (PAGE_TOKEN_INVALID) for a token that is damaged, or was made by another method or with other filters.
    """
    if not request.page_token:
        return None
    try:
        raw = base64.b64decode(request.page_token + "=" * (-len(request.page_token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _invalid() from None
    checksum, key = raw[:_CHECKSUM_BYTES], raw[_CHECKSUM_BYTES:]
    if checksum != _checksum(request, key):
        raise _invalid()
    try:
        parts = orjson.loads(key)
    except orjson.JSONDecodeError:
        raise _invalid() from None
    if (
        not isinstance(parts, list)
        or len(parts) != len(kinds)
        or not all(part is None or type(part) is kind for part, kind in zip(parts, kinds, strict=True))
    ):
        raise _invalid()
    return tuple(parts)


def _invalid() -> InvalidField:
    text = "Must be the next_page_token of the response before, sent with the same filters."
    return InvalidField(
        "PAGE_TOKEN_INVALID",
        "The page token was not made by this method with these filters.",
        violations=[Violation("page_token", text)],
    )


_M = TypeVar("_M", bound=Message)


def _checksum(request: ListRequest, key: bytes) -> bytes:
    message = cast("Message", request)
    filters = _copy(message)
    filters.ClearField("page_token")
    filters.ClearField("page_size")
    if "after_commit_token" in message.DESCRIPTOR.fields_by_name:
        # It says when to read, not what.
        filters.ClearField("after_commit_token")
    digest = hashlib.blake2b(digest_size=_CHECKSUM_BYTES)
    for part in (message.DESCRIPTOR.full_name.encode(), filters.SerializeToString(deterministic=True), key):
        digest.update(len(part).to_bytes(4, "big"))
        digest.update(part)
    return digest.digest()


def _copy(message: _M) -> _M:
    twin = type(message)()
    twin.CopyFrom(message)
    return twin
