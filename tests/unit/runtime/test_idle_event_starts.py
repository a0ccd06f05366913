"""Event sub-processes listen only as long as something else goes on in their scope."""

from __future__ import annotations

from tests.unit.bpmn_models import flow, process
from tests.unit.runtime.world import World

BESIDE = (
    '<startEvent id="s"/><userTask id="task"/><userTask id="more"/>'
    + flow("s", "task")
    + flow("s", "more")
    + '<subProcess id="beside" triggeredByEvent="true"><startEvent id="due" isInterrupting="false">'
    "<timerEventDefinition><timeCycle>R/PT1H</timeCycle></timerEventDefinition></startEvent>"
    '<userTask id="check"/>' + flow("due", "check") + "</subProcess>"
)


def test_the_last_other_token_ends_the_waiting_and_not_what_was_started() -> None:
    world = World(process(BESIDE))
    world.start()
    world.advance(3600)
    world.complete("task")
    assert world.timers == ["due"]
    world.complete("more")
    assert (world.open, world.timers) == (["check"], [])
    world.complete("check")
    assert world.ended


def test_a_running_event_sub_process_that_ends_leaves_the_waiting_alone() -> None:
    world = World(process(BESIDE))
    world.start()
    world.advance(3600)
    world.complete("check")
    assert (world.open, world.timers) == (["more", "task"], ["due"])
