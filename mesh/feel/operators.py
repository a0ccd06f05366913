"""`+ - * / **` and the sign (DMN 1.4, tables 55 to 61)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, DecimalException
from typing import Any

from mesh.feel import decimals
from mesh.feel.errors import WarningKind
from mesh.feel.evaluation import Run
from mesh.feel.limits import STEPS_OF_LOGARITHM
from mesh.feel.temporal import (
    duration_of,
    elapsed,
    micros_of,
    moved_months,
    moved_time,
    seconds_of_time,
    shifted,
    years_months,
)
from mesh.feel.values import NUMBERS, YearsMonths, type_name

Operator = Callable[[Run, Any, Any], Any]
_DAY = timedelta(days=1)


def _refused(run: Run, symbol: str, left: Any, right: Any) -> Any:
    return run.null(WarningKind.INVALID_TYPE, f"{type_name(left)} {symbol} {type_name(right)} has no value")


def add(run: Run, left: Any, right: Any) -> Any:
    """`left + right`."""
    kind, other = type(left), type(right)
    if kind in NUMBERS and other in NUMBERS:
        return _number(run, "+", decimals.add, left, right)
    if kind is str and other is str:
        return run.text(left + right)
    if kind is timedelta and other is timedelta:
        return duration_of(micros_of(left) + micros_of(right))
    if kind is YearsMonths and other is YearsMonths:
        return years_months(left.months + right.months)
    if other is timedelta or other is YearsMonths:
        return _moved(run, "+", left, right, 1)
    if kind is timedelta or kind is YearsMonths:
        return _moved(run, "+", right, left, 1)
    return _refused(run, "+", left, right)


def subtract(run: Run, left: Any, right: Any) -> Any:
    """`left - right`."""
    kind, other = type(left), type(right)
    if kind in NUMBERS and other in NUMBERS:
        return _number(run, "-", decimals.subtract, left, right)
    if kind is timedelta and other is timedelta:
        return duration_of(micros_of(left) - micros_of(right))
    if kind is YearsMonths and other is YearsMonths:
        return years_months(left.months - right.months)
    if other is timedelta or other is YearsMonths:
        return _moved(run, "-", left, right, -1)
    if kind is time and other is time and (left.tzinfo is None) == (right.tzinfo is None):
        return duration_of(seconds_of_time(left) - seconds_of_time(right))
    if kind in (date, datetime) and other in (date, datetime):
        start, end = _moments(right, left)
        found = elapsed(start, end)
        return _refused(run, "-", left, right) if found is None else found
    return _refused(run, "-", left, right)


def _moments(left: Any, right: Any) -> tuple[datetime, datetime]:
    """Return two dates, or dates and times, as moments. Beside a date and time a date begins in UTC."""
    zone = UTC if type(left) is not type(right) else None
    first, second = (
        value if type(value) is datetime else datetime.combine(value, time(tzinfo=zone)) for value in (left, right)
    )
    return first, second


def _moved(run: Run, symbol: str, moment: Any, duration: Any, sign: int) -> Any:
    kind = type(moment)
    found: Any = None
    shift: Any = duration if sign > 0 else negate(run, duration)
    if type(shift) is YearsMonths:
        if kind is date or kind is datetime:
            found = moved_months(moment, shift.months)
    elif shift is None:
        found = None
    elif kind is time:
        found = moved_time(moment, shift)
    elif kind is datetime:
        found = shifted(moment, shift)
    elif kind is date:
        start = shifted(datetime.combine(moment, time()), shift)
        found = None if start is None else start.date()
    return _refused(run, symbol, moment, duration) if found is None else found


def multiply(run: Run, left: Any, right: Any) -> Any:
    """`left * right`."""
    kind, other = type(left), type(right)
    if kind in NUMBERS and other in NUMBERS:
        return _number(run, "*", decimals.multiply, left, right)
    if kind in NUMBERS:
        kind, other, left, right = other, kind, right, left
    if other in NUMBERS and (kind is timedelta or kind is YearsMonths):
        return _scaled(run, "*", decimals.multiply, left, right)
    return _refused(run, "*", left, right)


def divide(run: Run, left: Any, right: Any) -> Any:
    """`left / right`; null where `right` is zero."""
    kind, other = type(left), type(right)
    if kind in NUMBERS and other in NUMBERS:
        return _number(run, "/", decimals.divide, left, right)
    if other in NUMBERS and (kind is timedelta or kind is YearsMonths):
        return _scaled(run, "/", decimals.divide, left, right)
    if kind is timedelta and other is timedelta:
        return _number(run, "/", decimals.divide, micros_of(left), micros_of(right))
    if kind is YearsMonths and other is YearsMonths:
        return _number(run, "/", decimals.divide, left.months, right.months)
    return _refused(run, "/", left, right)


def power(run: Run, left: Any, right: Any) -> Any:
    """`left ** right`."""
    if type(left) in NUMBERS and type(right) in NUMBERS:
        run.spend(5 if type(right) is int else STEPS_OF_LOGARITHM)
        return _number(run, "**", decimals.power, left, right)
    return _refused(run, "**", left, right)


def _number(run: Run, symbol: str, operate: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    try:
        return operate(left, right)
    except DecimalException:
        return run.null(WarningKind.INVALID_ARGUMENTS, f"a number {symbol} a number has no value here")


def _scaled(run: Run, symbol: str, operate: Callable[[Any, Any], Any], duration: Any, factor: Any) -> Any:
    months = type(duration) is YearsMonths
    found = _number(run, symbol, operate, duration.months if months else micros_of(duration), factor)
    if found is None or (type(found) is Decimal and found.adjusted() > 40):
        return None
    return years_months(int(found)) if months else duration_of(int(found))


def negate(run: Run, value: Any) -> Any:
    """`-value`."""
    kind = type(value)
    if kind is int:
        return -value
    if kind is Decimal:
        return value.copy_negate()
    if kind is timedelta:
        return duration_of(-micros_of(value))
    if kind is YearsMonths:
        return YearsMonths(-value.months)
    return run.null(WarningKind.INVALID_TYPE, f"- {type_name(value)} has no value")


ARITHMETIC: dict[str, Operator] = {"+": add, "-": subtract, "*": multiply, "/": divide, "**": power}
