"""JSON values by JavaScript's rules, where form-js leans on them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

from form_svc.schema.model import MISSING

_SPACES: Final = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
)
_MAX_EXACT: Final = 2**53
_EXPONENT_FROM: Final = 21
_EXPONENT_BELOW: Final = -7

Step = str | int


def copied(value: Any) -> Any:
    """Return a JSON value that shares nothing with the given one."""
    if isinstance(value, dict):
        return {name: copied(item) for name, item in value.items()}
    if isinstance(value, list):
        return [copied(item) for item in value]
    return value


def get(data: Any, path: Iterable[Step]) -> Any:
    """Return the value at a path; `MISSING` where there is none."""
    for step in path:
        if isinstance(data, dict):
            data = data.get(step, MISSING)
        elif isinstance(data, list) and isinstance(step, int) and 0 <= step < len(data):
            data = data[step]
        else:
            return MISSING
    return data


def put(data: dict[str, Any], path: tuple[Step, ...], value: Any) -> None:
    """Write a value at a path, with all that must be above it; what cannot hold it is replaced."""
    target: Any = data
    for at, step in enumerate(path[:-1]):
        wants_list = isinstance(path[at + 1], int)
        held = get(target, (step,))
        if not isinstance(held, list if wants_list else dict):
            held = [] if wants_list else {}
            _place(target, step, held)
        target = held
    _place(target, path[-1], value)


def _place(target: Any, step: Step, value: Any) -> None:
    if isinstance(target, list):
        assert isinstance(step, int)
        target.extend([MISSING] * (step + 1 - len(target)))
    target[step] = value


def remove(data: dict[str, Any], path: tuple[Step, ...]) -> None:
    """Take out the value at a path, and all above it that is empty then."""
    while path:
        above = get(data, path[:-1])
        step = path[-1]
        if isinstance(above, dict):
            above.pop(str(step), None)
        elif isinstance(above, list) and isinstance(step, int) and step < len(above):
            above[step] = MISSING
        path = path[:-1]
        if not _is_empty(get(data, path)):
            return


def _is_empty(value: Any) -> bool:
    if isinstance(value, list):
        return all(item is MISSING for item in value)
    return value is MISSING or value == {}


def without_gaps(value: Any) -> Any:
    """Return a value as JSON: rows that are not there become null."""
    if isinstance(value, dict):
        return {name: without_gaps(item) for name, item in value.items() if item is not MISSING}
    if isinstance(value, list):
        return [None if item is MISSING else without_gaps(item) for item in value]
    return value


def is_same(one: Any, other: Any) -> bool:
    """Tell whether two values are equal, by type too: true is not 1, and "1" is not either."""
    return bool(identity(one) == identity(other))


def identity(value: Any) -> Any:
    """Return something hashable that is equal for the same values alone."""
    if isinstance(value, bool) or value is None or value is MISSING:
        return ("constant", repr(value))
    if isinstance(value, dict):
        return ("object", frozenset((name, identity(item)) for name, item in value.items()))
    if isinstance(value, list):
        return ("list", tuple(identity(item) for item in value))
    return value


def is_blank(value: Any) -> bool:
    """Tell whether a value counts as none at all for JavaScript's conditions."""
    if isinstance(value, list | dict):
        return False
    return value is MISSING or not value or (isinstance(value, float) and math.isnan(value))


def as_double(number: float) -> int | float:
    """Return the number that a browser would hold."""
    if isinstance(number, int) and -_MAX_EXACT <= number <= _MAX_EXACT:
        return number
    double = float(number)
    if double.is_integer() and abs(double) <= _MAX_EXACT:
        return int(double)
    return double


def number_text(number: float) -> str:
    """Return a number as JavaScript writes it."""
    double = float(number)
    if double == 0:
        return "0"
    sign = "-" if double < 0 else ""
    digits, _, exponent_text = repr(abs(double)).replace("e+", "e").partition("e")
    whole, _, fraction = digits.partition(".")
    if fraction == "0":
        fraction = ""
    exponent = len(whole) + int(exponent_text or 0)
    figures = (whole + fraction).lstrip("0")
    exponent -= len(whole + fraction) - len(figures)
    figures = figures.rstrip("0")
    if len(figures) <= exponent <= _EXPONENT_FROM:
        return sign + figures + "0" * (exponent - len(figures))
    if 0 < exponent <= _EXPONENT_FROM:
        return f"{sign}{figures[:exponent]}.{figures[exponent:]}"
    if _EXPONENT_BELOW + 1 < exponent <= 0:
        return f"{sign}0.{'0' * -exponent}{figures}"
    power = exponent - 1
    mantissa = figures[0] + (f".{figures[1:]}" if len(figures) > 1 else "")
    return f"{sign}{mantissa}e{'+' if power > 0 else '-'}{abs(power)}"


def text_of(value: Any) -> str:
    """Return a simple value as the text that JavaScript makes of it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, int | float):
        try:
            return number_text(value)
        except OverflowError:
            return "Infinity"
    return str(value)


def trimmed_length(text: str) -> int:
    """Return how long a text is without the space around it, in UTF-16 units as form-js counts."""
    return len(text.strip(_SPACES).encode("utf-16-le", "surrogatepass")) // 2
