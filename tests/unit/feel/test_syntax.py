"""What is an expression: names, comments, literals, brackets; and where the error is."""

from __future__ import annotations

import threading

import pytest

from mesh.feel import FeelSyntaxError, compile_expression, compile_unary_tests
from tests.unit.feel.tables import value, written

READS = {
    "a": {"a"},
    "a + b.c": {"a", "b"},
    "for x in l return x + y": {"l", "y"},
    "some x in l, y in x satisfies y > z": {"l", "z"},
    "{a: 1, b: a + c}": {"c"},
    "function(x) x + y": {"y"},
    "l[price > limit]": {"l", "price", "limit"},
    "l[item > 1]": {"l"},
    "item": {"item"},
    "count(l)": {"l"},
    "count": {"count"},
    "Monthly Salary * 12": {"Monthly Salary"},
    "for i in 1..3 return partial": set(),
    "partial": {"partial"},
    "1 + 2": set(),
    "if a then b else c": {"a", "b", "c"},
    "x instance of number": {"x"},
    "f(a: b)": {"f", "b"},
}

ERRORS = {
    "": ("empty", 1),
    "  ": ("empty", 3),
    "1 +": ("too early", 4),
    "1 + * 2": ("unexpected '*'", 5),
    "a == b": ("written once", 4),
    "(1": ("too early", 3),
    "1)": ("unexpected ')'", 2),
    "[1, 2": ("too early", 6),
    "[1)": ("unexpected ')'", 3),
    "[1..3][2..4]": ("unexpected '..'", 9),
    "{a 1}": ("unexpected '}'", 5),
    "{a: 1, a: 2}": ("twice", 8),
    "{: 1}": ("name of an entry", 2),
    "f(a: 1, a: 2)": ("twice", 9),
    "function(a, a) a": ("same name", 1),
    '"abc': ("not closed", 1),
    "1 \\ 2": ("unexpected '\\\\'", 3),
    "a && b": ("unexpected '&'", 3),
    "if a then b": ("too early", 12),
    "for x return x": ("unexpected 'return'", 7),
    "x instance of wrong": ("unknown type", 1),
    "x instance of list<wrong>": ("unknown type", 1),
    "x instance of string<number>": ("takes no types", 1),
    "@10": ("a string is expected", 1),
    "`a": ("not closed", 1),
    '"\\U110000"': ("no character", 2),
    'function(x) external {java: "x"}': ("unexpected '{'", 22),
    "/* never closed": ("unexpected '/'", 1),
    "1e99999": ("too large", 1),
    "a[": ("too early", 3),
    "1..3": ("unexpected '..'", 2),
}

WRITTEN = {
    "1 // comment": "1",
    "1 /* a comment */ + /* another */ 2": "3",
    "1\n+\n2": "3",
    "1\u00a0+ 2": "3",
    '"a\\"b\\\\c"': '"a"b\\c"',
    '"\\n\\t\\u0041\\U01F600"': '"\n\tA😀"',
    '"\\d+"': '"\\d+"',
    '"//"': '"//"',
    '{"a:b": 1}': "{a:b: 1}",
    "{ a  b : 1 }": "{a b: 1}",
    "{}": "{}",
    "[]": "[]",
    "[ [] ]": "[[]]",
    "({a: 1}).a": "1",
    "[{a: 1}][1].a": "1",
    "not (true)": "false",
    "and([true, false])": "false",
    "or (true, null) and or(true)": "true",
    "(((1)))": "1",
    "[1..5[": "[1..5)",
    "]1..5]": "(1..5]",
    "[ ]1..2], [3..4[ ]": "[(1..2], [3..4)]",
    "5 in [1..5[ or true": "true",
    "[1..[7, 8][2]]": "[1..8]",
    "{a: [1..3[, b: 1}": "{a: [1..3), b: 1}",
    "if 1 in [1..2[ then 3 else 4": "3",
    "{if then: 1}": "{if then: 1}",
    "{for: 1}.for": "1",
    "{and: 1, or: 2}.or": "2",
    "`a b` + 1": "null",
}


@pytest.mark.parametrize("text", WRITTEN)
def test_value(text: str) -> None:
    assert written(text) == WRITTEN[text]


@pytest.mark.parametrize("text", READS)
def test_variables_that_are_read(text: str) -> None:
    assert compile_expression(text).names == READS[text]


@pytest.mark.parametrize("text", ERRORS)
def test_error(text: str) -> None:
    message, column = ERRORS[text]
    with pytest.raises(FeelSyntaxError) as caught:
        compile_expression(text)
    assert message in caught.value.message
    assert caught.value.column == column
    assert caught.value.expression == text


def test_names_with_spaces_need_no_declaration() -> None:
    assert value("Monthly Salary * 12", **{"Monthly Salary": 100}) == 1200
    assert value("Monthly   Salary\n* 12", **{"Monthly Salary": 100}) == 1200
    assert value("the order.total price", **{"the order": {"total price": 3}}) == 3
    assert value("Step 2 = 1", **{"Step 2": 1}) is True
    assert value("月薪 * 12", 月薪=100) == 1200
    assert value("🐎 + 1", **{"🐎": 1}) == 2


def test_names_with_operators_and_keywords_are_those_that_are_known() -> None:
    context = {"order-id": 7, "order": 10, "id": 4, "time in hours": 3, "a+b": 1, "if": 5, "x": {"y-z": 6}}
    assert compile_expression("order-id").evaluate(context) == 6
    assert compile_expression("order-id", context.keys()).evaluate(context) == 7
    assert compile_expression("order - id", context.keys()).evaluate(context) == 6
    assert compile_expression("time in hours + 1", context.keys()).evaluate(context) == 4
    assert compile_expression("a+b + 1", context.keys()).evaluate(context) == 2
    assert compile_expression("if + 1", context.keys()).evaluate(context) == 6
    assert compile_expression("x.y-z", ["y-z"]).evaluate(context) == 6
    assert compile_expression("`order-id` + 1").evaluate(context) == 8
    assert compile_expression("`if`").evaluate(context) == 5


def test_names_of_functions_may_be_names_of_variables() -> None:
    assert value("count + 1", count=1) == 2
    assert value("date.year", date={"year": 1}) == 1
    assert value("count(count)", count=[1, 2]) == 2
    assert value("x.date and time", **{"x": {"date": True}, "time": True}) is True


def test_nothing_of_python_can_be_reached() -> None:
    context = {"a": {"b": 1}, "s": "text", "f": [1]}
    for text in (
        "a.__class__", "s.__class__.__mro__", "a.__init__.__globals__", "f.append", "s.format", "__import__",
        'get value(a, "__class__")', "(function(x) x).__code__", "count.call", "f.__len__", "a.items", "{}.__class__",
        "@\"P1D\".resolution", '@"2024-01-01".isoformat',
    ):  # fmt: skip
        found = compile_expression(text).evaluate(context)
        assert found is None or found == [None], text
    assert value("__class__", __class__=5) == 5
    assert value("a.__class__", a={"__class__": 1}) == 1


def test_compiled_expressions_are_kept() -> None:
    assert compile_expression("a + 1") is compile_expression("a + 1")
    assert compile_expression("a-b") is not compile_expression("a-b", ["a-b"])
    assert compile_expression("a-b") is compile_expression("a-b", ["a", "b", "a long name"])
    assert compile_unary_tests("> 1") is compile_unary_tests("> 1")
    long = " + ".join(["a"] * 200)
    assert compile_expression(long) is not compile_expression(long)


def test_a_compiled_expression_may_be_used_by_several_threads() -> None:
    expression = compile_expression("sum(for i in 1..200 return i * x) + count(l[item > x])")
    found: list[object] = []

    def evaluate(number: int) -> None:
        for _ in range(20):
            found.append((number, expression.evaluate({"x": number, "l": list(range(100))})))

    threads = [threading.Thread(target=evaluate, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == {(number, 20_100 * number + 99 - number) for number in range(4)}
