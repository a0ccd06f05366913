from __future__ import annotations

import re
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from history_svc.storage.variable_id import variable_id

INSTANCE = "019a0000-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    ("scope", "name", "expected"),
    [
        ("", "amount", f"{INSTANCE}.0.amount"),
        (f"{INSTANCE}.7", "amount", f"{INSTANCE}.7.amount"),
        ("", "a.b", f"{INSTANCE}.0.~YS5i"),
        ("", "金" * 51, f"{INSTANCE}.0.~~{sha256(('金' * 51).encode()).hexdigest()}"),
        ("other", "amount", f"{INSTANCE}.~b3RoZXI.amount"),
        (f"{INSTANCE}.0", "amount", f"{INSTANCE}.~MDE5YTAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAwLjA.amount"),
    ],
)
def test_examples(scope: str, name: str, expected: str) -> None:
    assert variable_id(INSTANCE, scope, name) == expected


SCOPES = st.one_of(st.just(""), st.integers(0, 10**18).map(lambda key: f"{INSTANCE}.{key}"), st.text(max_size=64))
NAMES = st.one_of(st.text(min_size=1, max_size=255), st.text("ab_-.~", min_size=1, max_size=255))


@given(SCOPES, NAMES, SCOPES, NAMES)
def test_ids_are_safe_short_and_of_one_variable_only(scope: str, name: str, other_scope: str, other: str) -> None:
    key = variable_id(INSTANCE, scope, name)
    assert re.fullmatch(r"[A-Za-z0-9._~-]+", key)
    assert len(key) <= 400
    assert key.startswith(f"{INSTANCE}.")
    same = (scope, name) == (other_scope, other)
    assert (key == variable_id(INSTANCE, other_scope, other)) == same
