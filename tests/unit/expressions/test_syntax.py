from __future__ import annotations

import pytest

from engine_svc.expressions import ExpressionSyntaxError, compile_condition, compile_value, variables_read
from tests.unit.expressions.variables import Variables


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("${", 1, "not closed"),
        ("ab ${x", 4, "not closed"),
        ("${'x}", 1, "string in it is not closed"),
        ("${}", 3, "empty"),
        ("${a +}", 6, "ends too early"),
        ("${a b}", 5, "unexpected 'b'"),
        ("${a orx}", 5, "unexpected 'orx'"),
        ("x ${a = 1}", 7, "use =="),
        ("${a.}", 5, "ends too early"),
        ("${@}", 3, "unexpected"),
        ("${+1}", 3, "takes no '+'"),
        ("${foo(1)}", 3, "unknown function foo"),
        ("${a.__class__}", 5, "two underscores"),
        ("${__import__}", 3, "two underscores"),
        ("${a.__init__()}", 5, "two underscores"),
        ("${'x'.foo()}", 7, "no method foo"),
        ("${'x'.trim(1)}", 7, "wrong number"),
        ("${1.size()}", 5, "no method size"),
        ("${'x'.length}", 7, "no property length"),
        ("${execution.foo()}", 13, "has no method foo"),
        ("${execution.secret}", 13, "has no property secret"),
        ("${execution.getVariable()}", 13, "wrong number"),
        ("${'a' - 1}", 3, "in arithmetic"),
        ("${'a' + 1 - 1}", 3, "in arithmetic"),
        ("${99999999999999999999}", 3, "64 bits"),
        ("${1e999}", 3, "too large"),
        (r"${'a\nb'}", 5, "unknown escape"),
        ("=amount > 1", 1, "FEEL"),
        ("x" * 10_001, 10_001, "longer than"),
    ],
)
def test_refused_at_deployment(text: str, column: int, message: str) -> None:
    with pytest.raises(ExpressionSyntaxError) as raised:
        compile_value(text)
    assert message in raised.value.message
    assert raised.value.column == column
    assert raised.value.expression == text


@pytest.mark.parametrize(
    "inner",
    [
        "(" * 70 + "1" + ")" * 70,
        "(" * 4000 + "1" + ")" * 4000,
        "!" * 5000 + "a",
        "- " * 200 + "1",
        "a" + "[a" * 90 + "]" * 90,
    ],
)
def test_nesting_is_bounded(inner: str) -> None:
    with pytest.raises(ExpressionSyntaxError, match="nested more than 64"):
        compile_value("${" + inner + "}")


def test_long_chains_are_not_nesting() -> None:
    assert compile_value("${" + "+".join(["1"] * 3000) + "}")(Variables()) == 3000
    assert compile_value("${" + "&&".join(["true"] * 1500) + "}")(Variables()) is True


@pytest.mark.parametrize("text", ["approved", "${5}", "${'yes'}", "5"])
def test_condition_that_never_is_one(text: str) -> None:
    with pytest.raises(ExpressionSyntaxError, match="not a condition"):
        compile_condition(text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("plain", set()),
        ("${a.b + c[d]} and ${e.size()}", {"a", "c", "d", "e"}),
        ("${execution.getVariable('x') == 1 && execution.hasVariable('y')}", {"x", "y"}),
        ("${execution.setVariable('x', z)}", {"z"}),
        ("${a ? b : empty c}", {"a", "b", "c"}),
    ],
)
def test_variables_read(text: str, names: set[str]) -> None:
    assert variables_read(text) == names
