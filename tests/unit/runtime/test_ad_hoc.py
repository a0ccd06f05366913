from __future__ import annotations

from typing import Any

import pytest

from engine_svc.runtime import ad_hoc
from engine_svc.state.instance import Status
from mesh.errors import NotFound, WrongState
from tests.unit.bpmn_models import flow, process
from tests.unit.runtime.world import World

INSIDE = '<userTask id="a"/><userTask id="b"/><userTask id="after_a"/>' + flow("a", "after_a")


def ad_hoc_process(inside: str = INSIDE, attributes: str = "", before: str = "") -> bytes:
    nodes = (
        f'<startEvent id="s"/><adHocSubProcess id="n" {attributes}>{before}{inside}</adHocSubProcess>'
        '<userTask id="t"/><endEvent id="e"/>'
    )
    return process(nodes + flow("s", "n") + flow("n", "t") + flow("t", "e"))


def done_when(condition: str) -> str:
    return f"<completionCondition>{condition}</completionCondition>"


class AdHoc(World):
    """A world with one instance that waits in the ad-hoc sub-process `n`."""

    def __init__(self, file: bytes, variables: dict[str, Any] | None = None) -> None:
        super().__init__(file)
        self.id = self.start("p", variables)

    @property
    def key(self) -> int:
        instance = self.instances[self.id]
        index = instance.definition.process.by_id["n"]
        return min(token.key for token in instance.tokens.values() if token.element == index and token.host < 0)

    @property
    def enabled(self) -> list[str]:
        return [element.id for element in ad_hoc.enabled_activities(self.instances[self.id], self.key)]

    def begin(self, element_id: str, variables: dict[str, Any] | None = None) -> None:
        program = ad_hoc.start_activity(self.instances[self.id], self.key, element_id, variables or {}, self.now)
        self.do(self.id, program)

    def finish(self) -> None:
        self.do(self.id, ad_hoc.complete(self.instances[self.id], self.key, self.now))


def test_nothing_inside_starts_by_itself() -> None:
    world = AdHoc(ad_hoc_process())
    assert world.open == []
    assert world.waiting() == ["n"]
    assert world.enabled == ["a", "b"]


def test_activities_are_started_by_command_as_often_as_one_likes() -> None:
    world = AdHoc(ad_hoc_process())
    world.begin("a")
    world.begin("b", {"x": 1})
    world.begin("b")
    assert world.open == ["a", "b", "b"]
    assert world.variables()["x"] == 1
    world.complete("b")
    world.complete("b")
    assert world.open == ["a"]


def test_inner_flows_are_taken() -> None:
    world = AdHoc(ad_hoc_process())
    world.begin("a")
    world.complete("a")
    assert world.open == ["after_a"]


def test_without_a_condition_it_stays_until_it_is_ended() -> None:
    world = AdHoc(ad_hoc_process())
    world.begin("b")
    world.complete("b")
    assert world.waiting() == ["n"]
    world.finish()
    assert world.open == ["t"]
    world.complete("t")
    assert world.ended


def test_it_is_not_ended_while_something_runs_in_it() -> None:
    world = AdHoc(ad_hoc_process())
    world.begin("b")
    with pytest.raises(WrongState) as refused:
        world.finish()
    assert refused.value.reason == "AD_HOC_SUB_PROCESS_BUSY"
    assert refused.value.metadata["element_id"] == "n"


@pytest.mark.parametrize("element_id", ["after_a", "t", "missing", "s"])
def test_only_activities_without_an_incoming_flow_can_be_started(element_id: str) -> None:
    world = AdHoc(ad_hoc_process())
    with pytest.raises(WrongState) as refused:
        world.begin(element_id)
    assert refused.value.reason == "AD_HOC_ACTIVITY_NOT_ENABLED"


def test_one_after_another_where_it_is_sequential() -> None:
    world = AdHoc(ad_hoc_process(attributes='ordering="Sequential"'))
    world.begin("b")
    assert world.enabled == []
    with pytest.raises(WrongState) as refused:
        world.begin("a")
    assert refused.value.reason == "AD_HOC_SUB_PROCESS_BUSY"
    world.complete("b")
    assert world.enabled == ["a", "b"]
    world.begin("a")
    assert world.open == ["a"]


def test_an_activity_that_is_none_of_this_kind() -> None:
    world = AdHoc(ad_hoc_process())
    with pytest.raises(NotFound):
        ad_hoc.enabled_activities(world.instances[world.id], 999)


def test_the_completion_condition_ends_what_is_left() -> None:
    world = AdHoc(ad_hoc_process(before=done_when("${done}")), {"done": False})
    world.begin("a")
    world.begin("b")
    world.complete("a")
    assert world.open == ["after_a", "b"]
    world.complete("after_a", {"done": True})
    assert world.open == ["t"]
    assert world.activities()["b"] == 1


def test_the_completion_condition_is_looked_at_after_each_inner_node() -> None:
    world = AdHoc(ad_hoc_process(before=done_when("${done}")), {"done": False})
    world.begin("a")
    world.complete("a", {"done": True})
    assert world.open == ["t"]


def test_the_completion_condition_waits_for_what_is_left() -> None:
    file = ad_hoc_process(attributes='cancelRemainingInstances="false"', before=done_when("${done}"))
    world = AdHoc(file, {"done": False})
    world.begin("a")
    world.begin("b")
    world.complete("b", {"done": True})
    assert world.open == ["a"]
    world.complete("a")
    assert world.open == ["after_a"]
    world.complete("after_a")
    assert world.open == ["t"]


def test_a_condition_that_does_not_hold_yet_leaves_it_open() -> None:
    world = AdHoc(ad_hoc_process(before=done_when("${n == 2}")), {"n": 1})
    world.begin("b")
    world.complete("b")
    assert world.waiting() == ["n"]
    world.begin("b")
    world.complete("b", {"n": 2})
    assert world.open == ["t"]


def test_a_gateway_inside() -> None:
    inside = (
        '<userTask id="a"/><parallelGateway id="g"/><userTask id="b1"/><userTask id="b2"/>'
        + flow("a", "g")
        + flow("g", "b1")
        + flow("g", "b2")
    )
    world = AdHoc(ad_hoc_process(inside))
    assert world.enabled == ["a"]
    world.begin("a")
    world.complete("a")
    assert world.open == ["b1", "b2"]
    world.complete("b1")
    world.complete("b2")
    world.finish()
    assert world.open == ["t"]


def test_activities_begin_at_once_where_the_model_names_them() -> None:
    world = AdHoc(active("=which"), {"which": ["b", "a"]})
    assert world.open == ["a", "b"]
    world.complete("b")
    world.complete("a")
    world.complete("after_a")
    assert world.open == ["t"]


def test_no_activities_to_begin_with() -> None:
    assert AdHoc(active("=which"), {"which": []}).open == ["t"]


@pytest.mark.parametrize("which", [["after_a"], "a", ["a", 1], None])
def test_what_cannot_begin(which: object) -> None:
    with pytest.raises(WrongState) as refused:
        AdHoc(active("=which"), {"which": which})
    assert refused.value.reason == "EXPRESSION_FAILED"


def active(expression: str) -> bytes:
    named = f'<zeebe:adHoc activeElementsCollection="{expression}"/>'
    return ad_hoc_process(before=f"<extensionElements>{named}</extensionElements>")


def test_its_boundary_event_ends_it() -> None:
    file = ad_hoc_process().replace(
        b'<userTask id="t"/>',
        b'<userTask id="t"/><boundaryEvent id="x" attachedToRef="n"><timerEventDefinition><timeDuration>PT1M'
        b"</timeDuration></timerEventDefinition></boundaryEvent>" + flow("x", "t").encode(),
    )
    world = AdHoc(file)
    world.begin("a")
    world.advance(60)
    assert world.open == ["t"]


def test_its_event_sub_process() -> None:
    inside = (
        INSIDE
        + '<subProcess id="h" triggeredByEvent="true"><startEvent id="hs" isInterrupting="false">'
        + '<signalEventDefinition signalRef="sig"/></startEvent><userTask id="ht"/>'
        + flow("hs", "ht")
        + "</subProcess>"
    )
    file = ad_hoc_process(inside).replace(b"<process", b'<signal id="sig" name="go"/><process')
    world = AdHoc(file)
    assert world.enabled == ["a", "b"]
    world.begin("b")
    assert world.signal("go") == 1
    assert world.open == ["b", "ht"]
    world.complete("ht")
    world.complete("b")
    world.finish()
    assert world.open == ["t"]


def test_several_of_them_by_multi_instance() -> None:
    loop = "<multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics>"
    world = AdHoc(ad_hoc_process(INSIDE + loop))
    instance = world.instances[world.id]
    children = [key for key, scope in instance.scopes.items() if scope.parent_key]
    assert len(children) == 2
    for key in children:
        world.do(world.id, ad_hoc.start_activity(world.instances[world.id], key, "b", {}, world.now))
    world.complete("b")
    world.complete("b")
    for key in children:
        world.do(world.id, ad_hoc.complete(world.instances[world.id], key, world.now))
    assert world.open == ["t"]
    assert world.status() is Status.RUNNING
