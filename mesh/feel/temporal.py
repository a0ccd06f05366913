"""Dates, times and durations, as texts and as Python's values.

A date is a `date`, a date and time a `datetime`, a time a `time`, a days and time duration a `timedelta`; a years and
months duration is a `YearsMonths`. Years go from 1 to 9999 and seconds have six digits behind the point.
"""

from __future__ import annotations

import re
import zoneinfo
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from importlib import resources
from typing import Any

from mesh.feel.limits import MAX_NUMERAL_LENGTH
from mesh.feel.values import YearsMonths

_DATE = r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
_TIME = r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
_ZONE = r"(Z|z|[+-][0-9]{2}:[0-9]{2}(?::[0-9]{2})?|@[A-Za-z][A-Za-z0-9_+/-]*)?"
_DATE_TEXT = re.compile(_DATE, re.ASCII)
_TIME_TEXT = re.compile(rf"T?{_TIME}{_ZONE}", re.ASCII)
_DATETIME_TEXT = re.compile(rf"{_DATE}T{_TIME}{_ZONE}", re.ASCII)
_OFFSET = re.compile(r"([+-])([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?", re.ASCII)
_YEARS_MONTHS = re.compile(r"(-?)P(?:([0-9]+)Y)?(?:([0-9]+)M)?", re.ASCII)
_DAYS_TIME = re.compile(r"(-?)P(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:\.([0-9]*))?S)?)?", re.ASCII)
MAX_OFFSET = timedelta(hours=18)
_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_NO_OFFSET = timedelta()
_REFERENCE = datetime(1970, 1, 1)
"""The day that tells the offset of a time with a time zone."""

MAX_MONTHS = 12 * 999_999_999


def parse_date(text: str) -> date | None:
    """Return the date that `text` is, or None."""
    found = _DATE_TEXT.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def parse_time(text: str) -> time | None:
    """Return the time that `text` is, or None."""
    found = _TIME_TEXT.fullmatch(text) if len(text) <= MAX_NUMERAL_LENGTH else None
    return None if found is None else _time(found, 1)


def parse_date_time(text: str) -> datetime | None:
    """Return the date and time that `text` is, or None. A date alone is its midnight."""
    found = _DATETIME_TEXT.fullmatch(text) if len(text) <= MAX_NUMERAL_LENGTH else None
    if found is None:
        day = parse_date(text)
        return None if day is None else datetime.combine(day, time())
    if found[4] == "24":
        return _end_of_day(text)
    day, moment = parse_date(text[:10]), _time(found, 4)
    return None if day is None or moment is None else datetime.combine(day, moment)


def _end_of_day(text: str) -> datetime | None:
    """Return the midnight that `text`, a date and time with the hour 24, is."""
    moment = parse_date_time(f"{text[:11]}00{text[13:]}")
    if moment is None or moment.time() != time() or moment.year == 9999:
        return None
    return datetime.combine(moment.date() + _DAY, moment.timetz())


def parse_duration(text: str) -> timedelta | YearsMonths | None:
    """Return the duration of either kind that `text` is, or None."""
    if len(text) > MAX_NUMERAL_LENGTH:
        return None
    found = _YEARS_MONTHS.fullmatch(text)
    if found is not None and (found[2] or found[3]):
        months = 12 * int(found[2] or 0) + int(found[3] or 0)
        return years_months(-months if found[1] else months)
    found = _DAYS_TIME.fullmatch(text)
    if found is None or text.endswith(("P", "T")):
        return None
    days, hours, minutes, seconds = (int(found[group] or 0) for group in (2, 3, 4, 5))
    micros = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000_000 + _micros(found[6])
    return duration_of(-micros if found[1] else micros)


def parse_moment(text: str) -> Any:
    """Return the date, time, date and time or duration that `text` is, or None: what stands behind an `@`."""
    if text.startswith(("P", "-P")):
        return parse_duration(text)
    if "T" in text[1:] and "-" in text[:8]:
        return parse_date_time(text)
    found = parse_date(text)
    return parse_time(text) if found is None else found


def years_months(months: int) -> YearsMonths | None:
    """Return a duration of so many months; None where it is too long."""
    return YearsMonths(months) if -MAX_MONTHS <= months <= MAX_MONTHS else None


def duration_of(micros: int) -> timedelta | None:
    """Return a duration of so many microseconds; None where it is too long."""
    try:
        return timedelta(microseconds=micros)
    except OverflowError:
        return None


def micros_of(duration: timedelta) -> int:
    """Return the length in microseconds."""
    return duration // _MICROSECOND


def zone_of(text: str) -> tzinfo | None:
    """Return the time zone of `Z`, `+08:00` or a name such as `Asia/Shanghai`; None where there is none."""
    if text in ("Z", "z"):
        return UTC
    found = _OFFSET.fullmatch(text)
    if found is None:
        return _named_zone(text)
    hours, minutes, seconds = int(found[2]), int(found[3]), int(found[4] or 0)
    offset = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if minutes > 59 or seconds > 59 or offset > MAX_OFFSET:
        return None
    return offset_zone(-offset if found[1] == "-" else offset)


def offset_zone(offset: timedelta) -> tzinfo | None:
    """Return the time zone with this offset from UTC; None where it is too large."""
    if not -MAX_OFFSET <= offset <= MAX_OFFSET:
        return None
    return UTC if not offset else timezone(offset)


@lru_cache(maxsize=1024)
def _named_zone(name: str) -> tzinfo | None:
    return zoneinfo.ZoneInfo(name) if name in _zone_names() else None


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    """Return the names of all time zones, so that no other file is ever looked for."""
    return frozenset((resources.files("tzdata") / "zones").read_text(encoding="utf-8").split())


def _micros(fraction: str | None) -> int:
    return int(fraction[:6].ljust(6, "0")) if fraction else 0


def _time(found: re.Match[str], first: int) -> time | None:
    hour, minute, second = (int(found[group]) for group in range(first, first + 3))
    zone_text, zone = found[first + 4], None
    if zone_text:
        zone = zone_of(zone_text.removeprefix("@"))
        if zone is None:
            return None
    try:
        return time(hour, minute, second, _micros(found[first + 3]), zone)
    except ValueError:
        return None


def zone_text(zone: tzinfo | None) -> str:
    """Return how a time zone is written behind a time."""
    if zone is None:
        return ""
    if isinstance(zone, zoneinfo.ZoneInfo):
        return f"@{zone.key}"
    offset = zone.utcoffset(None)
    if offset is None:
        # A time zone of another library: what it says about the reference day has to do.
        offset = zone.utcoffset(_REFERENCE.replace(tzinfo=zone)) or timedelta()
    if not offset:
        return "Z"
    seconds = abs(offset) // timedelta(seconds=1)
    sign = "-" if offset < timedelta() else "+"
    text = f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}"
    return f"{text}:{seconds % 60:02}" if seconds % 60 else text


def zone_name(zone: tzinfo | None) -> str | None:
    """Return the name of a time zone: `Europe/Paris`, `Z` or an offset."""
    return None if zone is None else zone_text(zone).removeprefix("@")


def time_offset(moment: time) -> timedelta | None:
    """Return the offset from UTC; of a time zone with changing offsets the one of 1970-01-01."""
    if moment.tzinfo is None:
        return None
    return datetime.combine(_REFERENCE, moment).utcoffset()


def _clock_text(moment: time | datetime) -> str:
    text = f"{moment.hour:02}:{moment.minute:02}:{moment.second:02}"
    return f"{text}.{moment.microsecond:06}".rstrip("0") if moment.microsecond else text


def text_of(value: Any) -> str:
    """Return a temporal value as FEEL writes it."""
    kind = type(value)
    if kind is datetime:
        return f"{value.date().isoformat()}T{_clock_text(value)}{zone_text(value.tzinfo)}"
    if kind is time:
        return f"{_clock_text(value)}{zone_text(value.tzinfo)}"
    if kind is timedelta:
        return _duration_text(value)
    if kind is YearsMonths:
        years, months = divmod(abs(value.months), 12)
        sign = "-" if value.months < 0 else ""
        return f"{sign}P{f'{years}Y' if years else ''}{f'{months}M' if months or not years else ''}"
    text: str = value.isoformat()
    return text


def _duration_text(duration: timedelta) -> str:
    micros = micros_of(duration)
    sign, micros = ("-", -micros) if micros < 0 else ("", micros)
    seconds, micros = divmod(micros, 1_000_000)
    days, seconds = divmod(seconds, 86_400)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    clock = f"{hours}H" if hours else ""
    clock += f"{minutes}M" if minutes else ""
    if micros:
        clock += f"{seconds}.{micros:06}".rstrip("0") + "S"
    elif seconds:
        clock += f"{seconds}S"
    if not days and not clock:
        return "PT0S"
    return f"{sign}P{f'{days}D' if days else ''}{f'T{clock}' if clock else ''}"


def seconds_of_time(moment: time) -> int:
    """Return the microseconds since midnight in UTC, or in local time for a time without zone."""
    micros = ((moment.hour * 60 + moment.minute) * 60 + moment.second) * 1_000_000 + moment.microsecond
    offset = time_offset(moment)
    return micros if offset is None else micros - micros_of(offset)


def shifted(moment: datetime, duration: timedelta) -> datetime | None:
    """Return the moment so much later on the time line; None where that is out of range."""
    try:
        if moment.tzinfo is None:
            return moment + duration
        return (moment.astimezone(UTC) + duration).astimezone(moment.tzinfo)
    except (OverflowError, ValueError):
        return None


def elapsed(start: datetime, end: datetime) -> timedelta | None:
    """Return how long it is from `start` to `end`; None where one of them has no time zone and the other has."""
    if (start.tzinfo is None) != (end.tzinfo is None):
        return None
    clocks = end.replace(tzinfo=None) - start.replace(tzinfo=None)
    # Of two moments with the same time zone Python would compare the clocks, and UTC has no year 0.
    return clocks - (end.utcoffset() or _NO_OFFSET) + (start.utcoffset() or _NO_OFFSET)


def moved_time(moment: time, duration: timedelta) -> time:
    """Return the time so much later, around midnight if need be."""
    micros = ((moment.hour * 60 + moment.minute) * 60 + moment.second) * 1_000_000 + moment.microsecond
    total = (micros + micros_of(duration % _DAY)) % (86_400 * 1_000_000)
    seconds, micros = divmod(total, 1_000_000)
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60, micros, moment.tzinfo)


def moved_months(day: Any, months: int) -> Any:
    """Return a date, or date and time, so many months later, on the last day of the month where it has no such day."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= years <= 9999:
        return None
    last = 29 if month == 1 and _is_leap(years) else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month]
    return day.replace(year=years, month=month + 1, day=min(day.day, last))


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def months_between(start: date, end: date) -> int:
    """Return the whole months from one date to another."""
    months = (end.year - start.year) * 12 + end.month - start.month
    if months > 0 and end.day < start.day:
        return months - 1
    return months + 1 if months < 0 and end.day > start.day else months
