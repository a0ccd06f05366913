from __future__ import annotations

import pytest

from tests.unit.runtime.pieces import boundary, end, one, several, sub, tasks
from tests.unit.runtime.world import World

GATEWAYS = '<inclusiveGateway id="f"/><inclusiveGateway id="j"/>'


def test_an_inclusive_join_waits_only_for_what_was_chosen() -> None:
    file = one(
        GATEWAYS + tasks("a", "b", "c", "after"),
        "s>f",
        "f>a:${a}",
        "f>b:${b}",
        "f>c:${c}",
        "a>j",
        "b>j",
        "c>j>after",
    )
    world = World(file)
    world.start(variables={"a": True, "b": True, "c": False})
    world.complete("a")
    assert world.open == ["b"]
    world.complete("b")
    assert world.open == ["after"]


def test_it_is_released_when_a_token_ends_elsewhere() -> None:
    file = one(
        GATEWAYS + '<exclusiveGateway id="x"/>' + tasks("a", "b", "after") + end("gone"),
        "s>f",
        "f>a",
        "f>b",
        "a>j>after",
        "b>x",
        "x>j:${come}",
        "x>gone:${!come}",
    )
    world = World(file)
    world.start(variables={"come": False})
    world.complete("a")
    assert world.open == ["b"]
    world.complete("b")
    assert world.open == ["after"]


def test_it_is_released_when_a_boundary_event_leads_elsewhere() -> None:
    file = one(
        GATEWAYS + tasks("a", "b", "after", "late") + boundary("t", "b", "timer"),
        "s>f",
        "f>a",
        "f>b",
        "a>j>after",
        "b>j",
        "t>late",
    )
    world = World(file)
    world.start()
    world.complete("a")
    assert world.open == ["b"]
    world.advance(60)
    assert world.open == ["after", "late"]


def test_it_waits_for_a_boundary_event_that_leads_to_it() -> None:
    file = one(
        GATEWAYS + tasks("a", "b", "after", "late") + boundary("t", "b", "timer"),
        "s>f",
        "f>a",
        "f>b",
        "a>j>after",
        "t>late>j",
    )
    world = World(file)
    world.start()
    world.complete("a")
    assert world.open == ["b"]
    world.advance(60)
    assert world.open == ["late"]
    world.complete("late")
    assert world.open == ["after"]


@pytest.mark.parametrize("order", [["a", "b", "c"], ["c", "b", "a"], ["b", "a", "c"], ["a", "c", "b"]])
def test_two_in_a_row(order: list[str]) -> None:
    file = one(
        GATEWAYS + '<inclusiveGateway id="j2"/>' + tasks("a", "b", "c", "after"),
        "s>f",
        "f>a",
        "f>b",
        "f>c",
        "a>j",
        "b>j>j2",
        "c>j2>after",
    )
    world = World(file)
    world.start()
    for name in order:
        assert "after" not in world.open
        world.complete(name)
    assert world.open == ["after"]
    assert world.activities()["after"] == 1
    world.complete("after")
    assert world.ended


def test_in_a_loop() -> None:
    file = one(
        GATEWAYS + '<exclusiveGateway id="m"/><exclusiveGateway id="x"/>' + tasks("a", "b", "again", "after"),
        "s>m>f",
        "f>a",
        "f>b:${both}",
        "a>j",
        "b>j>again>x",
        "x>m:${more}",
        "x>after:${!more}",
    )
    world = World(file)
    world.start(variables={"both": True})
    world.complete("a")
    world.complete("b")
    assert world.open == ["again"]
    world.complete("again", {"more": True, "both": False})
    assert world.open == ["a"]
    world.complete("a")
    assert world.open == ["again"]
    world.complete("again", {"more": False})
    assert world.open == ["after"]


def test_asynchronous_it_leaves_once() -> None:
    gateways = GATEWAYS.replace('id="j"', 'id="j" flowable:async="true"')
    file = one(gateways + tasks("a", "b", "after"), "s>f", "f>a", "f>b", "a>j", "b>j>after")
    world = World(file)
    world.start()
    world.complete("a")
    world.work_off()
    assert world.open == ["b"]
    world.complete("b")
    world.work_off()
    assert world.open == ["after"]
    world.complete("after")
    assert world.ended


def test_it_waits_for_a_token_in_an_asynchronous_job() -> None:
    file = one(
        GATEWAYS + tasks("a", "after") + '<task id="b" flowable:async="true"/>',
        "s>f",
        "f>a",
        "f>b",
        "a>j",
        "b>j>after",
    )
    world = World(file)
    world.start()
    world.complete("a")
    assert world.open == []
    world.work_off()
    assert world.open == ["after"]


def test_in_each_child_of_a_multi_instance() -> None:
    inside = GATEWAYS + tasks("a", "b", "c")
    file = one(
        sub("n", inside, "in.n>f", "f>a", "f>b", "a>j", "b>j>c", loop=several("2")) + tasks("after"), "s>n>after"
    )
    world = World(file)
    world.start()
    world.complete("a")
    world.complete("b")
    assert world.open == ["a", "b", "c"]
    world.complete("a")
    world.complete("b")
    assert world.open == ["c", "c"]


def test_a_parallel_join_does_not_take_two_tokens_of_one_flow() -> None:
    file = one(
        '<parallelGateway id="f"/><parallelGateway id="j"/><task id="m"/>' + tasks("a", "b", "c", "after"),
        "s>f",
        "f>a",
        "f>b",
        "f>c",
        "a>m",
        "b>m>j",
        "c>j>after",
    )
    world = World(file)
    world.start()
    world.complete("a")
    world.complete("b")
    assert world.open == ["c"]
    world.complete("c")
    assert world.open == ["after"]
    assert world.waiting() == ["after", "j"]


def test_conditions_behind_a_parallel_gateway_are_ignored() -> None:
    world = World(one('<parallelGateway id="f"/>' + tasks("a", "b"), "s>f", "f>a:${false}", "f>b"))
    world.start()
    assert world.open == ["a", "b"]


def test_an_asynchronous_parallel_join() -> None:
    file = one(
        '<parallelGateway id="f"/><parallelGateway id="j" flowable:async="true"/>' + tasks("a", "b", "after"),
        "s>f",
        "f>a",
        "f>b",
        "a>j",
        "b>j>after",
    )
    world = World(file)
    world.start()
    world.complete("a")
    world.complete("b")
    world.work_off()
    assert world.open == ["after"]
    world.complete("after")
    assert world.ended


NODES = {
    "task": '<task id="n"/>',
    "userTask": '<userTask id="n"/>',
    "subProcess": sub("n", '<task id="it"/>', "in.n>it"),
    "throw": '<intermediateThrowEvent id="n"/>',
    "catch": '<intermediateCatchEvent id="n"><signalEventDefinition signalRef="sig"/></intermediateCatchEvent>',
    "multi-instance": f'<task id="n">{several("2")}</task>',
}


@pytest.mark.parametrize("node", NODES)
def test_implicit_splits_and_merges(node: str) -> None:
    file = one(NODES[node] + tasks("a", "b", "x", "y"), "s>a>n", "s>b>n", "n>x:${yes}", "n>y")
    world = World(file)
    world.start(variables={"yes": True})
    assert world.open == ["a", "b"]
    for name in ("a", "b"):
        world.complete(name)
        if node == "userTask":
            world.complete("n")
        elif node == "catch":
            world.signal("sig")
    assert world.open == ["x", "x", "y", "y"]
    for name in ("x", "y", "x", "y"):
        world.complete(name)
    assert world.ended


def test_an_implicit_split_at_a_start_and_a_boundary_event() -> None:
    world = World(one(tasks("a", "b", "x", "y") + boundary("t", "a", "timer"), "s>a", "s>b", "t>x", "t>y"))
    world.start()
    assert world.open == ["a", "b"]
    world.advance(60)
    assert world.open == ["b", "x", "y"]
