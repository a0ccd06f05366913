"""The functions that expressions may call without an owner: Flowable's on variables, and those that tell time and user.

The time comes from whoever evaluates; this package has no clock.
"""

from __future__ import annotations

import base64
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine_svc.expressions.coercion import bounded_string, require_json, to_string, type_name
from engine_svc.expressions.datetimes import DateTime, iso_text
from engine_svc.expressions.errors import OperationError
from engine_svc.expressions.evaluation import VariableReader
from engine_svc.expressions.operators import strictly_equal

_NUMBERS = frozenset({int, float})
MANY = 1000
"""Arguments of a function that takes any number of them."""


@dataclass(slots=True, frozen=True)
class Function:
    """A function; it is called with the reader and the evaluated arguments."""

    call: Callable[..., Any]
    least: int = 0
    most: int = 0
    names_variable: bool = False
    """Whether the first argument is a variable's name, which may be written without quotes."""


# Functions on variables. A variable that is not there counts as null.


def _value(reader: VariableReader, name: Any) -> Any:
    if type(name) is not str or not name:
        raise OperationError(f"a variable's name must be a text that is not empty, not a {type_name(name)}")
    try:
        return reader.lookup(name)
    except KeyError:
        return None


def _get_or_default(reader: VariableReader, name: Any, default: Any) -> Any:
    value = _value(reader, name)
    return default if value is None else value


def _get_or_default_if_not_exist(reader: VariableReader, name: Any, default: Any) -> Any:
    value = _value(reader, name)
    return default if value is None and not _is_there(reader, name) else value


def _is_there(reader: VariableReader, name: str) -> bool:
    try:
        reader.lookup(name)
    except KeyError:
        return False
    return True


def _exists(reader: VariableReader, name: Any) -> bool:
    return _value(reader, name) is not None


def _is_empty(reader: VariableReader, name: Any) -> bool:
    value = _value(reader, name)
    return value is None or value == "" or value == []


def _is_not_empty(reader: VariableReader, name: Any) -> bool:
    return not _is_empty(reader, name)


def _equals(reader: VariableReader, name: Any, other: Any) -> bool:
    return strictly_equal(require_json(_value(reader, name)), require_json(other))


def _not_equals(reader: VariableReader, name: Any, other: Any) -> bool:
    return not _equals(reader, name, other)


def _holds(value: Any, item: Any) -> bool:
    if type(value) is str:
        if type(item) is not str:
            raise OperationError(f"a string contains strings, not a {type_name(item)}")
        return item in value
    return type(value) is list and any(strictly_equal(element, item) for element in value)


def _contains(reader: VariableReader, name: Any, *items: Any) -> bool:
    value = _value(reader, name)
    return type(value) in (str, list) and all(_holds(value, require_json(item)) for item in items)


def _contains_any(reader: VariableReader, name: Any, *items: Any) -> bool:
    value = _value(reader, name)
    return any(_holds(value, require_json(item)) for item in items)


def _comparison(compare: Callable[[Any, Any], bool]) -> Callable[..., bool]:
    def compared(reader: VariableReader, name: Any, other: Any) -> bool:
        value, other = require_json(_value(reader, name)), require_json(other)
        if value is None or other is None:
            return False
        if (type(value) in _NUMBERS and type(other) in _NUMBERS) or (type(value) is str and type(other) is str):
            return compare(value, other)
        raise OperationError(f"a {type_name(value)} and a {type_name(other)} cannot be ordered")

    return compared


def _base64(reader: VariableReader, name: Any) -> str | None:
    value = _value(reader, name)
    if value is None:
        return None
    if type(value) is not str:
        raise OperationError(f"base64 needs a string, got a {type_name(value)}")
    return bounded_string(base64.b64encode(value.encode(errors="surrogatepass")).decode())


# Time and user


def _now_micros(reader: VariableReader) -> int:
    now = getattr(reader, "now_micros", None)
    if now is None:
        raise OperationError("the time is not known here")
    return int(now)


def _now(reader: VariableReader) -> str:
    return iso_text(_now_micros(reader))


def _date_time(reader: VariableReader) -> DateTime:
    return DateTime(_now_micros(reader))


def _current_user(reader: VariableReader) -> str | None:
    return getattr(reader, "user", None) or None


def _date_format(reader: VariableReader, value: Any) -> str:
    return to_string(value)


def _on_variable(call: Callable[..., Any], arguments: int, most: int | None = None) -> Function:
    return Function(call, 1 + arguments, 1 + arguments if most is None else most, names_variable=True)


_ON_VARIABLES: Mapping[tuple[str, ...], Function] = {
    ("get",): _on_variable(_value, 0),
    ("getOrDefault",): _on_variable(_get_or_default, 1),
    ("getOrDefaultIfNotExist",): _on_variable(_get_or_default_if_not_exist, 1),
    ("exists", "exist"): _on_variable(_exists, 0),
    ("isEmpty", "empty"): _on_variable(_is_empty, 0),
    ("isNotEmpty", "notEmpty"): _on_variable(_is_not_empty, 0),
    ("equals", "eq"): _on_variable(_equals, 1),
    ("notEquals", "ne"): _on_variable(_not_equals, 1),
    ("contains",): _on_variable(_contains, 1, MANY),
    ("containsAny",): _on_variable(_contains_any, 1, MANY),
    ("lowerThan", "lessThan", "lt"): _on_variable(_comparison(operator.lt), 1),
    ("lowerThanOrEquals", "lessThanOrEquals", "lowerThanOrEqual", "lessThanOrEqual", "lte"): _on_variable(
        _comparison(operator.le), 1
    ),
    ("greaterThan", "gt"): _on_variable(_comparison(operator.gt), 1),
    ("greaterThanOrEquals", "greaterThanOrEqual", "gte"): _on_variable(_comparison(operator.ge), 1),
    ("base64",): _on_variable(_base64, 0),
}

FUNCTIONS: Mapping[str, Function] = {
    **{
        f"{prefix}:{name}": function
        for prefix in ("variables", "vars", "var")
        for names, function in _ON_VARIABLES.items()
        for name in names
    },
    "date:format": Function(_date_format, 1, 1),
    "now": Function(_now),
    "dateTime": Function(_date_time),
    "currentUser": Function(_current_user),
}
"""Name as it is written -> function."""
