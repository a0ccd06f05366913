from __future__ import annotations

import math
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Value
from hypothesis import given
from hypothesis import strategies as st

from history_svc.storage.values import json_to_value, value_to_json
from tests.unit.history.event_histories import value

JSON_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON_VALUES)
def test_values_come_back_as_they_were(plain: Any) -> None:
    original = value(plain)
    assert json_to_value(value_to_json(original)) == original


@pytest.mark.parametrize(
    ("plain", "text"),
    [
        (5.0, b"5"),
        (2.5, b"2.5"),
        (2.0**53, b"9007199254740992"),
        (-(2.0**53), b"-9007199254740992"),
        (1e300, b"1e+300"),
        ("金额", '"金额"'.encode()),
        ({"b": [1, None], "a": {}}, None),
    ],
)
def test_json_is_compact(plain: Any, text: bytes | None) -> None:
    stored = value_to_json(value(plain))
    assert b" " not in stored
    assert text is None or stored == text


def test_unset_value_is_null() -> None:
    assert value_to_json(Value()) == b"null"


def test_what_json_cannot_say_is_null() -> None:
    assert value_to_json(Value(number_value=math.nan)) == b"null"
    assert value_to_json(Value(number_value=math.inf)) == b"null"
