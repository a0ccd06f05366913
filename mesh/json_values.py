"""JSON values in memory and `google.protobuf.Value` in the contract.

Integers are exact up to 2^53, as in JavaScript; a number without a fraction arrives as an integer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from google.protobuf.struct_pb2 import ListValue, NullValue, Struct, Value

MAX_EXACT_INTEGER: Final = 2**53


class NumberNotFinite(ValueError):
    """NaN and the infinities have no place in JSON."""


def from_value(value: Value) -> Any:
    """Return None, bool, int, float, str, list or dict; an unset value is None. Raises `NumberNotFinite`."""
    match value.WhichOneof("kind"):
        case "number_value":
            number = value.number_value
            if number.is_integer() and -MAX_EXACT_INTEGER <= number <= MAX_EXACT_INTEGER:
                return int(number)
            if not math.isfinite(number):
                raise NumberNotFinite(f"{number} is no JSON number")
            return number
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case "struct_value":
            return {name: from_value(field) for name, field in value.struct_value.fields.items()}
        case "list_value":
            return [from_value(item) for item in value.list_value.values]
        case _:
            return None


def to_value(plain: Any) -> Value:
    """Return a JSON value as a message. Raises `TypeError` for anything else."""
    if isinstance(plain, str):
        return Value(string_value=plain)
    if plain is None:
        return Value(null_value=NullValue.NULL_VALUE)
    if isinstance(plain, bool):
        return Value(bool_value=plain)
    if isinstance(plain, int | float):
        return Value(number_value=plain)
    if isinstance(plain, dict):
        return Value(struct_value=Struct(fields={name: to_value(field) for name, field in plain.items()}))
    if isinstance(plain, list):
        return Value(list_value=ListValue(values=[to_value(item) for item in plain]))
    raise TypeError(f"{type(plain).__name__} is no JSON value")


def to_values(plain: Mapping[str, Any]) -> dict[str, Value]:
    """Return named JSON values as messages."""
    return {name: to_value(value) for name, value in plain.items()}
