"""Counts by small number, as they are stored: only those that are not 0."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

_SHORT: Final = b"\x01"
_LONG: Final = b"\x02"
_MAX_SHORT: Final = 2**31 - 1


def encode(counts: Mapping[int, int]) -> bytes:
    """Return counts as bytes, the same for the same counts. Numbers are below 65,536."""
    kept = sorted((number, count) for number, count in counts.items() if count)
    if not kept:
        return b""
    numbers, values = zip(*kept, strict=True)
    short = all(-_MAX_SHORT <= value <= _MAX_SHORT for value in values)
    head, kind = (_SHORT, "i") if short else (_LONG, "q")
    return head + struct.pack(f"<{len(kept)}H{len(kept)}{kind}", *numbers, *values)


def decode(content: bytes) -> dict[int, int]:
    """Return what `encode` was given. Raises ValueError for bytes that it did not write."""
    if not content:
        return {}
    head, size = content[:1], len(content) - 1
    width, kind = (6, "i") if head == _SHORT else (10, "q")
    if head not in (_SHORT, _LONG) or size % width:
        raise ValueError(f"counts of an unknown format, {head!r} and {size} bytes")
    count = size // width
    values = struct.unpack_from(f"<{count}H{count}{kind}", content, 1)
    return dict(zip(values[:count], values[count:], strict=True))


def add(counts: dict[int, int], more: Mapping[int, int]) -> None:
    """Add counts to others."""
    for number, count in more.items():
        counts[number] = counts.get(number, 0) + count
