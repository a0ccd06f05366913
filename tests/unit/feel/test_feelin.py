"""The same expressions here and in feelin, the interpreter of form-js: the same values, save what is listed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mesh.feel import FeelSyntaxError, compile_expression, compile_unary_tests
from tests.infrastructure.feelin import Feelin
from tests.unit.feel.comparable import ours, theirs
from tests.unit.feel.generated import CONTEXT, Expressions

AGREED = (Path(__file__).parent / "agreed.feel").read_text(encoding="utf-8").splitlines()
REFUSED = {"refused": True}
SEEDS = range(4)

DIFFERENT = {
    "Comparing values of different types is null in DMN (table 54)": ['1 < "a"', 'duration("P0Y") = duration("P0D")'],
    "A list of one element is not the element where no function asks for one (DMN 1.4, 10.3.2.9.4)": ["[1] = 1"],
    "The list may be one of the lists that `in` names": ["1 in ([2,3,4], [1,2,3])"],
    "A range that ends before it starts is no range (DMN 1.5, 10.3.2.7)": ["5 in [10..1]"],
    "Only true is true": ['if "a" then 1 else 2'],
    "Loops over dates (DMN 1.4)": ['for d in [@"2024-01-01"..@"2024-01-03"] return d'],
    "Types of ranges (DMN 1.4)": ["[1..3] instance of range<number>"],
    "There is no position 0, nor one before the first": [
        'substring("foobar", 0)',
        'substring("foobar", -10)',
        "sublist([4,5,6], 0)",
        "insert before([1,3],9,2)",
        "remove([1,2,3], 9)",
    ],
    "The flag q of XPath: the pattern is taken as it is": ['replace("a.b", ".", "-", "q")'],
    "min and max of all that has an order (DMN 1.4, table 76)": [
        'min("a","b")',
        'max([date("2024-01-01"), date("2024-02-01")])',
    ],
    "A duration has years and months, or days and time": ['duration("P1Y400D")'],
    "Times in different zones": ['date and time("2024-01-02T00:00:00Z") - date and time("2024-01-01T00:00:00+02:00")'],
    "Arithmetic with durations (DMN 1.4, tables 58 to 61)": [
        'duration("PT1H") * 2',
        'duration("PT1H") / 2',
        'duration("PT3H") / duration("PT1H")',
        '2 * duration("P1Y")',
        '-duration("P1D")',
        "- 5",
    ],
    "34 decimal digits instead of doubles": ["string(1/3)", "0.1 + 0.2 = 0.3", "1e3"],
    "Names in backticks, as Camunda has them": ["`a`"],
    "== is an error at once, not null": ["a == 1"],
    "(= 5) is the range [5..5] (DMN 1.5)": ["(= 5)"],
    "Camunda's functions": ["is defined(a)", "is defined(missing)", "get or else(null, 1)", 'trim("  a ")'],
}
"""Reason -> expressions whose values differ on purpose."""

NULL_IN_NULL_OUT = ("before(", "some ", "every ", "overlaps(")
"""Where feelin takes null for a value, gives false or true, and DMN (and we) null."""

UNARY: list[tuple[str, Any]] = [
    ("> 5", 6), ("> 5", 5), (">= 5", 5), ("< 5, > 10", 11), ("< 5, > 10", 7), ("5", 5), ("5, 7", 7), ("-", 1),
    ("-", None), ("[1..5]", 1), ("]1..5]", 1), ("(1..5)", 5), ("[1..5[", 4), ('"a"', "a"), ('"a", "b"', "b"),
    ('not("a")', "a"), ('not("a", "b")', "c"), ("not(> 5)", 3), ("not([1..5])", 9), ("? > 5", 6), ("? > 5 and ? < 8", 9),
    ('contains(?, "a")', "abc"), ("true", True), ("false", True), ("false", False), ("a", 3), ("a + 1", 4), ("> a", 4),
    ("numbers", 4), ("[1, 2, 3]", 2), ("null", None), ("null", 3), ('starts with(?, "x")', "abc"),
    ("even(?)", 4), ("abs(?) > 3", -4),
]  # fmt: skip


def _value(expression: str) -> Any:
    try:
        return ours(compile_expression(expression, CONTEXT.keys()).evaluate(CONTEXT))
    except FeelSyntaxError:
        return REFUSED


def _compared(feelin: Feelin, expressions: list[str]) -> list[tuple[str, Any, Any]]:
    answers = feelin([{"expression": expression, "context": CONTEXT} for expression in expressions])
    other = [theirs(answer["value"]) if "value" in answer else REFUSED for answer in answers]
    return [(text, _value(text), answer) for text, answer in zip(expressions, other, strict=True)]


def test_feelin_gives_the_same_values(feelin: Feelin) -> None:
    assert len(AGREED) > 390
    assert [found for found in _compared(feelin, AGREED) if found[1] != found[2]] == []


def test_feelin_gives_other_values_where_that_is_meant(feelin: Feelin) -> None:
    expressions = [text for texts in DIFFERENT.values() for text in texts]
    assert [found for found in _compared(feelin, expressions) if found[1] == found[2]] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_feelin_gives_the_same_values_for_random_expressions(feelin: Feelin, seed: int) -> None:
    random = Expressions(seed)
    expressions = list(dict.fromkeys(random.any(depth) for depth in (1, 2, 2, 3) for _ in range(100)))
    assert len(expressions) > 250
    unlike = [found for found in _compared(feelin, expressions) if found[1] != found[2]]
    meant = [found for found in unlike if found[1] is None and any(word in found[0] for word in NULL_IN_NULL_OUT)]
    assert [found for found in unlike if found not in meant] == []
    assert len(meant) < 10


def test_feelin_gives_the_same_answers_to_unary_tests(feelin: Feelin) -> None:
    batch = [{"expression": text, "context": CONTEXT, "value": value} for text, value in UNARY]
    found = [
        (text, value, compile_unary_tests(text).evaluate(value, CONTEXT) is True, answer.get("value") is True)
        for (text, value), answer in zip(UNARY, feelin(batch), strict=True)
    ]
    assert [each for each in found if each[2] != each[3]] == []
