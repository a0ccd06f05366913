"""Script tasks in steps, run by the real sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from engine_svc.runtime import step
from engine_svc.runtime.changes import Changes
from engine_svc.runtime.requests import RunScript
from engine_svc.scripts.sandbox import ScriptRunner
from engine_svc.state.definition import Definition
from engine_svc.state.instance import ROOT_SCOPE, Instance
from tests.unit.runtime.running import INSTANCE_ID, NOW, model


@pytest.fixture
async def runner() -> AsyncIterator[ScriptRunner]:
    runner = ScriptRunner()
    yield runner
    await runner.close()


def script(source: str, attributes: str = "", script_format: str = "javascript") -> str:
    return (
        '<startEvent id="s"/>'
        f'<scriptTask id="a" name="Compute" scriptFormat="{script_format}" {attributes}><script>{source}</script></scriptTask>'
        '<userTask id="u" name="${execution.currentActivityId}"/>'
    )


async def start(runner: ScriptRunner, definition: Definition, variables: dict[str, Any]) -> tuple[Instance, Changes]:
    program = step.start(
        definition,
        INSTANCE_ID,
        tenant_id="",
        business_key="order-7",
        variables=variables,
        initiator="kermit",
        now=NOW,
    )
    try:
        request = next(program)
        while True:
            assert isinstance(request, RunScript)
            request = program.send(await runner.run(request.call))
    except StopIteration as stop:
        instance, changes = stop.value
        return instance, changes


async def test_a_script_reads_and_writes_variables(runner: ScriptRunner) -> None:
    source = """
        execution.setVariable('sum', a + execution.getVariable('b'));
        execution.setVariable('where', execution.getCurrentActivityId() + ' ' + execution.currentActivityName);
        execution.setVariable('key', execution.getProcessInstanceBusinessKey());
        execution.setVariable('year', new Date().getFullYear());
        execution.removeVariable('b');
        'done'
    """
    definition = model(script(source, 'flowable:resultVariable="r"'), "s>a", "a>u")
    instance, changes = await start(runner, definition, {"a": 1, "b": 2})
    assert instance.scopes[ROOT_SCOPE].variables == {
        "a": 1,
        "sum": 3,
        "where": "a Compute",
        "key": "order-7",
        "year": 2023,
        "r": "done",
    }
    assert [task.name for task in changes.new_user_tasks] == ["u"]


async def test_top_level_variables_are_stored_where_the_model_says_so(runner: ScriptRunner) -> None:
    definition = model(script("var sum = a + 1; let hidden = 2", 'flowable:autoStoreVariables="true"'), "s>a", "a>u")
    instance, _ = await start(runner, definition, {"a": 1})
    assert instance.scopes[ROOT_SCOPE].variables == {"a": 1, "sum": 2}


async def test_an_error_that_a_script_throws_is_caught_at_its_boundary(runner: ScriptRunner) -> None:
    source = "execution.setVariable('x', 1); throw new org.flowable.engine.delegate.BpmnError('E1', 'no')"
    boundary = '<boundaryEvent id="b" attachedToRef="a"><errorEventDefinition errorRef="E1"/></boundaryEvent><userTask id="c"/>'
    definition = model(script(source) + boundary, "s>a", "a>u", "b>c")
    instance, changes = await start(runner, definition, {})
    assert [task.element_id for task in changes.new_user_tasks] == ["c"]
    assert instance.scopes[ROOT_SCOPE].variables["x"] == 1


async def test_an_expression_script_needs_no_worker(runner: ScriptRunner) -> None:
    definition = model(
        script("${execution.setVariable('x', vars:getOrDefault(y, 5) + 1)}", script_format="juel"), "s>a", "a>u"
    )
    instance, _ = await start(runner, definition, {})
    assert instance.scopes[ROOT_SCOPE].variables == {"x": 6}
    assert runner.process_ids == []


def test_groovy_is_refused_at_deployment_with_what_to_do() -> None:
    with pytest.raises(AssertionError, match=r"Scripts in 'groovy' do not run here. Rewrite it in JavaScript"):
        model(script("println 1", script_format="groovy"), "s>a", "a>u")
