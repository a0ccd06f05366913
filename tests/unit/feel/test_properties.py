"""Laws that hold for whatever values there are; and nothing but a syntax error is ever raised."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mesh.feel import FeelSyntaxError, YearsMonths, compile_expression, compile_unary_tests, json_value
from mesh.feel.calls import BUILTINS
from tests.unit.feel.tables import value, written

NUMBERS = st.one_of(
    st.integers(-(10**33), 10**33),
    st.decimals(-(10**9), 10**9, places=4),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
)
TRUTHS = st.sampled_from([True, False, None, 1, "x"])
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.sampled_from([UTC, None]))
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS, MOMENTS, st.dates(), st.timedeltas())
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=8
)
PIECES = st.sampled_from([
    *sorted(BUILTINS), *"()[]{},.:+-*/<>=?@\"", "..", "->", "<=", "!=", "**", "if", "then", "else", "for", "in", "return",
    "some", "every", "satisfies", "and", "or", "between", "instance of", "function", "null", "true", "a", "b", "x y",
    "1", "2.5", '"t"', '@"2024-01-01"', '@"P1D"', '@"PT1H"', "[1, 2]", "{a: 1}", "[1..3]", "item", "partial", "number",
    "//", "/*", "*/", "list<number>", "\n", "\\",
])  # fmt: skip
ARGUMENTS = st.sampled_from([
    "1", "0", "-1", "1.5", "1e400", "1e-400", "1e6000", "10000000000", "null", "true", '""', '"a"', '"("', '"$1"', '"i"',
    '"\\uD800"', '"2024-01-01"', "[]", "[1]", "[null]", "[[1], [2]]", '["a"]', "{}", "{a: 1}", '{key: "a", value: 1}',
    '@"2024-01-01"', '@"0001-01-01"', '@"9999-12-31"', '@"0001-01-01T00:00:00+14:00"', '@"9999-12-31T23:59:59-12:00"',
    '@"9999-12-31T23:59:59@Asia/Shanghai"', '@"0001-01-01T00:00:00@America/New_York"', '@"10:00:00@Europe/Paris"',
    '@"23:59:59.999999Z"', '@"P1D"', '@"-P999999999D"', '@"P999999999DT23H59M59.999999S"', '@"P999999999Y"',
    "[1..2]", "(> 3)", '["a".."b"]', "function(x) x", "function(x, y) x < y", "count",
])  # fmt: skip
CONTEXT = {"a": 3, "b": {"x y": [1, 2]}, "x y": 1.5}


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=14))
def test_whatever_is_written_is_refused_or_has_a_value(pieces: list[str]) -> None:
    for separator in ("", " "):
        text = separator.join(pieces)
        try:
            json.dumps(json_value(compile_expression(text).evaluate(CONTEXT)))
        except FeelSyntaxError as error:
            assert 1 <= error.column <= len(text) + 1
        try:
            assert compile_unary_tests(text).evaluate(3, CONTEXT) in (True, False, None)
        except FeelSyntaxError as error:
            assert 1 <= error.column <= len(text) + 1


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(BUILTINS)), st.lists(ARGUMENTS, max_size=4))
def test_every_function_takes_every_value(name: str, arguments: list[str]) -> None:
    if name != "@":
        json_value(value(f"{name}({', '.join(arguments)})"))


@settings(max_examples=500, deadline=None)
@given(ARGUMENTS, st.sampled_from(["+", "-", "*", "/", "**", "<", "<=", "=", "!=", "in", "and", "or"]), ARGUMENTS)
def test_every_operator_takes_every_value(left: str, symbol: str, right: str) -> None:
    json_value(value(f"({left}) {symbol} ({right})"))
    json_value(value(f"({left})[{right}]"))
    json_value(value(f"({left}) between ({right}) and ({left})"))
    json_value(value(f"string(({left}) {symbol} ({right}))"))
    assert value(f"({left}) {symbol} ({right})") == value(f"({left}) {symbol} ({right})") or symbol not in "+-*/"


@settings(max_examples=50, deadline=None)
@given(VALUES)
def test_a_value_equals_itself(each: Any) -> None:
    assert value("x = x", x=each) is True
    assert value("is(x, x)", x=each) is True
    assert value("x in [x]", x=each) is True
    assert value("list contains([x], x)", x=each) is True
    assert value("count(distinct values([x, x]))", x=each) == 1


@settings(max_examples=50, deadline=None)
@given(SCALARS, SCALARS)
def test_an_order_is_one(x: Any, y: Any) -> None:
    less, greater, same = value("x < y", x=x, y=y), value("x > y", x=x, y=y), value("x = y", x=x, y=y)
    assert value("y > x", x=x, y=y) is less
    if less is not None:
        assert [less, greater, same].count(True) == 1
        assert value("x <= y", x=x, y=y) is (less or same)
        assert value("x between y and y", x=x, y=y) is same
    assert value("not(x = y)", x=x, y=y) is value("x != y", x=x, y=y)


@settings(max_examples=50, deadline=None)
@given(TRUTHS, TRUTHS, TRUTHS)
def test_three_valued_logic(p: Any, q: Any, r: Any) -> None:
    names = {"p": p, "q": q, "r": r}
    known = {name: each if type(each) is bool else None for name, each in names.items()}
    rank = {False: 0, None: 1, True: 2}
    assert value("p and q and r", **names) is min(known.values(), key=rank.__getitem__)
    assert value("p or q or r", **names) is max(known.values(), key=rank.__getitem__)
    assert value("p and (q and r)", **names) is value("(r and q) and p", **names)
    assert value("all([p, q, r])", **names) is value("p and q and r", **names)
    assert value("any(p, q, r)", **names) is value("p or q or r", **names)


@settings(max_examples=50, deadline=None)
@given(NUMBERS, NUMBERS)
def test_numbers(x: Any, y: Any) -> None:
    assert value("x + y", x=x, y=y) == value("y + x", x=x, y=y)
    assert value("x * y", x=x, y=y) == value("y * x", x=x, y=y)
    assert value("x - y = -(y - x)", x=x, y=y) is True
    assert value("abs(x) >= 0 and floor(x) <= x and ceiling(x) >= x", x=x) is True
    if y != 0:
        assert value("if y > 0 then modulo(x, y) >= 0 else modulo(x, y) <= 0", x=x, y=y) is True
    assert value("number(string(x)) = x", x=x) is True
    for found in (value("x + y", x=x, y=y), value("x * y", x=x, y=y)):
        assert type(found) in (int, Decimal)
        assert len(Decimal(found).normalize().as_tuple().digits) <= 34


@settings(max_examples=50, deadline=None)
@given(st.dates(date(1, 1, 1), date(9999, 12, 31)), st.integers(-20_000, 20_000))
def test_months(day: date, months: int) -> None:
    found = value("x + d", x=day, d=YearsMonths(months))
    if found is not None:
        assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == months
        assert found.day <= day.day


@settings(max_examples=50, deadline=None)
@given(MOMENTS, st.timedeltas(timedelta(days=-30_000), timedelta(days=30_000)))
def test_moments(moment: datetime, duration: timedelta) -> None:
    assert value("x + d - x = d", x=moment, d=duration) is True
    assert value("x + d - d = x", x=moment, d=duration) is True
    assert value("date and time(string(x)) = x and duration(string(d)) = d", x=moment, d=duration) is True


@settings(max_examples=50, deadline=None)
@given(st.lists(NUMBERS, max_size=8))
def test_lists(numbers: list[Any]) -> None:
    assert value("count(l[item > 0]) + count(l[item <= 0]) = count(l)", l=numbers) is True
    assert value("reverse(reverse(l)) = l", l=numbers) is True
    assert value("sort(l, function(x, y) x < y) = sort(l)", l=numbers) is True
    assert value("every i in sort(l) satisfies i >= min(l) and i <= max(l)", l=numbers) is True
    assert value("(some i in l satisfies i > 5) = not(every i in l satisfies i <= 5)", l=numbers) is True
    assert value("flatten([[l], l]) = concatenate(l, l)", l=numbers) is True
    assert value("count(union(l, l)) = count(distinct values(l))", l=numbers) is True


@settings(max_examples=50, deadline=None)
@given(TEXTS, TEXTS)
def test_texts(s: str, t: str) -> None:
    assert value("string length(s + t) = string length(s) + string length(t)", s=s, t=t) is True
    assert value("contains(s + t, s) and starts with(s + t, s) and ends with(s + t, t)", s=s, t=t) is True
    assert value('matches(s, t, "q")', s=s, t=t) is (t in s)
    assert value("substring before(s + t, t) + t + substring after(s + t, t) = s + t", s=s, t=t or "x") is True
    assert value('replace(s, t, t, "q")', s=s, t=t.replace("\\", "").replace("$", "") or "x") == s


@settings(max_examples=50, deadline=None)
@given(st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6,
))  # fmt: skip
def test_json_goes_in_and_out_unchanged(each: Any) -> None:
    assert json_value(value("x", x=each)) == each
    assert json.loads(value("to json(x)", x=each)) == each
    assert value("from json(to json(x)) = x", x=each) is True
    assert written("x", x=each) == written("from json(to json(x))", x=each)
