"""Properties of values: entries of contexts, parts of temporal values and of ranges (DMN 1.4, table 65)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from mesh.feel.errors import WarningKind
from mesh.feel.evaluation import Run
from mesh.feel.temporal import micros_of, time_offset, zone_name
from mesh.feel.values import Range, YearsMonths, type_name

_DATE: dict[str, Callable[[Any], Any]] = {
    "year": lambda value: value.year,
    "month": lambda value: value.month,
    "day": lambda value: value.day,
    "weekday": lambda value: value.isoweekday(),
}
_CLOCK: dict[str, Callable[[Any], Any]] = {
    "hour": lambda value: value.hour,
    "minute": lambda value: value.minute,
    "second": lambda value: value.second,
    "timezone": lambda value: zone_name(value.tzinfo),
}
_PROPERTIES: dict[type, dict[str, Callable[[Any], Any]]] = {
    date: _DATE,
    datetime: {**_DATE, **_CLOCK, "time offset": lambda value: value.utcoffset()},
    time: {**_CLOCK, "time offset": time_offset},
    timedelta: {
        "days": lambda value: _part(value, 86_400, None),
        "hours": lambda value: _part(value, 3600, 24),
        "minutes": lambda value: _part(value, 60, 60),
        "seconds": lambda value: _part(value, 1, 60),
    },
    YearsMonths: {
        "years": lambda value: _signed(value.months, abs(value.months) // 12),
        "months": lambda value: _signed(value.months, abs(value.months) % 12),
    },
    Range: {
        "start": lambda value: value.start,
        "end": lambda value: value.end,
        "start included": lambda value: value.start_included,
        "end included": lambda value: value.end_included,
    },
}


def _part(value: timedelta, unit: int, most: int | None) -> int:
    micros = micros_of(value)
    count = abs(micros) // (unit * 1_000_000)
    return _signed(micros, count if most is None else count % most)


def _signed(whole: int, part: int) -> int:
    return -part if whole < 0 else part


def read_property(run: Run, owner: Any, name: str) -> Any:
    """Return `owner.name`; of a list the property of each element. Null where there is none."""
    kind = type(owner)
    if kind is list:
        run.spend(len(owner))
        return [read_property(run, item, name) for item in owner]
    if kind is dict:
        if name in owner:
            return owner[name]
        return run.null(WarningKind.NO_PROPERTY, f"the context has no entry {name[:80]}")
    read = _PROPERTIES.get(kind, {}).get(name)
    if read is None:
        return run.null(WarningKind.NO_PROPERTY, f"a {type_name(owner)} has no property {name[:80]}")
    return read(owner)
