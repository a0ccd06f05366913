from __future__ import annotations

from typing import Any

import pytest

from engine_svc.expressions import (
    ExpressionError,
    ExpressionSyntaxError,
    compile_condition,
    compile_value,
    variables_read,
)
from tests.unit.expressions.variables import Execution, Variables


class Reader(Variables):
    """Knows the time, 2026-02-28T23:30:00.123456 UTC, and the user."""

    now_micros = 1_772_321_400_123_456
    user = "kermit"


READER = Reader(
    amount=150,
    price=2.5,
    name="Bo",
    nothing=None,
    empty_text="",
    no_items=[],
    items=[1, "two", 3.0, None],
    order={"id": 7},
    no_keys={},
    pointer="amount",
    due="2026-03-01",
    execution=Execution({}),
)


def value(text: str) -> Any:
    return compile_value(text)(READER)


@pytest.mark.parametrize("prefix", ["variables", "vars", "var"])
def test_the_name_of_a_variable_may_stand_without_quotes(prefix: str) -> None:
    assert value("${" + prefix + ":get(amount)}") == 150
    assert value("${" + prefix + ":get('amount')}") == 150
    assert value("${" + prefix + ' : get ( "amount" )}') == 150
    assert value("${" + prefix + ":get(execution.processInstanceId.concat(''))}") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${vars:get(missing)}", None),
        ("${vars:get(nothing)}", None),
        ("${vars:get(order).id + 1}", 8),
        ("${vars:get(pointer)}", "amount"),
        ("${vars:getOrDefault(missing, 5)}", 5),
        ("${vars:getOrDefault(nothing, amount)}", 150),
        ("${vars:getOrDefault(amount, 5)}", 150),
        ("${vars:getOrDefaultIfNotExist(nothing, 5)}", None),
        ("${vars:getOrDefaultIfNotExist(missing, 5)}", 5),
        ("${vars:exists(amount)}", True),
        ("${vars:exist(nothing)}", False),
        ("${vars:exists(missing)}", False),
        ("${vars:isEmpty(missing) && vars:empty(nothing) && vars:empty(empty_text) && vars:isEmpty(no_items)}", True),
        ("${vars:isEmpty(items) || vars:isEmpty(name) || vars:isEmpty(amount) || vars:isEmpty(no_keys)}", False),
        ("${vars:isNotEmpty(items)}", True),
        ("${vars:notEmpty(missing)}", False),
        ("${vars:equals(amount, 150)}", True),
        ("${vars:eq(amount, 150.0)}", True),
        ("${vars:eq(amount, '150')}", False),
        ("${vars:eq(missing, null)}", True),
        ("${vars:eq(missing, 1)}", False),
        ("${vars:eq(name, 'Bo')}", True),
        ("${vars:notEquals(name, 'Jo')}", True),
        ("${vars:ne(amount, 150)}", False),
        ("${vars:contains(items, 1)}", True),
        ("${vars:contains(items, 1, 'two', 3)}", True),
        ("${vars:contains(items, 1, 'three')}", False),
        ("${vars:contains(name, 'B', 'o')}", True),
        ("${vars:contains(missing, 1)}", False),
        ("${vars:contains(amount, 1)}", False),
        ("${vars:containsAny(items, 9, 'two')}", True),
        ("${vars:containsAny(name, 'x', 'y')}", False),
        ("${vars:containsAny(missing, 1)}", False),
        ("${vars:lt(amount, 151) && vars:lowerThan(amount, 150.5) && vars:lessThan(price, 3)}", True),
        ("${vars:lt(amount, 150)}", False),
        ("${vars:lte(amount, 150) && vars:lowerThanOrEquals(amount, 150) && vars:lowerThanOrEqual(amount, 150)}", True),
        ("${vars:gt(amount, 149) && vars:greaterThan(amount, 149)}", True),
        (
            "${vars:gte(amount, 150) && vars:greaterThanOrEquals(amount, 150) && vars:greaterThanOrEqual(amount, 150)}",
            True,
        ),
        ("${vars:gt(missing, 1) || vars:lt(missing, 1) || vars:lt(amount, null)}", False),
        ("${vars:lt(due, '2026-03-02')}", True),
        ("${vars:base64(name)}", "Qm8="),
        ("${vars:base64(missing)}", None),
        ("${name == 'Bo' ? vars:get(amount) : vars:get(price)}", 150),
        ("${!vars:exists(missing)}", True),
        ("${-vars:get(amount)}", -150),
        ("${vars:get(items)[1]}", "two"),
        ("${true ? var : name}", None),
    ],
)
def test_functions_on_variables(text: str, expected: Any) -> None:
    reader = Reader(**{**READER.values, "var": None})
    assert compile_value(text)(reader) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${vars:lt(name, 1)}", "a string and a number cannot be ordered"),
        ("${vars:contains(name, 1)}", "a string contains strings, not a number"),
        ("${vars:get(1)}", "a variable's name must be a text"),
        ("${vars:get(nothing.x)}", "a variable's name must be a text"),
        ("${vars:base64(amount)}", "base64 needs a string"),
        ("${vars:get(execution)}", "an engine object is not a value"),
        ("${vars:eq(execution, 1)}", "an engine object is not a value"),
    ],
)
def test_what_fails(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        value(text)
    assert message in raised.value.message


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("${vars:foo(x)}", 3, "unknown function vars:foo()"),
        ("${vars:get()}", 3, "wrong number of arguments for vars:get()"),
        ("${vars:eq(x)}", 3, "wrong number of arguments"),
        ("${1 + now(1)}", 7, "wrong number of arguments for now()"),
        ("${currentUserGroups()}", 3, "unknown function currentUserGroups()"),
        ("${S('{}')}", 3, "unknown function S()"),
        ("${bpmn:copy(x)}", 7, "unexpected ':'"),
    ],
)
def test_what_is_refused_at_deployment(text: str, column: int, message: str) -> None:
    with pytest.raises(ExpressionSyntaxError) as raised:
        compile_value(text)
    assert message in raised.value.message
    assert raised.value.column == column


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("${vars:get(a) == vars:getOrDefault('b', c)}", {"a", "b", "c"}),
        ("${variables:contains(x, y, 'z')}", {"x", "y"}),
        ("${vars:get(a.b)}", {"a"}),
        ("${now()}", set()),
        ("${date:format(due)}", {"due"}),
        ("${execution.getVariableLocal('l')}", {"l"}),
    ],
)
def test_variables_that_functions_read(text: str, names: set[str]) -> None:
    assert variables_read(text) == names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${now()}", "2026-02-28T23:30:00.123Z"),
        ("${dateTime()}", "2026-02-28T23:30:00.123Z"),
        ("due ${dateTime().plusHours(1)}", "due 2026-03-01T00:30:00.123Z"),
        ("${dateTime().plusDays(1).toDate()}", "2026-03-01T23:30:00.123Z"),
        ("${dateTime().plusWeeks(1).minusMinutes(30).toString()}", "2026-03-07T23:00:00.123Z"),
        ("${dateTime().plusMonths(1).dayOfMonth}", 28),
        ("${dateTime().plusDays(3).minusMonths(1)}", "2026-02-03T23:30:00.123Z"),
        ("${dateTime().minusDays(28).plusMonths(1)}", "2026-02-28T23:30:00.123Z"),
        ("${dateTime().plusYears(2).plusDays(1)}", "2028-02-29T23:30:00.123Z"),
        ("${dateTime().plusYears(2).plusDays(1).plusYears(1).getYear()}", 2029),
        ("${dateTime().withTimeAtStartOfDay()}", "2026-02-28T00:00:00.000Z"),
        ("${dateTime().millis}", 1_772_321_400_123),
        ("${dateTime().getMillis() > 0}", True),
        ("${dateTime().hourOfDay < 18 ? 'day' : 'night'}", "night"),
        ("${dateTime().dayOfWeek}", 6),
        ("${dateTime().plusDays(amount - 149).dayOfMonth}", 1),
        ("${now() > '2026-02-28'}", True),
        ("${now().substring(0, 10)}", "2026-02-28"),
        ("${date:format(now())}", "2026-02-28T23:30:00.123Z"),
        ("${date:format(nothing)}", ""),
        ("${currentUser()}", "kermit"),
        ("${'by ' + currentUser()}", "by kermit"),
    ],
)
def test_time_and_user(text: str, expected: Any) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${dateTime().plusDays('x')}", "a whole number is needed"),
        ("${dateTime().plusDays(99999999999)}", "out of range"),
        ("${dateTime().plusYears(9999)}", "out of range"),
        ("${dateTime().plusMillis(9223372036854775807)}", "out of range"),
        ("${dateTime().secret}", "no property secret"),
    ],
)
def test_times_out_of_range(text: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=message):
        value(text)


def test_a_reader_without_time_and_user() -> None:
    with pytest.raises(ExpressionError, match="the time is not known here"):
        compile_value("${now()}")(Variables())
    assert compile_value("${currentUser()}")(Variables()) is None


def test_a_time_is_stored_as_its_text() -> None:
    reader = Reader(execution=Execution({}))
    compile_value("${execution.setVariable('due', dateTime().plusDays(1))}")(reader)
    assert reader.values["execution"].variables == {"due": "2026-03-01T23:30:00.123Z"}


def test_an_engine_object_is_no_argument() -> None:
    with pytest.raises(ExpressionError, match="an engine object is not a value"):
        value("${execution.setVariable('x', execution)}")


def test_conditions() -> None:
    assert compile_condition("${vars:exists(amount) and vars:gt(amount, 100)}")(READER) is True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${'a-b-a'.replace('a', 'xx')}", "xx-b-xx"),
        ("${'ab'.replace('', '-')}", "-a-b-"),
        ("${'a,b,,'.split(',')}", ["a", "b"]),
        ("${'a.b'.split('\\\\.')[1]}", "b"),
        ("${'a; b'.split('; ').size()}", 2),
        ("${'abca'.lastIndexOf('a')}", 3),
        ("${'abc'.charAt(1)}", "b"),
        ("${'b'.compareTo('a') > 0 && 'a'.compareTo('ab') < 0 && 'a'.compareTo('a') == 0}", True),
        ("${'  '.isBlank()}", True),
        ("${price.intValue()}", 2),
        ("${(-price).longValue()}", -2),
        ("${amount.doubleValue()}", 150.0),
        ("${amount.compareTo(100) > 0}", True),
        ("${amount.equals(150) && amount.toString().equals('150')}", True),
        ("${true.booleanValue()}", True),
        ("${items.containsAll(no_items)}", True),
        ("${items.subList(1, 3)}", ["two", 3.0]),
        ("${order.getOrDefault('x', 1)}", 1),
        ("${order.containsValue(7)}", True),
    ],
)
def test_methods_of_values(text: str, expected: Any) -> None:
    result = value(text)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${name.split('[,;]')}", "plain separator, not the regular expression"),
        ("${name.split('')}", "not empty"),
        ("${name.charAt(2)}", "outside a string"),
        ("${amount.compareTo('1')}", "needs a number"),
        ("${(amount * 100000000).intValue()}", "does not fit 32 bits"),
        ("${items.subList(1, 9)}", "outside a list"),
        ("${items.containsAll(1)}", "needs a list"),
        ("${name.matches('.*')}", "no method matches"),
    ],
)
def test_methods_that_fail(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        value(text)
    assert message in raised.value.message


def test_replacing_is_bounded_before_it_is_done() -> None:
    reader = Variables(a="x" * 1_000_000)
    with pytest.raises(ExpressionError, match="longer than"):
        compile_value("${a.replace('x', a)}")(reader)
    reader = Variables(a=list(range(5000)))
    with pytest.raises(ExpressionError, match="too long for containsAll"):
        compile_value("${a.containsAll(a)}")(reader)
