"""What values FEEL has, and what they are outside.

| FEEL | Python |
| --- | --- |
| null, boolean, string | None, bool, str |
| number | int where it is whole, else Decimal |
| list, context | list, dict |
| date, time, date and time | date, time, datetime |
| days and time duration | timedelta |
| years and months duration | YearsMonths |
| range, function | Range, Function |
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any


@functools.total_ordering
@dataclass(slots=True, frozen=True)
class YearsMonths:
    """A years and months duration."""

    months: int

    def __lt__(self, other: YearsMonths) -> bool:
        return self.months < other.months


@dataclass(slots=True, frozen=True)
class Range:
    """A range of numbers, strings or temporal values. A bound of None is no bound."""

    start: Any
    end: Any
    start_included: bool
    end_included: bool


@dataclass(slots=True, frozen=True, eq=False)
class Function:
    """A function as a value. `call` takes the run and as many arguments as there are parameters."""

    name: str
    parameters: tuple[str, ...]
    call: Callable[[Any, list[Any]], Any]
    """Called with the arguments by position."""
    call_named: Callable[[Any, dict[str, Any]], Any]
    """Called with the arguments by name."""


NUMBERS = frozenset({int, Decimal})
SCALARS = frozenset({type(None), bool, int, Decimal, str, date, time, datetime, timedelta, YearsMonths})

_TYPE_NAMES = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    Decimal: "number",
    str: "string",
    list: "list",
    dict: "context",
    date: "date",
    time: "time",
    datetime: "date and time",
    timedelta: "days and time duration",
    YearsMonths: "years and months duration",
    Range: "range",
    Function: "function",
}


def type_name(value: Any) -> str:
    """Return FEEL's name of the type of a value."""
    return _TYPE_NAMES[type(value)]
