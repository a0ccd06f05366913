"""Dates and times as datetime fields read and write them."""

from __future__ import annotations

import datetime
import enum
import math
import re
from dataclasses import dataclass
from typing import Final

from form_svc.schema.model import DateTimeFormat, DateTimeKind, TimeZoneFormat

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ZONE: Final = r"(?P<zone>Z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
_REST: Final = r"(?::(?P<rest>[0-5][0-9](?:\.[0-9]{1,9})?))?"
_TIME: Final = re.compile(rf"(?P<hour>[0-9]{{1,2}})(?::(?P<minute>[0-9]{{1,2}}){_REST})?{_ZONE}")
_TIME_OF_DATE: Final = re.compile(rf"(?P<hour>[0-9]{{2}}):(?P<minute>[0-9]{{2}}){_REST}{_ZONE}")
_EARLIEST: Final = datetime.date(1900, 1, 1)
"""Before it form-js's calendar does not reach."""
_FIRST_ZONE: Final = datetime.timedelta(hours=12)
"""How far behind UTC the last place on earth is."""
_QUARTER: Final = 15
"""Time zones are whole quarters of an hour apart."""
_HOUR: Final = 60
_DAY: Final = 24 * 60


class Unreadable(ValueError):
    """The text is no date or time of the wanted kind; form-js empties the field."""


class Refusal(enum.Enum):
    """Why a date cannot be entered; form-js keeps it only where the field began with it."""

    PASSED = enum.auto()
    TOO_EARLY = enum.auto()


@dataclass(slots=True, frozen=True)
class Calendar:
    """When and where a form is filled in. Without a zone, what is right in some zone is right."""

    now: datetime.datetime
    zone: datetime.tzinfo | None = None


@dataclass(slots=True, frozen=True)
class Shown:
    """What becomes of a value on the page."""

    entered: str
    """As form-js writes it when it is entered: a time between two that are offered goes to the earlier one."""
    kept: str
    """As form-js writes it when the field began with it."""
    whole: bool
    """Whether there are no seconds, which are lost."""
    refusal: Refusal | None = None

    @property
    def moved(self) -> bool:
        """Whether the time is between two that are offered."""
        return self.entered != self.kept


@dataclass(slots=True, frozen=True)
class _Reading:
    date: datetime.date | None
    minutes: int
    """Since midnight, as the text has them."""
    offset: int | None
    """Minutes from UTC; None where the text does not say."""
    whole: bool = True
    """Whether there are no seconds."""


def shown(text: str, form: DateTimeFormat, calendar: Calendar) -> Shown:
    """Return a value as form-js shows it. Raises `Unreadable`."""
    try:
        reading = _read(text, form.kind)
        if calendar.zone is not None:
            return _in_zone(reading, form, calendar.now, calendar.zone)
        return _anywhere(reading, form, calendar.now)
    except OverflowError:
        raise Unreadable from None


def _read(text: str, kind: DateTimeKind) -> _Reading:
    if kind is DateTimeKind.TIME:
        return _read_time(text, _TIME, None)
    date_text, mark, time_text = text.partition("T")
    if _DATE.fullmatch(date_text) is None or bool(mark) != (kind is DateTimeKind.DATE_TIME):
        raise Unreadable
    try:
        date = datetime.date.fromisoformat(date_text)
    except ValueError:
        raise Unreadable from None
    return _read_time(time_text, _TIME_OF_DATE, date) if mark else _Reading(date, 0, None)


def _read_time(text: str, form: re.Pattern[str], date: datetime.date | None) -> _Reading:
    found = form.fullmatch(text)
    if found is None:
        raise Unreadable
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if hour * _HOUR >= _DAY or minute >= _HOUR:
        raise Unreadable
    return _Reading(date, hour * _HOUR + minute, _offset(found["zone"]), not float(found["rest"] or 0))


def _offset(zone: str | None) -> int | None:
    if zone is None:
        return None
    if zone == "Z":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    size = int(digits[:2]) * _HOUR + int(digits[2:])
    if size >= _DAY:
        raise Unreadable
    return -size if zone[0] == "-" else size


def _in_zone(reading: _Reading, form: DateTimeFormat, now: datetime.datetime, zone: datetime.tzinfo) -> Shown:
    here_now = now.astimezone(zone)
    if reading.date is None:
        offset = _minutes(here_now.utcoffset())
        minutes = reading.minutes
        if reading.offset is not None:
            minutes = (minutes - reading.offset + offset) % _DAY
        late = minutes % form.interval_minutes
        return _shown_time(minutes, late, offset, reading, form)
    date, minutes = reading.date, reading.minutes
    if reading.offset is not None:
        here = _moment(date, minutes, _fixed(reading.offset)).astimezone(zone)
        date, minutes = here.date(), here.hour * _HOUR + here.minute
    refusal = _refusal(date, form, here_now.date())
    if form.kind is DateTimeKind.DATE:
        return Shown(date.isoformat(), date.isoformat(), whole=True, refusal=refusal)
    late = minutes % form.interval_minutes
    return _shown_moment(_moment(date, minutes, zone), late, reading, form, refusal)


def _anywhere(reading: _Reading, form: DateTimeFormat, now: datetime.datetime) -> Shown:
    """Return what some zone's clock would show: the text's own, where it is written as the field writes."""
    step = form.interval_minutes
    written_as_utc = reading.offset is not None and form.zone_format is TimeZoneFormat.AS_UTC
    if written_as_utc:
        step = math.gcd(step, _QUARTER)
    if reading.date is None:
        return _time_anywhere(reading, form, step)
    date, minutes = reading.date, reading.minutes
    # A date in UTC may have been any day's, somewhere; one on the wall's clock is at most half a day behind.
    behind = datetime.timedelta(days=1) if written_as_utc else _FIRST_ZONE
    refusal = _refusal(date, form, (now.astimezone(datetime.UTC) - behind).date())
    if form.kind is DateTimeKind.DATE:
        return Shown(date.isoformat(), date.isoformat(), whole=True, refusal=refusal)
    moment = _moment(date, minutes, _fixed(reading.offset or 0))
    if form.zone_format is TimeZoneFormat.NONE:
        moment = moment.astimezone(datetime.UTC)
    late = (moment.hour * _HOUR + moment.minute) % step
    return _shown_moment(moment, late, reading, form, refusal)


def _time_anywhere(reading: _Reading, form: DateTimeFormat, step: int) -> Shown:
    minutes, offset = reading.minutes, reading.offset or 0
    if reading.offset is not None and form.zone_format is TimeZoneFormat.NONE:
        minutes, offset = (minutes - offset) % _DAY, 0
    return _shown_time(minutes, minutes % step, offset, reading, form)


def _shown_time(minutes: int, late: int, offset: int, reading: _Reading, form: DateTimeFormat) -> Shown:
    entered = _time_text(minutes - late, offset, form.zone_format)
    return Shown(entered, _time_text(minutes, offset, form.zone_format), reading.whole)


def _shown_moment(
    moment: datetime.datetime, late: int, reading: _Reading, form: DateTimeFormat, refusal: Refusal | None
) -> Shown:
    earlier = moment - datetime.timedelta(minutes=late)
    return Shown(
        _moment_text(earlier, form.zone_format), _moment_text(moment, form.zone_format), reading.whole, refusal
    )


def _refusal(date: datetime.date, form: DateTimeFormat, today: datetime.date) -> Refusal | None:
    if form.disallow_passed:
        return Refusal.PASSED if date < today else None
    return Refusal.TOO_EARLY if date < _EARLIEST else None


def _moment(date: datetime.date, minutes: int, zone: datetime.tzinfo) -> datetime.datetime:
    return datetime.datetime.combine(date, datetime.time(minutes // _HOUR, minutes % _HOUR), zone)


def _moment_text(moment: datetime.datetime, zone_format: TimeZoneFormat) -> str:
    if zone_format is TimeZoneFormat.AS_UTC:
        moment = moment.astimezone(datetime.UTC)
    date, minutes = moment.date().isoformat(), moment.hour * _HOUR + moment.minute
    offset = _minutes(moment.utcoffset())
    # The date is that of the same zone already.
    return f"{date}T{_time_text(minutes, offset, zone_format)}"


def _time_text(minutes: int, offset: int, zone_format: TimeZoneFormat) -> str:
    match zone_format:
        case TimeZoneFormat.AS_UTC:
            return f"{_clock((minutes - offset) % _DAY)}Z"
        case TimeZoneFormat.WITH_OFFSET:
            return f"{_clock(minutes)}{'-' if offset < 0 else '+'}{_clock(abs(offset))}"
        case _:
            return _clock(minutes)


def _clock(minutes: int) -> str:
    return f"{minutes // _HOUR:02}:{minutes % _HOUR:02}"


def _minutes(span: datetime.timedelta | None) -> int:
    return 0 if span is None else int(span.total_seconds()) // _HOUR


def _fixed(offset: int) -> datetime.tzinfo:
    return datetime.timezone(datetime.timedelta(minutes=offset))
