from __future__ import annotations

import pytest

from engine_svc.state.instance import ROOT_SCOPE
from tests.unit.runtime.pieces import boundary, end, handler, one, several, sub, tasks, throw
from tests.unit.runtime.world import World


def fire(world: World, cause: str, start: str = "in.h") -> None:
    match cause:
        case "timer" | "cycle":
            world.advance(60)
        case "signal":
            world.signal("sig")
        case "condition":
            world.set({"go": True})
            world.set({"go": False})
        case _:
            world.trigger(start)


@pytest.mark.parametrize("cause", ["timer", "message", "signal", "condition"])
@pytest.mark.parametrize("place", ["process", "sub-process"])
def test_one_that_interrupts(cause: str, place: str) -> None:
    inside = tasks("it", "beside") + handler("h", cause, tasks("ht"), "in.h>ht")
    if place == "process":
        file = one(inside, "s>it", "s>beside")
    else:
        file = one(sub("n", inside, "in.n>it", "in.n>beside") + tasks("after"), "s>n>after")
    world = World(file)
    world.start(variables={"go": False})
    fire(world, cause)
    assert world.open == ["ht"]
    assert world.timers == []
    world.complete("ht")
    assert world.open == (["after"] if place != "process" else [])
    assert world.ended is (place == "process")


@pytest.mark.parametrize("cause", ["cycle", "message", "signal", "condition"])
@pytest.mark.parametrize("place", ["process", "sub-process"])
def test_one_that_does_not_interrupt_comes_again(cause: str, place: str) -> None:
    inside = tasks("it") + handler("h", cause, tasks("ht"), "in.h>ht", interrupting=False)
    file = one(inside, "s>it") if place == "process" else one(sub("n", inside, "in.n>it") + tasks("after"), "s>n>after")
    world = World(file)
    world.start(variables={"go": False})
    fire(world, cause)
    fire(world, cause)
    assert world.open == ["ht", "ht", "it"]
    world.complete("ht")
    world.complete("it")
    assert "ht" in world.open
    world.complete("ht")
    assert world.ended is (place == "process")


def test_they_end_with_their_scope() -> None:
    inside = tasks("it") + handler("h", "timer", tasks("ht"), "in.h>ht", interrupting=False)
    world = World(one(sub("n", inside, "in.n>it") + tasks("after"), "s>n>after"))
    world.start()
    world.complete("it")
    assert world.timers == []
    assert world.open == ["after"]


def test_several_of_one_scope() -> None:
    inside = (
        tasks("it")
        + handler("h1", "signal", tasks("t1"), "in.h1>t1", interrupting=False)
        + handler("h2", "timer", tasks("t2"), "in.h2>t2")
    )
    world = World(one(inside, "s>it"))
    world.start()
    world.signal("sig")
    assert world.open == ["it", "t1"]
    world.advance(60)
    assert world.open == ["t2"]
    assert world.signal("sig") == 0
    world.complete("t2")
    assert world.ended


def test_one_inside_another() -> None:
    deep = handler("deep", "signal", tasks("dt"), "in.deep>dt")
    inside = tasks("it") + handler("h", "message", tasks("ht") + deep, "in.h>ht")
    world = World(one(inside, "s>it"))
    world.start()
    assert world.signal("sig") == 0
    world.trigger("in.h")
    assert world.open == ["ht"]
    assert world.signal("sig") == 1
    assert world.open == ["dt"]
    world.complete("dt")
    assert world.ended


def test_an_error_of_the_process() -> None:
    inside = tasks("it", "beside") + end("x", "error") + handler("h", "error", tasks("ht"), "in.h>ht")
    world = World(one(inside, "s>it>x", "s>beside"))
    world.start()
    world.complete("it")
    assert world.open == ["ht"]


def test_the_nearest_catches_first() -> None:
    inner = sub(
        "inner", tasks("it") + end("x", "error") + handler("h1", "error", tasks("t1"), "in.h1>t1"), "in.inner>it>x"
    )
    world = World(
        one(
            inner + boundary("b", "inner", "error") + tasks("t2") + handler("h3", "any_error", tasks("t3"), "in.h3>t3"),
            "s>inner",
            "b>t2",
        )
    )
    world.start()
    world.complete("it")
    assert world.open == ["t1"]


def test_what_it_throws_goes_further_out() -> None:
    inner = sub(
        "inner",
        tasks("it") + end("x", "error") + handler("h1", "error", end("again", "error"), "in.h1>again"),
        "in.inner>it>x",
    )
    world = World(one(inner + boundary("b", "inner", "error") + tasks("t2"), "s>inner", "b>t2"))
    world.start()
    world.complete("it")
    assert world.open == ["t2"]


@pytest.mark.parametrize("interrupting", [True, False])
def test_an_escalation(interrupting: bool) -> None:
    inside = (
        throw("x", "escalation")
        + tasks("it")
        + handler("h", "escalation", tasks("ht"), "in.h>ht", interrupting=interrupting)
    )
    world = World(one(inside, "s>x>it"))
    world.start()
    assert world.open == (["ht"] if interrupting else ["ht", "it"])


def test_in_each_child_of_a_multi_instance() -> None:
    inside = tasks("it") + handler("h", "message", tasks("ht"), "in.h>ht")
    world = World(one(sub("n", inside, "in.n>it", loop=several("2")) + tasks("after"), "s>n>after"))
    world.start()
    world.trigger("in.h")
    assert world.open == ["ht", "it"]
    world.complete("it")
    world.complete("ht")
    assert world.open == ["after"]


def test_a_compensation_start() -> None:
    inside = tasks("it") + handler("h", "compensation", tasks("undo"), "in.h>undo")
    world = World(one(sub("n", inside, "in.n>it") + throw("c", "compensation") + tasks("last"), "s>n>c>last"))
    world.start()
    world.complete("it")
    assert world.open == ["last", "undo"]


def test_variables_of_a_scope_are_seen_by_its_event_sub_process() -> None:
    data = '<dataObject id="d" name="d" itemSubjectRef="xsd:string"><extensionElements><flowable:value>v</flowable:value></extensionElements></dataObject>'
    inside = data + tasks("it") + handler("h", "signal", '<userTask id="ht" name="${d}"/>', "in.h>ht")
    world = World(one(sub("n", inside, "in.n>it"), "s>n"))
    world.start()
    world.signal("sig")
    assert [task.name for task in world.tasks.values()] == ["v"]
    (instance,) = world.instances.values()
    assert "d" not in instance.scopes[ROOT_SCOPE].variables


def test_an_interrupting_start_while_others_run() -> None:
    inside = (
        tasks("it")
        + handler("h1", "message", tasks("t1"), "in.h1>t1", interrupting=False)
        + handler("h2", "signal", tasks("t2"), "in.h2>t2")
    )
    world = World(one(inside, "s>it"))
    world.start()
    world.trigger("in.h1")
    world.trigger("in.h1")
    assert world.open == ["it", "t1", "t1"]
    world.signal("sig")
    assert world.open == ["t2"]
