"""The operators of the Unified Expression Language (JSP 2.1 EL, sections 1.7 to 1.11) on JSON values."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from engine_svc.expressions.coercion import (
    bounded_integer,
    finite,
    require_json,
    to_number,
    to_string,
    type_name,
)
from engine_svc.expressions.errors import OperationError
from engine_svc.expressions.evaluation import HostObject

_NUMBERS = frozenset({int, float})


def add(left: Any, right: Any) -> int | float:
    """Numeric sum."""
    return _bounded(to_number(left) + to_number(right))


def subtract(left: Any, right: Any) -> int | float:
    """Numeric difference."""
    return _bounded(to_number(left) - to_number(right))


def multiply(left: Any, right: Any) -> int | float:
    """Numeric product."""
    return _bounded(to_number(left) * to_number(right))


def divide(left: Any, right: Any) -> float:
    """Quotient, always a float; a divisor of 0 is refused because JSON has no infinity."""
    dividend, divisor = to_number(left), to_number(right)
    if divisor == 0:
        raise OperationError("division by zero")
    return finite(float(dividend) / float(divisor))


def modulo(left: Any, right: Any) -> int | float:
    """Remainder with the sign of the dividend, as in Java."""
    dividend, divisor = to_number(left), to_number(right)
    if divisor == 0:
        raise OperationError("division by zero")
    if type(dividend) is int and type(divisor) is int:
        remainder = abs(dividend) % abs(divisor)
        return -remainder if dividend < 0 else remainder
    return finite(math.fmod(dividend, divisor))


def negate(value: Any) -> int | float:
    """Numeric negation."""
    return _bounded(-to_number(value))


def equal(left: Any, right: Any) -> bool:
    """Compare after coercion: a number makes both numbers, a boolean both booleans, a string both strings.

    Null equals null only. A string that is not numeric compared with a number is an error, as in JUEL.
    """
    left_type, right_type = type(left), type(right)
    if left_type is right_type and left_type in _SCALARS:
        return bool(left == right)
    if left is None or right is None:
        require_json(left)
        require_json(right)
        return False
    if left_type in _NUMBERS or right_type in _NUMBERS:
        return to_number(left) == to_number(right)
    if left_type is bool or right_type is bool:
        return _truth(left) is _truth(right)
    if left_type is str or right_type is str:
        return to_string(left) == to_string(right)
    if isinstance(left, HostObject) or isinstance(right, HostObject):
        raise OperationError("an engine object cannot be compared")
    return strictly_equal(left, right)


def not_equal(left: Any, right: Any) -> bool:
    """Negation of `equal`."""
    return not equal(left, right)


def strictly_equal(left: Any, right: Any) -> bool:
    """Compare without coercion, as Java's `equals`: true is not 1, '1' is not 1."""
    if (type(left) is bool) is not (type(right) is bool):
        return False
    try:
        return bool(left == right)
    except RecursionError as error:
        raise OperationError("the values are nested too deeply to be compared") from error


def is_empty(value: Any) -> bool:
    """Tell whether a value is null, or an empty string, list or object."""
    require_json(value)
    return value is None or (type(value) in _SIZED and not value)


def _ordering(name: str, compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    includes_equal = name in ("<=", ">=")

    def ordered(left: Any, right: Any) -> bool:
        left_type, right_type = type(left), type(right)
        if left_type in _NUMBERS and right_type in _NUMBERS:
            return compare(left, right)
        if left is None or right is None:
            require_json(left)
            require_json(right)
            return includes_equal and left is right
        if left_type in _NUMBERS or right_type in _NUMBERS:
            return compare(to_number(left), to_number(right))
        if left_type is str or right_type is str:
            return compare(to_string(left), to_string(right))
        raise OperationError(f"a {type_name(left)} and a {type_name(right)} cannot be compared with {name}")

    return ordered


def _truth(value: Any) -> bool:
    if type(value) is bool:
        return value
    if type(value) is str:
        return value.lower() == "true"
    raise OperationError(f"a {type_name(value)} cannot be compared with a boolean")


def _bounded(value: int | float) -> int | float:
    return bounded_integer(value) if type(value) is int else finite(value)


_SCALARS = frozenset({type(None), bool, int, float, str})
_SIZED = frozenset({str, list, dict})

ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": modulo,
}

COMPARISON: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": equal,
    "!=": not_equal,
    "<": _ordering("<", operator.lt),
    "<=": _ordering("<=", operator.le),
    ">": _ordering(">", operator.gt),
    ">=": _ordering(">=", operator.ge),
}

NATIVE_COMPARISON: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
"""The same on two operands of one type, number or string, where no coercion is needed."""
