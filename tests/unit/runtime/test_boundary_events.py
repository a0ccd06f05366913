from __future__ import annotations

import pytest

from engine_svc.state.instance import Status
from tests.unit.runtime.pieces import (
    a_process,
    boundary,
    call,
    end,
    file_of,
    handler,
    one,
    several,
    sub,
    tasks,
    throw,
)
from tests.unit.runtime.world import World

WORK = 'flowable:type="external-worker" flowable:topic="w"'
HOSTS = {
    "userTask": '<userTask id="n"/>',
    "serviceTask": f'<serviceTask id="n" {WORK}/>',
    "sendTask": f'<sendTask id="n" {WORK}/>',
    "receiveTask": '<receiveTask id="n"/>',
    "subProcess": sub("n", tasks("it"), "in.n>it"),
    "transaction": sub("n", tasks("it"), "in.n>it", kind="transaction"),
    "adHocSubProcess": '<adHocSubProcess id="n"><userTask id="it"/></adHocSubProcess>',
    "callActivity": call("n", "called"),
    "multi-instance": f'<userTask id="n">{several("2")}</userTask>',
}
CALLED = a_process(tasks("ct"), "s>ct", key="called")


def fire(world: World, cause: str) -> None:
    match cause:
        case "timer":
            world.advance(60)
        case "signal":
            world.signal("sig")
        case "condition":
            world.set({"go": True}, world_first(world))
        case _:
            world.trigger("b")


def world_first(world: World) -> str:
    return next(iter(world.instances))


@pytest.mark.parametrize("cause", ["timer", "message", "signal", "condition"])
@pytest.mark.parametrize("interrupting", [True, False])
@pytest.mark.parametrize("host", HOSTS)
def test_on_every_activity(host: str, cause: str, interrupting: bool) -> None:
    file = file_of(
        a_process(
            HOSTS[host] + boundary("b", "n", cause, interrupting=interrupting) + tasks("after", "out"),
            "s>n>after",
            "b>out",
        ),
        CALLED,
    )
    world = World(file)
    at = world.start(variables={"go": False})
    before = world.waiting()
    fire(world, cause)
    assert "out" in world.open
    if interrupting:
        assert world.waiting() == ["out"]
        world.complete("out")
        assert world.ended
    else:
        assert world.waiting() == sorted([*before, "out"])
    assert world.status(at) is (Status.COMPLETED if interrupting else Status.RUNNING)


def test_the_first_of_several_ends_the_others() -> None:
    file = one(
        tasks("n", "t1", "t2", "t3")
        + boundary("b1", "n", "timer")
        + boundary("b2", "n", "signal")
        + boundary("b3", "n", "message"),
        "s>n",
        "b1>t1",
        "b2>t2",
        "b3>t3",
    )
    world = World(file)
    world.start()
    assert world.signal("sig") == 1
    assert world.open == ["t2"]
    assert world.timers == []


def test_a_cycle_comes_again_and_ends_with_its_activity() -> None:
    file = one(tasks("n", "after", "more") + boundary("b", "n", "cycle", interrupting=False), "s>n>after", "b>more")
    world = World(file)
    world.start()
    world.advance(60)
    assert world.open == ["more", "n"]
    assert world.timers == ["b"]
    world.advance(60)
    assert world.open == ["more", "more", "n"]
    world.complete("n")
    assert world.timers == []
    world.advance(600)
    assert world.open == ["after", "more", "more"]


def test_nested_sub_processes_with_an_event_at_each_level() -> None:
    inner = sub("inner", tasks("deep"), "in.inner>deep") + boundary("b2", "inner", "signal") + tasks("t2")
    outer = sub("outer", inner, "in.outer>inner", "b2>t2")
    world = World(one(outer + boundary("b1", "outer", "signal") + tasks("t1"), "s>outer", "b1>t1"))
    world.start()
    world.signal("sig")
    assert world.open == ["t1"]
    world.complete("t1")
    assert world.ended


def test_nested_sub_processes_whose_events_do_not_interrupt() -> None:
    inner = (
        sub(
            "inner",
            tasks("deep") + boundary("b3", "deep", "timer", interrupting=False) + tasks("t3"),
            "in.inner>deep",
            "b3>t3",
        )
        + boundary("b2", "inner", "timer", interrupting=False)
        + tasks("t2")
    )
    outer = sub("outer", inner, "in.outer>inner", "b2>t2")
    world = World(one(outer + boundary("b1", "outer", "timer", interrupting=False) + tasks("t1"), "s>outer", "b1>t1"))
    world.start()
    world.advance(60)
    assert world.open == ["deep", "t1", "t2", "t3"]
    for name in ("deep", "t3", "t2", "t1"):
        world.complete(name)
    assert world.ended


def test_a_throw_in_the_activity_that_its_own_boundary_catches() -> None:
    inside = throw("x", "escalation") + tasks("it")
    world = World(
        one(
            sub("n", inside, "in.n>x>it") + boundary("b", "n", "escalation", interrupting=False) + tasks("out"),
            "s>n",
            "b>out",
        )
    )
    world.start()
    assert world.open == ["it", "out"]


# Call activities


def calls(inside: str, *connected: str, cause: str = "error", interrupting: bool = True) -> bytes:
    return file_of(
        a_process(
            call("n", "called") + boundary("b", "n", cause, interrupting=interrupting) + tasks("after", "caught"),
            "s>n>after",
            "b>caught",
        ),
        a_process(inside, *connected, key="called"),
    )


def test_an_error_at_once_in_what_is_called() -> None:
    world = World(calls(end("x", "error"), "s>x"))
    world.start()
    assert world.open == ["caught"]
    world.complete("caught")
    assert world.ended


def test_an_error_at_once_ends_what_begins_beside_it() -> None:
    inside = '<parallelGateway id="f"/>' + end("x", "error") + tasks("other", "other2")
    world = World(calls(inside, "s>f", "f>x", "f>other", "f>other2"))
    world.start()
    assert world.open == ["caught"]
    assert world.timers == []


def test_an_error_later_in_what_is_called() -> None:
    world = World(calls(tasks("it") + end("x", "error"), "s>it>x"))
    at = world.start()
    world.complete("it")
    assert world.open == ["caught"]
    (called,) = [instance for instance_id, instance in world.instances.items() if instance_id != at]
    assert called.status is Status.TERMINATED


def test_an_error_of_a_worker_in_what_is_called() -> None:
    world = World(calls(f'<serviceTask id="it" {WORK}/>', "s>it"))
    world.start()
    assert world.throw_error("it", "E")
    assert world.open == ["caught"]


@pytest.mark.parametrize("cause", ["error", "escalation"])
@pytest.mark.parametrize("wait", [True, False])
def test_through_two_levels_of_calls(cause: str, wait: bool) -> None:
    inside = tasks("it") + end("x", cause)
    file = file_of(
        a_process(call("n", "middle") + boundary("b", "n", cause) + tasks("caught"), "s>n", "b>caught"),
        a_process(call("m", "inner") + tasks("after_m"), "s>m>after_m", key="middle"),
        a_process(inside, "s>it>x" if wait else "s>x", key="inner")
        if wait
        else a_process(end("x", cause), "s>x", key="inner"),
    )
    world = World(file)
    at = world.start()
    if wait:
        world.complete("it")
    assert world.open == ["caught"]
    assert [world.instances[i].status for i in world.instances if i != at] == [Status.TERMINATED] * 2


def test_an_escalation_that_does_not_interrupt_lets_what_is_called_go_on() -> None:
    inside = throw("x", "escalation") + tasks("it")
    world = World(calls(inside, "s>x>it", cause="escalation", interrupting=False))
    world.start()
    assert world.open == ["caught", "it"]
    world.complete("it")
    assert world.open == ["after", "caught"]


def test_cancelling_the_caller_cancels_all_that_it_called() -> None:
    file = file_of(
        a_process(call("n", "middle"), "s>n"),
        a_process(call("m", "inner") + tasks("beside"), "s>m", "s>beside", key="middle"),
        a_process(tasks("it"), "s>it", key="inner"),
    )
    world = World(file)
    at = world.start()
    assert world.open == ["beside", "it"]
    world.cancel(at, "enough")
    assert world.open == []
    assert {instance.status for instance in world.instances.values()} == {Status.TERMINATED}


def test_a_timer_on_the_call_cancels_two_levels() -> None:
    file = file_of(
        a_process(call("n", "middle") + boundary("b", "n", "timer") + tasks("late"), "s>n", "b>late"),
        a_process(call("m", "inner"), "s>m", key="middle"),
        a_process(tasks("it"), "s>it", key="inner"),
    )
    world = World(file)
    world.start()
    world.advance(60)
    assert world.open == ["late"]


def test_terminate_in_what_is_called_lets_the_caller_go_on() -> None:
    inside = '<parallelGateway id="f"/>' + tasks("it", "beside") + end("x", "terminate")
    world = World(calls(inside, "s>f", "f>it>x", "f>beside"))
    world.start()
    world.complete("it")
    assert world.open == ["after"]


def test_terminate_all_ends_the_outermost_caller() -> None:
    file = file_of(
        a_process(call("n", "middle") + tasks("after", "beside"), "s>n>after", "s>beside"),
        a_process(call("m", "inner") + tasks("after_m"), "s>m>after_m", key="middle"),
        a_process(tasks("it") + end("x", "terminate_all"), "s>it>x", key="inner"),
    )
    world = World(file)
    at = world.start()
    assert world.open == ["beside", "it"]
    world.complete("it")
    assert world.open == []
    assert world.status(at) is Status.COMPLETED
    assert world.ended


def test_an_event_sub_process_of_the_caller_catches_what_is_called() -> None:
    file = file_of(
        a_process(call("n", "called") + handler("h", "error", tasks("ht"), "in.h>ht") + tasks("after"), "s>n>after"),
        a_process(tasks("it") + end("x", "error"), "s>it>x", key="called"),
    )
    world = World(file)
    world.start()
    world.complete("it")
    assert world.open == ["ht"]
    world.complete("ht")
    assert world.ended


def test_an_error_at_once_in_one_of_several_calls() -> None:
    file = file_of(
        a_process(
            f'<callActivity id="n" calledElement="called">{several("3")}</callActivity>'
            + boundary("b", "n", "error")
            + tasks("caught"),
            "s>n",
            "b>caught",
        ),
        a_process(
            '<exclusiveGateway id="g"/>' + tasks("it") + end("x", "error"),
            "s>g",
            "g>it:${!fail}",
            "g>x:${fail}",
            key="called",
        ),
    ).replace(b'<callActivity id="n"', b'<callActivity id="n" flowable:inheritVariables="true"')
    world = World(file)
    world.start(variables={"fail": True})
    assert world.open == ["caught"]
    world.complete("caught")
    assert world.ended
