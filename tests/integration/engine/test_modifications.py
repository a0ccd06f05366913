"""Modification of running instances, over gRPC and a database."""

from __future__ import annotations

from typing import Any

from flowmesh.engine.v1 import modification_pb2 as mod
from flowmesh.engine.v1 import process_instance_service_pb2 as pb
from flowmesh.engine.v1.process_instance_pb2 import ProcessInstance

from mesh.json_values import to_values
from tests.integration.engine.serving import ENDS, Engine, model, refusal

TWO = model("two", ENDS + '<userTask id="a"/><userTask id="b"/>', "s>a", "a>b", "b>e")


def move(source: str, *targets: str, **fields: Any) -> mod.ModificationInstruction:
    return mod.ModificationInstruction(
        move=mod.MoveActivities(element_ids=[source], target_element_ids=targets, **fields)
    )


async def modify(
    engine: Engine, instance_id: str, *instructions: mod.ModificationInstruction, **fields: Any
) -> ProcessInstance:
    request = pb.ModifyProcessInstanceRequest(id=instance_id, instructions=instructions, **fields)
    answer: ProcessInstance = (await engine.instances.ModifyProcessInstance(request)).process_instance
    return answer


async def test_a_move_ends_one_task_and_makes_another(engine: Engine) -> None:
    await engine.deploy(TWO)
    started = await engine.start("two")
    (before,) = await engine.user_tasks()
    changed = await modify(
        engine, started.id, move("a", "b", variables=to_values({"x": 1})), reason="skip", request_id="r1"
    )
    again = await modify(
        engine, started.id, move("a", "b", variables=to_values({"x": 1})), reason="skip", request_id="r1"
    )
    assert changed == again
    (after,) = await engine.user_tasks()
    assert (before.element_id, after.element_id) == ("a", "b")
    assert await engine.variables(started.id) == {"x": 1}
    await engine.complete_task(after.id)
    assert (await engine.get(started.id)).status == ProcessInstance.STATUS_COMPLETED


async def test_problems_are_told_by_their_index_and_nothing_changes(engine: Engine) -> None:
    await engine.deploy(TWO)
    started = await engine.start("two")
    foreign = mod.ModificationInstruction(cancel=mod.CancelActivities(activity_ids=["elsewhere.1"]))
    refused = await refusal(modify(engine, started.id, move("a", "b"), foreign))
    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "MODIFICATION_INVALID")
    refused = await refusal(modify(engine, started.id, move("a", "b"), move("b", "a"), move("zz", "a")))
    assert "b" in refused.message
    assert [task.element_id for task in await engine.user_tasks()] == ["a"]
    missing = await refusal(modify(engine, "nothing", move("a", "b")))
    assert missing.reason == "PROCESS_INSTANCE_NOT_FOUND"


async def test_a_dry_run_writes_nothing(engine: Engine) -> None:
    await engine.deploy(TWO)
    started = await engine.start("two")
    await modify(engine, started.id, move("a", "b"), validate_only=True)
    assert await engine.get(started.id) == started
    assert (await refusal(modify(engine, started.id, move("b", "a"), validate_only=True))).reason == (
        "MODIFICATION_INVALID"
    )


async def test_a_paused_instance_is_not_modified(engine: Engine) -> None:
    await engine.deploy(TWO)
    started = await engine.start("two")
    await engine.suspend(started.id)
    refused = await refusal(modify(engine, started.id, move("a", "b")))
    assert refused.reason == "PROCESS_INSTANCE_NOT_RUNNING"


async def test_out_of_a_called_process(engine: Engine) -> None:
    await engine.deploy(
        TWO,
        model(
            "outer",
            ENDS + '<callActivity id="c" calledElement="two"/><userTask id="after"/>',
            "s>c",
            "c>after",
            "after>e",
        ),
    )
    outer = await engine.start("outer")
    (task,) = await engine.user_tasks()
    inner = task.process_instance_id
    await modify(engine, inner, move("a", "after", direction=mod.MoveActivities.DIRECTION_TO_PARENT))
    assert [task.element_id for task in await engine.user_tasks()] == ["after"]
    assert (await engine.get(inner)).status == ProcessInstance.STATUS_TERMINATED
    await modify(
        engine,
        outer.id,
        move("after", "b", direction=mod.MoveActivities.DIRECTION_TO_CALLED, call_activity_id="c"),
    )
    (task,) = await engine.user_tasks()
    assert (task.element_id, task.process_definition_key) == ("b", "two")
