"""Task listeners that are called when a timer of their task is due."""

from __future__ import annotations

from typing import Any

import pytest

from engine_svc.compile.load import load_bpmn
from engine_svc.model.problem import Problem
from engine_svc.runtime.changes import JobKind
from engine_svc.scripts.call import ScriptCall, ScriptResult, TaskCall, VariableWrite
from tests.unit.runtime.pieces import boundary, extensions, one, several, tasks
from tests.unit.runtime.world import World

LOG = "${execution.setVariable('log', log.concat(task.eventName).concat(' '))}"


def timeout(attributes: str, time: str = "<timeDuration>PT1H</timeDuration>", content: str = "") -> str:
    timer = f"<timerEventDefinition>{time}</timerEventDefinition>" if time else ""
    return f'<camunda:taskListener event="timeout" id="late" {attributes}>{content}{timer}</camunda:taskListener>'


def listened(*listeners: str, inside: str = "", more: str = "", connected: str = "s>t>after") -> bytes:
    task = f'<userTask id="t" camunda:assignee="ann">{extensions(*listeners)}{inside}</userTask>'
    return one(task + tasks("after", "caught") + more, connected)


def started(file: bytes, **options: Any) -> World:
    world = World(file, **options)
    world.start(variables={"log": ""})
    return world


def test_an_expression_is_called_and_the_task_stays_open() -> None:
    world = started(listened(timeout(f'expression="{LOG}"')))
    assert world.timers == ["t#timeout1"]
    world.advance(3599)
    assert world.variables() == {"log": ""}
    world.advance(1)
    assert world.variables() == {"log": "timeout "}
    assert world.open == ["t"]
    assert world.timers == []
    world.complete("t")
    assert world.open == ["after"]
    world.complete("after")
    assert world.ended


def test_a_cycle_calls_again() -> None:
    world = started(listened(timeout(f'expression="{LOG}"', "<timeCycle>R3/PT1M</timeCycle>")))
    world.advance(600)
    assert world.variables() == {"log": "timeout timeout timeout "}


def test_the_timer_ends_with_the_task() -> None:
    world = started(listened(timeout(f'expression="{LOG}"')))
    world.complete("t")
    assert world.timers == []
    world.advance(7200)
    assert world.variables() == {"log": ""}


def test_two_listeners_have_a_timer_each() -> None:
    times = [timeout(f'expression="{LOG}"', f"<timeDuration>PT{minutes}M</timeDuration>") for minutes in (1, 2)]
    world = started(listened(*times))
    assert world.timers == ["t#timeout1", "t#timeout2"]
    world.advance(60)
    assert world.timers == ["t#timeout2"]
    assert world.variables() == {"log": "timeout "}


def test_it_may_give_the_task_to_somebody_else() -> None:
    world = started(listened(timeout("expression=\"${task.setAssignee('boss')}\"")))
    world.advance(3600)
    (token,) = [token for token in world.instances[next(iter(world.instances))].tokens.values() if token.assignee]
    assert token.assignee == "boss"


def test_a_script_is_called() -> None:
    def run(call: ScriptCall) -> ScriptResult:
        assert call.task is not None
        return ScriptResult(
            None, writes=(VariableWrite("nearest", "log", "ran"),), task_calls=(TaskCall("setAssignee", ("boss",)),)
        )

    source = '<camunda:script scriptFormat="javascript">late()</camunda:script>'
    world = started(listened(timeout("", content=source)), scripts={"late()": run})
    world.advance(3600)
    assert world.variables() == {"log": "ran"}
    assert world.open == ["t"]


def test_a_bpmn_error_of_a_script_is_caught_on_the_task() -> None:
    source = '<camunda:script scriptFormat="javascript">late()</camunda:script>'
    caught = boundary("x", "t", "error") + '<sequenceFlow id="xc" sourceRef="x" targetRef="caught"/>'
    world = started(
        listened(timeout("", content=source), more=caught),
        scripts={"late()": lambda call: ScriptResult(None, bpmn_error=("E", ""))},
    )
    world.advance(3600)
    assert world.open == ["caught"]


def test_a_class_is_work_that_nothing_waits_for() -> None:
    world = started(listened(timeout('class="com.acme.Remind"')))
    world.advance(3600)
    (job,) = [job for job in world.jobs.values() if job.kind is JobKind.EXTERNAL]
    assert job.type == "com.acme.Remind"
    assert job.element_id == "t"
    assert len(world.tasks) == 1


def problems(file: bytes) -> list[Problem]:
    return [problem for problem in load_bpmn(file).problems if problem.is_error]


@pytest.mark.parametrize(
    ("file", "rule"),
    [
        (listened(timeout('class="a.B"', "")), "TIMER_MISSING"),
        (listened(timeout('class="a.B"', "<timeDuration/>")), "TIMER_MISSING"),
        (listened(timeout('class="a.B"', "<timeDuration>soon</timeDuration>")), "TIMER_INVALID"),
        (listened(timeout("")), "SERVICE_TASK_IMPLEMENTATION_MISSING"),
        (listened(timeout('class="a.B"'), inside=several()), "ELEMENT_NOT_SUPPORTED"),
    ],
)
def test_what_is_refused(file: bytes, rule: str) -> None:
    assert [problem.rule for problem in problems(file)] == [rule]
