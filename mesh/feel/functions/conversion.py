"""Conversion functions, `not`, `is` and Camunda's functions on null."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from mesh.feel.calls import feel
from mesh.feel.comparison import equal
from mesh.feel.decimals import parse_number
from mesh.feel.errors import WarningKind
from mesh.feel.evaluation import Run
from mesh.feel.json_values import json_text, parse_json
from mesh.feel.rendering import string_of
from mesh.feel.temporal import (
    months_between,
    offset_zone,
    parse_date,
    parse_date_time,
    parse_duration,
    parse_moment,
    parse_time,
    years_months,
    zone_of,
)
from mesh.feel.values import YearsMonths


@feel("date", "from: string")
def _date_from_text(run: Run, text: str) -> Any:
    return parse_date(text) or run.refused(f"{text[:40]!r} is no date")


@feel("date", "from: day")
def _date_from_day(run: Run, value: Any) -> Any:
    return value.date() if type(value) is datetime else value


@feel("date", "year: number, month: number, day: number")
def _date_from_parts(run: Run, year: Any, month: Any, day: Any) -> Any:
    try:
        return date(year, month, day)
    except (ValueError, TypeError, OverflowError):
        return run.refused("there is no such date")


@feel("time", "from: string")
def _time_from_text(run: Run, text: str) -> Any:
    found = parse_time(text)
    return run.refused(f"{text[:40]!r} is no time") if found is None else found


@feel("time", "from: time|date|date and time")
def _time_from_moment(run: Run, value: Any) -> Any:
    if type(value) is datetime:
        return value.timetz()
    return time(tzinfo=UTC) if type(value) is date else value


@feel("time", "hour: number, minute: number, second: number, offset?: days duration?")
def _time_from_parts(run: Run, hour: Any, minute: Any, second: Any, offset: timedelta | None = None) -> Any:
    zone = None if offset is None else offset_zone(offset)
    if offset is not None and zone is None:
        return run.refused("there is no such offset")
    return _clock(run, hour, minute, second, zone)


def _clock(run: Run, hour: Any, minute: Any, second: Any, zone: tzinfo | None) -> Any:
    try:
        micros = 0
        if type(second) is Decimal:
            whole = int(second) if 0 <= second < 60 else 60
            second, micros = whole, int((second - whole) * 1_000_000)
        return time(hour, minute, second, micros, zone)
    except (ValueError, TypeError, OverflowError):
        return run.refused("there is no such time")


@feel("date and time", "from: string")
def _date_time_from_text(run: Run, text: str) -> Any:
    found = parse_date_time(text)
    return run.refused(f"{text[:40]!r} is no date and time") if found is None else found


@feel("date and time", "from: day")
def _date_time_from_day(run: Run, value: Any) -> Any:
    return value if type(value) is datetime else datetime.combine(value, time())


@feel("date and time", "date: day, time: time")
def _date_time_from_both(run: Run, day: Any, moment: time) -> Any:
    return datetime.combine(day, moment)


@feel("date and time", "date: date and time, timezone: string")
def _date_time_in_zone(run: Run, value: datetime, name: str) -> Any:
    zone = zone_of(name)
    if zone is None or value.tzinfo is None:
        return run.refused(f"{name[:40]!r} is no time zone, or the time has none")
    return value.astimezone(zone)


@feel(
    "date and time",
    "year: number, month: number, day: number, hour: number, minute: number, second: number, offset?: days duration?",
)
def _date_time_from_parts(run: Run, year: Any, month: Any, day: Any, *clock: Any) -> Any:
    found, moment = _date_from_parts(run, year, month, day), _time_from_parts(run, *clock)
    return None if found is None or moment is None else datetime.combine(found, moment)


@feel(
    "date and time",
    "year: number, month: number, day: number, hour: number, minute: number, second: number, timezone: string",
)
def _date_time_from_parts_in_zone(
    run: Run, year: Any, month: Any, day: Any, hour: Any, minute: Any, second: Any, name: str
) -> Any:
    zone = zone_of(name)
    if zone is None:
        return run.refused(f"{name[:40]!r} is no time zone")
    found, moment = _date_from_parts(run, year, month, day), _clock(run, hour, minute, second, zone)
    return None if found is None or moment is None else datetime.combine(found, moment)


@feel("duration", "from: string")
def _duration_from_text(run: Run, text: str) -> Any:
    found = parse_duration(text)
    return run.refused(f"{text[:40]!r} is no duration") if found is None else found


@feel("duration", "from: duration")
def _duration(run: Run, value: Any) -> Any:
    return value


@feel("years and months duration", "from: day, to: day")
def _years_and_months(run: Run, start: Any, end: Any) -> YearsMonths | None:
    return years_months(months_between(*(value.date() if type(value) is datetime else value for value in (start, end))))


@feel("@", "from: string")
def _moment(run: Run, text: str) -> Any:
    found = parse_moment(text) if len(text) < 400 else None
    return run.refused(f"@{text[:40]!r} is no date, time or duration") if found is None else found


@feel("number", "from: number")
def _number(run: Run, value: Any) -> Any:
    return value


@feel("number", "from: string, grouping separator?: string?, decimal separator?: string?")
def _number_from_text(run: Run, text: str, grouping: str | None = None, point: str | None = None) -> Any:
    if grouping not in (None, " ", ",", ".") or point not in (None, ",", "."):
        return run.refused("a separator is a space, a comma or a period")
    if grouping is not None and grouping == (point or "."):
        return run.refused("both separators are the same")
    plain = text.replace(grouping, "") if grouping else text
    if point == ",":
        plain = plain.replace(".", "#").replace(",", ".")
    found = parse_number(plain)
    return run.refused(f"{text[:40]!r} is no number") if found is None else found


@feel("string", "from: any?")
def _string(run: Run, value: Any) -> Any:
    return None if value is None else string_of(run, value)


@feel("not", "negand: any?")
def _not(run: Run, value: Any) -> Any:
    return not value if type(value) is bool else None


@feel("is", "value1: any?, value2: any?")
def _is(run: Run, left: Any, right: Any) -> bool:
    if type(left) in (datetime, time) and type(right) is type(left):
        # The same moment in another zone is not the same value.
        return equal(run, left, right) is True and _zone(left) == _zone(right)
    return equal(run, left, right) is True


def _zone(value: Any) -> Any:
    zone = value.tzinfo
    return zone if zone is None or isinstance(zone, ZoneInfo) else zone.utcoffset(None)


# Camunda's


@feel("is defined", "value: any?")
def _is_defined(run: Run, value: Any) -> bool:
    return value is not None


@feel("get or else", "value: any?, default: any?")
def _get_or_else(run: Run, value: Any, default: Any) -> Any:
    return default if value is None else value


@feel("assert", "value: any?, condition: any?, cause?: string?")
def _assert(run: Run, value: Any, condition: Any, cause: str | None = None) -> Any:
    if condition is True:
        return value
    return run.null(WarningKind.ASSERTION, (cause or "the assertion does not hold")[:200])


@feel("to json", "value: any?")
def _to_json(run: Run, value: Any) -> Any:
    found = json_text(run, value)
    return run.refused("a string holds half a character") if found is None else run.text(found)


@feel("from json", "value: string")
def _from_json(run: Run, text: str) -> Any:
    try:
        return parse_json(run, text)
    except (orjson.JSONDecodeError, RecursionError):
        return run.refused("the text is no JSON")
