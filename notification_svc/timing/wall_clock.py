"""The clock on somebody's wall: times of day in a time zone, also on the days on which it is put forward or back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MICROS = 1_000_000
MINUTES_OF_DAY = 24 * 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=1000)
def find_zone(name: str) -> ZoneInfo | None:
    """Return an IANA time zone, None where there is none of this name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # Names like `Asia` and `../x` are folders, and paths that it refuses.
        return None


def zone_of(*names: str) -> ZoneInfo:
    """Return the first of some time zones that there is, else UTC."""
    for name in names:
        if name and (zone := find_zone(name)) is not None:
            return zone
    return ZoneInfo("UTC")


def wall_time(micros: int, zone: ZoneInfo) -> datetime:
    """Return what the clock on the wall shows at a time."""
    return (_EPOCH + timedelta(microseconds=micros)).astimezone(zone)


def minute_of_day(shown: datetime) -> int:
    """Return a time of day as minutes."""
    return shown.hour * 60 + shown.minute


def when_shown(day: date, minute: int, zone: ZoneInfo, after: int) -> int:
    """Return when the clock shows a minute of a day for the first time after a time, in microseconds.

    Where it is put forward over that minute: when it is put forward. Where it shows the minute twice and `after` is
    between the two: the second time.
    """
    shown = datetime.combine(day, time(minute // 60, minute % 60))
    first = _micros(shown.replace(tzinfo=zone, fold=0))
    second = _micros(shown.replace(tzinfo=zone, fold=1))
    if first > second:
        return _put_forward(second, first, zone)
    return second if first <= after < second else first


def _put_forward(before: int, after: int, zone: ZoneInfo) -> int:
    """Return when a clock is put forward between two times, to the minute."""
    offset = wall_time(before, zone).utcoffset()
    low, high = before // (60 * MICROS), after // (60 * MICROS)
    while high - low > 1:
        middle = (low + high) // 2
        if wall_time(middle * 60 * MICROS, zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high * 60 * MICROS


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
