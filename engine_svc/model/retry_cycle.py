"""Retry cycles of asynchronous jobs: `R3/PT10S`, or waits one after another as in `PT5S,PT1M`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

import isodate

DEFAULT_TRIES = 3
_UNLIMITED_TRIES = 2**31 - 1
_REPEATED = re.compile(r"R(?P<tries>[0-9]{0,9})/(?P<duration>P[^/,]+)")
_DAYS_OF_MONTH = 30
_DAYS_OF_YEAR = 365


@dataclass(slots=True, frozen=True)
class RetryCycle:
    """How often a job is tried, and how long it waits before each further try."""

    tries: int = DEFAULT_TRIES
    waits_micros: tuple[int, ...] = ()
    """The last one counts for all that follow; empty: exponential."""


def read_retry_cycle(text: str) -> RetryCycle | None:
    """Return what a retry cycle says, None where it says nothing that can be read.

    `R3/PT10S` are three tries in all, 10 s apart (as Flowable counts). Durations separated by commas are the waits
    before the second, third ... try (as Camunda 7). A number alone is the number of tries.
    """
    text = text.strip()
    if text.isdecimal() and len(text) < 10:
        return RetryCycle(tries=max(int(text), 1))
    repeated = _REPEATED.fullmatch(text)
    if repeated is not None:
        wait = _micros(repeated["duration"])
        tries = int(repeated["tries"]) if repeated["tries"] else _UNLIMITED_TRIES
        return None if wait is None else RetryCycle(max(tries, 1), (wait,))
    waits = [_micros(part.strip()) for part in text.split(",")]
    found = tuple(wait for wait in waits if wait is not None)
    return RetryCycle(len(found) + 1, found) if found and len(found) == len(waits) else None


def _micros(text: str) -> int | None:
    try:
        duration = isodate.parse_duration(text)
        if not isinstance(duration, timedelta):
            days = float(duration.years) * _DAYS_OF_YEAR + float(duration.months) * _DAYS_OF_MONTH
            duration = duration.tdelta + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    micros = duration // timedelta(microseconds=1)
    return micros if micros >= 0 else None
