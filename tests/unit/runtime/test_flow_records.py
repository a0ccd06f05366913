"""Activities tell the sequence flow by which they were reached, so that history knows the flows that were taken."""

from __future__ import annotations

from engine_svc.runtime import step
from tests.unit.runtime.running import Run, model

ENDS = '<startEvent id="s"/><endEvent id="e"/>'


def test_each_flow_that_is_taken_is_told_once() -> None:
    fork = model(
        ENDS + '<parallelGateway id="f"/><parallelGateway id="j"/><task id="a"/><userTask id="b"/>',
        "s>f",
        "f>a",
        "f>b",
        "a>j",
        "b>j",
        "j>e",
    )
    for reload in (False, True):
        run = Run(fork, reload=reload)
        assert sorted(run.taken_flows) == ["a_j", "f_a", "f_b", "s_f"]
        run.complete("b")
        assert run.completed
        assert sorted(run.taken_flows) == ["a_j", "b_j", "f_a", "f_b", "j_e", "s_f"]


def test_a_loop_tells_its_flow_each_time() -> None:
    loop = model(
        ENDS + '<exclusiveGateway id="x" default="x_e"/><userTask id="a"/>', "s>a", "a>x", "x>a:${again}", "x>e"
    )
    run = Run(loop, {"again": True})
    run.complete("a")
    run.complete("a", {"again": False})
    assert run.taken_flows == ["s_a", "a_x", "x_a", "a_x", "x_e"]


def test_children_of_a_multi_instance_were_reached_by_one_flow() -> None:
    many = model(
        ENDS
        + '<userTask id="t"><multiInstanceLoopCharacteristics>'
        + "<loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics></userTask>",
        "s>t",
        "t>e",
    )
    run = Run(many)
    assert len(run.tasks) == 3
    for key in list(run.tasks):
        run.took(run.run(step.complete_user_task(run.instance, key, {}, run.now)))
    assert run.completed
    assert sorted(run.taken_flows) == ["s_t", "t_e"]


def test_what_is_ended_before_its_time_keeps_its_flow_and_a_boundary_event_has_none() -> None:
    caught = model(
        ENDS
        + '<userTask id="t"/><userTask id="u"/>'
        + '<boundaryEvent id="b" attachedToRef="t"><timerEventDefinition><timeDuration>PT1H</timeDuration>'
        + "</timerEventDefinition></boundaryEvent>",
        "s>t",
        "t>e",
        "b>u",
        "u>e",
    )
    run = Run(caught)
    run.fire("b")
    assert run.taken_flows == ["s_t", "b_u"]
    run.cancel()
    assert run.taken_flows == ["s_t", "b_u"]


def test_the_content_of_a_sub_process_begins_without_a_flow() -> None:
    inner = (
        '<subProcess id="u"><startEvent id="is"/><userTask id="it"/>'
        + '<sequenceFlow id="is_it" sourceRef="is" targetRef="it"/></subProcess>'
    )
    run = Run(model(ENDS + inner, "s>u", "u>e"))
    run.complete("it")
    assert sorted(run.taken_flows) == ["is_it", "s_u", "u_e"]
