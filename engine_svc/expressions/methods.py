"""The methods that expressions may call on values: a whitelist by type, named as Java names them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine_svc.expressions.coercion import bounded_string, finite, to_number, to_string, type_name
from engine_svc.expressions.errors import OperationError
from engine_svc.expressions.limits import MAX_COMPARISONS, MAX_STRING_LENGTH
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


def _char_at(value: str, index: Any) -> str:
    position = _position(index, "charAt")
    if not 0 <= position < len(value):
        raise OperationError(f"charAt({position}) is outside a string of {len(value)} characters")
    return value[position]


def _replace(value: str, target: Any, replacement: Any) -> str:
    target, replacement = _text(target, "replace"), _text(replacement, "replace")
    found = value.count(target)
    # Before it is made: the product of two long texts would not fit the memory.
    if len(value) + found * (len(replacement) - len(target)) > MAX_STRING_LENGTH:
        raise OperationError(f"string result longer than {MAX_STRING_LENGTH} characters")
    return value.replace(target, replacement)


def _split(value: str, separator: Any) -> list[str]:
    separator = _text(separator, "split")
    if len(separator) == 2 and separator[0] == "\\" and not separator[1].isalnum():
        separator = separator[1]
    elif separator != "," and any(character in _REGEX_CHARACTERS for character in separator):
        raise OperationError(
            f"split takes a plain separator, not the regular expression {separator[:40]!r}; split in a script"
        )
    if not separator:
        raise OperationError("split needs a separator that is not empty")
    parts = value.split(separator)
    # As in Java: empty texts at the end are left out.
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return parts


_REGEX_CHARACTERS = frozenset(".$|()[{^?*+\\")


def _compare_texts(value: str, other: Any) -> int:
    other = _text(other, "compareTo")
    for mine, theirs in zip(value, other, strict=False):
        if mine != theirs:
            return ord(mine) - ord(theirs)
    return len(value) - len(other)


def _compare_numbers(value: int | float, other: Any) -> int:
    if type(other) is not int and type(other) is not float:
        raise OperationError(f"compareTo needs a number, got a {type_name(other)}")
    return (value > other) - (value < other)


def _truncated(bits: int) -> Callable[[int | float], int]:
    limit = 2 ** (bits - 1)

    def truncate(value: int | float) -> int:
        whole = math.trunc(finite(value))
        if not -limit <= whole < limit:
            raise OperationError(f"{value} does not fit {bits} bits")
        return whole

    return truncate


def _all_in(value: list[Any], items: Any) -> bool:
    if type(items) is not list:
        raise OperationError(f"containsAll needs a list, got a {type_name(items)}")
    if len(value) * len(items) > MAX_COMPARISONS:
        raise OperationError("the lists are too long for containsAll; compare them in a script")
    return all(_list_contains(value, item) for item in items)


def _sub_list(value: list[Any], begin: Any, end: Any) -> list[Any]:
    first, last = _position(begin, "subList"), _position(end, "subList")
    if not 0 <= first <= last <= len(value):
        raise OperationError(f"subList({first}, {last}) is outside a list of {len(value)} elements")
    return value[first:last]


def _get_or_default(value: dict[str, Any], key: Any, default: Any) -> Any:
    return value.get(to_string(key), default)


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
    "lastIndexOf": ValueMethod(lambda value, part: value.rfind(_text(part, "lastIndexOf")), **_ONE),
    "charAt": ValueMethod(_char_at, **_ONE),
    "replace": ValueMethod(_replace, least=2, most=2),
    "split": ValueMethod(_split, **_ONE),
    "compareTo": ValueMethod(_compare_texts, **_ONE),
    "isBlank": ValueMethod(lambda value: not value.strip()),
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
    "containsAll": ValueMethod(_all_in, **_ONE),
    "subList": ValueMethod(_sub_list, least=2, most=2),
}

_OBJECT: Mapping[str, ValueMethod] = {
    **_ANY,
    "size": ValueMethod(len),
    "isEmpty": ValueMethod(lambda value: not value),
    "get": ValueMethod(lambda value, key: value.get(to_string(key)), **_ONE),
    "containsKey": ValueMethod(lambda value, key: to_string(key) in value, **_ONE),
    "getOrDefault": ValueMethod(_get_or_default, least=2, most=2),
    "containsValue": ValueMethod(lambda value, item: _list_contains(list(value.values()), item), **_ONE),
    "keySet": ValueMethod(list),
    "values": ValueMethod(lambda value: list(value.values())),
}

_NUMBER: Mapping[str, ValueMethod] = {
    **_ANY,
    "compareTo": ValueMethod(_compare_numbers, **_ONE),
    "intValue": ValueMethod(_truncated(32)),
    "longValue": ValueMethod(_truncated(64)),
    "shortValue": ValueMethod(_truncated(16)),
    "doubleValue": ValueMethod(float),
    "floatValue": ValueMethod(float),
}

_BOOLEAN: Mapping[str, ValueMethod] = {**_ANY, "booleanValue": ValueMethod(bool)}

METHODS_BY_TYPE: Mapping[type, Mapping[str, ValueMethod]] = {
    str: _STRING,
    list: _LIST,
    dict: _OBJECT,
    int: _NUMBER,
    float: _NUMBER,
    bool: _BOOLEAN,
}
"""Value type -> its methods."""
