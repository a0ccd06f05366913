"""Filters of templates: each takes time in proportion to what it is given, and gives no more than a bit beyond it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from jinja2 import pass_context
from jinja2.filters import FILTERS
from jinja2.runtime import Context, Undefined
from jinja2.tests import TESTS
from markupsafe import Markup, escape

from notification_svc.templates.budget import CONTEXT_NAME, Budget

if TYPE_CHECKING:
    from babel import Locale

COUNTED = "_counted"
"""Put around what loops go through."""
JOINED = "_joined"
"""Put in the place of `~`."""
STYLES: Final = ("short", "medium", "long", "full")
_LONGEST_CUT = 10_000
_MOST_DIGITS = 10
_FALLBACK = "en"


class FilterMisused(Exception):
    """A filter was given what it cannot deal with; the message says what it takes."""


def budget_of(context: Context) -> Budget:
    """Return the budget of a rendering."""
    budget = context.parent[CONTEXT_NAME]
    assert isinstance(budget, Budget)
    return budget


@lru_cache(maxsize=64)
def locale_of(language: str) -> Locale:
    """Return the locale of a language with its data, that of its first part or English where there is none."""
    from babel import Locale, UnknownLocaleError
    from babel.dates import format_timedelta

    tag = language.replace("_", "-")
    for attempt in (tag, tag.partition("-")[0], _FALLBACK):
        try:
            locale = Locale.parse(attempt, sep="-")
        except (UnknownLocaleError, ValueError, TypeError):
            continue
        # Reads the data, which would count as time of the first template.
        format_timedelta(timedelta(hours=1), locale=locale)
        return locale
    raise AssertionError("babel knows English")


def _plain(text: str) -> str:
    """Return a text with usual spaces: the narrow ones that locales have make a long SMS of a short one."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def _local(moment: datetime, zone: tzinfo) -> tuple[datetime, tzinfo]:
    """Return a moment in a zone with that zone; in UTC, or as it is, where the calendar ends in between."""
    for each in (zone, UTC):
        try:
            return moment.astimezone(each), each
        except OverflowError:
            continue
    return moment.replace(tzinfo=UTC), UTC


def written_datetime(moment: datetime, budget: Budget, style: str = "medium") -> str:
    """Return a moment as the reader writes it, the time without seconds."""
    from babel.dates import format_date, format_time

    locale = locale_of(budget.reader.language)
    local, zone = _local(moment, budget.reader.zone)
    day = format_date(local, _style(style), locale=locale)
    clock = format_time(local, "short", tzinfo=zone, locale=locale)
    # babel's own formats with a time have two digits of the year, or seconds.
    return _plain(str(locale.datetime_formats["medium"]).replace("{1}", day).replace("{0}", clock).replace("'", ""))


def finalize(context: Context, value: Any) -> Any:
    """Return what is written for a value: of nothing nothing, a moment as the reader writes it."""
    if value is None:
        return ""
    budget = budget_of(context)
    budget.step()
    if isinstance(value, datetime):
        return written_datetime(value, budget)
    if isinstance(value, str | int | float | Undefined):
        return budget.value(value)
    raise FilterMisused("only texts, numbers and moments can be written, not lists and objects")


def _datetime(budget: Budget, value: Any, style: str = "medium") -> str:
    return "" if value is None else written_datetime(_moment(value), budget, style)


def _date(budget: Budget, value: Any, style: str = "medium") -> str:
    if value is None:
        return ""
    from babel.dates import format_date

    local, _ = _local(_moment(value), budget.reader.zone)
    return _plain(format_date(local, _style(style), locale=locale_of(budget.reader.language)))


def _time(budget: Budget, value: Any, style: str = "short") -> str:
    if value is None:
        return ""
    from babel.dates import format_time

    local, zone = _local(_moment(value), budget.reader.zone)
    return _plain(format_time(local, _style(style), tzinfo=zone, locale=locale_of(budget.reader.language)))


def _duration(budget: Budget, value: Any) -> str:
    if value is None:
        return ""
    from babel.dates import format_timedelta

    # Two days rather than one week, 90 minutes rather than one hour.
    delta = timedelta(seconds=round(_number(value, "duration")))
    return _plain(format_timedelta(delta, threshold=2, locale=locale_of(budget.reader.language)))


def _decimal(budget: Budget, value: Any) -> str:
    if value is None:
        return ""
    from babel.numbers import format_decimal

    return _plain(format_decimal(_number(value, "number"), locale=locale_of(budget.reader.language)))


def _percent(budget: Budget, value: Any) -> str:
    if value is None:
        return ""
    from babel.numbers import format_percent

    return _plain(format_percent(_number(value, "percent"), locale=locale_of(budget.reader.language)))


def _join(budget: Budget, value: Any, separator: str = ", ") -> str:
    entries = [] if value is None else list(_entries(value))
    return _together(budget, [part for entry in entries for part in (separator, entry)][1:])


def _joined(budget: Budget, values: Sequence[Any]) -> str:
    return _together(budget, values)


def _together(budget: Budget, values: Iterable[Any]) -> str:
    result: list[str] = []
    size = 0
    safe = False
    for value in values:
        budget.step()
        text = "" if value is None else value if isinstance(value, str) else str(value)
        safe = safe or isinstance(text, Markup)
        size += len(text)
        budget.value(text)
        result.append(text)
        if size > _LONGEST_CUT * 10:
            break
    return Markup("").join(result) if safe else "".join(result)


def _counted(budget: Budget, value: Any) -> Iterator[Any]:
    for entry in _entries(value):
        budget.step()
        yield entry


def _truncate(_: Budget, value: Any, length: int = 100, end: str = "…") -> str:
    most = _whole(length, "truncate", 1, _LONGEST_CUT)
    text = _text(value)
    return text if len(text) <= most else text[: max(0, most - len(end))].rstrip() + end


def _round(_: Budget, value: Any, digits: int = 0) -> float:
    return round(float(_number(value, "round")), _whole(digits, "round", 0, _MOST_DIGITS))


def _nl2br(_: Budget, value: Any) -> Markup:
    return Markup("<br>\n").join(escape(line) for line in _text(value).splitlines())


def _urlencode(_: Budget, value: Any) -> str:
    return quote(_text(value), safe="")


def _length(_: Budget, value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, str | Sequence | Mapping):
        return len(value)
    raise FilterMisused("length takes a text or a list")


def _first(_: Budget, value: Any) -> Any:
    return next(iter(_entries(value)), None)


def _last(_: Budget, value: Any) -> Any:
    return next(reversed(_entries(value)), None)


def _default(_: Budget, value: Any, other: Any = "", boolean: bool = False) -> Any:
    return other if isinstance(value, Undefined) or value is None or (boolean and not value) else value


def _lower(_: Budget, value: Any) -> str:
    return _text(value).lower()


def _upper(_: Budget, value: Any) -> str:
    return _text(value).upper()


def _capitalize(_: Budget, value: Any) -> str:
    return _text(value).capitalize()


def _trim(_: Budget, value: Any) -> str:
    return _text(value).strip()


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    raise FilterMisused("it takes a moment")


def _number(value: Any, name: str) -> float | int:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and abs(value) < 1e15:
        return value
    raise FilterMisused(f"{name} takes a number")


def _whole(value: Any, name: str, least: int, most: int) -> int:
    if isinstance(value, int) and least <= value <= most:
        return value
    raise FilterMisused(f"{name} takes a number from {least} to {most}")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str | int | float):
        return str(value)
    # Of a text that is not there it raises, which is what is wanted.
    return str(value) if isinstance(value, Undefined) else _no_text()


def _no_text() -> str:
    raise FilterMisused("it takes a text")


def _entries(value: Any) -> Sequence[Any]:
    if isinstance(value, list | tuple | range):
        return value
    if isinstance(value, Undefined):
        # Raises, naming the variable.
        return list(value)
    if value is None:
        return ()
    raise FilterMisused("it takes a list")


def _style(style: Any) -> Any:
    if style in STYLES:
        return style
    raise FilterMisused(f"a style is one of {', '.join(STYLES)}")


def _in_budget(work: Callable[..., Any]) -> Callable[..., Any]:
    @pass_context
    def run(context: Context, *arguments: Any, **named: Any) -> Any:
        budget = budget_of(context)
        budget.step()
        budget.look()
        for argument in arguments:
            budget.value(argument)
        return budget.value(work(budget, *arguments, **named))

    return run


_OWN: Final[dict[str, Callable[..., Any]]] = {
    "capitalize": _capitalize,
    "date": _date,
    "datetime": _datetime,
    "default": _default,
    "duration": _duration,
    "first": _first,
    "join": _join,
    "last": _last,
    "length": _length,
    "lower": _lower,
    "nl2br": _nl2br,
    "number": _decimal,
    "percent": _percent,
    "round": _round,
    "time": _time,
    "trim": _trim,
    "truncate": _truncate,
    "upper": _upper,
    "urlencode": _urlencode,
    COUNTED: _counted,
    JOINED: _joined,
}
ALL_FILTERS: Final[dict[str, Callable[..., Any]]] = {
    **{name: _in_budget(work) for name, work in _OWN.items()},
    "escape": FILTERS["escape"],
    "e": FILTERS["escape"],
}
"""Those of the language, and two of its own that templates cannot name."""
FILTER_NAMES: Final = tuple(sorted(name for name in ALL_FILTERS if not name.startswith("_")))
ALL_TESTS: Final = {
    name: TESTS[name]
    for name in (
        *("defined", "undefined", "none", "true", "false", "number", "string"),
        *("eq", "equalto", "ne", "gt", "greaterthan", "ge", "lt", "lessthan", "le", "in"),
    )
}
"""Without `odd`, `even` and `divisibleby`, which format a text where they are given one."""
