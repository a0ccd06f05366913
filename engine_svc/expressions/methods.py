"""The methods that expressions may call on values: a whitelist by type, named as Java names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine_svc.expressions.coercion import bounded_string, to_number, to_string, type_name
from engine_svc.expressions.errors import OperationError
from engine_svc.expressions.operators import strictly_equal


@dataclass(slots=True, frozen=True)
class ValueMethod:
    """A method of a value type; `function` receives the value and the arguments."""

    function: Callable[..., Any]
    least: int = 0
    most: int = 0

    def accepts(self, count: int) -> bool:
        """Tell whether the method can be called with `count` arguments."""
        return self.least <= count <= self.most


def _text(value: Any, method: str) -> str:
    if type(value) is not str:
        raise OperationError(f"{method} needs a string, got a {type_name(value)}")
    return value


def _position(value: Any, method: str) -> int:
    number = to_number(value)
    if number != int(number):
        raise OperationError(f"{method} needs a whole number")
    return int(number)


def _substring(value: str, begin: Any, end: Any = None) -> str:
    first = _position(begin, "substring")
    last = len(value) if end is None else _position(end, "substring")
    if not 0 <= first <= last <= len(value):
        raise OperationError(f"substring({first}, {last}) is outside a string of {len(value)} characters")
    return value[first:last]


def _list_contains(value: list[Any], item: Any) -> bool:
    return _list_index_of(value, item) >= 0


def _list_index_of(value: list[Any], item: Any) -> int:
    return next((index for index, element in enumerate(value) if strictly_equal(element, item)), -1)


def _list_get(value: list[Any], index: Any) -> Any:
    position = _position(index, "get")
    if not 0 <= position < len(value):
        raise OperationError(f"get({position}) is outside a list of {len(value)} elements")
    return value[position]


def _to_string(value: Any) -> str:
    return to_string(value)


_ONE = {"least": 1, "most": 1}

_ANY: Mapping[str, ValueMethod] = {
    "equals": ValueMethod(strictly_equal, **_ONE),
    "toString": ValueMethod(_to_string),
}

_STRING: Mapping[str, ValueMethod] = {
    **_ANY,
    "length": ValueMethod(len),
    "size": ValueMethod(len),
    "isEmpty": ValueMethod(lambda value: not value),
    "contains": ValueMethod(lambda value, part: _text(part, "contains") in value, **_ONE),
    "startsWith": ValueMethod(lambda value, part: value.startswith(_text(part, "startsWith")), **_ONE),
    "endsWith": ValueMethod(lambda value, part: value.endswith(_text(part, "endsWith")), **_ONE),
    "indexOf": ValueMethod(lambda value, part: value.find(_text(part, "indexOf")), **_ONE),
    "equalsIgnoreCase": ValueMethod(
        lambda value, other: type(other) is str and value.casefold() == other.casefold(), **_ONE
    ),
    "toUpperCase": ValueMethod(lambda value: bounded_string(value.upper())),
    "toLowerCase": ValueMethod(lambda value: bounded_string(value.lower())),
    "trim": ValueMethod(lambda value: value.strip()),
    "substring": ValueMethod(_substring, least=1, most=2),
    "concat": ValueMethod(lambda value, other: bounded_string(value + to_string(other)), **_ONE),
}

_LIST: Mapping[str, ValueMethod] = {
    **_ANY,
    "size": ValueMethod(len),
    "length": ValueMethod(len),
    "isEmpty": ValueMethod(lambda value: not value),
    "contains": ValueMethod(_list_contains, **_ONE),
    "indexOf": ValueMethod(_list_index_of, **_ONE),
    "get": ValueMethod(_list_get, **_ONE),
}

_OBJECT: Mapping[str, ValueMethod] = {
    **_ANY,
    "size": ValueMethod(len),
    "isEmpty": ValueMethod(lambda value: not value),
    "get": ValueMethod(lambda value, key: value.get(to_string(key)), **_ONE),
    "containsKey": ValueMethod(lambda value, key: to_string(key) in value, **_ONE),
    "keySet": ValueMethod(list),
    "values": ValueMethod(lambda value: list(value.values())),
}

METHODS_BY_TYPE: Mapping[type, Mapping[str, ValueMethod]] = {
    str: _STRING,
    list: _LIST,
    dict: _OBJECT,
    int: _ANY,
    float: _ANY,
    bool: _ANY,
}
"""Value type -> its methods."""
