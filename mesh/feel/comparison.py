"""Equality and order (DMN 1.4, table 54), and what ranges hold. The answer is true, false or null."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from mesh.feel.evaluation import Run
from mesh.feel.temporal import elapsed, seconds_of_time
from mesh.feel.values import NUMBERS, Function, Range, YearsMonths

_NOTHING = timedelta()
_ORDERED = frozenset({str, date, timedelta, YearsMonths})


def equal(run: Run, left: Any, right: Any) -> bool | None:
    """Tell whether two values are equal; null where their types differ. Null equals null alone."""
    if left is None or right is None:
        return left is right
    kind, other = type(left), type(right)
    if kind is not other:
        if kind in NUMBERS and other in NUMBERS:
            return bool(left == right)
        return None
    if kind is list:
        return _equal_lists(run, left, right)
    if kind is dict:
        return _equal_contexts(run, left, right)
    if kind is Range:
        return _equal_ranges(run, left, right)
    if kind is str:
        run.spend_text(min(len(left), len(right)))
    if kind is datetime or kind is time:
        return _compare_clocks(left, right) == 0 if _comparable_clocks(left, right) else False
    if kind is Function:
        return left is right
    return bool(left == right)


def _equal_lists(run: Run, left: list[Any], right: list[Any]) -> bool:
    if len(left) != len(right):
        return False
    run.spend(len(left))
    return all(equal(run, one, other) is True for one, other in zip(left, right, strict=True))


def _equal_contexts(run: Run, left: dict[str, Any], right: dict[str, Any]) -> bool:
    if left.keys() != right.keys():
        return False
    run.spend(len(left))
    return all(equal(run, value, right[key]) is True for key, value in left.items())


def _equal_ranges(run: Run, left: Range, right: Range) -> bool:
    return (
        left.start_included is right.start_included
        and left.end_included is right.end_included
        and equal(run, left.start, right.start) is True
        and equal(run, left.end, right.end) is True
    )


def _comparable_clocks(left: Any, right: Any) -> bool:
    return (left.tzinfo is None) == (right.tzinfo is None)


def _compare_clocks(left: Any, right: Any) -> int:
    if type(left) is time:
        one, other = seconds_of_time(left), seconds_of_time(right)
        return (one > other) - (one < other)
    elapsed_time = elapsed(right, left)
    assert elapsed_time is not None
    return int(elapsed_time > _NOTHING) - int(elapsed_time < _NOTHING)


def order(left: Any, right: Any) -> int | None:
    """Return -1, 0 or 1; None where the two cannot be ordered."""
    kind, other = type(left), type(right)
    if (kind is int or kind is Decimal) and (other is int or other is Decimal):
        return int(left > right) - int(left < right)
    if kind is not other:
        return None
    if kind in _ORDERED:
        return int(left > right) - int(left < right)
    if (kind is datetime or kind is time) and _comparable_clocks(left, right):
        return _compare_clocks(left, right)
    return None


def less(run: Run, left: Any, right: Any) -> bool | None:
    """`left < right`."""
    found = order(left, right)
    return None if found is None else found < 0


def less_or_equal(run: Run, left: Any, right: Any) -> bool | None:
    """`left <= right`."""
    found = order(left, right)
    return None if found is None else found <= 0


def greater(run: Run, left: Any, right: Any) -> bool | None:
    """`left > right`."""
    found = order(left, right)
    return None if found is None else found > 0


def greater_or_equal(run: Run, left: Any, right: Any) -> bool | None:
    """`left >= right`."""
    found = order(left, right)
    return None if found is None else found >= 0


def unequal(run: Run, left: Any, right: Any) -> bool | None:
    """`left != right`."""
    found = equal(run, left, right)
    return None if found is None else not found


COMPARISONS: dict[str, Callable[[Run, Any, Any], bool | None]] = {
    "=": equal,
    "!=": unequal,
    "<": less,
    "<=": less_or_equal,
    ">": greater,
    ">=": greater_or_equal,
}


def holds(range_: Range, value: Any) -> bool | None:
    """Tell whether a range holds a value; null where the two do not fit together."""
    low, high = range_.start, range_.end
    above: bool | None = True
    below: bool | None = True
    if low is not None:
        found = order(value, low)
        above = None if found is None else found >= 0 if range_.start_included else found > 0
    if high is not None:
        found = order(value, high)
        below = None if found is None else found <= 0 if range_.end_included else found < 0
    if above is None or below is None or (low is None and high is None):
        return None
    return above and below


def is_in(run: Run, value: Any, target: Any) -> bool | None:
    """Tell whether `value` passes the test that the value `target` is: equal to it, in the list or in the range."""
    if type(target) is Range:
        return holds(target, value) if type(value) is not Range else equal(run, value, target)
    if type(target) is list:
        return _is_in_list(run, value, target)
    return equal(run, value, target)


def _is_in_list(run: Run, value: Any, target: list[Any]) -> bool | None:
    run.spend(len(target))
    if type(value) is list and equal(run, value, target) is True:
        return True
    unknown = False
    for item in target:
        if type(item) is Range and type(value) is not Range:
            found = holds(item, value)
            unknown = unknown or found is None
        else:
            # In a list of lists the element that is a list is looked into as well.
            found = equal(run, value, item) or (type(item) is list and _is_in_list(run, value, item))
        if found is True:
            return True
    return None if unknown else False


def same(run: Run, left: Any, right: Any) -> bool:
    """Tell whether two values are the same for functions on lists: null is null, different types differ."""
    return equal(run, left, right) is True
