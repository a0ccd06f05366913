"""Unary tests: cells of decision tables (DMN 1.4, 7.3.4 and grammar rules 7 to 16)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from mesh.feel import FeelSyntaxError, FeelWarning, compile_unary_tests

CONTEXT = {"x": 3, "l": [1, 2], "on": True, "limit": None}
TABLE: list[tuple[str, Any, bool | None]] = [
    ("-", 1, True), ("-", None, True), ("", None, True), (" ", 5, True), ("5", 5, True), ("5", 6, False),
    ("5", "5", None), ('"a"', "a", True), ('"a", "b"', "b", True), ('"a", "b"', "c", False), ("> 5", 6, True),
    ("> 5", 5, False), ("> 5", None, None), (">= 5", 5, True), ("< 5, > 10", 11, True), ("!= 5", 6, True),
    ("= 5", 5, True), ("[1..5]", 5, True), ("[1..5)", 5, False), ("]1..5[", 1, False), ("(1..5)", 3, True),
    ("[1..2], [4..5]", 4, True), ("not(5)", 5, False), ("not(5)", 6, True), ("not(> 5, 1)", 1, False),
    ("not(> 5, 1)", 2, True), ('not("a")', None, True), ("null", None, True), ("null", 1, False), ("not(null)", 1, True),
    ("not(null)", None, False), ("x", 3, True), ("x + 1", 4, True), ("> x", 4, True), ("[x..x + 2]", 5, True),
    ("l", 2, True), ("[1, 2]", 2, True), ("[1, 2]", [1, 2], True), ("? > 5", 6, True), ("? > 5 and ? < 7", 7, False),
    ('contains(?, "b")', "abc", True), ("list contains(l, ?)", 2, True), ("not(list contains(l, ?))", 2, False),
    ("x > 2", 99, True), ("x > 5", 99, False), ("on", True, True), ("on", False, False), ("on", 5, True),
    ("true", True, True), ("false", True, False), ("false", False, True), ('date("2024-01-01")', date(2024, 1, 1), True),
    ('< date("2024-01-01")', date(2023, 1, 1), True), ("> limit", 5, None), ("not(> limit)", 5, None),
    ("function(v) v > 3", 4, True), ("even(?)", 4, True), ("? + 1", 4, False), ("?.a > 1", {"a": 2}, True),
    ("some i in ? satisfies i > 1", [1, 2], True), ("not(x) or true", 5, True), ("-5", -5, True), ("- 5", -5, True),
    ("0.3", 0.1 + 0.2, False), ("0.3", 0.3, True), ('matches(?, "^[A-Z]{2}$")', "CN", True),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value", "expected"), TABLE)
def test_answer(text: str, value: Any, expected: bool | None) -> None:
    assert compile_unary_tests(text).evaluate(value, CONTEXT) is expected


@pytest.mark.parametrize("text", ["> ", "1 2", "not(", "not()", ">> 5", ", 1", "- 5 -"])
def test_what_is_no_test_is_refused(text: str) -> None:
    with pytest.raises(FeelSyntaxError):
        compile_unary_tests(text)


def test_names_and_warnings() -> None:
    tests = compile_unary_tests("> a.b, ? in c")
    warnings: list[FeelWarning] = []
    assert tests.names == {"a", "c"}
    assert tests.evaluate(1, {"c": [2]}, warnings=warnings) is None
    assert [warning.kind for warning in warnings] == ["NO_VARIABLE", "NO_PROPERTY"]


def test_names_with_operators() -> None:
    assert compile_unary_tests("> min-age", ["min-age"]).evaluate(5, {"min-age": 4}) is True
