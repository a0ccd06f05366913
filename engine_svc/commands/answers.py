"""Answers of commands as bytes, with the token by which history's reads wait for the commit behind them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from mesh.commit_token import encode_commit_token

Told = Sequence[tuple[str, int]]
"""Instances with the revision of their last commit that told events."""

ONE = "commit_token"
EACH = "commit_tokens"


def answer_bytes(response: Message, *told: Told) -> bytes:
    """Return a response as bytes; where it has a `commit_token`, the token of all that was told.

    Where it has `commit_tokens`, it gets one for each of `told`.
    """
    field = _token_field(response.DESCRIPTOR)
    if field == ONE:
        setattr(
            response, ONE, encode_commit_token(told[0] if len(told) == 1 else [one for part in told for one in part])
        )
    elif field == EACH:
        getattr(response, EACH).extend(map(encode_commit_token, told))
    return response.SerializeToString()


@lru_cache(maxsize=512)
def _token_field(descriptor: Descriptor) -> str:
    for name in (ONE, EACH):
        if name in descriptor.fields_by_name:
            return name
    return ""
