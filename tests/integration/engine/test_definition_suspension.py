"""Suspending and resuming definitions."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from flowmesh.engine.v1 import process_definition_service_pb2 as pb
from flowmesh.engine.v1.process_instance_pb2 import ProcessInstance
from flowmesh.engine.v1.process_instance_service_pb2 import BatchCreateProcessInstancesRequest, ProcessInstanceSpec

from mesh.db.database import Database
from tests.integration.engine.serving import Engine, external, refusal, user_task


async def suspend(engine: Engine, definition_id: str, **fields: Any) -> pb.SuspendProcessDefinitionResponse:
    request = pb.SuspendProcessDefinitionRequest(id=definition_id, **fields)
    answer: pb.SuspendProcessDefinitionResponse = await engine.definitions.SuspendProcessDefinition(request)
    return answer


async def resume(engine: Engine, definition_id: str, **fields: Any) -> pb.ResumeProcessDefinitionResponse:
    request = pb.ResumeProcessDefinitionRequest(id=definition_id, **fields)
    answer: pb.ResumeProcessDefinitionResponse = await engine.definitions.ResumeProcessDefinition(request)
    return answer


async def status(engine: Engine, instance_id: str) -> str:
    return ProcessInstance.Status.Name((await engine.get(instance_id)).status)


async def definition(engine: Engine, content: bytes) -> str:
    deployed = await engine.deploy(content)
    return str(deployed.process_definitions[0].id)


async def test_a_suspended_definition_cannot_be_started_in_any_way(engine: Engine) -> None:
    first = await definition(engine, user_task())
    second = await definition(engine, user_task())
    running = await engine.start("review")
    answer = await suspend(engine, second)
    assert (answer.process_definition.id, answer.process_definition.suspended) == (second, True)
    for start in (
        engine.start("review"),
        engine.start(process_definition_id=second),
        engine.start("review", process_definition_version=2),
        engine.instances.BatchCreateProcessInstances(
            BatchCreateProcessInstancesRequest(
                instances=[
                    ProcessInstanceSpec(process_definition_id=first),
                    ProcessInstanceSpec(process_definition_key="review"),
                ]
            )
        ),
    ):
        refused = await refusal(start)
        assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "PROCESS_DEFINITION_SUSPENDED")
        assert refused.metadata == {"id": second, "key": "review", "version": "2"}
        assert f"{second}:resume" in refused.message
    # The version before is another definition, and what runs goes on.
    assert (await engine.start(process_definition_id=first)).process_definition_version == 1
    assert await status(engine, running.id) == "STATUS_RUNNING"
    (task,) = await engine.user_tasks(process_instance_id=running.id)
    assert (await engine.complete_task(task.id)).process_instance_ended
    resumed = await resume(engine, second)
    assert not resumed.process_definition.suspended
    assert (await engine.start("review")).process_definition_version == 2


async def test_a_new_version_is_started_while_the_old_one_is_suspended(engine: Engine) -> None:
    await suspend(engine, await definition(engine, user_task()))
    await definition(engine, user_task())
    assert (await engine.start("review")).process_definition_version == 2


async def test_twice_is_refused(engine: Engine) -> None:
    one = await definition(engine, user_task())
    assert (await refusal(resume(engine, one))).reason == "PROCESS_DEFINITION_NOT_SUSPENDED"
    await suspend(engine, one)
    refused = await refusal(suspend(engine, one))
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "PROCESS_DEFINITION_SUSPENDED")
    for call in (suspend, resume):
        missing = await refusal(call(engine, "nothing"))  # type: ignore[operator]
        assert (missing.code, missing.reason) == ("NOT_FOUND", "PROCESS_DEFINITION_NOT_FOUND")


async def test_a_request_id_makes_it_idempotent(engine: Engine) -> None:
    one = await definition(engine, user_task())
    first = await suspend(engine, one, request_id="r")
    assert await suspend(engine, one, request_id="r") == first
    await resume(engine, one, request_id="r")
    # An old request that comes late changes nothing.
    assert await suspend(engine, one, request_id="r") == first
    await engine.start("review")
    assert (await refusal(suspend(engine, "other", request_id="r"))).reason == "REQUEST_ID_REUSED"


@pytest.mark.parametrize("count", [1, 120])
async def test_with_its_instances(engine: Engine, count: int) -> None:
    one = await definition(engine, external())
    specs = [ProcessInstanceSpec(process_definition_key="ship")] * count
    created = await engine.instances.BatchCreateProcessInstances(BatchCreateProcessInstancesRequest(instances=specs))
    instances = [instance.id for instance in created.process_instances]
    other = await definition(engine, external())
    left_alone = await engine.start("ship")
    await engine.suspend(instances[0])
    answer = await suspend(engine, one, include_instances=True, request_id="r")
    assert answer.instance_count == count - 1
    assert await suspend(engine, one, include_instances=True, request_id="r") == answer
    assert {await status(engine, i) for i in instances} == {"STATUS_PAUSED"}
    assert await status(engine, left_alone.id) == "STATUS_RUNNING"
    (job,) = await engine.activate(max_jobs=200)
    assert job.process_definition_id == other
    back = await resume(engine, one, include_instances=True)
    assert back.instance_count == count
    assert {await status(engine, i) for i in instances} == {"STATUS_RUNNING"}
    assert len(await engine.activate(max_jobs=200)) == count


async def test_instances_of_a_definition_suspended_before_are_paused_later(engine: Engine) -> None:
    """As after a call that broke off: the second one does what the first one left."""
    one = await definition(engine, user_task())
    instance = await engine.start("review")
    await suspend(engine, one)
    assert (await suspend(engine, one, include_instances=True)).instance_count == 1
    assert await status(engine, instance.id) == "STATUS_PAUSED"
    assert (await suspend(engine, one, include_instances=True)).instance_count == 0


async def test_what_one_engine_suspends_the_other_does_not_start(two_engines: tuple[Engine, Engine]) -> None:
    one = await definition(two_engines[0], user_task())
    for engine in two_engines:
        await engine.start("review")
        await engine.start(process_definition_id=one)
    for turn in range(3):
        await suspend(two_engines[turn % 2], one)
        for engine in two_engines:
            assert (await refusal(engine.start("review"))).reason == "PROCESS_DEFINITION_SUSPENDED"
            refused = await refusal(engine.start(process_definition_id=one))
            assert refused.reason == "PROCESS_DEFINITION_SUSPENDED"
        await resume(two_engines[(turn + 1) % 2], one)
        for engine in two_engines:
            await engine.start("review")
            await engine.start(process_definition_id=one)


async def test_no_start_slips_past_the_pause(two_engines: tuple[Engine, Engine], engine_database: Database) -> None:
    """Starts race with a suspension that includes instances: what was started is paused, the rest is refused."""
    first, second = two_engines
    one = await definition(first, user_task())
    started: list[str] = []

    async def start(engine: Engine) -> None:
        for _ in range(40):
            try:
                started.append((await engine.start("review")).id)
            except Exception as error:  # noqa: BLE001 - which one is asserted
                assert "PROCESS_DEFINITION_SUSPENDED" in str(error) or "is suspended" in str(error)
                return

    starting = [asyncio.create_task(start(engine)) for engine in two_engines for _ in range(3)]
    while len(started) < 10:
        await asyncio.sleep(0)
    await suspend(second, one, include_instances=True)
    await asyncio.gather(*starting)
    assert {await status(first, instance) for instance in started} == {"STATUS_PAUSED"}
