"""Due dates: ISO 8601 dates, date-times and durations (`P3D`, `PT8H`), without a zone in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import isodate

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
EARLIEST_MICROS = -62_135_596_800_000_000
LATEST_MICROS = 253_402_300_799_999_999
"""What a `google.protobuf.Timestamp` can hold: the years 1 to 9999."""


class InvalidDueDate(Exception):
    """The value is no date, date-time or duration."""


def due_micros(value: Any, now: int) -> int:
    """Return the time that `value` names, in microseconds since the Unix epoch. Raises `InvalidDueDate`."""
    if not isinstance(value, str):
        raise InvalidDueDate(f"a due date must be an ISO 8601 text, not {value!r}")
    text = value.strip()
    try:
        if text.startswith(("P", "-P", "+P")):
            moment = EPOCH + timedelta(microseconds=now) + isodate.parse_duration(text)
        elif "T" in text:
            moment = isodate.parse_datetime(text)
        else:
            moment = datetime.combine(isodate.parse_date(text), time())
    except (ValueError, OverflowError, isodate.ISO8601Error) as error:
        raise InvalidDueDate(
            f"{value!r} is no ISO 8601 date (2026-01-31), date-time (2026-01-31T09:00:00Z) or duration (P3D)"
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    micros: int = (moment - EPOCH) // MICROSECOND
    if not EARLIEST_MICROS <= micros <= LATEST_MICROS:
        raise InvalidDueDate(f"{value!r} is outside the years 1 to 9999")
    return micros
