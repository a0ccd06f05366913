"""Values of variables between the contract's `google.protobuf.Value` and the compact JSON that is stored."""

from __future__ import annotations

from typing import Any, Final

import orjson
from google.protobuf.struct_pb2 import ListValue, NullValue, Struct, Value

MAX_EXACT_INTEGER: Final = 2**53
"""Up to here a double holds every integer; integers are stored without a point."""


def value_to_json(value: Value) -> bytes:
    """Return a value as compact JSON. An unset value is null, as are numbers that JSON has no word for."""
    # The contract's maps have no order; sorted, the same value is always the same text.
    return orjson.dumps(_plain(value), option=orjson.OPT_SORT_KEYS)


def json_to_value(text: bytes) -> Value:
    """Return stored JSON as a value. Raises `ValueError` where it is not JSON."""
    return _value(orjson.loads(text))


def _plain(value: Value) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() and abs(number) <= MAX_EXACT_INTEGER else number
        case "bool_value":
            return value.bool_value
        case "struct_value":
            return {name: _plain(field) for name, field in value.struct_value.fields.items()}
        case "list_value":
            return [_plain(item) for item in value.list_value.values]
        case _:
            return None


def _value(plain: Any) -> Value:
    match plain:
        case str():
            return Value(string_value=plain)
        case bool():
            return Value(bool_value=plain)
        case int() | float():
            return Value(number_value=plain)
        case dict():
            return Value(struct_value=Struct(fields={name: _value(field) for name, field in plain.items()}))
        case list():
            return Value(list_value=ListValue(values=[_value(item) for item in plain]))
        case _:
            return Value(null_value=NullValue.NULL_VALUE)
