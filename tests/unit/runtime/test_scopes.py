from __future__ import annotations

from collections.abc import Callable

import pytest

from engine_svc.runtime import step, user_task_commands
from engine_svc.runtime.requests import run_alone
from engine_svc.state.definition import Definition
from engine_svc.state.instance import ROOT_SCOPE, Status
from mesh.errors import WrongState
from tests.unit.bpmn_models import flow
from tests.unit.runtime.running import NOW, Run, model

ENDS = '<startEvent id="s"/><endEvent id="e"/>'


def sub_process(name: str, inside: str) -> str:
    """A sub-process with a start event, something named `n<name>` and an end event."""
    return (
        f'<subProcess id="{name}"><startEvent id="s{name}"/><endEvent id="e{name}"/>{inside}'
        + flow(f"s{name}", f"n{name}")
        + flow(f"n{name}", f"e{name}")
        + "</subProcess>"
    )


def nested() -> Definition:
    task = '<userTask id="nb"/>'
    return model(ENDS + sub_process("a", sub_process("b", task).replace('id="b"', 'id="na"')), "s>a", "a>e")


def test_nested_sub_processes_open_and_close_scopes() -> None:
    run = Run(nested())
    assert run.waiting == ["a", "na", "nb"]
    assert len(run.instance.scopes) == 3
    run.complete("nb")
    assert run.completed
    assert run.passed == ["s", "sa", "sb", "nb", "eb", "na", "ea", "a", "e"]
    assert run.instance.scopes == {}


def test_the_parent_of_an_activity_is_the_sub_process_around_it() -> None:
    run = Run(nested())
    run.complete("nb")
    rows = {event[2]: (event[1], event[5]) for event in run.log if event[0] == 111}
    assert rows["a"][1] == ROOT_SCOPE
    assert rows["na"][1] == rows["a"][0]
    assert rows["nb"][1] == rows["na"][0]


def test_an_unknown_variable_is_set_in_the_instance() -> None:
    run = Run(nested())
    run.complete("nb", {"x": 1})
    assert run.variables == {"x": 1}


def test_a_variable_is_set_in_the_nearest_scope_that_has_it() -> None:
    run = Run(nested(), {"x": 1, "y": 1})
    outer, inner = sorted(run.instance.scopes)[1:]
    run.instance.scopes[outer].variables["x"] = 2
    run.instance.scopes[inner].variables["z"] = 3
    changes = run.complete("nb", {"x": 20, "y": 10, "z": 30, "new": 0})
    assert run.variables == {"x": 1, "y": 10, "new": 0} | {"x": 20, "z": 30}  # as its events tell: all scopes
    told = {event[1]: event[2] for event in run.named(changes) if event[0] == "VARIABLES_UPDATED"}
    assert told == {outer: {"x": 20}, ROOT_SCOPE: {"y": 10, "new": 0}, inner: {"z": 30}}


def test_expressions_see_the_nearest_variable() -> None:
    inside = '<userTask id="ta"/><userTask id="na" name="${x}-${y}"/>' + flow("ta", "na")
    sub = sub_process("a", inside).replace(flow("sa", "na"), flow("sa", "ta"))
    run = Run(model(ENDS + sub, "s>a", "a>e"), {"x": 1, "y": 1})
    (scope,) = [scope for key, scope in run.instance.scopes.items() if key != ROOT_SCOPE]
    scope.variables["x"] = 2
    run.complete("ta")
    assert next(iter(run.tasks.values())).name == "2-1"


def test_a_sub_process_ends_with_its_last_token() -> None:
    fork = sub_process("a", '<parallelGateway id="na"/><userTask id="t"/><userTask id="u"/>').replace(
        flow("na", "ea"), flow("na", "t") + flow("na", "u") + flow("t", "ea")
    )
    run = Run(model(ENDS + fork, "s>a", "a>e"))
    run.complete("t")
    assert "a" not in run.passed
    run.complete("u")
    assert run.passed[-2:] == ["a", "e"]
    assert run.completed


def test_a_sub_process_that_does_not_wait_starts_nothing_that_shows() -> None:
    run = Run(model(ENDS + sub_process("a", '<task id="na"/>') + '<userTask id="t"/>', "s>a", "a>t", "t>e"))
    assert run.waiting == ["t"]
    assert [event[2] for event in run.named() if event[0] == "ACTIVITY_STARTED"] == ["t"]


def test_a_sub_process_leaves_by_conditions() -> None:
    choice = model(
        ENDS + sub_process("a", '<task id="na"/>') + '<userTask id="t"/>',
        "s>a",
        "a>t:${go}",
        "t>e",
    )
    assert Run(choice, {"go": True}).waiting == ["t"]
    with pytest.raises(WrongState) as refused:
        Run(choice, {"go": False})
    assert refused.value.metadata == {"element_id": "a"}


# The instance as a whole


def test_cancel_ends_everything_innermost_first() -> None:
    run = Run(nested())
    (task,) = run.tasks
    owners = sorted(run.instance.tokens)
    changes = run.cancel("no more")
    assert run.status is Status.TERMINATED
    assert changes.ended_user_tasks == [task]
    assert run.named(changes) == [
        ("USER_TASK_TERMINATED", task, "no more"),
        ("ACTIVITY_TERMINATED", task, "nb", "", "userTask", owners[1], NOW, "no more"),
        ("ACTIVITY_TERMINATED", owners[1], "na", "", "subProcess", owners[0], NOW, "no more"),
        ("ACTIVITY_TERMINATED", owners[0], "a", "", "subProcess", 0, NOW, "no more"),
        ("INSTANCE_TERMINATED", NOW, "no more"),
    ]
    assert (run.instance.tokens, run.instance.scopes, run.instance.end_micros) == ({}, {}, run.now)
    with pytest.raises(WrongState) as refused:
        run.cancel()
    assert refused.value.metadata["status"] == "TERMINATED"


def test_cancel_tells_the_end_of_each_token_that_waits_at_a_join() -> None:
    join = model(
        ENDS + '<parallelGateway id="f"/><parallelGateway id="j"/><task id="a"/><task id="b"/><userTask id="c"/>',
        "s>f",
        "f>a",
        "f>b",
        "f>c",
        "a>j",
        "b>j",
        "c>j",
        "j>e",
    )
    run = Run(join)
    assert run.waiting == ["c", "j", "j"]
    started = [event[1:3] for event in run.named() if event[0] == "ACTIVITY_STARTED"]
    ended = [event[1:3] for event in run.named(run.cancel()) if event[0] == "ACTIVITY_TERMINATED"]
    assert sorted(started) == sorted(ended)
    assert sorted(name for _, name in started) == ["c", "j", "j"]


def test_a_paused_instance_does_not_move() -> None:
    run = Run(model(ENDS + '<userTask id="t"/>', "s>t", "t>e"))
    (key,) = run.tasks
    assert run.named(step.suspend(run.instance, NOW)) == [("INSTANCE_SUSPENDED",)]
    commands: list[Callable[[], object]] = [
        lambda: run_alone(step.complete_user_task(run.instance, key, {}, NOW)),
        lambda: run_alone(user_task_commands.claim(run.instance, key, "ann", NOW)),
        lambda: run_alone(user_task_commands.assign(run.instance, key, "", NOW)),
        lambda: step.suspend(run.instance, NOW),
        lambda: step.resolve_incident(run.instance, 1, NOW),
    ]
    for refused_command in commands:
        with pytest.raises(WrongState) as refused:
            refused_command()
        assert refused.value.reason == "PROCESS_INSTANCE_NOT_RUNNING"
        assert refused.value.metadata["status"] == "PAUSED"
    run_alone(step.update_variables(run.instance, ROOT_SCOPE, {"x": 1}, (), NOW))
    assert run.named(step.resume(run.instance, NOW)) == [("INSTANCE_RESUMED",)]
    with pytest.raises(WrongState) as not_paused:
        step.resume(run.instance, NOW)
    assert not_paused.value.reason == "PROCESS_INSTANCE_NOT_PAUSED"
    run.complete("t")
    assert run.completed


def test_an_ended_instance_takes_nothing() -> None:
    run = Run(model(ENDS, "s>e"))
    commands: list[Callable[[], object]] = [
        lambda: run_alone(step.update_variables(run.instance, ROOT_SCOPE, {"x": 1}, (), NOW)),
        lambda: step.suspend(run.instance, NOW),
    ]
    for command in commands:
        with pytest.raises(WrongState) as refused:
            command()
        assert refused.value.reason == "PROCESS_INSTANCE_NOT_RUNNING"
