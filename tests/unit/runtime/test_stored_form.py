"""How an instance is stored: as one while it is small, in parts when it is large, with large values apart."""

from __future__ import annotations

import pytest

from engine_svc.runtime import step
from engine_svc.runtime.requests import run_alone
from engine_svc.state import snapshot
from engine_svc.state.instance import ROOT_SCOPE
from engine_svc.state.snapshot import encode_snapshot
from tests.unit.runtime.running import INSTANCE_ID, NOW, SHELVES, Run, Shelf, model, reloaded

ENDS = '<startEvent id="s"/><endEvent id="e"/>'
LARGE = "x" * (1 << 20)


def children(count: int, kind: str = "userTask", sequential: str = "false") -> str:
    """An activity that is done many times."""
    return (
        f'<{kind} id="t"><multiInstanceLoopCharacteristics isSequential="{sequential}">'
        f"<loopCardinality>{count}</loopCardinality></multiInstanceLoopCharacteristics></{kind}>"
    )


def complete_oldest(run: Run) -> None:
    """Complete the oldest open task."""
    run.now += 1
    run.took(run_alone(step.complete_user_task(run.instance, min(run.tasks), {}, run.now)))


def put(run: Run, **variables: object) -> None:
    run.took(run_alone(step.update_variables(run.instance, ROOT_SCOPE, dict(variables), (), NOW)))


def drop(run: Run, *names: str) -> None:
    run.took(run_alone(step.update_variables(run.instance, ROOT_SCOPE, {}, names, NOW)))


def test_a_large_value_is_written_once() -> None:
    run = Run(model(ENDS + '<userTask id="t"/>', "s>t", "t>e"), {"big": LARGE, "n": 0})
    content, apart = encode_snapshot(run.instance)
    assert apart is not None
    assert [len(value) for _, value in apart.values] == [len(LARGE) + 2]
    assert len(content) < 1000
    for n in range(200):
        put(run, n=n)
        content, apart = encode_snapshot(run.instance)
        assert apart is not None
        assert (apart.values, apart.dropped_values, apart.size) == ([], [], len(LARGE) + 2)
        assert len(content) < 1000


def test_large_values_come_and_go() -> None:
    run = Run(model(ENDS + '<userTask id="t"/>', "s>t", "t>e"), {"a": LARGE, "n": 0}, reload=True)
    shelf = SHELVES[INSTANCE_ID]
    assert len(shelf.values) == 1
    put(run, b=[LARGE], c=LARGE)
    assert len(shelf.values) == 2
    assert run.variables == {"a": LARGE, "b": [LARGE], "c": LARGE, "n": 0}
    put(run, a=1)
    assert len(shelf.values) == 2
    drop(run, "c")
    assert list(shelf.values.values()) == [b'["' + LARGE.encode() + b'"]']
    put(run, b="small")
    assert shelf.values == {}
    assert run.instance.large_values is None
    assert run.variables == {"a": 1, "b": "small", "n": 0}


def test_a_value_that_is_set_again_is_looked_at_again() -> None:
    run = Run(model(ENDS + '<userTask id="t"/>', "s>t", "t>e"), {"a": [LARGE]}, reload=True)
    value = run.variables["a"]
    value.append("more")
    put(run, a=value)
    assert run.variables == {"a": [LARGE, "more"]}


def test_a_large_instance_writes_what_changed() -> None:
    run = Run(model(ENDS + children(600), "s>t", "t>e"))
    shelf = Shelf()
    shelf.stored(run.instance)
    assert run.instance.parts is not None
    assert len(shelf.parts) > 15
    written = []
    while len(run.tasks) > 100:
        complete_oldest(run)
        content, apart = encode_snapshot(run.instance)
        assert apart is not None
        written.append(len(content) + sum(len(part) for _, part in apart.parts))
    assert max(written) < 20_000


def test_a_large_instance_is_the_same_when_it_comes_back() -> None:
    definition = model(ENDS + children(400), "s>t", "t>e")
    kept, loaded = Run(definition, {"a": LARGE}), Run(definition, {"a": LARGE}, reload=True)
    while not kept.instance.ended:
        assert kept.state() == loaded.state()
        assert (loaded.instance.parts is None) == (2 * len(loaded.tasks) + 3 <= snapshot.FEW_MEMBERS)
        complete_oldest(kept)
        complete_oldest(loaded)
    assert kept.log == loaded.log
    assert loaded.completed


def test_what_ends_leaves_nothing_behind() -> None:
    run = Run(model(ENDS + children(400), "s>t", "t>e"), {"a": LARGE}, reload=True)
    shelf = SHELVES[INSTANCE_ID]
    assert shelf.parts
    assert shelf.values
    run.cancel()
    assert (shelf.parts, shelf.values) == ({}, {})


@pytest.mark.parametrize("count", [3, 400])
def test_the_stored_form_of_what_was_loaded(count: int) -> None:
    run = Run(model(ENDS + children(count), "s>t", "t>e"), {"a": LARGE, "b": {"c": "d" * 70_000}})
    twin = reloaded(run.instance)
    assert encode_snapshot(twin)[0] == encode_snapshot(run.instance)[0]
    again = reloaded(twin)
    assert again.scopes[ROOT_SCOPE].variables == run.variables
