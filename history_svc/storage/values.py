"""Values of variables as they are stored: compact JSON, and beside it what a value is compared by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import orjson
from google.protobuf.struct_pb2 import Value

from mesh.json_values import from_value, to_value

NO_VALUE: Final = 0
NULL: Final = 1
BOOLEAN: Final = 2
NUMBER: Final = 3
STRING: Final = 4
OBJECT: Final = 5
LIST: Final = 6
"""Types of values, numbered as in the contract."""

COMPARED_CHARACTERS: Final = 255
"""Of a text; `text_value` has no more of it."""

Compared = tuple[int, float | None, str | None]
"""Type, number (1 for true, 0 for false) and the beginning of the text."""

WITH_TEXTS: Final = frozenset({"string_value", "struct_value", "list_value"})
"""Kinds of values in which there may be texts, as `Value` names them."""

_TYPES: Final = {"struct_value": OBJECT, "list_value": LIST}


def value_to_json(value: Value) -> bytes:
    """Return a value as JSON; an unset value is null. Raises `ValueError` for numbers that JSON cannot say."""
    # The contract's maps have no order; sorted, the same value is always the same text.
    return orjson.dumps(from_value(value), option=orjson.OPT_SORT_KEYS)


def json_to_value(text: bytes) -> Value:
    """Return stored JSON as a value. Raises `ValueError` where it is not JSON."""
    return to_value(orjson.loads(text))


def compared(value: Value | None) -> Compared:
    """Return what a value is found and compared by; None: there is no value any more."""
    if value is None:
        return NO_VALUE, None, None
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return STRING, None, value.string_value[:COMPARED_CHARACTERS]
    if kind == "number_value":
        # -0.0 is 0.
        return NUMBER, value.number_value + 0.0, None
    if kind == "bool_value":
        return BOOLEAN, float(value.bool_value), None
    return _TYPES.get(kind or "", NULL), None, None


def texts_in(value: Value) -> Iterator[str]:
    """Return the texts in a value, however deep; not the names of fields."""
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        yield value.string_value
    elif kind == "list_value":
        for item in value.list_value.values:
            yield from texts_in(item)
    elif kind == "struct_value":
        # A map of the contract has no order; what is cut off must not hang on it.
        for name in sorted(value.struct_value.fields):
            yield from texts_in(value.struct_value.fields[name])


def texts_in_json(text: bytes) -> Iterator[str]:
    """Return the texts in a stored value, as `texts_in` does. Raises `ValueError` where it is not JSON."""
    return _texts_in_plain(orjson.loads(text))


def _texts_in_plain(plain: Any) -> Iterator[str]:
    if isinstance(plain, str):
        yield plain
    elif isinstance(plain, list):
        for item in plain:
            yield from _texts_in_plain(item)
    elif isinstance(plain, dict):
        for name in sorted(plain):
            yield from _texts_in_plain(plain[name])
