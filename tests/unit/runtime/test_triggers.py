"""What a trigger by hand may move."""

from __future__ import annotations

import pytest

from engine_svc.runtime import step
from engine_svc.state.instance import Stage
from mesh.errors import NotFound
from tests.unit.bpmn_models import flow, process
from tests.unit.runtime.world import World


def _world(receive: str) -> tuple[World, str]:
    world = World(process('<startEvent id="s"/>' + receive + flow("s", "wait")))
    return world, world.start()


def test_the_body_of_a_multi_instance_receive_task_is_not_triggered() -> None:
    receive = (
        '<receiveTask id="wait"><multiInstanceLoopCharacteristics><loopCardinality>2</loopCardinality>'
        "</multiInstanceLoopCharacteristics></receiveTask>"
    )
    world, at = _world(receive)
    instance = world.instances[at]
    (body,) = [token for token in instance.tokens.values() if token.stage is Stage.BODY]
    with pytest.raises(NotFound, match="activity"):
        world.run(step.trigger(instance, body.key, {}, world.now))
    world.trigger("wait")
    world.trigger("wait")
    assert world.ended


def test_a_receive_task_that_has_not_begun_is_not_triggered() -> None:
    world, at = _world('<receiveTask id="wait" camunda:asyncBefore="true"/>')
    instance = world.instances[at]
    (token,) = instance.tokens.values()
    with pytest.raises(NotFound, match="activity"):
        world.run(step.trigger(instance, token.key, {}, world.now))


def test_an_event_that_comes_again_before_it_has_fired_fires_again() -> None:
    thrower = (
        '<startEvent id="s2"/><intermediateThrowEvent id="once"><escalationEventDefinition/></intermediateThrowEvent>'
        '<intermediateThrowEvent id="twice"><escalationEventDefinition/></intermediateThrowEvent><userTask id="inside"/>'
        + flow("s2", "once")
        + flow("s2", "twice")
        + flow("once", "inside")
    )
    caught = (
        '<boundaryEvent id="b" attachedToRef="sub" cancelActivity="false"><escalationEventDefinition/></boundaryEvent>'
        '<userTask id="told"/>'
    )
    world = World(
        process(
            '<startEvent id="s"/><subProcess id="sub">'
            + thrower
            + "</subProcess>"
            + caught
            + flow("s", "sub")
            + flow("b", "told")
        )
    )
    world.start()
    assert world.open == ["inside", "told", "told"]
