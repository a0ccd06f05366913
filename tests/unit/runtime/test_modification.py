"""Modification of running instances, move by move."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from engine_svc.events import record
from engine_svc.runtime.instructions import (
    AddChild,
    Cancel,
    Direction,
    Instruction,
    Move,
    Options,
    RemoveChild,
    Start,
)
from engine_svc.runtime.modification import modify
from engine_svc.state.instance import ROOT_SCOPE, Status
from mesh.errors import InvalidField, WrongState
from tests.unit.bpmn_models import definitions, flow
from tests.unit.runtime.world import World


def chain(*names: str) -> str:
    """Sequence flows from each name to the next one."""
    return "".join(flow(source, target) for source, target in pairwise(names))


def task(name: str, inside: str = "") -> str:
    return f'<userTask id="{name}">{inside}</userTask>'


def sub(name: str, inside: str) -> str:
    return f'<subProcess id="{name}">{inside}</subProcess>'


def process(content: str, key: str = "p") -> str:
    return f'<process id="{key}" isExecutable="true">{content}</process>'


def world(content: str, *others: str, variables: dict[str, Any] | None = None) -> tuple[World, str]:
    made = World(definitions(process(content) + "".join(others)))
    return made, made.start("p", variables)


def change(made: World, at: str, *instructions: Instruction, **options: Any) -> None:
    made.do(at, modify(made.instances[at], instructions, Options(**options), made.now, made._new_id))


def keys(made: World, at: str, element_id: str) -> list[int]:
    instance = made.instances[at]
    elements = instance.definition.process.elements
    return sorted(token.key for token in instance.tokens.values() if elements[token.element].id == element_id)


def refused(made: World, at: str, *instructions: Instruction) -> list[tuple[str, str]]:
    before = made.instances[at]
    with pytest.raises(InvalidField) as caught:
        made.run(modify(before, instructions, Options(), made.now))
    assert caught.value.reason == "MODIFICATION_INVALID"
    return [(violation.field, violation.description) for violation in caught.value.violations]


TWO = '<startEvent id="s"/><endEvent id="e"/>' + task("a") + task("b") + chain("s", "a", "b", "e")


def test_to_the_previous_task() -> None:
    made, at = world(TWO)
    made.complete("a")
    change(made, at, Move(element_ids=["b"], targets=["a"]))
    assert made.open == ["a"]
    made.complete("a")
    made.complete("b")
    assert made.ended
    assert made.activities()["a"] == 2
    assert made.activities()["b"] == 2


def test_the_task_that_is_left_is_told_with_the_reason() -> None:
    made, at = world(TWO)
    made.complete("a")
    change(made, at, Move(element_ids=["b"], targets=["a"]))
    terminated = [event for _, event in made.log if event[0] == record.ACTIVITY_TERMINATED]
    assert [(event[2], event[7]) for event in terminated] == [("b", "Change activity to a")]


def test_to_a_later_task_by_the_id_of_its_activity_with_variables() -> None:
    made, at = world(TWO)
    (key,) = keys(made, at, "a")
    change(made, at, Move(keys=[key], targets=["b"], variables={"x": 1}, local_variables={"b": {"y": 2}}))
    assert made.open == ["b"]
    assert made.variables() == {"x": 1}
    (new,) = keys(made, at, "b")
    assert made.instances[at].scopes[new].variables == {"y": 2}
    made.complete("b", {"y": 3})
    assert made.ended
    assert made.variables() == {"x": 1}


def test_cancel_all_ends_the_instance() -> None:
    made, at = world(TWO)
    change(made, at, Cancel(element_ids=["a"]), reason="wrong order")
    assert made.status() is Status.TERMINATED
    assert made.log[-1][1][0] == record.INSTANCE_TERMINATED
    assert made.log[-1][1][2] == "wrong order"


def test_cancel_and_start_in_one_modification() -> None:
    made, at = world(TWO)
    change(made, at, Cancel(element_ids=["a"]), Start("b"))
    assert made.open == ["b"]
    made.complete("b")
    assert made.status() is Status.COMPLETED


def test_start_after_and_on_a_flow() -> None:
    made, at = world(TWO)
    change(made, at, Start("a", "after"), Start(at="flow", flow_id="a_b"))
    assert made.open == ["a", "b", "b"]
    for name in ("a", "b", "b", "b"):
        assert not made.ended
        made.complete(name)
    assert made.ended


def test_every_problem_is_told_with_its_index() -> None:
    made, at = world(TWO)
    found = refused(
        made,
        at,
        Cancel(element_ids=["a"]),
        Cancel(element_ids=["b", "zz"]),
        Start("nowhere"),
        Move(keys=[77], targets=["b"]),
        Start("e", "after"),
        Start(at="flow", flow_id="none"),
        Move(element_ids=["a"], targets=[]),
        AddChild("a"),
        RemoveChild(1),
        Move(element_ids=["a"], targets=["b"], direction=Direction.TO_PARENT),
        Start("b", ancestor_key=1),
    )
    assert [field for field, _ in found] == [f"instructions[{i}]" for i in (1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)]
    assert made.open == ["a"]


def test_a_dry_run_changes_nothing() -> None:
    made, at = world(TWO)
    changes = made.do(
        at, modify(made.instances[at], [Move(element_ids=["a"], targets=["b"])], Options(), 1, validate_only=True)
    )
    assert changes.events == []
    assert made.open == ["a"]


def test_a_paused_instance_is_refused() -> None:
    made, at = world(TWO)
    made.instances[at].status = Status.PAUSED
    with pytest.raises(WrongState):
        made.run(modify(made.instances[at], [Start("b")], Options(), made.now))


PARALLEL = (
    '<startEvent id="s"/><endEvent id="e"/><parallelGateway id="f"/><parallelGateway id="j"/>'
    + task("a")
    + task("b")
    + task("before")
    + task("after")
    + chain("s", "before", "f", "a", "j", "after", "e")
    + chain("f", "b", "j")
)


def test_from_parallel_branches_to_one_task() -> None:
    made, at = world(PARALLEL)
    made.complete("before")
    change(made, at, Move(element_ids=["a", "b"], targets=["after"]))
    assert made.open == ["after"]
    made.complete("after")
    assert made.ended


def test_from_one_task_to_parallel_branches() -> None:
    made, at = world(PARALLEL)
    change(made, at, Move(element_ids=["before"], targets=["a", "b"]))
    assert made.open == ["a", "b"]
    made.complete("a")
    made.complete("b")
    made.complete("after")
    assert made.ended


def test_both_branches_into_the_join() -> None:
    made, at = world(PARALLEL)
    made.complete("before")
    change(made, at, Move(element_ids=["a"], targets=["j"]))
    assert made.open == ["b"]
    change(made, at, Move(element_ids=["b"], targets=["j"]))
    assert made.open == ["after"]


def test_both_branches_into_the_join_at_once() -> None:
    made, at = world(PARALLEL)
    made.complete("before")
    change(made, at, Move(element_ids=["a"], targets=["j"]), Move(element_ids=["b"], targets=["j"]))
    assert made.open == ["after"]


def test_a_token_that_waits_at_a_join_moves_away() -> None:
    made, at = world(PARALLEL)
    made.complete("before")
    made.complete("a")
    change(made, at, Move(element_ids=["j"], targets=["a"]))
    assert made.open == ["a", "b"]
    made.complete("a")
    made.complete("b")
    made.complete("after")
    assert made.ended


def test_into_the_fork() -> None:
    made, at = world(PARALLEL)
    change(made, at, Move(element_ids=["before"], targets=["f"]))
    assert made.open == ["a", "b"]


TIMER = '<boundaryEvent id="t" attachedToRef="{}"><timerEventDefinition><timeDuration>PT1H</timeDuration>' + (
    "</timerEventDefinition></boundaryEvent>"
)
BOUNDARY = TWO + task("late") + TIMER.format("b") + chain("t", "late", "e")


def test_boundary_timers_open_with_the_activity_that_begins_and_close_with_the_one_that_ends() -> None:
    made, at = world(BOUNDARY)
    change(made, at, Move(element_ids=["a"], targets=["b"]))
    assert made.timers == ["t"]
    change(made, at, Move(element_ids=["b"], targets=["a"]))
    assert made.timers == []
    made.complete("a")
    made.advance(3601)
    assert made.open == ["late"]


SUB = (
    '<startEvent id="s"/><endEvent id="e"/>'
    + task("before")
    + task("after")
    + sub(
        "sp",
        '<startEvent id="is"/><endEvent id="ie"/>'
        + task("x")
        + task("y")
        + chain("is", "x", "y", "ie")
        + '<subProcess id="esp" triggeredByEvent="true"><startEvent id="es" isInterrupting="false">'
        + "<timerEventDefinition><timeDuration>PT5M</timeDuration></timerEventDefinition></startEvent>"
        + task("handled")
        + '<endEvent id="ee"/>'
        + chain("es", "handled", "ee")
        + "</subProcess>",
    )
    + chain("s", "before", "sp", "after", "e")
    + task("late")
    + TIMER.format("sp")
    + chain("t", "late", "e")
)


def test_into_a_sub_process_its_scope_is_made() -> None:
    made, at = world(SUB)
    change(made, at, Move(element_ids=["before"], targets=["y"]))
    assert made.open == ["y"]
    assert made.waiting() == ["sp", "y"]
    assert made.timers == ["es", "t"]
    assert "is" not in made.activities()
    made.complete("y")
    assert made.timers == []
    made.complete("after")
    assert made.ended


def test_two_targets_share_the_sub_process_that_is_made() -> None:
    made, at = world(SUB)
    change(made, at, Move(element_ids=["before"], targets=["x", "y"]))
    assert made.waiting() == ["sp", "x", "y"]


def test_out_of_a_sub_process_ends_it() -> None:
    made, at = world(SUB)
    made.complete("before")
    change(made, at, Move(element_ids=["x"], targets=["before"]))
    assert made.waiting() == ["before"]
    assert made.timers == []


def test_within_a_sub_process() -> None:
    made, at = world(SUB)
    made.complete("before")
    (scope,) = keys(made, at, "sp")
    change(made, at, Move(element_ids=["x"], targets=["y"]))
    assert made.waiting() == ["sp", "y"]
    assert keys(made, at, "sp") == [scope]
    assert made.timers == ["es", "t"]


def test_from_a_sub_process_as_a_whole() -> None:
    made, at = world(SUB)
    made.complete("before")
    change(made, at, Move(element_ids=["sp"], targets=["after"]))
    assert made.waiting() == ["after"]


def test_to_a_sub_process_enters_it_at_its_start() -> None:
    made, at = world(SUB)
    change(made, at, Move(element_ids=["before"], targets=["sp"]))
    assert made.waiting() == ["sp", "x"]


def test_out_of_a_sub_process_and_back_in_makes_a_new_one() -> None:
    made, at = world(SUB)
    made.complete("before")
    (first,) = keys(made, at, "sp")
    change(made, at, Move(element_ids=["x"], targets=["after"]))
    change(made, at, Move(element_ids=["after"], targets=["x"]))
    (second,) = keys(made, at, "sp")
    assert first != second
    made.complete("x")
    made.complete("y")
    made.complete("after")
    assert made.ended


def test_into_the_event_sub_process_beside_what_runs() -> None:
    made, at = world(SUB)
    made.complete("before")
    change(made, at, Start("handled"))
    assert made.waiting() == ["esp", "handled", "sp", "x"]
    made.complete("handled")
    assert made.waiting() == ["sp", "x"]


def test_from_the_sub_process_into_its_event_sub_process() -> None:
    made, at = world(SUB)
    made.complete("before")
    change(made, at, Move(element_ids=["x"], targets=["es"]))
    assert made.waiting() == ["esp", "handled", "sp"]
    change(made, at, Move(element_ids=["handled"], targets=["y"]))
    assert made.waiting() == ["sp", "y"]


def test_cancel_of_the_last_activity_ends_its_sub_process_but_not_others() -> None:
    made, at = world(SUB)
    made.complete("before")
    change(made, at, Start("before"))
    change(made, at, Cancel(element_ids=["x"]))
    assert made.waiting() == ["before"]
    assert made.timers == []


def test_two_runs_of_a_sub_process_need_the_ancestor() -> None:
    made, at = world(SUB)
    made.complete("before")
    change(made, at, Start("sp"))
    assert made.waiting() == ["sp", "sp", "x", "x"]
    ((field, text),) = refused(made, at, Start("y"))
    assert field == "instructions[0]"
    assert "ancestor_activity_id" in text
    second = keys(made, at, "sp")[1]
    change(made, at, Start("y", ancestor_key=second))
    (key,) = keys(made, at, "y")
    assert made.instances[at].tokens[key].scope_key == second


NESTED = (
    '<startEvent id="s"/><endEvent id="e"/>'
    + task("out")
    + sub(
        "o",
        '<startEvent id="os"/><endEvent id="oe"/>'
        + task("middle")
        + sub("i", '<startEvent id="is"/><endEvent id="ie"/>' + task("deep") + chain("is", "deep", "ie"))
        + chain("os", "middle", "i", "oe"),
    )
    + chain("s", "out", "o", "e")
)


@pytest.mark.parametrize(
    ("source", "target", "waiting"),
    [
        ("out", "deep", ["deep", "i", "o"]),
        ("out", "middle", ["middle", "o"]),
        ("out", "i", ["deep", "i", "o"]),
        ("middle", "deep", ["deep", "i", "o"]),
        ("middle", "out", ["out"]),
        ("deep", "middle", ["middle", "o"]),
        ("deep", "out", ["out"]),
        ("i", "middle", ["middle", "o"]),
        ("o", "out", ["out"]),
    ],
)
def test_across_nested_sub_processes(source: str, target: str, waiting: list[str]) -> None:
    made, at = world(NESTED)
    for name in {"middle": ["out"], "deep": ["out", "middle"], "i": ["out", "middle"], "o": ["out"]}.get(source, []):
        made.complete(name)
    change(made, at, Move(element_ids=[source], targets=[target]))
    assert made.waiting() == waiting
    for name in ("out", "middle", "deep"):
        if name in made.open:
            made.complete(name)
    assert made.ended
    assert made.status() is Status.COMPLETED


INTERRUPTING = (
    TWO
    + '<subProcess id="esp" triggeredByEvent="true"><startEvent id="es"><messageEventDefinition messageRef="m"/>'
    + "</startEvent>"
    + task("handled")
    + '<endEvent id="ee"/>'
    + chain("es", "handled", "ee")
    + "</subProcess>"
)
MESSAGE = '<message id="m" name="stop"/>'


def hosted(made: World, at: str) -> list[str]:
    instance = made.instances[at]
    elements = instance.definition.process.elements
    return [elements[token.element].id for token in instance.hosted.get(ROOT_SCOPE, ())]


def test_out_of_an_interrupting_event_sub_process_the_scope_waits_for_its_event_again() -> None:
    made, at = world(INTERRUPTING, MESSAGE)
    made.trigger("es")
    assert made.waiting() == ["esp", "handled"]
    assert hosted(made, at) == []
    change(made, at, Move(element_ids=["handled"], targets=["b"]))
    assert made.waiting() == ["b"]
    assert hosted(made, at) == ["es"]


def test_into_an_interrupting_event_sub_process_its_event_is_not_waited_for() -> None:
    made, at = world(INTERRUPTING, MESSAGE)
    change(made, at, Move(element_ids=["a"], targets=["handled"]))
    assert made.waiting() == ["esp", "handled"]
    assert hosted(made, at) == []
    made.complete("handled")
    assert made.ended


def multi(mode: str, count: int = 3) -> str:
    return (
        f'<multiInstanceLoopCharacteristics isSequential="{mode}"><loopCardinality>{count}</loopCardinality>'
        + "</multiInstanceLoopCharacteristics>"
    )


def many(mode: str) -> str:
    return (
        '<startEvent id="s"/><endEvent id="e"/>'
        + task("a")
        + task("m", multi(mode))
        + task("b")
        + chain("s", "a", "m", "b", "e")
    )


@pytest.mark.parametrize("mode", ["true", "false"])
def test_out_of_a_multi_instance_by_its_element(mode: str) -> None:
    made, at = world(many(mode))
    made.complete("a")
    made.complete("m")
    change(made, at, Move(element_ids=["m"], targets=["b"]))
    assert made.open == ["b"]
    assert len(made.instances[at].scopes) == 1
    made.complete("b")
    assert made.ended


@pytest.mark.parametrize(("mode", "opened"), [("true", 1), ("false", 3)])
def test_into_a_multi_instance(mode: str, opened: int) -> None:
    made, at = world(many(mode))
    change(made, at, Move(element_ids=["a"], targets=["m"]))
    assert made.open == ["m"] * opened
    for _ in range(3):
        made.complete("m")
    assert made.open == ["b"]


def test_one_child_of_a_multi_instance_moves_alone() -> None:
    made, at = world(many("false"))
    made.complete("a")
    (key, _, _) = [key for owner, key in made.tasks if owner == at]
    change(made, at, Move(keys=[key], targets=["b"]))
    assert made.open == ["b", "m", "m"]
    made.complete("m")
    made.complete("m")
    assert made.open == ["b", "b"]


def counters(made: World, at: str) -> tuple[int, int, int]:
    scope = next(scope for scope in made.instances[at].scopes.values() if "nrOfInstances" in scope.variables)
    return tuple(scope.variables[name] for name in ("nrOfInstances", "nrOfActiveInstances", "nrOfCompletedInstances"))  # type: ignore[return-value]


def test_a_child_is_added_to_a_parallel_multi_instance() -> None:
    made, at = world(many("false"))
    made.complete("a")
    change(made, at, AddChild("m", variables={"who": "kermit"}))
    assert made.open == ["m"] * 4
    assert counters(made, at) == (4, 4, 0)
    newest = max(key for owner, key in made.tasks if owner == at)
    assert made.instances[at].scopes[newest].variables == {"loopCounter": 3, "who": "kermit"}
    for _ in range(4):
        made.complete("m")
    assert made.open == ["b"]


def test_a_child_is_added_to_a_sequential_multi_instance() -> None:
    made, at = world(many("true"))
    made.complete("a")
    change(made, at, AddChild("m"))
    assert made.open == ["m"]
    for _ in range(4):
        made.complete("m")
    assert made.open == ["b"]


@pytest.mark.parametrize(("completed", "after"), [(True, (3, 2, 1)), (False, (2, 2, 0))])
def test_a_child_is_removed_from_a_parallel_multi_instance(completed: bool, after: tuple[int, int, int]) -> None:
    made, at = world(many("false"))
    made.complete("a")
    key = min(key for owner, key in made.tasks if owner == at)
    change(made, at, RemoveChild(key, completed=completed))
    assert made.open == ["m", "m"]
    assert counters(made, at) == after
    made.complete("m")
    made.complete("m")
    assert made.open == ["b"]


def test_the_last_child_that_is_removed_ends_the_multi_instance() -> None:
    made, at = world(many("false"))
    made.complete("a")
    change(made, at, *(RemoveChild(key) for owner, key in made.tasks if owner == at))
    assert made.open == ["b"]


@pytest.mark.parametrize(("completed", "left"), [(True, 2), (False, 2)])
def test_a_child_is_removed_from_a_sequential_multi_instance(completed: bool, left: int) -> None:
    made, at = world(many("true"))
    made.complete("a")
    ((_, key),) = made.tasks
    change(made, at, RemoveChild(key, completed=completed))
    for _ in range(left):
        assert made.open == ["m"]
        made.complete("m")
    assert made.open == ["b"]


MANY_SUBS = (
    '<startEvent id="s"/><endEvent id="e"/>'
    + task("a")
    + sub(
        "ms",
        multi("false")
        + '<startEvent id="is"/><endEvent id="ie"/>'
        + task("x")
        + task("y")
        + chain("is", "x", "y", "ie"),
    )
    + task("b")
    + chain("s", "a", "ms", "b", "e")
)


def test_within_each_child_of_a_multi_instance_sub_process() -> None:
    made, at = world(MANY_SUBS)
    made.complete("a")
    change(made, at, Move(element_ids=["x"], targets=["y"]))
    assert made.open == ["y", "y", "y"]
    for _ in range(3):
        made.complete("y")
    assert made.open == ["b"]


def test_out_of_a_multi_instance_sub_process_ends_all_of_it() -> None:
    made, at = world(MANY_SUBS)
    made.complete("a")
    change(made, at, Move(element_ids=["x"], targets=["b"]))
    assert made.waiting() == ["b"]


def test_into_a_multi_instance_sub_process_that_does_not_run_makes_one_child() -> None:
    made, at = world(MANY_SUBS)
    change(made, at, Move(element_ids=["a"], targets=["y"]))
    assert made.open == ["y"]
    assert counters(made, at) == (1, 1, 0)
    made.complete("y")
    assert made.open == ["b"]


CALLED = process(
    '<startEvent id="cs"/><endEvent id="ce"/>' + task("c1") + task("c2") + chain("cs", "c1", "c2", "ce"), "called"
)
CALLING = (
    '<startEvent id="s"/><endEvent id="e"/>'
    + task("a")
    + '<callActivity id="call" calledElement="called"/>'
    + task("b")
    + chain("s", "a", "call", "b", "e")
)


def test_out_of_a_called_process_to_its_caller() -> None:
    made, at = world(CALLING, CALLED)
    made.complete("a")
    called = next(one for one in made.instances if one != at)
    change(made, called, Move(element_ids=["c1"], targets=["b"], direction=Direction.TO_PARENT))
    assert made.open == ["b"]
    assert made.status(called) is Status.TERMINATED
    made.complete("b")
    assert made.status(at) is Status.COMPLETED


def test_into_a_called_process() -> None:
    made, at = world(CALLING, CALLED)
    change(made, at, Move(element_ids=["a"], targets=["c2"], direction=Direction.TO_CALLED, call_activity_id="call"))
    assert made.open == ["c2"]
    made.complete("c2")
    made.complete("b")
    assert made.ended


def test_from_the_call_activity_cancels_what_it_called() -> None:
    made, at = world(CALLING, CALLED)
    made.complete("a")
    called = next(one for one in made.instances if one != at)
    change(made, at, Move(element_ids=["call"], targets=["a"]))
    assert made.open == ["a"]
    assert made.status(called) is Status.TERMINATED


def test_an_unknown_element_of_the_called_process_is_refused() -> None:
    made, at = world(CALLING, CALLED)
    with pytest.raises(WrongState) as caught:
        change(
            made, at, Move(element_ids=["a"], targets=["zz"], direction=Direction.TO_CALLED, call_activity_id="call")
        )
    assert caught.value.reason == "ELEMENT_NOT_FOUND"


GATEWAY = (
    '<startEvent id="s"/><endEvent id="e"/><eventBasedGateway id="g"/>'
    '<intermediateCatchEvent id="t1"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>'
    "</intermediateCatchEvent>"
    '<intermediateCatchEvent id="t2"><timerEventDefinition><timeDuration>PT2H</timeDuration></timerEventDefinition>'
    "</intermediateCatchEvent>" + task("a") + task("b") + chain("s", "a", "g", "t1", "b", "e") + chain("g", "t2", "b")
)


@pytest.mark.parametrize("source", ["g", "t1"])
def test_from_an_event_based_gateway_or_one_of_its_events(source: str) -> None:
    made, at = world(GATEWAY)
    made.complete("a")
    assert made.timers == ["t1", "t2"]
    change(made, at, Move(element_ids=[source], targets=["b"]))
    assert made.timers == []
    assert made.open == ["b"]


def test_to_one_event_of_an_event_based_gateway_alone() -> None:
    made, at = world(GATEWAY)
    change(made, at, Move(element_ids=["a"], targets=["t2"]))
    assert made.timers == ["t2"]
    made.advance(7201)
    assert made.open == ["b"]


LISTENED = (
    '<startEvent id="s"/><endEvent id="e"/>'
    + task("a")
    + task(
        "b",
        '<extensionElements><flowable:executionListener event="start" '
        "expression=\"${execution.setVariable('heard', true)}\"/>"
        '<camunda:inputOutput><camunda:inputParameter name="in">1</camunda:inputParameter></camunda:inputOutput>'
        "</extensionElements>",
    )
    + chain("s", "a", "b", "e")
)


def test_listeners_and_mappings_of_what_begins() -> None:
    made, at = world(LISTENED)
    change(made, at, Move(element_ids=["a"], targets=["b"]))
    assert made.variables() == {"heard": True}
    (key,) = keys(made, at, "b")
    assert made.instances[at].scopes[key].variables == {"in": "1"}


def test_listeners_and_mappings_can_be_left_out() -> None:
    made, at = world(LISTENED)
    change(made, at, Move(element_ids=["a"], targets=["b"]), skip_listeners=True, skip_mappings=True)
    assert made.variables() == {}
    assert len(made.instances[at].scopes) == 1
    made.complete("b")
    assert made.ended


def test_to_an_asynchronous_task() -> None:
    made, at = world(
        '<startEvent id="s"/><endEvent id="e"/>'
        + task("a")
        + '<userTask id="b" flowable:async="true"/>'
        + chain("s", "a", "b", "e")
    )
    change(made, at, Move(element_ids=["a"], targets=["b"]))
    assert made.open == []
    change(made, at, Move(element_ids=["b"], targets=["a"]))
    assert made.jobs == {}
    change(made, at, Move(element_ids=["a"], targets=["b"]))
    made.work_off()
    assert made.open == ["b"]
