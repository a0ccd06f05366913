"""BPMN errors and terminate end events: what catches, what is cancelled with it, and where it goes on."""

from __future__ import annotations

from typing import Any

import pytest

from engine_svc.runtime import step
from engine_svc.runtime.behaviors.bpmn_error import BpmnError
from engine_svc.runtime.requests import run_alone
from engine_svc.state.definition import Definition
from engine_svc.state.instance import ROOT_SCOPE, Status
from engine_svc.state.snapshot import decode_snapshot, encode_snapshot
from mesh.errors import NotFound, WrongState
from tests.unit.bpmn_models import definitions, flow
from tests.unit.runtime.running import NOW, Run, definition_of

ENDS = '<startEvent id="s"/><endEvent id="e"/>'
ERRORS = '<error id="a" errorCode="A"/><error id="b" errorCode="B" camunda:errorMessage="no ${what}"/>'


def job(name: str) -> str:
    return f'<serviceTask id="{name}" flowable:type="external-worker" flowable:topic="work"/>'


def catch(name: str, activity: str, error: str = "", attributes: str = "") -> str:
    """A boundary event for an error, or for every one, with a task `t<name>` behind it."""
    reference = f'errorRef="{error}"' if error else ""
    definition = f"<errorEventDefinition {reference} {attributes}/>"
    event = f'<boundaryEvent id="{name}" attachedToRef="{activity}">{definition}</boundaryEvent>'
    return f'{event}<userTask id="t{name}"/>' + flow(name, f"t{name}")


def throw(name: str, error: str = "") -> str:
    reference = f'errorRef="{error}"' if error else ""
    return f'<endEvent id="{name}"><errorEventDefinition {reference}/></endEvent>'


def terminate(name: str, attributes: str = "") -> str:
    return f'<endEvent id="{name}"><terminateEventDefinition {attributes}/></endEvent>'


def sub_process(name: str, inside: str, *flows: str) -> str:
    connected = "".join(flow(*ends.split(">")) for ends in flows)
    return f'<subProcess id="{name}"><startEvent id="s{name}"/>{inside}{connected}</subProcess>'


def handler(name: str, error: str = "", inside: str = "", *flows: str) -> str:
    """An event sub-process with a user task `t<name>`, or with what is given."""
    reference = f'errorRef="{error}"' if error else ""
    start = f'<startEvent id="s{name}"><errorEventDefinition {reference}/></startEvent>'
    body = inside or f'<userTask id="t{name}"/>'
    connected = "".join(flow(*ends.split(">")) for ends in flows) or flow(f"s{name}", f"t{name}")
    return f'<subProcess id="{name}" triggeredByEvent="true">{start}{body}{connected}</subProcess>'


def model(nodes: str, *flows: str) -> Definition:
    connected = "".join(flow(*ends.split(">")) for ends in flows)
    return definition_of(definitions(f'{ERRORS}<process id="p" isExecutable="true">{nodes}{connected}</process>'))


def thrown(run: Run, element: str, code: str, message: str = "", variables: dict[str, Any] | None = None) -> bool:
    """Throw an error at the open job of an element; tell whether it was caught."""
    run.now += 1_000_000
    (key,) = [key for key, found in run.jobs.items() if found.element_id == element]
    error = BpmnError(code, message, variables or {})
    changes, caught = run_alone(step.throw_job_error(run.instance, key, error, retries=2, now=run.now))
    run.took(changes)
    return caught


@pytest.fixture(params=[False, True], ids=["kept", "reloaded"])
def reload(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_a_boundary_event_catches_what_a_worker_throws(reload: bool) -> None:
    run = Run(model(ENDS + job("n") + catch("c", "n", "a"), "s>n", "n>e"), reload=reload)
    (key,) = run.jobs
    assert thrown(run, "n", "A", "no stock")
    assert run.waiting == ["tc"]
    assert run.last.ended_jobs == [key]
    assert run.instance.incidents == {}
    assert run.named(run.last)[:3] == [
        ("JOB_FAILED", key, "work", "n", 2, "no stock", "A"),
        ("ACTIVITY_TERMINATED", key, "n", "", "serviceTask", ROOT_SCOPE, NOW, "boundary event (c)"),
        ("ACTIVITY_COMPLETED", 3, "c", "", "boundaryEvent", ROOT_SCOPE, NOW),
    ]
    run.complete("tc")
    assert run.completed
    assert run.passed == ["s", "c", "tc"]


def test_without_an_error_the_boundary_event_does_nothing(reload: bool) -> None:
    run = Run(model(ENDS + job("n") + catch("c", "n", "a"), "s>n", "n>e"), reload=reload)
    run.complete("n")
    assert run.completed
    assert run.passed == ["s", "n", "e"]


@pytest.mark.parametrize(
    ("catches", "code", "taken"),
    [
        (catch("c", "n") + catch("d", "n", "a"), "A", "td"),
        (catch("c", "n", "a") + catch("d", "n"), "A", "tc"),
        (catch("c", "n", "b") + catch("d", "n"), "A", "td"),
        (catch("c", "n", "a") + catch("d", "n", "b"), "B", "td"),
    ],
)
def test_the_very_code_beats_a_catch_of_every_error(catches: str, code: str, taken: str) -> None:
    run = Run(model(ENDS + job("n") + catches, "s>n", "n>e"))
    assert thrown(run, "n", code)
    assert run.waiting == [taken]


def test_an_error_of_another_code_raises_an_incident(reload: bool) -> None:
    run = Run(model(ENDS + job("n") + catch("c", "n", "a"), "s>n", "n>e"), reload=reload)
    (key,) = run.jobs
    assert not thrown(run, "n", "B", "odd")
    assert run.waiting == ["n"]
    (incident,) = run.last.new_incidents
    assert run.named(run.last) == [
        ("JOB_FAILED", key, "work", "n", 2, "odd", "B"),
        ("INCIDENT_RAISED", incident.key, "UNHANDLED_ERROR", "n", key, "error B is not caught: odd"),
    ]
    assert run.instance.incidents == {incident.key: key}


def test_the_catch_gets_code_message_and_variables() -> None:
    names = 'camunda:errorCodeVariable="code" camunda:errorMessageVariable="text"'
    run = Run(model(ENDS + job("n") + catch("c", "n", "", names), "s>n", "n>e"), {"x": 1})
    assert thrown(run, "n", "A", "no stock", {"x": 2, "y": 3})
    assert run.variables == {"x": 2, "y": 3, "code": "A", "text": "no stock"}


def test_variables_of_an_uncaught_error_change_nothing() -> None:
    run = Run(model(ENDS + job("n"), "s>n", "n>e"), {"x": 1})
    assert not thrown(run, "n", "A", "", {"x": 2})
    assert run.variables == {"x": 1}


def test_the_innermost_catch_wins() -> None:
    inner = sub_process("i", job("n") + catch("c", "n", "b"), "si>n")
    outer = sub_process("o", inner + catch("d", "i", "a"), "so>i")
    run = Run(model(ENDS + outer + catch("f", "o"), "s>o", "o>e"))
    assert thrown(run, "n", "A")
    assert run.waiting == ["o", "td"]
    other = Run(model(ENDS + outer + catch("f", "o"), "s>o", "o>e"))
    assert thrown(other, "n", "Z")
    assert other.waiting == ["tf"]


def test_a_catch_cancels_all_that_is_inside(reload: bool) -> None:
    """Tasks, jobs, incidents, joins and scopes, those of the outer scope excepted."""
    fork = '<parallelGateway id="f"/><parallelGateway id="j"/><userTask id="u"/><task id="k"/>'
    inner = sub_process("i", '<userTask id="v"/>', "si>v")
    body = fork + job("m") + job("n") + inner
    flows = ["so>f", "f>u", "f>k", "f>m", "f>n", "f>i", "k>j", "u>j"]
    outer = sub_process("o", body, *flows)
    around = '<parallelGateway id="g"/><userTask id="w"/>' + job("q")
    run = Run(
        model(ENDS + around + outer + catch("c", "o", "a"), "s>g", "g>w", "g>q", "g>o", "w>e", "q>e", "o>e"),
        reload=reload,
    )
    assert run.waiting == ["i", "j", "m", "n", "o", "q", "u", "v", "w"]
    assert not thrown(run, "m", "B")
    assert not thrown(run, "q", "B")
    inside, outside = run.instance.incidents
    began = {event[1] for event in run.log if event[0] == 110}
    assert thrown(run, "n", "A")
    assert run.waiting == ["q", "tc", "w"]
    assert list(run.instance.scopes) == [ROOT_SCOPE]
    assert run.instance.arrivals == {}
    assert list(run.instance.incidents) == [outside]
    assert run.last.ended_incidents == [inside]
    assert len(run.last.ended_jobs) == 2
    assert len(run.last.ended_user_tasks) == 2
    told = run.named(run.last)
    assert ("INCIDENT_RESOLVED", inside) in told
    ended = [event[2] for event in told if event[0] == "ACTIVITY_TERMINATED"]
    assert sorted(ended) == ["i", "j", "m", "n", "o", "u", "v"]
    assert ended.index("v") < ended.index("i") < ended.index("o") == len(ended) - 1
    assert {event[1] for event in told if event[0] == "ACTIVITY_TERMINATED"} <= began
    for name in ("w", "tc", "q"):
        run.complete(name)
    assert run.completed


def test_an_error_end_event_leaves_by_the_boundary(reload: bool) -> None:
    names = 'camunda:errorCodeVariable="code" camunda:errorMessageVariable="text"'
    inside = '<userTask id="u"/>' + throw("x", "b")
    run = Run(
        model(ENDS + sub_process("o", inside, "so>u", "u>x") + catch("c", "o", "b", names), "s>o", "o>e"),
        {"what": "stock"},
        reload=reload,
    )
    run.complete("u")
    assert run.passed == ["s", "so", "u", "x", "c"]
    assert run.waiting == ["tc"]
    assert run.variables == {"what": "stock", "code": "B", "text": "no stock"}


def test_an_error_without_code_is_caught_by_any_catch() -> None:
    run = Run(model(ENDS + sub_process("o", throw("x"), "so>x") + catch("c", "o", "a"), "s>o", "o>e"))
    assert run.waiting == ["tc"]


def test_tasks_that_are_made_and_cancelled_in_one_step_are_never_stored() -> None:
    inside = '<parallelGateway id="f"/><userTask id="u"/><task id="k"/>' + job("n") + throw("x", "a")
    outer = sub_process("o", inside, "so>f", "f>u", "f>n", "f>k", "k>x")
    run = Run(model(ENDS + outer + catch("c", "o", "a"), "s>o", "o>e"))
    assert run.waiting == ["tc"]
    assert [task.element_id for task in run.last.new_user_tasks] == ["tc"]
    assert (run.last.new_jobs, run.last.ended_jobs, run.last.ended_user_tasks) == ([], [], [])


def test_tokens_on_the_move_are_cancelled() -> None:
    inside = '<parallelGateway id="f"/><task id="k"/><userTask id="u"/>' + throw("x", "a")
    outer = sub_process("o", inside, "so>f", "f>x", "f>k", "k>u")
    run = Run(model(ENDS + outer + catch("c", "o", "a"), "s>o", "o>e"))
    assert run.waiting == ["tc"]
    assert "k" not in run.passed


def test_an_uncaught_error_end_event_fails_the_command() -> None:
    refusing = model(ENDS + '<userTask id="u"/>' + throw("x", "a"), "s>u", "u>x")
    run = Run(refusing)
    before = run.state()
    stored, _ = encode_snapshot(run.instance)
    with pytest.raises(WrongState) as refused:
        run.complete("u")
    assert refused.value.reason == "BPMN_ERROR_NOT_CAUGHT"
    assert refused.value.metadata == {"element_id": "x", "error_code": "A"}
    run.instance.scopes.clear()
    decode_snapshot(stored, run.instance)
    assert run.state()[4] == before[4]


def test_an_error_message_that_is_no_text() -> None:
    outer = sub_process("o", throw("x", "b"), "so>x")
    with pytest.raises(WrongState) as refused:
        Run(model(ENDS + outer + catch("c", "o"), "s>o", "o>e"))
    assert refused.value.reason == "EXPRESSION_FAILED"


# Event sub-processes


def test_an_event_sub_process_takes_over_its_scope(reload: bool) -> None:
    body = '<parallelGateway id="f"/><userTask id="u"/>' + job("n") + handler("h", "a")
    outer = sub_process("o", body, "so>f", "f>u", "f>n")
    run = Run(model(ENDS + outer + catch("c", "o"), "s>o", "o>e"), reload=reload)
    assert thrown(run, "n", "A")
    assert run.waiting == ["h", "o", "th"]
    types = {event[2]: event[4] for event in run.named(run.last) if event[0] == "ACTIVITY_STARTED"}
    assert types == {"h": "eventSubProcess", "th": "userTask"}
    run.complete("th")
    assert run.completed
    assert run.passed == ["s", "so", "f", "sh", "th", "h", "o", "e"]


def test_an_event_sub_process_of_the_process_itself(reload: bool) -> None:
    run = Run(model(ENDS + sub_process("o", job("n"), "so>n") + handler("h"), "s>o", "o>e"), reload=reload)
    assert thrown(run, "n", "A")
    assert run.waiting == ["h", "th"]
    assert run.last.ended_jobs
    run.complete("th")
    assert run.completed
    assert run.passed == ["s", "so", "sh", "th", "h"]


def test_an_inner_event_sub_process_beats_the_outer_boundary_event() -> None:
    outer = sub_process("o", job("n") + handler("h"), "so>n")
    run = Run(model(ENDS + outer + catch("c", "o", "a"), "s>o", "o>e"))
    assert thrown(run, "n", "A")
    assert run.waiting == ["h", "o", "th"]


def test_the_boundary_of_the_task_beats_the_event_sub_process() -> None:
    run = Run(model(ENDS + job("n") + catch("c", "n") + handler("h", "a"), "s>n", "n>e"))
    assert thrown(run, "n", "A")
    assert run.waiting == ["tc"]


def test_what_an_event_sub_process_throws_is_caught_further_out() -> None:
    rethrowing = handler("h", "a", throw("x", "a"), "sh>x")
    outer = sub_process("o", job("n") + rethrowing + handler("i"), "so>n")
    run = Run(model(ENDS + outer + catch("c", "o", "a"), "s>o", "o>e"))
    assert thrown(run, "n", "A")
    assert run.waiting == ["tc"]
    lonely = Run(model(ENDS + job("n") + rethrowing, "s>n", "n>e"))
    with pytest.raises(WrongState) as refused:
        thrown(lonely, "n", "A")
    assert refused.value.reason == "BPMN_ERROR_NOT_CAUGHT"


def test_an_event_sub_process_catches_inside_itself() -> None:
    inside = sub_process("q", throw("x", "a"), "sq>x") + catch("d", "q", "a")
    run = Run(model(ENDS + job("n") + handler("h", "a", inside, "sh>q"), "s>n", "n>e"))
    assert thrown(run, "n", "A")
    assert run.waiting == ["h", "td"]


# Terminate end events


def test_terminate_ends_its_scope_and_the_flow_goes_on(reload: bool) -> None:
    inside = '<parallelGateway id="f"/><userTask id="u"/><userTask id="v"/>' + job("n") + terminate("x")
    outer = sub_process("o", inside, "so>f", "f>u", "f>v", "f>n", "u>x")
    around = '<parallelGateway id="g"/><userTask id="w"/><userTask id="y"/>'
    run = Run(model(ENDS + around + outer, "s>g", "g>w", "g>o", "o>y", "w>e", "y>e"), reload=reload)
    run.complete("u")
    assert run.waiting == ["w", "y"]
    assert run.passed[-3:] == ["u", "x", "o"]
    terminated = [event[2:3] + event[7:] for event in run.named(run.last) if event[0] == "ACTIVITY_TERMINATED"]
    assert sorted(terminated) == [("n", "terminate end event (x)"), ("v", "terminate end event (x)")]
    run.complete("w")
    run.complete("y")
    assert run.completed


def test_terminate_in_the_process_completes_the_instance(reload: bool) -> None:
    inside = '<parallelGateway id="f"/><userTask id="u"/>' + job("n") + terminate("x")
    run = Run(model(ENDS + inside, "s>f", "f>u", "f>n", "u>x", "n>e"), reload=reload)
    assert not thrown(run, "n", "A")
    (incident,) = run.instance.incidents
    run.complete("u")
    assert run.status is Status.COMPLETED
    assert (run.tasks, run.jobs, run.instance.tokens, run.instance.incidents) == ({}, {}, {}, {})
    assert run.last.ended_incidents == [incident]
    assert run.named(run.last)[-1][0] == "INSTANCE_COMPLETED"


@pytest.mark.parametrize(("attributes", "left"), [("", ["u"]), ('flowable:terminateAll="true"', [])])
def test_terminate_all_ends_the_instance_from_within(attributes: str, left: list[str], reload: bool) -> None:
    inner = sub_process("i", '<userTask id="v"/>' + terminate("x", attributes), "si>v", "v>x")
    fork = '<parallelGateway id="g"/><userTask id="u"/>'
    run = Run(model(ENDS + fork + sub_process("o", inner, "so>i"), "s>g", "g>u", "g>o", "u>e", "o>e"), reload=reload)
    run.complete("v")
    assert run.waiting == left
    assert run.completed is not bool(left)
    assert run.passed.count("o") == len(left)


def test_an_inclusive_join_waits_for_what_may_come_by_a_boundary_event(reload: bool) -> None:
    gateways = '<inclusiveGateway id="g"/><inclusiveGateway id="j"/><userTask id="w"/><userTask id="z"/>'
    event = '<boundaryEvent id="c" attachedToRef="n"><errorEventDefinition/></boundaryEvent>'
    split = model(ENDS + gateways + job("n") + event, "s>g", "g>w", "g>n", "w>j", "c>j", "n>e", "j>z", "z>e")
    run = Run(split, reload=reload)
    run.complete("w")
    assert run.waiting == ["j", "n"]
    assert thrown(run, "n", "A")
    assert run.waiting == ["z"]
    plain = Run(split, reload=reload)
    plain.complete("w")
    plain.complete("n")
    assert plain.waiting == ["z"]


def test_errors_at_jobs_that_are_not_open() -> None:
    run = Run(model(ENDS + job("n") + catch("c", "n"), "s>n", "n>e"))
    (key,) = run.jobs
    error = BpmnError("A", "")
    with pytest.raises(NotFound):
        run_alone(step.throw_job_error(run.instance, key + 5, error, retries=0, now=NOW))
    step.suspend(run.instance, NOW)
    with pytest.raises(WrongState) as refused:
        run_alone(step.throw_job_error(run.instance, key, error, retries=0, now=NOW))
    assert refused.value.reason == "PROCESS_INSTANCE_NOT_RUNNING"


def test_cancelling_the_instance_closes_its_incidents() -> None:
    run = Run(model(ENDS + job("n"), "s>n", "n>e"))
    assert not thrown(run, "n", "A")
    (incident,) = run.instance.incidents
    run.cancel("enough")
    assert run.last.ended_incidents == [incident]
    assert ("INCIDENT_RESOLVED", incident) in run.named(run.last)
    assert run.instance.incidents == {}
