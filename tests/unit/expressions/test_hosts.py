from __future__ import annotations

import pytest

from engine_svc.expressions import ExpressionError, compile_value
from tests.unit.expressions.variables import Execution, Variables


@pytest.fixture
def variables() -> Variables:
    execution = Execution({"x": 41})
    return Variables(execution=execution, bean=execution, raw=object())


def test_members_and_methods(variables: Variables) -> None:
    assert compile_value("${execution.getVariable('x') + 1}")(variables) == 42
    assert compile_value("${execution.hasVariable('nope')}")(variables) is False
    assert compile_value("${execution.processInstanceId}")(variables) == "i-1"
    assert compile_value("${execution.getProcessInstanceId()}")(variables) == "i-1"
    assert compile_value("${execution['processInstanceId']}")(variables) == "i-1"
    assert compile_value("${execution.processInstanceBusinessKey}")(variables) is None
    assert compile_value("${execution.setVariable('y', 1)}")(variables) is None
    assert variables.values["execution"].variables["y"] == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${bean.secret}", "no property secret"),
        ("${bean.variables}", "no property variables"),
        ("${bean.lookup('x')}", "no method lookup"),
        ("${bean['secret']}", "no property secret"),
        ("${bean.getSecret()}", "no method getSecret"),
        ("${bean.setVariable('x')}", "wrong number of arguments"),
        ("${bean.broken}", "of the type object"),
        ("${bean.fails()}", "the engine says no"),
        ("${bean}", "engine object is not a value"),
        ("x ${bean}", "engine object"),
        ("${bean == 1}", "engine object cannot be used"),
        ("${bean == null}", "engine object is not a value"),
        ("${bean == bean.processInstanceId}", "engine object"),
        ("${raw}", "of the type object"),
        ("${raw.x}", "of the type object"),
        ("${raw.x()}", "of the type object"),
        ("${empty raw}", "of the type object"),
    ],
)
def test_nothing_else_is_reachable(variables: Variables, text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        compile_value(text)(variables)
    assert message in raised.value.message


def test_bugs_of_the_engine_are_not_hidden(variables: Variables) -> None:
    with pytest.raises(TypeError, match="a bug in the engine"):
        compile_value("${bean.faulty()}")(variables)
