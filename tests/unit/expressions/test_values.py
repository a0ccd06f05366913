from __future__ import annotations

from typing import Any

import pytest

from engine_svc.expressions import ExpressionError, compile_condition, compile_value, constant, is_constant
from tests.unit.expressions.variables import Variables

VARIABLES = Variables(
    amount=150,
    price=2.5,
    approved=True,
    name="Bo",
    five="5",
    yes="true",
    empty_text="",
    nothing=None,
    items=[1, "two", None, 4.0],
    order={"total": 99, "lines": [{"sku": "a-1"}, {"sku": "b-2"}], "size": 3},
    one=1,
)


def value(text: str) -> Any:
    return compile_value(text)(VARIABLES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        ("Hello ${name}!", "Hello Bo!"),
        ("${name}${amount}", "Bo150"),
        ("#{amount}", 150),
        ("  ${amount}\n ", 150),
        ("x ${nothing} y", "x  y"),
        ("${approved} ${price} ${items}", 'true 2.5 [1,"two",null,4.0]'),
        (r"\${name} ${name}", "${name} Bo"),
        ("${'}'} and ${\"}\"}", "} and }"),
        ("${'it\\'s'}", "it's"),
        ("$name {x} 5$", "$name {x} 5$"),
        ("${1}", 1),
        ("${1.5e2}", 150.0),
        ("${null}", None),
        ("${true}", True),
    ],
)
def test_templates_and_literals(text: str, expected: Any) -> None:
    result = value(text)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${1 + 2 * 3 - 4}", 3),
        ("${(1 + 2) * 3}", 9),
        ("${7 / 2}", 3.5),
        ("${6 div 2}", 3.0),
        ("${-7 % 3}", -1),
        ("${7.5 mod 2}", 1.5),
        ("${-amount}", -150),
        ("${five + 1}", 6),
        ("${'1.5' + 1}", 2.5),
        ("${nothing + 1}", 1),
        ("${empty_text + 1}", 1),
        ("${1 - 2 - 3}", -4),
        ("${-(-3)}", 3),
        ("${9223372036854775807}", 2**63 - 1),
    ],
)
def test_arithmetic(text: str, expected: Any) -> None:
    result = value(text)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${'Hello ' + name}", "Hello Bo"),
        ("${name + ' is ' + amount + 1}", "Bo is 1501"),
        ("${name.concat(amount)}", "Bo150"),
        ("${five + five}", 10),
    ],
)
def test_plus_joins_only_where_a_literal_is_text(text: str, expected: Any) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${amount > 100 && approved}", True),
        ("${amount gt 100 and approved}", True),
        ("${amount lt 100 or not approved}", False),
        ("${!approved || amount le 150}", True),
        ("${amount >= 150 ? 'big' : 'small'}", "big"),
        ("${false ? 1 : true ? 2 : 3}", 2),
        ("${five == 5}", True),
        ("${'05' == 5}", True),
        ("${five eq '5.0'}", False),
        ("${approved == 'true'}", True),
        ("${approved == 'TRUE'}", True),
        ("${approved == 'whatever'}", False),
        ("${yes == true}", True),
        ("${yes && approved}", True),
        ("${nothing == null}", True),
        ("${name != null}", True),
        ("${null == false}", False),
        ("${nothing < 1}", False),
        ("${nothing <= null}", True),
        ("${'10' > 9}", True),
        ("${'10' > '9'}", False),
        ("${'a' < 'b'}", True),
        ("${1 == 1.0}", True),
        ("${items == items}", True),
        ("${amount ne 150}", False),
        ("${false && missing}", False),
        ("${true || missing}", True),
        ("${false || nothing || yes}", True),
        ("${empty nothing && empty empty_text && !empty items}", True),
        ("${not empty order}", True),
        ("${empty 0}", False),
    ],
)
def test_logic_and_comparison(text: str, expected: Any) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${order.total}", 99),
        ("${order['total']}", 99),
        ("${order.lines[1].sku}", "b-2"),
        ("${order.lines[one].sku.toUpperCase()}", "B-2"),
        ("${order.missing}", None),
        ("${order.missing.deeper}", None),
        ("${order.lines[7]}", None),
        ("${order.lines[1.0].sku}", "b-2"),
        ("${order.size}", 3),
        ("${order.size()}", 3),
        ("${order.get('total')}", 99),
        ("${order.containsKey('lines')}", True),
        ("${order.keySet()}", ["total", "lines", "size"]),
        ("${order.values()[0]}", 99),
        ("${items.size()}", 4),
        ("${items.contains('two')}", True),
        ("${items.contains(true)}", False),
        ("${items.indexOf(4)}", 3),
        ("${items.get(1)}", "two"),
        ("${items.isEmpty()}", False),
        ("${name.length()}", 2),
        ("${'abcdef'.substring(2)}", "cdef"),
        ("${'abcdef'.substring(2, 4)}", "cd"),
        ("${'abc'.contains('b') && 'abc'.startsWith('a') && 'abc'.endsWith('c')}", True),
        ("${' x '.trim()}", "x"),
        ("${'abc'.indexOf('c')}", 2),
        ("${'A'.toLowerCase()}", "a"),
        ("${'A'.equalsIgnoreCase('a')}", True),
        ("${five.equals(5)}", False),
        ("${amount.toString()}", "150"),
        ("${approved.equals(1)}", False),
        ("${order.empty}", None),
    ],
)
def test_access_and_methods(text: str, expected: Any) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${missing > 1}", "unknown variable 'missing'"),
        ("${name + 1}", "'Bo' is not a number"),
        ("${approved + 1}", "boolean cannot be used as a number"),
        ("${name == 1}", "not a number"),
        ("${1 / 0}", "division by zero"),
        ("${1 % 0}", "division by zero"),
        ("${9223372036854775807 + 1}", "64-bit"),
        ("${9223372036854775807 * 9223372036854775807}", "64-bit"),
        ("${1e308 * 10}", "out of range"),
        ("${name && true}", "not a boolean"),
        ("${!amount}", "cannot be used as a boolean"),
        ("${items < 1}", "cannot be used as a number"),
        ("${items < order}", "cannot be compared with <"),
        ("${approved == items}", "cannot be compared with a boolean"),
        ("${name.length}", "call length()"),
        ("${amount.foo}", "has no property foo"),
        ("${amount.size()}", "has no method size"),
        ("${items['a']}", "index of a list"),
        ("${name[0]}", "has no elements"),
        ("${nothing.size()}", "called on null"),
        ("${items.get(9)}", "outside a list"),
        ("${name.substring(5)}", "outside a string"),
        ("${name.contains(1)}", "needs a string"),
        ("${items.get(0.5)}", "whole number"),
        ("${name.substring()}", "wrong number of arguments"),
    ],
)
def test_evaluation_errors_name_the_expression(text: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=r".") as raised:
        value(text)
    assert message in raised.value.message
    assert raised.value.expression == text


def test_result_strings_are_bounded() -> None:
    half = "x" * (600 * 1024)
    variables = Variables(a=half, b=["y" * (1100 * 1024)])
    for text in ("${a}${a}", "${a.concat(a)}", "${'-' + a + a}", "${b.toString()}"):
        with pytest.raises(ExpressionError, match="longer than"):
            compile_value(text)(variables)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("${yes}", True), ("${nothing}", False), ("${empty_text}", False), ("true", True), (" false ", False)],
)
def test_condition_coercion(text: str, expected: bool) -> None:
    assert compile_condition(text)(VARIABLES) is expected


@pytest.mark.parametrize("text", ["${amount}", "${name}", "${items}"])
def test_condition_of_another_type(text: str) -> None:
    with pytest.raises(ExpressionError, match="boolean"):
        compile_condition(text)(VARIABLES)


def test_constants_are_known() -> None:
    assert is_constant(compile_value("text"))
    assert is_constant(compile_value("${5}"))
    assert is_constant(compile_condition("true"))
    assert is_constant(constant([1]))
    assert not is_constant(compile_value("${five}"))
    assert constant([1])(VARIABLES) == [1]


def test_values_are_not_copied() -> None:
    assert value("${items}") is VARIABLES.values["items"]
