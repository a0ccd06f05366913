from __future__ import annotations

import math
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Value
from hypothesis import given
from hypothesis import strategies as st

from history_svc.storage.values import json_to_value, texts_in, texts_in_json, value_to_json
from mesh.json_values import to_value

JSON_VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.floats(allow_nan=False, allow_infinity=False).map(lambda number: number + 0.0),
        st.text(),
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON_VALUES)
def test_values_come_back_as_they_were(plain: Any) -> None:
    original = to_value(plain)
    assert json_to_value(value_to_json(original)) == original


@given(JSON_VALUES)
def test_a_stored_value_has_the_texts_of_the_value(plain: Any) -> None:
    value = to_value(plain)
    assert list(texts_in_json(value_to_json(value))) == list(texts_in(value))


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
    stored = value_to_json(to_value(plain))
    assert b" " not in stored
    assert text is None or stored == text


def test_unset_value_is_null() -> None:
    assert value_to_json(Value()) == b"null"


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_json_cannot_say_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="no JSON number"):
        value_to_json(Value(number_value=number))
