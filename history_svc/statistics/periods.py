"""Hours and days of a time zone, made of the quarters of an hour that are counted in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from history_svc.statistics.contributions import MICROS, QUARTER_MICROS

HOUR: Final = "hour"
DAY: Final = "day"
MAX_PERIODS: Final = 1_000

_FIRST: Final = datetime(1, 1, 3, tzinfo=UTC)
_LAST: Final = datetime(9999, 12, 29, tzinfo=UTC)
_HOUR: Final = timedelta(hours=1)


class TimeZoneUnknown(ValueError):
    """The IANA database has no such zone."""


class TooManyPeriods(ValueError):
    """There are more periods than may be asked for."""


def zone_of(name: str) -> tzinfo:
    """Return a time zone by its name, UTC for the empty one. Raises `TimeZoneUnknown`."""
    if not name:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        # OSError: the name is one of a folder of the database.
        raise TimeZoneUnknown(name) from error


def periods(start_micros: int, end_micros: int, kind: str, zone: tzinfo) -> list[int]:
    """Return where periods begin, from the one with the start in it to the last one that begins before the end, and
    where the last one ends; all in microseconds since the Unix epoch, on quarters of an hour.

    Raises `TooManyPeriods`.
    """
    end_micros = min(end_micros, _micros(_LAST))
    moment = max(_FIRST, min(_LAST, _datetime(start_micros))).astimezone(zone)
    if kind == HOUR:
        begin = moment.replace(minute=0, second=0, microsecond=0)
        following = _next_hour
    else:
        begin = moment.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        following = _next_day
    found = [_quarter(_micros(begin))]
    while found[-1] < end_micros or len(found) == 1:
        if len(found) > MAX_PERIODS:
            raise TooManyPeriods
        begin = following(begin)
        later = _quarter(_micros(begin))
        if later > found[-1]:
            found.append(later)
    return found


def _next_hour(begin: datetime) -> datetime:
    # By the clock of UTC: an hour that comes twice is two periods.
    following = (begin.astimezone(UTC) + _HOUR).astimezone(begin.tzinfo)
    return following.replace(minute=0, second=0, microsecond=0) if following.minute else following


def _next_day(begin: datetime) -> datetime:
    # By the clock of the zone: the day at which it is changed has 23 or 25 hours. A midnight that the zone leaves out
    # becomes the moment at which its clock is put on, by way of UTC.
    day = begin.date() + timedelta(days=1)
    following = datetime(day.year, day.month, day.day, tzinfo=begin.tzinfo)
    return following.astimezone(UTC).astimezone(begin.tzinfo)


def _datetime(micros: int) -> datetime:
    seconds, rest = divmod(micros, MICROS)
    try:
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
    except (OverflowError, ValueError, OSError):
        return _FIRST if micros < 0 else _LAST


def _micros(moment: datetime) -> int:
    return (moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _quarter(micros: int) -> int:
    return -(-micros // QUARTER_MICROS) * QUARTER_MICROS
