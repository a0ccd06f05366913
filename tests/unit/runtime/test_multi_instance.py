from __future__ import annotations

from typing import Any

import pytest

from engine_svc.runtime import step
from engine_svc.state.instance import Instance, Stage
from mesh.errors import WrongState
from tests.unit.runtime.pieces import (
    a_process,
    boundary,
    each,
    end,
    extensions,
    file_of,
    handler,
    listener,
    one,
    several,
    sub,
    tasks,
)
from tests.unit.runtime.world import World


def looped(kind: str, loop: str, inside: str = "", attributes: str = "") -> bytes:
    return one(f'<{kind} id="n" {attributes}>{inside}{loop}</{kind}>' + tasks("after"), "s>n>after")


def body_variables(instance: Instance) -> dict[str, Any]:
    body = next(token for token in instance.tokens.values() if token.stage is Stage.BODY)
    return instance.scopes[body.key].variables


def child_variables(instance: Instance) -> list[dict[str, Any]]:
    bodies = {token.key for token in instance.tokens.values() if token.stage is Stage.BODY}
    return [scope.variables for scope in instance.scopes.values() if scope.parent_key in bodies and scope.key]


# Which activities


SUB = '<startEvent id="is"/><userTask id="it"/><sequenceFlow id="if" sourceRef="is" targetRef="it"/>'
ACTIVITIES = [
    ("userTask", "", "", "n"),
    ("serviceTask", 'flowable:type="external-worker" flowable:topic="w"', "", "n"),
    ("subProcess", "", SUB, "it"),
    ("transaction", "", SUB, "it"),
    ("callActivity", 'calledElement="called"', "", "called_task"),
]


@pytest.mark.parametrize(("kind", "attributes", "inside", "waits"), ACTIVITIES)
@pytest.mark.parametrize("sequential", [True, False])
def test_every_activity_that_waits(kind: str, attributes: str, inside: str, waits: str, sequential: bool) -> None:
    called = file_of(a_process(tasks("called_task"), "s>called_task", key="called"))
    world = World(called, looped(kind, several(sequential=sequential), inside, attributes))
    world.start()
    for left in (3, 2, 1):
        assert world.open == [waits] * (1 if sequential else left)
        world.complete(waits)
    assert world.open == ["after"]
    assert world.activities()["n"] == 3
    world.complete("after")
    assert world.ended


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [("task", ""), ("manualTask", ""), ("serviceTask", "flowable:expression=\"${execution.setVariable('x', n)}\"")],
)
@pytest.mark.parametrize("sequential", [True, False])
def test_every_activity_that_does_not_wait(kind: str, attributes: str, sequential: bool) -> None:
    world = World(looped(kind, several(sequential=sequential), "", attributes))
    world.start(variables={"n": 1})
    assert world.open == ["after"]
    assert world.completed().count("n") == 3


@pytest.mark.parametrize("sequential", [True, False])
def test_a_receive_task(sequential: bool) -> None:
    world = World(looped("receiveTask", several("2", sequential=sequential)))
    world.start()
    instance_id = next(iter(world.instances))
    for _ in range(2):
        children = [
            token.key for token in world.instances[instance_id].tokens.values() if token.stage is not Stage.BODY
        ]
        world.do(instance_id, step.trigger(world.instances[instance_id], min(children), {}, world.now))
    assert world.open == ["after"]


# How many


@pytest.mark.parametrize("sequential", [True, False])
@pytest.mark.parametrize("loop", ["cardinality", "collection"])
def test_none_at_all(sequential: bool, loop: str) -> None:
    made = several("0", sequential=sequential) if loop == "cardinality" else each("items", sequential=sequential)
    world = World(looped("userTask", made))
    world.start(variables={"items": []})
    assert world.open == ["after"]
    assert world.activities()["n"] == 0


@pytest.mark.parametrize("text", ["${count}", "${count + 1 - 1}", "${text}"])
def test_cardinality_by_expression(text: str) -> None:
    world = World(looped("userTask", several(text)))
    world.start(variables={"count": 2, "text": "2"})
    assert world.open == ["n", "n"]


@pytest.mark.parametrize("count", [-1, 1.5, "x", None, True, [1]])
def test_a_cardinality_that_is_no_number(count: object) -> None:
    with pytest.raises(WrongState) as refused:
        World(looped("userTask", several("${count}"))).start(variables={"count": count})
    assert refused.value.metadata["element_id"] == "n"


@pytest.mark.parametrize("collection", ["items", "${items}"])
def test_a_collection_by_name_or_expression(collection: str) -> None:
    world = World(looped("userTask", each(collection), attributes='name="${item.who}-${loopCounter}"'))
    world.start(variables={"items": [{"who": "ann"}, {"who": "bob"}]})
    assert sorted(task.name for task in world.tasks.values()) == ["ann-0", "bob-1"]


@pytest.mark.parametrize("items", [None, 5, "missing"])
def test_a_collection_that_is_none(items: object) -> None:
    with pytest.raises(WrongState):
        World(looped("userTask", each("${items}"))).start(variables={"items": items})


# Counters and variables


def test_counters_are_those_of_the_body_and_the_number_that_of_the_child() -> None:
    world = World(looped("userTask", several("3")))
    at = world.start()
    assert body_variables(world.instances[at]) == {
        "nrOfInstances": 3,
        "nrOfActiveInstances": 3,
        "nrOfCompletedInstances": 0,
    }
    assert child_variables(world.instances[at]) == [{"loopCounter": n} for n in range(3)]
    world.complete("n")
    assert body_variables(world.instances[at])["nrOfCompletedInstances"] == 1
    assert body_variables(world.instances[at])["nrOfActiveInstances"] == 2
    assert "loopCounter" not in world.variables()


def test_a_sequential_one_has_one_active_instance() -> None:
    world = World(looped("userTask", several("3", sequential=True)))
    at = world.start()
    for n in range(3):
        assert child_variables(world.instances[at]) == [{"loopCounter": n}]
        assert body_variables(world.instances[at])["nrOfActiveInstances"] == 1
        assert body_variables(world.instances[at])["nrOfCompletedInstances"] == n
        world.complete("n")


def test_a_variable_of_a_child_is_its_own() -> None:
    inside = sub("n", tasks("it"), "in.n>it", loop=each("items"))
    world = World(one(inside + tasks("after"), "s>n>after"))
    world.start(variables={"items": ["a", "b"]})
    world.complete("it", {"item": "changed", "total": 1})
    assert world.variables().get("item") is None
    assert world.variables()["total"] == 1


# When they are enough


@pytest.mark.parametrize("sequential", [True, False])
def test_a_completion_condition_ends_the_others(sequential: bool) -> None:
    until = "${nrOfCompletedInstances/nrOfInstances &gt;= 0.6}"
    world = World(looped("userTask", several("5", sequential=sequential, until=until)))
    world.start()
    for _ in range(3):
        assert "after" not in world.open
        world.complete("n")
    assert world.open == ["after"]
    assert world.activities()["n"] == (3 if sequential else 5)


def test_a_completion_condition_sees_what_comes_with_the_completion() -> None:
    world = World(looped("userTask", several("5", until="${enough}")))
    world.start(variables={"enough": False})
    world.complete("n")
    world.complete("n", {"enough": True})
    assert world.open == ["after"]


def test_automatic_children_stop_early() -> None:
    expression = "flowable:expression=\"${execution.setVariable('total', total + 1)}\""
    world = World(looped("serviceTask", several("5", until="${total == 2}"), "", expression))
    world.start(variables={"total": 0})
    assert world.variables()["total"] == 2


def test_a_completion_condition_cancels_called_instances() -> None:
    called = file_of(a_process(tasks("ct"), "s>ct", key="called"))
    until = "${nrOfCompletedInstances == 1}"
    world = World(called, looped("callActivity", several("3", until=until), "", 'calledElement="called"'))
    world.start()
    assert world.open == ["ct"] * 3
    world.complete("ct")
    assert world.open == ["after"]
    world.complete("after")
    assert world.ended


# Nested


@pytest.mark.parametrize("outer", [True, False])
@pytest.mark.parametrize("inner", [True, False])
def test_one_in_another(outer: bool, inner: bool) -> None:
    task = f'<userTask id="t" name="${{loopCounter}}">{several("2", sequential=inner)}</userTask>'
    nested = sub("n", task, "in.n>t", loop=several("2", sequential=outer))
    world = World(one(nested + tasks("after"), "s>n>after"))
    world.start()
    done = 0
    while "t" in world.open:
        world.complete("t")
        done += 1
    assert done == 4
    assert world.open == ["after"]


# What surrounds it


def test_listeners_are_called_for_each_child_and_the_whole() -> None:
    inside = extensions(listener("start", "s"), listener("end", "e"))
    world = World(looped("userTask", several("2", sequential=True), inside))
    world.start(variables={"log": ""})
    world.complete("n")
    world.complete("n")
    assert world.variables()["log"].count("e ") == world.variables()["log"].count("s ")
    assert world.open == ["after"]


def test_one_timer_for_the_whole_activity() -> None:
    file = one(
        f'<userTask id="n">{several("3")}</userTask>' + boundary("b", "n", "timer") + tasks("after", "late"),
        "s>n>after",
        "b>late",
    )
    world = World(file)
    world.start()
    assert world.timers == ["b"]
    world.complete("n")
    assert world.timers == ["b"]
    world.advance(60)
    assert world.open == ["late"]
    world.complete("late")
    assert world.ended


def test_a_boundary_event_that_does_not_interrupt() -> None:
    file = one(
        f'<userTask id="n">{several("2")}</userTask>'
        + boundary("b", "n", "signal", interrupting=False)
        + tasks("after", "more"),
        "s>n>after",
        "b>more",
    )
    world = World(file)
    world.start()
    assert world.signal("sig") == 1
    assert world.open == ["more", "n", "n"]
    world.complete("n")
    world.complete("n")
    assert world.open == ["after", "more"]


def test_each_child_has_its_event_sub_processes() -> None:
    inside = tasks("it") + handler("h", "signal", tasks("ht"), "in.h>ht")
    looped_sub = sub("n", inside, "in.n>it", loop=several("2"))
    world = World(one(looped_sub + tasks("after"), "s>n>after"))
    world.start()
    assert world.signal("sig") == 2
    assert world.open == ["ht", "ht"]
    world.complete("ht")
    world.complete("ht")
    assert world.open == ["after"]


# Ends inside


@pytest.mark.parametrize("sequential", [True, False])
def test_a_terminate_end_event_ends_one_child(sequential: bool) -> None:
    world = World(forking_children("terminate", sequential))
    world.start()
    world.complete("quick")
    assert world.open == ["quick", "slow"]
    world.complete("quick")
    assert world.open == ["after"]


@pytest.mark.parametrize("sequential", [True, False])
def test_a_terminate_end_event_ends_the_whole_multi_instance(sequential: bool) -> None:
    world = World(forking_children("terminate_mi", sequential))
    world.start()
    world.complete("quick")
    assert world.open == ["after"]
    world.complete("after")
    assert world.ended


@pytest.mark.parametrize("sequential", [True, False])
def test_an_error_of_a_child_is_caught_at_the_boundary_of_the_whole(sequential: bool) -> None:
    inside = tasks("quick") + end("x", "error")
    looped_sub = sub("n", inside, "in.n>quick>x", loop=several("3", sequential=sequential))
    world = World(one(looped_sub + boundary("b", "n", "error") + tasks("after", "caught"), "s>n>after", "b>caught"))
    world.start()
    world.complete("quick")
    assert world.open == ["caught"]
    world.complete("caught")
    assert world.ended


def forking_children(cause: str, sequential: bool) -> bytes:
    inside = '<parallelGateway id="f"/>' + tasks("quick", "slow") + end("x", cause)
    looped_sub = sub("n", inside, "in.n>f>quick>x", "f>slow", loop=several("2", sequential=sequential))
    return one(looped_sub + tasks("after"), "s>n>after")


# Compensation


def test_each_child_that_was_completed_is_compensated_once() -> None:
    file = one(
        f'<userTask id="n" name="${{item}}">{each("items")}</userTask>'
        + boundary("b", "n", "compensation")
        + '<userTask id="undo" isForCompensation="true" name="undo ${item}"/>'
        + '<association id="as" associationDirection="One" sourceRef="b" targetRef="undo"/>'
        + tasks("after")
        + '<intermediateThrowEvent id="c"><compensateEventDefinition/></intermediateThrowEvent>'
        + tasks("last"),
        "s>n>after>c>last",
    )
    world = World(file)
    world.start(variables={"items": ["a", "b", "c"]})
    for _ in range(3):
        world.complete("n")
    world.complete("after")
    assert world.open == ["last", "undo", "undo", "undo"]
    assert sorted(task.name for task in world.tasks.values() if task.element_id == "undo") == [
        "undo a",
        "undo b",
        "undo c",
    ]


# Asynchronous


@pytest.mark.parametrize("sequential", [True, False])
def test_asynchronous_children_have_a_job_each(sequential: bool) -> None:
    world = World(looped("userTask", several("2", sequential=sequential), "", 'flowable:async="true"'))
    world.start()
    assert world.open == []
    assert world.work_off() == (1 if sequential else 2)
    assert world.open == ["n"] * (1 if sequential else 2)
    world.complete("n")
    world.work_off()
    world.complete("n")
    assert world.open == ["after"]


def test_an_asynchronous_sub_process() -> None:
    inside = sub("n", tasks("it"), "in.n>it", attributes='flowable:async="true"', loop=several("2"))
    world = World(one(inside + boundary("b", "n", "timer") + tasks("after", "late"), "s>n>after", "b>late"))
    world.start()
    world.advance(1)
    assert world.open == ["it", "it"]
    world.advance(60)
    assert world.open == ["late"]


def test_asynchronous_children_that_are_cancelled_before_they_begin() -> None:
    world = World(
        one(
            f'<userTask id="n" flowable:async="true">{several("2")}</userTask>'
            + boundary("b", "n", "signal")
            + tasks("after", "out"),
            "s>n>after",
            "b>out",
        )
    )
    world.start()
    world.signal("sig")
    assert world.open == ["out"]
    assert world.work_off() == 0


# Collecting


def test_what_the_children_give_is_collected_in_their_order() -> None:
    loop = (
        '<multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics inputCollection="=items" '
        'inputElement="item" outputCollection="results" outputElement="=answer"/></extensionElements>'
        "</multiInstanceLoopCharacteristics>"
    )
    inside = sub("n", tasks("it"), "in.n>it", loop=loop)
    world = World(one(inside + tasks("after"), "s>n>after"))
    at = world.start(variables={"items": [1, 2, 3]})
    for key in sorted((key for _, key in world.tasks), reverse=True):
        instance = world.instances[at]
        world.do(at, step.complete_user_task(instance, key, {"answer": key}, world.now))
    results = world.variables()["results"]
    assert results == sorted(results)
    assert len(results) == 3


# Standard loops


def test_a_standard_loop_runs_while_its_condition_holds() -> None:
    loop = "<standardLoopCharacteristics><loopCondition>${again}</loopCondition></standardLoopCharacteristics>"
    world = World(looped("userTask", loop))
    world.start(variables={"again": True})
    world.complete("n")
    assert world.open == ["n"]
    world.complete("n", {"again": False})
    assert world.open == ["after"]


def test_a_standard_loop_that_is_tested_before() -> None:
    loop = (
        '<standardLoopCharacteristics testBefore="true"><loopCondition>${again}</loopCondition>'
        "</standardLoopCharacteristics>"
    )
    world = World(looped("userTask", loop))
    world.start(variables={"again": False})
    assert world.open == ["after"]


def test_a_standard_loop_ends_at_its_maximum() -> None:
    loop = (
        '<standardLoopCharacteristics loopMaximum="2"><loopCondition>${true}</loopCondition>'
        "</standardLoopCharacteristics>"
    )
    world = World(looped("userTask", loop))
    world.start()
    world.complete("n")
    world.complete("n")
    assert world.open == ["after"]


def test_a_large_one_is_made_in_parts() -> None:
    world = World(looped("userTask", several("1500")))
    world.start()
    world.work_off()
    assert len(world.open) == 1500


def test_called_instances_in_it_are_cancelled_with_the_caller() -> None:
    called = file_of(a_process(tasks("ct"), "s>ct", key="called"))
    world = World(called, looped("callActivity", several("2"), "", 'calledElement="called"'))
    at = world.start()
    world.cancel(at)
    assert world.open == []
    assert world.ended
