"""Ended instances that are started again."""

from __future__ import annotations

from typing import Any

from flowmesh.engine.v1 import process_instance_service_pb2 as pb
from flowmesh.engine.v1.process_instance_pb2 import ProcessInstance

from mesh.json_values import to_values
from tests.integration.engine.serving import ENDS, Engine, model, refusal

INSIDE = (
    '<subProcess id="sp"><startEvent id="is"/><userTask id="x"/><userTask id="y"/>'
    '<sequenceFlow id="f1" sourceRef="is" targetRef="x"/><sequenceFlow id="f2" sourceRef="x" targetRef="y"/>'
    "</subProcess>"
)
TWO = model("two", ENDS + '<userTask id="a"/>' + INSIDE, "s>a", "a>sp", "sp>e")


async def restart(engine: Engine, instance_id: str, **fields: Any) -> ProcessInstance:
    request = pb.RestartProcessInstanceRequest(id=instance_id, **fields)
    answer: ProcessInstance = (await engine.instances.RestartProcessInstance(request)).process_instance
    return answer


async def ended(engine: Engine) -> ProcessInstance:
    started = await engine.start("two", {"x": 1, "y": 1}, business_key="b")
    (task,) = await engine.user_tasks()
    await engine.complete_task(task.id, {"y": 2})
    await engine.instances.CancelProcessInstance(pb.CancelProcessInstanceRequest(id=started.id))
    return await engine.get(started.id)


async def test_with_its_last_variables_from_the_start(engine: Engine) -> None:
    await engine.deploy(TWO)
    old = await ended(engine)
    await engine.deploy(TWO)
    new = await restart(engine, old.id, variables=to_values({"z": 3}), request_id="r")
    assert await restart(engine, old.id, variables=to_values({"z": 3}), request_id="r") == new
    assert (new.restarted_from, new.process_definition_id) == (old.id, old.process_definition_id)
    assert (new.business_key, new.process_definition_version) == ("b", 1)
    assert (await engine.get(new.id)).restarted_from == old.id
    assert await engine.variables(new.id) == {"x": 1, "y": 2, "z": 3}
    assert [task.element_id for task in await engine.user_tasks()] == ["a"]


async def test_at_elements_with_other_variables(engine: Engine) -> None:
    await engine.deploy(TWO)
    old = await ended(engine)
    new = await restart(
        engine, old.id, start_element_ids=["x", "y"], variables=to_values({"z": 3}), without_last_variables=True
    )
    assert await engine.variables(new.id) == {"z": 3}
    tasks = await engine.user_tasks()
    assert sorted(task.element_id for task in tasks) == ["x", "y"]
    for element_id in ("x", "y", "y"):
        (task,) = [task for task in await engine.user_tasks() if task.element_id == element_id][:1]
        await engine.complete_task(task.id)
    assert (await engine.get(new.id)).status == ProcessInstance.STATUS_COMPLETED


async def test_what_cannot_be_restarted(engine: Engine) -> None:
    await engine.deploy(TWO)
    running = await engine.start("two")
    assert (await refusal(restart(engine, running.id))).reason == "PROCESS_INSTANCE_NOT_ENDED"
    assert (await refusal(restart(engine, "nothing"))).reason == "PROCESS_INSTANCE_NOT_FOUND"
    await engine.instances.CancelProcessInstance(pb.CancelProcessInstanceRequest(id=running.id))
    refused = await refusal(restart(engine, running.id, start_element_ids=["zz"]))
    assert refused.reason == "ELEMENT_NOT_FOUND"
