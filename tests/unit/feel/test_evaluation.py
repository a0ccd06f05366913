"""What comes in, what goes out, warnings; the context stays as it is."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from mesh.feel import Function, Range, WarningKind, compile_expression
from tests.unit.feel.tables import value


def _warnings(text: str, context: Mapping[str, Any]) -> list[tuple[WarningKind, str]]:
    found: list[Any] = []
    compile_expression(text).evaluate(context, warnings=found)
    return [(warning.kind, warning.message) for warning in found]


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("missing", "NO_VARIABLE", "there is no variable missing"),
        ("a.missing", "NO_PROPERTY", "the context has no entry missing"),
        ("a.b.c", "NO_PROPERTY", "a number has no property c"),
        ("l[9]", "NO_PROPERTY", "a list of 2 has no element 9"),
        ("a(1)", "NO_FUNCTION", "a is no function"),
        ('1 + "a"', "INVALID_TYPE", "number + string has no value"),
        ("[3..1]", "INVALID_TYPE", "there is no range number..number, or it ends before it starts"),
        ("for x in 1 return x", "INVALID_TYPE", "a loop goes through a list or a range, not a number"),
        ("1 / 0", "INVALID_ARGUMENTS", "a number / a number has no value here"),
        ('date("x")', "INVALID_ARGUMENTS", "'x' is no date"),
        ("count()", "INVALID_ARGUMENTS", "count() is not known"),
        ("upper case(1)", "INVALID_ARGUMENTS", "upper case(number) is not known"),
        ('assert(1, false, "too small")', "ASSERTION", "too small"),
        ("bad", "INVALID_INPUT", "a variable holds a value that FEEL does not have"),
        ("huge", "INVALID_INPUT", "a variable holds a number that is too large"),
    ],
)
def test_warning(text: str, kind: str, message: str) -> None:
    context = {"a": {"b": 1}, "l": [1, 2], "bad": {1, 2}, "huge": 10**7000}
    assert compile_expression(text).evaluate(context) is None
    assert _warnings(text, context) == [(WarningKind(kind), message)]


def test_what_a_filter_tries_leaves_no_warning() -> None:
    assert _warnings("l[name = 1]", {"l": [{"name": 1}]}) == []
    assert _warnings("l[active]", {"l": [{"active": True}]}) == []


def test_warnings_are_bounded() -> None:
    assert len(_warnings("for i in 1..1000 return x", {})) == 50


def test_the_context_is_not_changed() -> None:
    context: dict[str, Any] = {"a": {"b": [1, 2.5, {"c": None}]}, "l": [3, 1, 2]}
    before = copy.deepcopy(context)
    for text in (
        "sort(l, function(x, y) x < y)", "append(l, 4)", "context put(a, \"b\", 1)", "context merge([a, {z: 1}])",
        "reverse(l)", "concatenate(l, l)", "a.b[item > 1]", "for x in l return partial", "insert before(l, 1, 9)",
        "remove(l, 1)", 'context put(a, ["b"], 2)', "{a: a, l: l}",
    ):  # fmt: skip
        compile_expression(text).evaluate(context)
        assert context == before, text


def test_values_from_outside() -> None:
    class Text(str):
        __slots__ = ()

    assert value("x", x=(1, 2)) == [1, 2]
    assert value("x.a", x=MappingProxyType({"a": 1.5})) * 2 == 3
    assert value("x.y.z", x=MappingProxyType({"y": {"z": 1}})) == 1
    assert value("upper case(x)", x=Text("ab")) == "AB"
    assert value("x", x={1: "a", "b": 2}) == {"b": 2}
    assert value("x", x=object()) is None
    assert value("x.y", x={"y": b"bytes"}) is None
    assert value("x instance of boolean", x=True) is True
    assert compile_expression("a + b").evaluate(MappingProxyType({"a": 1, "b": 2})) == 3


def test_functions_and_ranges_can_be_handed_on() -> None:
    function = value("function(x) x + 1")
    assert type(function) is Function
    assert function.parameters == ("x",)
    assert value("f(1)", f=function) == 2
    assert value("3 in r", r=Range(1, 5, True, True)) is True


def test_a_name_is_looked_for_from_the_inside_to_the_outside() -> None:
    assert value("for x in [1] return x + y", x=100, y=10) == [11]
    assert value("l[x > 1].x", l=[{"x": 2}, {"y": 1}], x=5) == [2, None]
    assert value("{x: 1, y: {z: x}}.y.z", x=9) == 1
    assert value("(function(x) l[item = x])(2)", l=[1, 2], x=1) == [2]
