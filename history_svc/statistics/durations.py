"""Durations in buckets that grow by 2 %: sketches that are added up and taken apart again, exactly.

A sketch is how many durations fell into each bucket. Unlike other sketches it may be subtracted from, so it can follow
rows that change, and the order in which durations come makes no difference to it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Final

RELATIVE_ERROR: Final = 0.01
"""How far a percentile may be from the exact one."""

_GROWTH: Final = 50
"""A bucket is no wider than a part of its lower bound: half of it is the error."""
_LONGEST: Final = 10**16
"""Microseconds, 317 years; all that takes longer is in the last bucket."""


def _bounds() -> list[int]:
    # Whole numbers alone, so that every machine has the same.
    bounds = [1]
    while bounds[-1] < _LONGEST:
        bounds.append(bounds[-1] + max(1, bounds[-1] // _GROWTH))
    return bounds


_BOUNDS: Final = _bounds()
BUCKETS: Final = len(_BOUNDS) + 1


def bucket_of(micros: int) -> int:
    """Return the bucket of a duration in microseconds; bucket 0 is for those that took no time."""
    return bisect_right(_BOUNDS, micros)


def value_of(bucket: int) -> int:
    """Return the duration that stands for those in a bucket: the middle of it."""
    if bucket == 0:
        return 0
    if bucket == len(_BOUNDS):
        return _BOUNDS[-1]
    return (_BOUNDS[bucket - 1] + _BOUNDS[bucket] - 1) // 2


def percentiles(sketch: Mapping[int, int], shares: tuple[float, ...]) -> list[int]:
    """Return the durations that the given shares of all do not exceed (nearest rank), in the order of the shares.

    `shares` go up, from above 0 to 1. Returns none for an empty sketch.
    """
    total = sum(sketch.values())
    if total <= 0:
        return []
    found: list[int] = []
    # A share times the count, rounded up, in whole numbers: floats would miss ranks of large counts.
    ranks = [max(1, -(-int(share * 10_000) * total // 10_000)) for share in shares]
    passed = 0
    for bucket in sorted(sketch):
        passed += sketch[bucket]
        while len(found) < len(ranks) and passed >= ranks[len(found)]:
            found.append(value_of(bucket))
    return found
