from __future__ import annotations

from typing import Any

import pytest

from engine_svc.state.instance import ROOT_SCOPE
from tests.unit.bpmn_models import flow
from tests.unit.runtime.pieces import (
    a_process,
    boundary,
    call,
    extensions,
    file_of,
    listener,
    one,
    several,
    sub,
    tasks,
)
from tests.unit.runtime.world import World

SKIP = 'flowable:skipExpression="${skip}"'
ON: dict[str, Any] = {"_FLOWABLE_SKIP_EXPRESSION_ENABLED": True, "skip": True}
WORK = 'flowable:type="external-worker" flowable:topic="w"'


# Skip expressions

SKIPPED = {
    "userTask": f'<userTask id="n" {SKIP}/>',
    "serviceTask": f'<serviceTask id="n" {WORK} {SKIP}/>',
    "expression": f'<serviceTask id="n" flowable:expression="${{missing}}" {SKIP}/>',
    "scriptTask": f'<scriptTask id="n" scriptFormat="javascript" {SKIP}><script>no</script></scriptTask>',
    "receiveTask": f'<receiveTask id="n" {SKIP}/>',
    "sendTask": f'<sendTask id="n" {WORK} {SKIP}/>',
    "businessRuleTask": f'<businessRuleTask id="n" {WORK} {SKIP}/>',
    "subProcess": sub("n", tasks("it"), "in.n>it", attributes=SKIP),
    "callActivity": f'<callActivity id="n" calledElement="nothing" {SKIP}/>',
    "multi-instance": f'<userTask id="n" {SKIP}>{several("3")}</userTask>',
}


@pytest.mark.parametrize("node", SKIPPED)
def test_an_activity_is_skipped(node: str) -> None:
    world = World(one(SKIPPED[node] + tasks("after"), "s>n>after"))
    world.start(variables=ON)
    assert world.open == ["after"]


@pytest.mark.parametrize(
    "variables", [{}, {"skip": True}, {**ON, "skip": False}, {**ON, "_FLOWABLE_SKIP_EXPRESSION_ENABLED": False}]
)
def test_an_activity_is_not_skipped(variables: dict[str, Any]) -> None:
    world = World(one(SKIPPED["userTask"] + tasks("after"), "s>n>after"))
    world.start(variables=variables)
    assert world.open == ["n"]


def test_a_skipped_flow_is_taken_without_its_condition() -> None:
    skipped = flow("g", "a", "${missing}").replace("<sequenceFlow", f"<sequenceFlow {SKIP}")
    world = World(one('<exclusiveGateway id="g"/>' + tasks("a", "b") + skipped, "s>g", "g>b:${true}"))
    world.start(variables=ON)
    assert world.open == ["a"]


# Data objects


def data(name: str, value: str, kind: str = "string") -> str:
    return (
        f'<dataObject id="{name}" name="{name}" itemSubjectRef="xsd:{kind}"><extensionElements>'
        f"<flowable:value>{value}</flowable:value></extensionElements></dataObject>"
    )


def test_data_objects_of_the_process() -> None:
    world = World(
        one(data("text", "a") + data("number", "5", "int") + data("yes", "true", "boolean") + tasks("t"), "s>t")
    )
    world.start()
    assert world.variables() == {"text": "a", "number": 5, "yes": True}


def test_what_an_instance_is_given_counts_for_more() -> None:
    world = World(one(data("text", "a") + tasks("t"), "s>t"))
    world.start(variables={"text": "b"})
    assert world.variables() == {"text": "b"}


def test_data_objects_of_a_sub_process_are_its_own() -> None:
    inside = data("text", "a") + '<userTask id="it" name="${text}"/>'
    world = World(one(sub("n", inside, "in.n>it") + '<userTask id="after" name="${text}"/>', "s>n>after"))
    at = world.start(variables={"text": "outer"})
    assert [task.name for task in world.tasks.values()] == ["a"]
    world.complete("it", {"text": "changed"})
    assert world.variables(at) == {"text": "outer"}
    assert [task.name for task in world.tasks.values()] == ["outer"]


# Mappings


def io(*mappings: str) -> str:
    return extensions(f"<camunda:inputOutput>{''.join(mappings)}</camunda:inputOutput>")


def given(name: str, value: str) -> str:
    return f'<camunda:inputParameter name="{name}">{value}</camunda:inputParameter>'


def kept(name: str, value: str) -> str:
    return f'<camunda:outputParameter name="{name}">{value}</camunda:outputParameter>'


def test_inputs_are_local_and_outputs_go_out() -> None:
    mappings = io(given("x", "${y}"), kept("z", "${x}-${w}"))
    world = World(one(f'<userTask id="t" name="${{x}}">{mappings}</userTask>' + tasks("after"), "s>t>after"))
    world.start(variables={"y": "in"})
    assert [task.name for task in world.tasks.values()] == ["in"]
    world.complete("t", {"w": "out", "x": "set"})
    assert world.variables() == {"y": "in", "w": "out", "z": "set-out"}


def test_mappings_of_a_sub_process_and_a_call() -> None:
    inner = sub("n", '<userTask id="it" name="${x}"/>', "in.n>it", loop=io(given("x", "sub"), kept("y", "${x}")))
    called = a_process('<userTask id="ct" name="${x}"/>', "s>ct", key="called")
    mapped = call(
        "c",
        "called",
        extensions('<flowable:in source="y" target="x"/>', '<flowable:out sourceExpression="${x}!" target="z"/>'),
    )
    world = World(file_of(a_process(inner + mapped + tasks("after"), "s>n>c>after"), called))
    at = world.start()
    world.complete("it")
    assert [task.name for task in world.tasks.values()] == ["sub"]
    assert world.variables(at) == {"y": "sub"}
    world.complete("ct")
    assert world.variables(at) == {"y": "sub", "z": "sub!"}


@pytest.mark.parametrize(
    "node",
    [
        '<intermediateCatchEvent id="n">{io}<signalEventDefinition signalRef="sig"/></intermediateCatchEvent>',
        '<receiveTask id="n" messageRef="msg">{io}</receiveTask>',
    ],
)
def test_outputs_of_what_waits_for_an_event(node: str) -> None:
    world = World(one(node.format(io=io(kept("z", "${x}-out"))) + tasks("after"), "s>n>after"))
    world.start(variables={"x": "in"})
    world.trigger("n")
    assert world.open == ["after"]
    assert world.variables()["z"] == "in-out"


def test_mappings_for_each_child_of_a_multi_instance() -> None:
    mappings = io(given("x", "${loopCounter}"), kept("last", "${x}"))
    world = World(
        one(f'<userTask id="t" name="${{x}}">{mappings}{several("2")}</userTask>' + tasks("after"), "s>t>after")
    )
    world.start()
    assert sorted(task.name for task in world.tasks.values()) == ["0", "1"]
    world.complete("t")
    assert world.variables() == {"last": 0}
    world.complete("t")
    assert world.variables() == {"last": 1}


# Scopes


def test_a_local_variable_of_an_activity_is_gone_with_it() -> None:
    local = extensions(
        '<flowable:executionListener event="start" expression="${execution.setVariableLocal(\'x\', 1)}"/>'
    )
    inner = sub("n", '<userTask id="it" name="${x}"/>', "in.n>it", loop=local)
    world = World(one(inner + tasks("after"), "s>n>after"))
    at = world.start()
    instance = world.instances[at]
    assert "x" in {name for scope in instance.scopes.values() for name in scope.variables}
    world.complete("it")
    assert world.open == ["after"]


def test_a_transient_variable_is_seen_until_everything_waits() -> None:
    sets = "flowable:expression=\"${execution.setTransientVariable('x', 'once')}\""
    file = one(
        f'<serviceTask id="a" {sets}/><userTask id="t" name="${{x}}"/><userTask id="u" name="${{x}}"/>', "s>a>t>u"
    )
    world = World(file)
    world.start()
    assert [task.name for task in world.tasks.values()] == ["once"]
    assert world.variables() == {}
    world.complete("t")
    assert [task.name for task in world.tasks.values()] == ["${x}"]


def test_a_result_variable() -> None:
    node = '<serviceTask id="a" flowable:expression="${1 + 1}" flowable:resultVariable="r"/>'
    world = World(one(node + tasks("t"), "s>a>t"))
    world.start()
    assert world.variables() == {"r": 2}


def test_a_local_result_variable_of_a_sub_process() -> None:
    node = (
        '<serviceTask id="a" flowable:expression="${1 + 1}" flowable:resultVariable="r" '
        'flowable:storeResultVariableAsTransient="true"/>'
    )
    world = World(one(node + '<userTask id="t" name="${r}"/>', "s>a>t"))
    at = world.start()
    assert [task.name for task in world.tasks.values()] == ["2"]
    assert world.instances[at].scopes[ROOT_SCOPE].variables == {}


def test_everything_around_one_activity_in_order() -> None:
    inside = (
        "<extensionElements>"
        + listener("start", "start")
        + listener("end", "end")
        + f"<camunda:inputOutput>{given('in', '${log}')}{kept('out', '${log}')}</camunda:inputOutput></extensionElements>"
    )
    world = World(
        one(
            f'<userTask id="t" flowable:async="true" flowable:asyncLeave="true" name="${{in}}">{inside}</userTask>'
            + boundary("b", "t", "timer")
            + tasks("after"),
            "s>t>after",
        )
    )
    world.start(variables={"log": ""})
    assert world.variables()["log"] == ""
    world.work_off()
    assert [task.name for task in world.tasks.values()] == ["start "]
    world.complete("t")
    assert world.variables()["log"] == "start end "
    assert world.variables()["out"] == "start "
    assert world.open == []
    world.work_off()
    assert world.open == ["after"]
