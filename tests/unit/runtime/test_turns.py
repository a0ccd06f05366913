"""What Flowable was seen to do where several tokens move in one step, and at the edges of activities."""

from __future__ import annotations

import pytest

from engine_svc.events import record
from tests.unit.runtime.pieces import a_process, boundary, end, extensions, file_of, listener, one, sub, tasks
from tests.unit.runtime.world import World

NOTHING = "<multiInstanceLoopCharacteristics><loopCardinality>0</loopCardinality></multiInstanceLoopCharacteristics>"
FORK = '<parallelGateway id="f"/>'


def test_what_moves_already_has_one_more_turn_before_a_sub_process_is_terminated() -> None:
    inside = FORK + '<task id="a"/><task id="b"/><task id="later"/>' + end("x", "terminate") + tasks("u")
    world = World(one(sub("n", inside, "in.n>f>a>x", "f>b>later>u"), "s>n"))
    world.start()
    assert world.ended
    assert world.activities()["later"] == 1
    assert world.activities()["u"] == 0


def test_two_terminate_end_events_leave_a_sub_process_once() -> None:
    inside = FORK + end("x", "terminate") + end("y", "terminate")
    world = World(one(sub("n", inside, "in.n>f>x", "f>y") + tasks("after"), "s>n>after"))
    world.start()
    assert world.open == ["after"]
    assert world.activities()["y"] == 1


def test_an_empty_multi_instance_has_no_boundary_events_and_calls_no_end_listeners() -> None:
    inside = extensions(listener("start", "begins"), listener("end", "ends"))
    file = one(f'<userTask id="n">{inside}{NOTHING}</userTask>' + boundary("b", "n", "timer") + tasks("t"), "s>n>t")
    world = World(file)
    world.start(variables={"log": ""})
    assert world.variables()["log"].split() == ["begins"]
    assert world.activities()["b"] == 0
    assert world.timers == []


@pytest.mark.parametrize("interrupting", [True, False])
def test_start_listeners_of_a_boundary_event_are_called_once_it_fires(interrupting: bool) -> None:
    both = extensions(listener("start", "b+"), listener("end", "b-"))
    bound = boundary("b", "t", "timer", interrupting=interrupting).replace("<timer", both + "<timer", 1)
    world = World(one(tasks("t", "late") + bound, "s>t", "b>late"))
    world.start(variables={"log": ""})
    assert world.variables()["log"] == ""
    world.advance(60)
    assert world.variables()["log"].split() == ["b+", "b-"]
    assert world.open == (["late"] if interrupting else ["late", "t"])


def test_a_child_that_begins_in_a_job_of_its_own_tells_so() -> None:
    loop = '<multiInstanceLoopCharacteristics flowable:collection="${items}"/>'
    world = World(one(sub("n", tasks("u"), "in.n>u", attributes='flowable:async="true"', loop=loop), "s>n"))
    world.start(variables={"items": [1, 2]})
    assert world.activities()["n"] == 0
    world.work_off()
    assert world.activities()["n"] == 2


def test_an_escalation_end_event_in_a_call_that_it_interrupts_is_an_activity() -> None:
    called = a_process(end("x", "escalation"), "s>x", key="q")
    outer = a_process('<callActivity id="c" calledElement="q"/>' + boundary("b", "c", "escalation"), "s>c", "b>t")
    world = World(file_of(called), file_of(outer.replace("</process>", tasks("t") + "</process>")))
    world.start()
    assert world.open == ["t"]
    ended = [event for _, event in world.log if event[0] == record.ACTIVITY_TERMINATED and event[2] == "x"]
    assert world.activities()["x"] == 1
    assert len(ended) == 1


@pytest.mark.parametrize("sequential", ["true", "false"])
def test_instances_that_aggregate_variables_keep_what_is_set_inside(sequential: str) -> None:
    loop = (
        f'<multiInstanceLoopCharacteristics isSequential="{sequential}"><extensionElements>'
        '<flowable:variableAggregation target="all"><variable source="a"/><variable source="loopCounter" target="n"/>'
        "</flowable:variableAggregation></extensionElements><loopCardinality>2</loopCardinality>"
        "</multiInstanceLoopCharacteristics>"
    )
    world = World(one(f'<userTask id="u">{loop}</userTask>' + tasks("after"), "s>u>after"))
    world.start(variables={"a": 1, "b": 2})
    world.complete("u", {"a": 5, "b": 6, "c": 7})
    assert world.variables() == {"a": 1, "b": 2}
    world.complete("u", {"b": 8})
    assert world.variables() == {"a": 1, "b": 2, "all": [{"a": 5, "n": 0}, {"a": 1, "n": 1}]}
    assert world.open == ["after"]


def test_the_events_behind_an_event_based_gateway_wait_a_little_later() -> None:
    content = (
        FORK + '<eventBasedGateway id="g"/><intermediateThrowEvent id="early"><signalEventDefinition signalRef="sig"/>'
        '</intermediateThrowEvent><intermediateCatchEvent id="c"><signalEventDefinition signalRef="sig"/>'
        '</intermediateCatchEvent><intermediateCatchEvent id="d"><messageEventDefinition messageRef="msg"/>'
        "</intermediateCatchEvent>"
    )
    world = World(one(content, "s>f>g>c", "f>early", "g>d"))
    world.start()
    assert world.waiting() == ["g"]
    world.signal("sig")
    assert world.ended
