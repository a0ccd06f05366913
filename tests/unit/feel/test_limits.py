"""Nothing that an author writes takes long, much memory, or the process with it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from mesh.feel import FeelSyntaxError, WarningKind, compile_expression, compile_unary_tests
from mesh.feel.limits import MAX_DEPTH, MAX_TEXT_LENGTH

SECONDS = 5.0
"""Far more than each of them takes (a third of a second at most), far less than without limits."""


def _doubled(first: str, step: str, times: int = 40) -> str:
    entries = [f"a0: {first}", *(f"a{i}: {step.replace('$', f'a{i - 1}')}" for i in range(1, times))]
    return "{" + ", ".join(entries) + "}"


ENDLESS = {
    "loops in loops": "for i in 1..90000 return for j in 1..90000 return i * j",
    "many loops": "for a in 1..999, b in 1..999, c in 1..999 return a",
    "loops without a body": "count(for a in 1..9999, b in [] return a) + count(for a in 1..9999, b in 1..9999 return 1)",
    "recursion": "{f: function(n) f(n + 1), x: f(1)}.x",
    "recursion by argument": "{f: function(g, n) g(g, n + 1), x: f(f, 1)}.x",
    "recursion that branches": "{f: function(n) if n = 0 then 1 else f(n - 1) + f(n - 1), x: f(60)}.x",
    "recursion in a filter": "{f: function(n) [1][f(n)], x: f(1)}.x",
    "recursion in a loop": "{f: function(n) for i in [1] return f(i), x: f(1)}.x",
    "recursion in sort": "{f: function(a, b) count(sort([1, 2], f)) > 0, x: sort([1, 2], f)}.x",
    "a range": "for i in 1..1000000000000000 return i",
    "a range downwards": "for i in 1000000000000000..1 return i",
    "days": 'for d in @"0001-01-01"..@"9999-12-31" return d',
    "strings that double": _doubled('"xxxxxxxx"', "$ + $"),
    "lists that double": _doubled("[1, 2]", "concatenate($, $)"),
    "lists in lists": _doubled("[1]", "[$, $]"),
    "text of lists in lists": f"string({_doubled('[1]', '[$, $]')}.a39)",
    "equality of lists in lists": f"{_doubled('[1]', '[$, $]')}.a39 = {_doubled('[1]', '[$, $]')}.a39",
    "flatten of lists in lists": f"flatten({_doubled('[1]', '[$, $]')}.a39)",
    "contexts in contexts": _doubled("{x: 1}", "{l: $, r: $}"),
    "what it has made so far": "for i in 1..90000 return partial",
    "deeper and deeper": "for i in 1..5000 return [partial[-1]]",
    "logarithms": "for i in 1..90000 return exp(log(i))",
    "powers": "for i in 1..90000 return 1.0000001 ** 3.7",
    "patterns": 'for i in 1..90000 return matches("aaaaaaaaab", "(a|aa)+$" + string(i))',
    "texts": "for i in 1..90000 return upper case(long)",
    "numerals": 'for i in 1..90000 return number(long, ",", ".")',
    "long results": "for i in 1..90000 return long + long",
    "joins": "string join(for i in 1..9000 return long, long)",
    "replacements": 'replace(long, "a", long)',
    "splits": 'split(longer, "")',
    "distinct values of contexts": "distinct values(for i in 1..9000 return {a: i})",
    "ranges of texts": 'for i in 1..90000 return range("[1..3]")',
    "filters in filters": "l[count(l[count(l[item > 0]) > 0]) > 0]",
    "steps in functions": "for i in 1..90000 return index of(l, 1)",
    "union": "for i in 1..90000 return union(l, l)",
    "properties": "for i in 1..90000 return contexts.a",
}
VARIABLES: dict[str, Any] = {
    "long": "a" * 100_000, "longer": "a" * 1_000_000, "l": list(range(1000)), "contexts": [{"a": 1}] * 1000,
}  # fmt: skip


@pytest.mark.parametrize("what", ENDLESS)
def test_an_evaluation_ends(what: str) -> None:
    expression = compile_expression(ENDLESS[what])
    warnings: list[Any] = []
    start = time.process_time()
    assert expression.evaluate(VARIABLES, warnings=warnings) is None
    assert time.process_time() - start < SECONDS
    assert warnings[-1].kind is WarningKind.LIMIT


def test_a_limit_is_not_taken_for_null_by_what_is_around() -> None:
    endless = "{f: function(n) f(n + 1), x: f(1)}.x"
    assert compile_expression(f"true or {endless}").evaluate({}) is True
    assert compile_expression(f"{endless} or true").evaluate({}) is None
    assert compile_expression(f"is defined({endless})").evaluate({}) is None
    assert compile_unary_tests(f"not({endless})").evaluate(1, {}) is None


@pytest.mark.parametrize(
    "text",
    [
        "(" * 3000 + "1" + ")" * 3000,
        "[" * 9000,
        "(" * MAX_DEPTH + "(1)" + ")" * MAX_DEPTH,
        "if a then " * 500 + "1" + " else 2" * 500,
        "a" + ".b" * 1000,
        "a" + "[1]" * 1000,
        "a" + "(1)" * 1000,
        "1" + " < 1" * 1000,
        "function() " * 500 + "1",
        "for x in y return " * 400 + "1",
        "x instance of " + "list<" * 500 + "number" + ">" * 500,
        "1 " + "+ 1" * MAX_TEXT_LENGTH,
    ],
)
def test_what_is_too_long_or_nested_too_deeply_is_refused(text: str) -> None:
    start = time.process_time()
    with pytest.raises(FeelSyntaxError):
        compile_expression(text)
    assert time.process_time() - start < SECONDS


def test_what_is_wide_is_not_deep() -> None:
    assert compile_expression(" + ".join(["1"] * 2000)).evaluate({}) == 2000
    assert compile_expression(" and ".join(["true"] * 800)).evaluate({}) is True
    assert compile_expression(f"count([{', '.join(['1'] * 3000)}])").evaluate({}) == 3000
    assert compile_expression("(" * 60 + "1" + ")" * 60).evaluate({}) == 1
    assert compile_expression("-" * 2000 + "1").evaluate({}) == 1


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+$", "a" * 50_000 + "b"),
        ("(a|aa)+$", "a" * 50_000 + "b"),
        ("(a*)*b", "a" * 50_000),
        ("([a-z]+)*@", "a" * 50_000),
        ("(.*)(.*)(.*)(.*)x", "a" * 50_000),
        ("^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 50_000),
    ],
)
def test_a_pattern_takes_time_linear_in_the_text(pattern: str, text: str) -> None:
    start = time.process_time()
    assert compile_expression("matches(t, p)").evaluate({"t": text, "p": pattern}) is False
    assert time.process_time() - start < SECONDS


def test_patterns_that_are_large_are_refused() -> None:
    for pattern in ("((a{100}){100}){100}", "a{1001}", "a" * 1001):
        assert compile_expression("matches(t, p)").evaluate({"t": "a" * 10, "p": pattern}) is None
    # With thousands of states each character takes long, so the text may not be long.
    large = {"t": "ac" * 400_000, "p": "((a{100}){10})b|.*c.{800}"}
    assert compile_expression("matches(t, p)").evaluate(large) is None


def test_values_that_come_in_deep_are_null() -> None:
    deep: Any = 1
    for _ in range(5000):
        deep = [deep]
    assert compile_expression("x").evaluate({"x": deep}) is None
    assert compile_expression("count(x)").evaluate({"x": deep}) is None


def test_a_large_list_can_be_worked_with() -> None:
    rows = [{"price": i / 4, "name": f"n{i}"} for i in range(5000)]
    assert compile_expression("count(rows[price >= 100])").evaluate({"rows": rows}) == 4600
    assert compile_expression("sum(for r in rows return r.price)").evaluate({"rows": rows}) == 3_124_375
