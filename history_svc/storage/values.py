"""Values of variables as they are stored: compact JSON."""

from __future__ import annotations

import orjson
from google.protobuf.struct_pb2 import Value

from mesh.json_values import from_value, to_value


def value_to_json(value: Value) -> bytes:
    """Return a value as JSON; an unset value is null. Raises `ValueError` for numbers that JSON cannot say."""
    # The contract's maps have no order; sorted, the same value is always the same text.
    return orjson.dumps(from_value(value), option=orjson.OPT_SORT_KEYS)


def json_to_value(text: bytes) -> Value:
    """Return stored JSON as a value. Raises `ValueError` where it is not JSON."""
    return to_value(orjson.loads(text))
