from __future__ import annotations

from typing import Any

import pytest

from engine_svc.expressions import compile_value
from engine_svc.model.dialects.feel_subset import NotTranslatableError, translate
from tests.unit.expressions.variables import Variables

VARIABLES = Variables(
    x=5, y=2, done=False, who="kermit", order={"total": 120, "lines": [{"price": 3}, {"price": 4}]}, tags=["a", "b"]
)


@pytest.mark.parametrize(
    ("feel", "expected"),
    [
        ("x", 5),
        (" order.total ", 120),
        ("order.lines[2].price", 4),
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("-x + 1", -4),
        (".5 + 1.25", 1.75),
        ("x = 5", True),
        ("x != 5", False),
        ("x >= 5 and y < 3", True),
        ("x > 5 or not(done)", True),
        ('who = "kermit"', True),
        ('"Hello " + who', "Hello kermit"),
        ('"it\'s \\"here\\" \\\\ ${x}"', 'it\'s "here" \\ ${x}'),
        ("null", None),
        ("true", True),
        ("if x > 3 then who else null", "kermit"),
        ("if done then 1 else if x = 5 then 2 else 3", 2),
        ("count(tags)", 2),
        ('list contains(tags, "b")', True),
        ('contains(who, "erm")', True),
        ('upper case("a" + who)', "AKERMIT"),
        ("string length(who) > x", True),
        ('duration("PT5S")', "PT5S"),
        ('date and time("2030-01-31T09:00:00Z")', "2030-01-31T09:00:00Z"),
    ],
)
def test_means_the_same(feel: str, expected: Any) -> None:
    result = compile_value("${" + translate(feel) + "}")(VARIABLES)
    assert (type(result), result) == (type(expected), expected)


@pytest.mark.parametrize(
    "feel",
    [
        "",
        "[1, 2]",
        "{a: 1}",
        "x in [1..3]",
        "for i in tags return i",
        "some i in tags satisfies i",
        "tags[item = 1]",
        "tags[x]",
        "tags[0]",
        "now()",
        "date(x)",
        'x + duration("PT5S")',
        'duration("PT5S") + x',
        "x y",
        "x =",
        "(x",
        "x ** 2",
        "x @ 2",
        '"open',
        "empty",
        "function(a) a",
        "not x",
        "if x then y",
        "x between 1 and 3",
        "x instance of string",
        "count(tags, 1)",
        "(" * 60 + "x" + ")" * 60,
    ],
)
def test_everything_else_is_refused(feel: str) -> None:
    with pytest.raises(NotTranslatableError):
        translate(feel)
