"""Instances as large as they get: every part of them is done once, and a step writes what it changed."""

from __future__ import annotations

from collections import Counter

import pytest

from engine_svc.events import record
from engine_svc.runtime import drain, step
from engine_svc.runtime.requests import run_alone
from engine_svc.state.instance import Stage, Status
from engine_svc.state.snapshot import encode_snapshot
from tests.unit.bpmn_models import definitions, flow
from tests.unit.runtime.running import Run, model
from tests.unit.runtime.world import World

ENDS = '<startEvent id="s"/><endEvent id="e"/>'
MANY = 10_000


def many(kind: str, attributes: str = "", content: str = "", *, loop: str, sequential: bool = False) -> str:
    return (
        f'<{kind} id="t" {attributes}>{content}<multiInstanceLoopCharacteristics'
        f' isSequential="{str(sequential).lower()}" {loop}</multiInstanceLoopCharacteristics></{kind}>'
    )


CARDINALITY = f"><loopCardinality>{MANY}</loopCardinality>"
OVER_ITEMS = 'flowable:collection="items" flowable:elementVariable="item">'
SUMMED = OVER_ITEMS + (
    '<extensionElements><flowable:variableAggregation target="results"><variable source="r" target="r"/>'
    "</flowable:variableAggregation></extensionElements>"
)


def written(run: Run) -> int:
    """Store what changed; return how many bytes that takes."""
    content, apart = encode_snapshot(run.instance)
    return len(content) + (0 if apart is None else sum(len(part) for _, part in apart.parts + apart.values))


def complete_oldest(run: Run) -> None:
    run.now += 1
    run.took(run_alone(step.complete_user_task(run.instance, min(run.tasks), {}, run.now)))


def work_off(run: Run) -> list[int]:
    """Do what continues the instance, and return the bytes that each step stored; there is one job at a time."""
    sizes = [written(run)]
    while run.engine_jobs:
        (key,) = run.engine_jobs
        run.took(run_alone(step.run_job(run.instance, key, run.now)))
        sizes.append(written(run))
    return sizes


@pytest.mark.parametrize("sequential", [False, True])
def test_automatic_children(sequential: bool) -> None:
    task = many("serviceTask", 'flowable:expression="${loopCounter}"', loop=CARDINALITY, sequential=sequential)
    run = Run(model(ENDS + task, "s>t", "t>e"))
    sizes = work_off(run)
    assert run.status is Status.COMPLETED
    assert Counter(run.passed)["t"] == MANY
    assert 10 < len(sizes) < 100
    assert max(sizes) < 100_000


@pytest.mark.parametrize("sequential", [False, True])
def test_children_of_a_long_collection(sequential: bool) -> None:
    items = [f"item {n}" for n in range(MANY)]
    task = many(
        "serviceTask",
        'flowable:expression="${item}" flowable:resultVariable="last"',
        loop=OVER_ITEMS,
        sequential=sequential,
    )
    run = Run(model(ENDS + task, "s>t", "t>e"), {"items": items})
    first, *others, _ = work_off(run)
    assert run.status is Status.COMPLETED
    assert sorted(event[2]["item"] for event in run.log if event[0] == record.VARIABLES_UPDATED and "item" in event[2])
    assert first > 100_000, "the collection"
    assert max(others) < 100_000
    assert (run.instance.pages, run.instance.scopes) == ({}, {})


def test_open_children_cost_nothing() -> None:
    run = Run(model(ENDS + many("userTask", loop=CARDINALITY), "s>t", "t>e"))
    work_off(run)
    assert len(run.tasks) == MANY
    sizes = []
    for _ in range(1_000):
        complete_oldest(run)
        sizes.append(written(run))
    assert max(sizes) < 20_000
    assert max(sizes[-100:]) < 2 * max(sizes[:100])


def test_a_fork_into_a_thousand() -> None:
    count = 1_000
    tasks = "".join(f'<userTask id="t{n}"/>' for n in range(count))
    run = Run(
        model(
            f'{ENDS}<parallelGateway id="f"/><parallelGateway id="j"/>{tasks}',
            "s>f",
            *[way for n in range(count) for way in (f"f>t{n}", f"t{n}>j")],
            "j>e",
        )
    )
    work_off(run)
    sizes = []
    while run.tasks:
        complete_oldest(run)
        sizes.append(written(run))
    assert run.completed
    assert max(sizes) < 70_000
    assert sum(sizes) / count < 20_000


def test_calls_a_hundred_deep() -> None:
    nodes = (
        '<startEvent id="s"/><endEvent id="e"/><exclusiveGateway id="x" default="x_u"/><userTask id="u"/>'
        '<callActivity id="c" calledElement="p"><extensionElements>'
        '<flowable:in sourceExpression="${depth - 1}" target="depth"/></extensionElements></callActivity>'
    )
    flows = [flow("s", "x"), flow("x", "c", "${depth > 0}"), flow("x", "u"), flow("u", "e"), flow("c", "e")]
    world = World(definitions(f'<process id="p" isExecutable="true">{nodes}{"".join(flows)}</process>'))
    world.start("p", {"depth": 100})
    assert len(world.instances) == 101
    world.complete("u")
    assert world.ended


# Cuts


@pytest.fixture
def short_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "SLICE", 3)


BESIDE = (
    '<parallelGateway id="f"/><userTask id="u"/><task id="a"/><task id="b"/><task id="c"/><task id="d"/>'
    '<task id="g"/><parallelGateway id="j"/>'
)
WAYS = ("s>f", "f>u", "f>a", "a>b", "b>c", "c>d", "d>g", "g>j", "u>j", "j>e")


@pytest.mark.usefixtures("short_slices")
def test_what_waits_beside_a_cut_can_be_done_before() -> None:
    run = Run(model(ENDS + BESIDE, *WAYS), reload=True)
    while not run.tasks:
        run.work_off_one()
    assert len(run.engine_jobs) == 1
    run.complete("u")
    while run.engine_jobs:
        run.work_off_one()
    assert run.completed
    assert Counter(run.passed) == Counter("sfuabcdgjje")


@pytest.mark.usefixtures("short_slices")
def test_a_cut_that_was_cancelled_is_over() -> None:
    run = Run(model(ENDS + BESIDE, *WAYS), reload=True)
    assert run.engine_jobs
    run.cancel()
    assert (run.engine_jobs, run.instance.tokens, run.instance.hosted) == ({}, {}, {})


@pytest.mark.usefixtures("short_slices")
def test_the_carrier_of_a_cut_ends_with_the_instance() -> None:
    """What a cut holds is ended by a boundary event; the instance ends before the carrier's job is done."""
    inner = (
        '<subProcess id="sub"><startEvent id="i"/><task id="a"/><task id="b"/><task id="c"/>'
        f"{flow('i', 'a')}{flow('a', 'b')}{flow('b', 'c')}</subProcess>"
        '<boundaryEvent id="m" attachedToRef="sub"><conditionalEventDefinition><condition>${go == 1}</condition></conditionalEventDefinition></boundaryEvent>'
    )
    run = Run(model(ENDS + inner, "s>sub", "sub>e", "m>e"), {"go": 0}, reload=True)
    carriers = [token for token in run.instance.tokens.values() if token.stage is Stage.CARRYING]
    assert len(carriers) == 1
    run.fire("m")
    assert len(run.engine_jobs) <= 1
    while run.engine_jobs:
        run.work_off_one()
    assert run.completed
    assert run.instance.tokens == {}
