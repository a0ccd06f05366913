from __future__ import annotations

import contextlib
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine_svc.expressions import (
    ExpressionError,
    ExpressionSyntaxError,
    compile_condition,
    compile_value,
    variables_read,
)
from tests.unit.expressions.variables import Variables

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["5", "-1.5", "true", "1e400"]),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.sampled_from("abk"), children, max_size=3),
    max_leaves=6,
)
ATOMS = st.sampled_from(
    [
        "a",
        "b",
        "c",
        "missing",
        "1",
        "2.5",
        "0",
        "'x'",
        "'5'",
        "'true'",
        "true",
        "false",
        "null",
        "9223372036854775807",
    ]
)
OPERATORS = st.sampled_from(
    [
        "+",
        "-",
        "*",
        "/",
        "%",
        "div",
        "mod",
        "<",
        "<=",
        ">",
        ">=",
        "==",
        "!=",
        "lt",
        "eq",
        "&&",
        "||",
        "and",
        "or",
    ]
)
METHODS = st.sampled_from(
    [
        "size",
        "length",
        "isEmpty",
        "toString",
        "trim",
        "toUpperCase",
        "keySet",
        "values",
        "nope",
        "contains",
        "get",
    ]
)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, OPERATORS, inner),
        st.builds("{} {}".format, st.sampled_from(["!", "-", "not", "empty"]), inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
        st.builds("({})[{}]".format, inner, inner),
        st.builds("({}).{}()".format, inner, METHODS),
        st.builds("({}).{}({})".format, inner, METHODS, inner),
        st.builds("({}).{}".format, inner, st.sampled_from(["a", "b", "size"])),
    ),
    max_leaves=12,
)


def evaluate_quietly(text: str, variables: Variables) -> None:
    for compile_text in (compile_value, compile_condition):
        with contextlib.suppress(ExpressionSyntaxError, ExpressionError):
            json.dumps(compile_text(text)(variables), allow_nan=False)
    with contextlib.suppress(ExpressionSyntaxError):
        variables_read(text)


@settings(max_examples=500, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text(text: str) -> None:
    for candidate in (text, "${" + text + "}", "x ${" + text + "} #{" + text):
        evaluate_quietly(candidate, Variables())


@settings(max_examples=500, deadline=None)
@given(text=st.text(alphabet="ab1.()[]{}'\"\\$#!-+*/%<>=&|?:, emptyornd", max_size=60))
def test_texts_of_the_right_characters(text: str) -> None:
    evaluate_quietly("${" + text + "}", Variables(a=1, b="2"))


@settings(max_examples=800, deadline=None)
@given(expression=EXPRESSIONS, a=JSON, b=JSON, c=JSON)
def test_expressions_over_any_variables(expression: str, a: Any, b: Any, c: Any) -> None:
    evaluate_quietly("${" + expression + "}", Variables(a=a, b=b, c=c))


@settings(max_examples=300, deadline=None)
@given(left=st.integers(-1000, 1000), right=st.integers(-1000, 1000), other=st.integers(-9, 9))
def test_integer_arithmetic_agrees(left: int, right: int, other: int) -> None:
    variables = Variables(a=left, b=right, c=other)
    assert compile_value("${a + b * c - a}")(variables) == left + right * other - left
    assert compile_value("${a < b}")(variables) is (left < right)
    assert compile_value("${a == b || a > b || a < b}")(variables) is True
