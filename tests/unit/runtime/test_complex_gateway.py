from __future__ import annotations

import pytest

from mesh.errors import WrongState
from tests.unit.bpmn_models import flow, process
from tests.unit.runtime.world import World


def joined(condition: str, count: int = 3) -> bytes:
    """`count` user tasks in parallel that join in a complex gateway, behind which is the task `after`."""
    activation = f"<activationCondition>{condition}</activationCondition>" if condition else ""
    tasks = "".join(f'<userTask id="t{n}"/>' + flow("f", f"t{n}") + flow(f"t{n}", "g") for n in range(count))
    return process(
        f'<startEvent id="s"/><parallelGateway id="f"/>{tasks}<complexGateway id="g">{activation}</complexGateway>'
        '<userTask id="after"/><endEvent id="e"/>' + flow("s", "f") + flow("g", "after") + flow("after", "e")
    )


def test_without_a_condition_it_waits_for_all_flows() -> None:
    world = World(joined(""))
    world.start()
    for name in ("t0", "t1"):
        world.complete(name)
        assert "after" not in world.open
    world.complete("t2")
    assert world.open == ["after"]


def test_it_leaves_when_its_condition_holds_and_late_tokens_end() -> None:
    world = World(joined("${nrOfActivatedFlows &gt;= 2}"))
    world.start()
    world.complete("t1")
    assert world.open == ["t0", "t2"]
    world.complete("t0")
    assert world.open == ["after", "t2"]
    world.complete("t2")
    assert world.open == ["after"]
    world.complete("after")
    assert world.ended
    assert world.activities()["after"] == 1


def test_the_instance_ends_while_late_tokens_are_out() -> None:
    world = World(joined("${nrOfActivatedFlows == 1}"))
    world.start()
    world.complete("t1")
    world.complete("after")
    assert world.open == ["t0", "t2"]
    world.complete("t0")
    world.complete("t2")
    assert world.ended
    assert world.activities()["after"] == 1


def test_its_condition_sees_which_flows_and_variables() -> None:
    world = World(joined("${activatedFlows.contains('t2_g') &amp;&amp; ok}"))
    world.start(variables={"ok": True})
    world.complete("t0")
    assert world.open == ["t1", "t2"]
    world.complete("t2")
    assert world.open == ["after", "t1"]


def test_a_condition_that_fails() -> None:
    world = World(joined("${missing}"))
    world.start()
    with pytest.raises(WrongState) as refused:
        world.complete("t0")
    assert refused.value.metadata["element_id"] == "g"


def test_it_begins_anew_when_all_have_come() -> None:
    again = flow("after", "m", "${again}") + flow("after", "e", "${!again}")
    file = joined("${nrOfActivatedFlows == 1}", 2).replace(flow("after", "e").encode(), again.encode())
    merge = '<exclusiveGateway id="m"/>' + flow("s", "m") + flow("m", "f")
    file = file.replace(flow("s", "f").encode(), merge.encode())
    world = World(file)
    world.start()
    world.complete("t0")
    world.complete("t1")
    assert world.open == ["after"]
    world.complete("after", {"again": True})
    world.complete("t1")
    assert world.open == ["after", "t0"]
    world.complete("after", {"again": False})
    world.complete("t0")
    assert world.ended


def test_it_forks_by_conditions() -> None:
    file = process(
        '<startEvent id="s"/><complexGateway id="g"/><userTask id="a"/><userTask id="b"/><userTask id="c"/>'
        + flow("s", "g")
        + flow("g", "a")
        + flow("g", "b", "${yes}")
        + flow("g", "c", "${!yes}")
    )
    world = World(file)
    world.start(variables={"yes": True})
    assert world.open == ["a", "b"]


def test_it_is_over_with_its_scope() -> None:
    file = (
        joined("${nrOfActivatedFlows == 1}")
        .replace(b'<userTask id="after"/>', b'<task id="after"/>')
        .replace(b'<endEvent id="e"/>', b'<endEvent id="e"><terminateEventDefinition/></endEvent>')
    )
    world = World(file)
    world.start()
    world.complete("t1")
    assert world.ended
