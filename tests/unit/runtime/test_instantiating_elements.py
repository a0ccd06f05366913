from __future__ import annotations

import pytest

from engine_svc.runtime import step
from tests.unit.runtime.pieces import CAUSES, extensions, flows, listener, one, tasks
from tests.unit.runtime.world import World

RECEIVE = '<receiveTask id="r" messageRef="msg" instantiate="true"/>'
GATEWAY = (
    '<eventBasedGateway id="g" instantiate="true"/><intermediateCatchEvent id="r">'
    + CAUSES["message"]
    + "</intermediateCatchEvent>"
    + flows("g>r")
)


def begun(file: bytes, **variables: object) -> World:
    world = World(file)
    definition = world.definitions["p"]
    instance, changes = world.run(
        step.start(
            definition,
            world._new_id(),
            tenant_id="",
            business_key="",
            variables=dict(variables),
            initiator="",
            now=world.now,
            start_element=definition.process.by_id["r"],
        )
    )
    world._took(instance, changes)
    return world


@pytest.mark.parametrize("element", [RECEIVE, GATEWAY])
def test_an_instance_begins_behind_what_has_come(element: str) -> None:
    world = begun(one(element + tasks("after"), "r>after"))
    assert world.open == ["after"]
    assert world.completed() == ["r"]
    world.complete("after")
    assert world.ended


def test_start_listeners_of_the_process_come_first() -> None:
    file = one(RECEIVE + tasks("after"), "r>after").replace(
        b'isExecutable="true" >', f'isExecutable="true">{extensions(listener("start", "p"))}'.encode()
    )
    world = begun(file, log="")
    assert world.variables()["log"] == "p "
    assert world.open == ["after"]
