"""Whole steps: the exact events, limits, and the stored form."""

from __future__ import annotations

import time

import pytest
from flowmesh.internal.v1 import stored_pb2

from engine_svc.runtime import drain, step
from engine_svc.state.snapshot import UnknownSnapshotFormat, decode_snapshot, encode_snapshot
from mesh.errors import WrongState
from tests.unit.bpmn_models import flow, process
from tests.unit.runtime.running import INSTANCE_ID, NOW, Run, definition_of, model, reloaded

ENDS = '<startEvent id="s" name="Go"/><endEvent id="e"/>'
SECOND = 1_000_000


def test_events_of_a_run_without_a_wait() -> None:
    run = Run(
        model(
            ENDS + '<serviceTask id="t" name="Sum" flowable:expression="${a + b}" flowable:resultVariable="c"/>',
            "s>t",
            "t>e",
        ),
        {"a": 1, "b": 2},
    )
    assert run.named() == [
        ("INSTANCE_STARTED", "", {"a": 1, "b": 2}),
        ("ACTIVITY_COMPLETED", 1, "s", "Go", "startEvent", 0, NOW),
        ("ACTIVITY_COMPLETED", 2, "t", "Sum", "serviceTask", 0, NOW),
        ("ACTIVITY_COMPLETED", 3, "e", "", "endEvent", 0, NOW),
        ("VARIABLES_UPDATED", 0, {"c": 3}),
        ("INSTANCE_COMPLETED", NOW),
    ]


def test_the_start_tells_what_the_process_is_called() -> None:
    named = definition_of(process(ENDS + flow("s", "e"), 'name="Sum up"'))
    assert Run(named).named()[0] == ("INSTANCE_STARTED", "", {}, "", 0, INSTANCE_ID, "Sum up")


def test_events_of_a_user_task() -> None:
    run = Run(model(ENDS + '<userTask id="t" name="Look" flowable:assignee="ann"/>', "s>t", "t>e"))
    assert run.named() == [
        ("INSTANCE_STARTED", "", {}),
        ("ACTIVITY_COMPLETED", 1, "s", "Go", "startEvent", 0, NOW),
        ("USER_TASK_CREATED", 2, "t", "Look", "", "ann", (), (), 50, 0, "", "", 0, "", 0),
        ("ACTIVITY_STARTED", 2, "t", "Look", "userTask", 0),
    ]
    assert run.named(run.complete("t", {"ok": True})) == [
        ("USER_TASK_COMPLETED", 2, "t", "ann", "", ""),
        ("ACTIVITY_COMPLETED", 2, "t", "Look", "userTask", 0, NOW),
        ("ACTIVITY_COMPLETED", 3, "e", "", "endEvent", 0, NOW + SECOND),
        ("VARIABLES_UPDATED", 0, {"ok": True}),
        ("INSTANCE_COMPLETED", NOW),
    ]


def test_events_of_a_job_behind_a_fork() -> None:
    run = Run(
        model(
            ENDS + '<parallelGateway id="f"/><parallelGateway id="j"/><task id="a"/>'
            '<serviceTask id="b" flowable:type="external-worker" flowable:topic="work"/>',
            "s>f",
            "f>a",
            "f>b",
            "a>j",
            "b>j",
            "j>e",
        )
    )
    assert run.named() == [
        ("INSTANCE_STARTED", "", {}),
        ("ACTIVITY_COMPLETED", 1, "s", "Go", "startEvent", 0, NOW),
        ("ACTIVITY_COMPLETED", 2, "f", "", "parallelGateway", 0, NOW),
        ("JOB_SCHEDULED", 3, "work", "b", 3),
        ("ACTIVITY_COMPLETED", 4, "a", "", "task", 0, NOW),
        ("ACTIVITY_STARTED", 3, "b", "", "serviceTask", 0),
        ("ACTIVITY_STARTED", 5, "j", "", "parallelGateway", 0),
    ]
    assert run.named(run.complete("b")) == [
        ("JOB_COMPLETED", 3, "work", "b"),
        ("ACTIVITY_COMPLETED", 3, "b", "", "serviceTask", 0, NOW),
        ("ACTIVITY_COMPLETED", 6, "j", "", "parallelGateway", 0, NOW + SECOND),
        ("ACTIVITY_COMPLETED", 5, "j", "", "parallelGateway", 0, NOW),
        ("ACTIVITY_COMPLETED", 7, "e", "", "endEvent", 0, NOW + SECOND),
        ("INSTANCE_COMPLETED", NOW),
    ]


def test_each_activity_that_waits_is_started_once_and_ended_once() -> None:
    run = Run(
        model(
            ENDS
            + '<parallelGateway id="f"/><inclusiveGateway id="j"/><task id="a"/><task id="b"/><userTask id="t"/>'
            + '<userTask id="u"/>',
            "s>f",
            "f>a",
            "f>b",
            "a>j",
            "b>j",
            "j>t",
            "t>u",
            "u>e",
        )
    )
    run.complete("t")
    run.complete("u")
    assert run.completed
    started = [event[1] for event in run.named() if event[0] == "ACTIVITY_STARTED"]
    ended = [event[1] for event in run.named() if event[0] == "ACTIVITY_COMPLETED"]
    assert len(set(started)) == len(started) == 2
    assert len(set(ended)) == len(ended)
    assert set(started) < set(ended)


def test_the_start_event_tells_the_variables_as_they_were_given() -> None:
    node = '<serviceTask id="t" flowable:expression="${n + 1}" flowable:resultVariable="n"/>'
    run = Run(model(ENDS + node, "s>t", "t>e"), {"n": 1})
    assert run.named()[0] == ("INSTANCE_STARTED", "", {"n": 1})
    assert ("VARIABLES_UPDATED", 0, {"n": 2}) in run.named()


# Limits


def test_a_long_straight_model_neither_recurses_nor_takes_long() -> None:
    count = 10_000
    tasks = "".join(f'<task id="t{n}"/>' for n in range(count))
    flows = [f"t{n}>t{n + 1}" for n in range(count - 1)]
    straight = model(ENDS + tasks, "s>t0", *flows, f"t{count - 1}>e")
    began = time.process_time()
    run = Run(straight)
    assert run.work_off() == 10
    assert run.completed
    assert len(run.passed) == count + 2
    assert time.process_time() - began < 1


@pytest.fixture
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real limits take long to reach."""
    monkeypatch.setattr(drain, "RUN_LIMIT", 5_000)


@pytest.mark.usefixtures("short_runs")
def test_a_loop_without_a_wait_is_stopped() -> None:
    loop = model(ENDS + '<exclusiveGateway id="x" default="x_t"/><task id="t"/>', "s>x", "x>e:${false}", "x>t", "t>x")
    with pytest.raises(WrongState) as refused:
        Run(loop).work_off()
    assert refused.value.reason == "STEP_LIMIT_EXCEEDED"
    assert refused.value.metadata["limit"] == "5000"
    assert refused.value.metadata["element_id"] in ("x", "t")


@pytest.mark.usefixtures("short_runs")
def test_a_loop_through_an_inclusive_join_is_stopped() -> None:
    loop = model(
        ENDS + '<exclusiveGateway id="x" default="x_t"/><inclusiveGateway id="j"/><task id="t"/>',
        "s>j",
        "j>x",
        "x>e:${false}",
        "x>t",
        "t>j",
    )
    with pytest.raises(WrongState) as refused:
        Run(loop).work_off()
    assert refused.value.reason == "STEP_LIMIT_EXCEEDED"


@pytest.mark.usefixtures("short_runs")
def test_a_fork_bomb_is_stopped() -> None:
    bomb = model(ENDS + '<task id="t"/><task id="a"/><task id="b"/>', "s>t", "t>a", "t>b", "a>t", "b>t", "b>e")
    with pytest.raises(WrongState) as refused:
        Run(bomb).work_off()
    assert refused.value.reason == "STEP_LIMIT_EXCEEDED"


def test_a_loop_that_ends_in_time() -> None:
    loop = model(
        ENDS + '<exclusiveGateway id="x" default="x_t"/>'
        '<serviceTask id="t" flowable:expression="${n + 1}" flowable:resultVariable="n"/>',
        "s>x",
        "x>e:${n >= 1000}",
        "x>t",
        "t>x",
    )
    run = Run(loop, {"n": 0})
    run.work_off()
    assert run.variables == {"n": 1000}


# The stored form


def test_the_stored_form_holds_everything() -> None:
    run = Run(
        model(
            ENDS + '<parallelGateway id="f"/><parallelGateway id="j"/><task id="a"/><userTask id="b"'
            ' flowable:assignee="ann"/><serviceTask id="c" flowable:type="external-worker" flowable:topic="work"/>',
            "s>f",
            "f>a",
            "f>b",
            "f>c",
            "a>j",
            "b>j",
            "c>j",
            "j>e",
        ),
        {"s": "ü\u0000\U0001f600", "i": 2**53, "f": 1e300, "n": None, "l": [1, {"a": []}], "b": False},
        business_key="order 1",
    )
    (job,) = run.jobs
    step.fail_job(run.instance, job, retries=0, error_message="", error_code="", now=NOW)
    before = run.state()
    twin = reloaded(run.instance)
    assert twin.incidents == run.instance.incidents
    assert encode_snapshot(twin) == encode_snapshot(run.instance)
    run.instance = twin
    assert run.state() == before
    run.complete("c")
    run.complete("b")
    assert run.completed


def test_a_newer_stored_form_is_refused() -> None:
    run = Run(model(ENDS + '<userTask id="t"/>', "s>t", "t>e"))
    newer = stored_pb2.InstanceSnapshot.FromString(encode_snapshot(run.instance)[0])
    newer.format = 3
    with pytest.raises(UnknownSnapshotFormat, match=INSTANCE_ID):
        decode_snapshot(newer.SerializeToString(), run.instance)
