"""Migration of instances to another version: what is kept, what begins anew, what stands in the way."""

from __future__ import annotations

from typing import Any

import pytest

from engine_svc.events import record
from engine_svc.runtime.migration import Migrated, migrate
from engine_svc.runtime.migration_plan import Action, ElementMapping, Plan, assess
from engine_svc.runtime.requests import Program
from engine_svc.state.instance import ROOT_SCOPE, Status
from mesh.errors import InvalidField
from tests.unit.bpmn_models import definitions, flow
from tests.unit.runtime.test_modification import (
    CALLED,
    CALLING,
    GATEWAY,
    INTERRUPTING,
    MESSAGE,
    PARALLEL,
    TIMER,
    TWO,
    chain,
    keys,
    many,
    process,
    sub,
    task,
)
from tests.unit.runtime.world import World


def world(content: str, *others: str, variables: dict[str, Any] | None = None) -> tuple[World, str]:
    made = World(definitions(process(content) + "".join(others)))
    return made, made.start("p", variables)


def plan_of(made: World, content: str, *others: str, mappings: dict[str, str] | None = None, **options: Any) -> Plan:
    """A plan to a new version; `mappings`: ids with spaces between several."""
    made.deploy(definitions(process(content) + "".join(others)))
    listed = [ElementMapping(source.split(), target.split()) for source, target in (mappings or {}).items()]
    return Plan(made.definitions["p"], listed, **options)


def run(made: World, at: str, plan: Plan) -> Migrated:
    done: list[Migrated] = []

    def program() -> Program[Any]:
        result = yield from migrate(made.instances[at], plan, made.now, made._new_id)
        done.append(result)
        return result.changes

    made.do(at, program())
    return done[0]


def problems(made: World, at: str, plan: Plan) -> list[tuple[str, str]]:
    found = [(str(problem.code), problem.element_id) for problem in assess(made.instances[at], plan).problems]
    before = made.instances[at].definition
    with pytest.raises(InvalidField) as caught:
        made.run(migrate(made.instances[at], plan, made.now))
    assert caught.value.reason == "MIGRATION_INVALID"
    assert len(caught.value.violations) == len(found)
    assert made.instances[at].definition is before
    return found


LONGER = '<startEvent id="s"/><endEvent id="e"/>' + task("a") + task("b") + task("c") + chain("s", "a", "b", "c", "e")


def test_a_task_is_kept_and_the_new_model_goes_on() -> None:
    made, at = world(TWO)
    before = dict(made.tasks)
    done = run(made, at, plan_of(made, LONGER))
    assert made.tasks == before
    assert done.renamed == {}
    assert made.instances[at].definition.version == 2
    for name in ("a", "b", "c"):
        made.complete(name)
    assert made.ended
    assert made.activities()["a"] == 1


def test_the_migration_is_told() -> None:
    made, at = world(TWO)
    run(made, at, plan_of(made, LONGER))
    told = [event for _, event in made.log if event[0] == record.INSTANCE_MIGRATED]
    assert told == [(record.INSTANCE_MIGRATED, "p:1", "p", 1, [])]


def test_a_task_is_kept_under_another_id() -> None:
    made, at = world(TWO)
    (key,) = keys(made, at, "a")
    done = run(made, at, plan_of(made, LONGER.replace('"a"', '"z"'), mappings={"a": "z"}))
    assert done.renamed == {key: "z"}
    assert keys(made, at, "z") == [key]
    assert done.changes.ended_user_tasks == []


def test_variables_are_set() -> None:
    made, at = world(TWO)
    run(made, at, plan_of(made, LONGER, variables={"x": 1}))
    assert made.variables() == {"x": 1}


def test_an_activity_without_counterpart() -> None:
    made, at = world(TWO)
    plan = plan_of(made, '<startEvent id="s"/><endEvent id="e"/>' + task("z") + chain("s", "z", "e"))
    assert problems(made, at, plan) == [("ACTIVITY_UNMAPPED", "a")]
    assert problems(made, at, Plan(plan.target, explicit_only=True)) == [("ACTIVITY_UNMAPPED", "a")]


def test_all_problems_of_a_plan_at_once() -> None:
    made, at = world(TWO)
    plan = plan_of(made, LONGER, mappings={"a": "zz", "yy": "b", "b a": "b c"})
    assert problems(made, at, plan) == [
        ("TARGET_ELEMENT_UNKNOWN", "zz"),
        ("SOURCE_ELEMENT_UNKNOWN", "yy"),
        ("MANY_TO_MANY", "b"),
        ("SOURCE_ELEMENT_MAPPED_TWICE", "a"),
    ]


def test_another_type_needs_a_mapping_and_begins_anew() -> None:
    made, at = world(TWO)
    receiving = LONGER.replace('<userTask id="a">', '<receiveTask id="a">').replace(
        "</userTask>" + '<userTask id="b">', "</receiveTask>" + '<userTask id="b">'
    )
    plan = plan_of(made, receiving)
    assert problems(made, at, plan) == [("ELEMENT_TYPE_CHANGED", "a")]
    (old,) = keys(made, at, "a")
    run(made, at, Plan(plan.target, [ElementMapping(["a"], ["a"])]))
    assert made.open == []
    assert keys(made, at, "a") != [old]
    made.trigger("a")
    assert made.open == ["b"]


def test_several_activities_become_one() -> None:
    made, at = world(PARALLEL)
    made.complete("before")
    run(made, at, plan_of(made, LONGER, mappings={"a b": "c"}))
    assert made.open == ["c"]
    made.complete("c")
    assert made.ended


def test_one_activity_becomes_several() -> None:
    made, at = world(TWO)
    run(made, at, plan_of(made, PARALLEL, mappings={"a": "a b"}))
    assert made.open == ["a", "b"]
    made.complete("a")
    made.complete("b")
    assert made.open == ["after"]


INSIDE = (
    '<startEvent id="s"/><endEvent id="e"/>'
    + sub("sp", '<startEvent id="is"/><endEvent id="ie"/>' + task("a") + task("b") + chain("is", "a", "b", "ie"))
    + task("late")
    + TIMER.format("sp")
    + chain("s", "sp", "e")
    + chain("t", "late", "e")
)


def test_into_a_sub_process_that_is_new() -> None:
    made, at = world(TWO)
    plan = plan_of(made, INSIDE)
    fates = assess(made.instances[at], plan).fates
    assert [fate.action for fate in fates.values()] == [Action.RESTARTED]
    run(made, at, plan)
    assert made.waiting() == ["a", "sp"]
    assert made.timers == ["t"]
    made.complete("a")
    made.complete("b")
    assert made.ended


def test_out_of_a_sub_process_that_is_no_more() -> None:
    made, at = world(INSIDE)
    run(made, at, plan_of(made, TWO))
    assert made.waiting() == ["a"]
    assert made.timers == []
    assert list(made.instances[at].scopes) == [ROOT_SCOPE]
    made.complete("a")
    made.complete("b")
    assert made.ended


def test_within_a_sub_process_that_stays() -> None:
    made, at = world(INSIDE)
    before = dict(made.jobs)
    (scope,) = keys(made, at, "sp")
    renamed = INSIDE.replace('"sp"', '"box"').replace('<boundaryEvent id="t" attachedToRef="sp">', "")
    done = run(made, at, plan_of(made, renamed, mappings={"sp": "box"}))
    assert keys(made, at, "box") == [scope]
    assert made.waiting() == ["a", "box"]
    assert made.jobs == before
    assert done.renamed == {scope: "box"}


def test_a_sub_process_becomes_a_task() -> None:
    made, at = world(INSIDE)
    run(made, at, plan_of(made, LONGER, mappings={"sp": "c"}))
    assert made.waiting() == ["c"]


BOUNDARY = TWO + task("late") + TIMER.format("a") + chain("t", "late", "e")


def test_a_boundary_timer_is_kept() -> None:
    made, at = world(BOUNDARY)
    before = dict(made.jobs)
    made.now += 1_000_000_000
    run(made, at, plan_of(made, BOUNDARY.replace("PT1H", "PT5H")))
    assert made.jobs == before


def test_a_boundary_timer_begins_anew_where_asked() -> None:
    made, at = world(BOUNDARY)
    ((_, before),) = made.jobs.items()
    run(made, at, plan_of(made, BOUNDARY.replace("PT1H", "PT5H"), update_event_triggers=True))
    ((_, after),) = made.jobs.items()
    assert after.due_micros - before.due_micros == 4 * 3600 * 1_000_000
    made.advance(5 * 3600 + 1)
    assert made.open == ["late"]


def test_boundary_events_come_and_go_with_the_model() -> None:
    made, at = world(TWO)
    run(made, at, plan_of(made, BOUNDARY))
    assert made.timers == ["t"]
    run(made, at, plan_of(made, TWO))
    assert made.timers == []
    made.complete("a")
    made.complete("b")
    assert made.ended


def test_event_sub_processes_come_and_go_with_the_model() -> None:
    made, at = world(TWO)
    run(made, at, plan_of(made, INTERRUPTING, MESSAGE))
    assert len(made.instances[at].hosted) == 1
    run(made, at, plan_of(made, TWO))
    assert made.instances[at].hosted == {}


def test_an_event_sub_process_that_runs_is_kept() -> None:
    made, at = world(INTERRUPTING, MESSAGE)
    made.trigger("es")
    before = made.waiting()
    run(made, at, plan_of(made, INTERRUPTING, MESSAGE))
    assert made.waiting() == before
    assert made.instances[at].hosted == {}
    made.complete("handled")
    assert made.ended


def test_tokens_at_a_join_stay_there() -> None:
    made, at = world(PARALLEL)
    made.complete("before")
    made.complete("a")
    run(made, at, plan_of(made, PARALLEL))
    made.complete("b")
    made.complete("after")
    assert made.ended


def test_a_join_that_has_all_it_waits_for_is_left() -> None:
    made, at = world(PARALLEL)
    made.complete("before")
    made.complete("a")
    alone = PARALLEL.replace(flow("b", "j"), flow("b", "e"))
    run(made, at, plan_of(made, alone))
    assert made.open == ["after", "b"]
    made.complete("b")
    made.complete("after")
    assert made.ended


@pytest.mark.parametrize("mode", ["true", "false"])
def test_a_multi_instance_is_kept(mode: str) -> None:
    made, at = world(many(mode))
    made.complete("a")
    made.complete("m")
    before = dict(made.tasks)
    run(made, at, plan_of(made, many(mode)))
    assert made.tasks == before
    made.complete("m")
    made.complete("m")
    assert made.open == ["b"]


def test_a_multi_instance_that_is_no_more() -> None:
    made, at = world(many("false"))
    made.complete("a")
    single = '<startEvent id="s"/><endEvent id="e"/>' + task("m") + chain("s", "m", "e")
    plan = plan_of(made, single)
    assert problems(made, at, plan) == [("MULTI_INSTANCE_CHANGED", "m")]
    run(made, at, Plan(plan.target, [ElementMapping(["m"], ["m"])]))
    assert made.open == ["m"]
    made.complete("m")
    assert made.ended


def test_a_call_activity_keeps_what_it_called() -> None:
    made, at = world(CALLING, CALLED)
    made.complete("a")
    run(made, at, plan_of(made, CALLING + task("z"), CALLED))
    assert made.open == ["c1"]
    made.complete("c1")
    made.complete("c2")
    assert made.open == ["b"]


def test_a_called_instance_is_migrated_by_itself() -> None:
    made, at = world(CALLING, CALLED)
    made.complete("a")
    called = next(one for one in made.instances if one != at)
    made.deploy(definitions(CALLED.replace(chain("c2", "ce"), task("c3") + chain("c2", "c3", "ce"))))
    run(made, called, Plan(made.definitions["called"]))
    for name in ("c1", "c2", "c3", "b"):
        made.complete(name)
    assert made.ended


def test_a_call_activity_that_is_no_more_cancels_what_it_called() -> None:
    made, at = world(CALLING, CALLED)
    made.complete("a")
    called = next(one for one in made.instances if one != at)
    done = run(made, at, plan_of(made, TWO, mappings={"call": "b"}))
    assert done.cancelled_calls
    assert made.status(called) is Status.TERMINATED
    assert made.open == ["b"]


def test_an_event_based_gateway_is_kept_with_its_timers() -> None:
    made, at = world(GATEWAY)
    made.complete("a")
    before = dict(made.jobs)
    run(made, at, plan_of(made, GATEWAY))
    assert made.jobs == before
    made.advance(3601)
    assert made.open == ["b"]


def test_an_asynchronous_job_is_kept() -> None:
    waiting = '<startEvent id="s"/><endEvent id="e"/><userTask id="a" flowable:async="true"/>' + chain("s", "a", "e")
    made, at = world(waiting)
    before = dict(made.jobs)
    run(made, at, plan_of(made, waiting))
    assert made.jobs == before
    made.work_off()
    assert made.open == ["a"]


def test_what_can_be_compensated_stays_so() -> None:
    model = (
        '<startEvent id="s"/><endEvent id="e"/>'
        + task("a")
        + '<boundaryEvent id="cb" attachedToRef="a"><compensateEventDefinition/></boundaryEvent>'
        + '<userTask id="undo" isForCompensation="true"/>'
        + '<association id="as" associationDirection="One" sourceRef="cb" targetRef="undo"/>'
        + task("b")
        + '<intermediateThrowEvent id="ct"><compensateEventDefinition/></intermediateThrowEvent>'
        + chain("s", "a", "b", "ct", "e")
    )
    made, at = world(model)
    made.complete("a")
    run(made, at, plan_of(made, model))
    made.complete("b")
    assert made.open == ["undo"]
