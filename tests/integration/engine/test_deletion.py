"""Deleting deployments and instances."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from pathlib import Path
from typing import Any, TypeVar

import grpc
import pytest
from flowmesh.engine.v1 import deployment_service_pb2 as pb
from flowmesh.engine.v1 import process_definition_service_pb2 as definitions_pb
from flowmesh.engine.v1 import process_instance_service_pb2 as instances_pb
from flowmesh.engine.v1.deployment_pb2 import Resource
from flowmesh.engine.v1.process_instance_pb2 import ProcessInstance
from flowmesh.events.v1.event_pb2 import EventEnvelope

from engine_svc.events.expansion import expand
from engine_svc.storage.instance_rows import MEMBER_TABLES, instances_of_definition
from engine_svc.storage.instances import InstanceFilter, list_summaries
from mesh.access.rows import ALL_ROWS
from mesh.db.database import Database, DatabaseUnavailable
from mesh.db.schema import open_database
from mesh.db.statements import Fetch, Program, Row, fetch
from mesh.outbox import OutboxRow
from tests.integration.engine.serving import Engine, external, refusal, seconds, until, user_task

T = TypeVar("T")

CONTENT = ("process_instance", *MEMBER_TABLES, "deployment", "deployment_resource", "process_definition")


async def delete(engine: Engine, deployment_id: str, **fields: Any) -> pb.DeleteDeploymentResponse:
    request = pb.DeleteDeploymentRequest(id=deployment_id, **fields)
    answer: pb.DeleteDeploymentResponse = await engine.deployments.DeleteDeployment(request)
    return answer


async def delete_instance(engine: Engine, instance_id: str, **fields: Any) -> ProcessInstance:
    request = instances_pb.DeleteProcessInstanceRequest(id=instance_id, **fields)
    answer = await engine.instances.DeleteProcessInstance(request)
    removed: ProcessInstance = answer.process_instance
    return removed


async def listed(engine: Engine, key: str, **fields: Any) -> list[int]:
    request = definitions_pb.ListProcessDefinitionsRequest(key=key, **fields)
    answer = await engine.definitions.ListProcessDefinitions(request)
    return [definition.version for definition in answer.process_definitions]


async def row_counts(database: Database) -> dict[str, int]:
    found: dict[str, int] = {}
    for table in CONTENT:
        rows: list[Row] = await database.read(fetch(Fetch(f"SELECT COUNT(*) FROM {table}")))
        found[table] = rows[0][0]
    return found


async def told(database: Database) -> list[EventEnvelope]:
    """What instances tell; what is told of deployments, and to the audit, test_told_operations.py looks at."""
    columns = "seq, id, topic, partition_key, kind, payload, created_at, retry_count"
    rows: list[Row] = await database.read(fetch(Fetch(f"SELECT {columns} FROM outbox ORDER BY seq")))
    events = [EventEnvelope.FromString(message.value) for row in rows for message in expand(OutboxRow(*row))]
    others = ("workflow.deployment.", "audit.")
    return [event for event in events if not event.event_type.startswith(others)]


async def populate(engine: Engine) -> str:
    """Deploy two processes with tasks, jobs, an incident, a paused and an ended instance; return the deployment."""
    deployment = await engine.deploy(
        user_task(attributes='flowable:candidateGroups="sales,support"'), external(), name="bundle"
    )
    for _ in range(3):
        await engine.start("review")
        await engine.start("ship")
    (job,) = await engine.activate(max_jobs=1)
    await engine.fail_job(job, retries=0, error_message="no")
    await engine.suspend((await engine.start("review")).id)
    ended = await engine.start("review")
    (task,) = await engine.user_tasks(process_instance_id=ended.id)
    await engine.complete_task(task.id)
    return deployment.id


def test_every_table_with_rows_of_instances_is_known(sqlite_template: Path) -> None:
    with contextlib.closing(sqlite3.connect(sqlite_template)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        members = {
            table
            for table in tables
            if any(column[1] == "instance_id" for column in connection.execute(f"PRAGMA table_info({table})"))
        }
    # What an instance has thrown is delivered though the instance is gone; what became of messages is kept for a while,
    # and so are the last jobs of each process.
    assert members - {"thrown_event", "message", "message_start", "finished_job"} == set(MEMBER_TABLES)


@pytest.mark.parametrize(
    "program",
    [
        instances_of_definition("d", 1, "", 1),
        list_summaries(InstanceFilter(definition_id="d", status=1), ALL_ROWS, "i", 50),
        list_summaries(InstanceFilter(definition_id="d"), ALL_ROWS, "i", 50),
    ],
)
def test_the_instances_of_a_definition_are_found_by_an_index(sqlite_template: Path, program: Program[Any]) -> None:
    statement = program.send(None)
    program.close()
    assert isinstance(statement, Fetch)
    with contextlib.closing(sqlite3.connect(sqlite_template)) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement.sql}", statement.parameters)]
    assert len(plan) == 1
    assert "process_instance_by_version (definition_id=? AND status=? AND id" in plan[0]


async def test_a_deployment_in_use_is_kept(engine: Engine, engine_database: Database) -> None:
    deployment = await populate(engine)
    before = await row_counts(engine_database)
    refused = await refusal(delete(engine, deployment))
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "DEPLOYMENT_IN_USE")
    assert refused.metadata["id"] == deployment
    assert (await engine.get(refused.metadata["process_instance_id"])).id
    assert await row_counts(engine_database) == before
    await engine.start("review")


async def test_cascade_takes_everything_along(engine: Engine, engine_database: Database) -> None:
    deployment = await populate(engine)
    await engine.deploy(user_task("other"))
    other = await engine.start("other")
    answer = await delete(engine, deployment, cascade=True, reason="wrong model")
    assert answer.terminated_instance_count == 7
    kept = ("process_instance", "user_task", "deployment", "deployment_resource", "process_definition")
    left = dict.fromkeys(CONTENT, 0) | dict.fromkeys(kept, 1)
    assert await row_counts(engine_database) == left
    assert (await engine.get(other.id)).status == ProcessInstance.STATUS_RUNNING
    assert (await refusal(engine.start("review"))).reason == "PROCESS_DEFINITION_NOT_FOUND"
    assert (await refusal(delete(engine, deployment))).reason == "DEPLOYMENT_NOT_FOUND"
    events = await told(engine_database)
    terminated = [event for event in events if event.HasField("process_instance_terminated")]
    assert len({event.biz_id for event in terminated}) == 7
    assert {event.process_instance_terminated.reason for event in terminated} == {"wrong model"}
    tasks = [event for event in events if event.HasField("user_task_terminated")]
    assert {event.user_task_terminated.reason for event in tasks} == {"wrong model"}
    assert len(tasks) == 4
    assert len([event for event in events if event.HasField("incident_resolved")]) == 1


async def test_a_deployment_whose_instances_have_ended_needs_no_cascade(
    engine: Engine, engine_database: Database
) -> None:
    deployment = await engine.deploy(user_task())
    for _ in range(3):
        await engine.start("review")
    for task in await engine.user_tasks():
        await engine.complete_task(task.id)
    events = await told(engine_database)
    assert (await delete(engine, deployment.id)).terminated_instance_count == 0
    assert set((await row_counts(engine_database)).values()) == {0}
    assert await told(engine_database) == events


async def test_the_version_before_becomes_the_newest_again(two_engines: tuple[Engine, Engine]) -> None:
    first, second = two_engines
    made = [(await first.deploy(user_task())).id for _ in range(4)]
    for engine in two_engines:
        assert (await engine.start("review")).process_definition_version == 4
    await delete(second, made[3], cascade=True)
    for engine in two_engines:
        assert (await engine.start("review")).process_definition_version == 3
    await delete(first, made[1])
    assert await listed(first, "review", latest_only=True) == [3]
    await delete(first, made[2], cascade=True)
    assert await listed(second, "review", latest_only=True) == [1]
    assert (await second.start("review")).process_definition_version == 1
    await first.deploy(user_task())
    assert await listed(second, "review") == [2, 1]
    assert (await second.start("review")).process_definition_version == 2


async def test_a_suspended_version_before_stays_suspended(engine: Engine) -> None:
    old = await engine.deploy(user_task())
    new = await engine.deploy(user_task())
    await engine.definitions.SuspendProcessDefinition(
        definitions_pb.SuspendProcessDefinitionRequest(id=old.process_definitions[0].id)
    )
    await delete(engine, new.id)
    assert (await refusal(engine.start("review"))).reason == "PROCESS_DEFINITION_SUSPENDED"


async def test_a_deleted_deployment_is_no_duplicate(engine: Engine) -> None:
    request = pb.CreateDeploymentRequest(
        name="a", resources=[Resource(name="a.bpmn", content=user_task())], request_id="create"
    )
    first = (await engine.deployments.CreateDeployment(request)).deployment
    await delete(engine, first.id)
    refused = await refusal(engine.deployments.CreateDeployment(request))
    assert (refused.code, refused.reason, refused.metadata) == (
        "NOT_FOUND",
        "DEPLOYMENT_NOT_FOUND",
        {"id": first.id},
    )
    request.request_id = ""
    again = await engine.deployments.CreateDeployment(request)
    assert not again.duplicate
    assert again.deployment.id != first.id


async def test_a_request_id_makes_it_idempotent(engine: Engine) -> None:
    deployment = await engine.deploy(user_task())
    await engine.start("review")
    answers = await asyncio.gather(
        *[delete(engine, deployment.id, cascade=True, request_id="r", reason="x") for _ in range(4)]
    )
    assert all(answer == answers[0] for answer in answers)
    assert await delete(engine, deployment.id, cascade=True, request_id="r", reason="x") == answers[0]
    assert (await refusal(delete(engine, deployment.id, request_id="r"))).reason == "REQUEST_ID_REUSED"


async def test_many_instances_and_a_call_that_ends_in_the_middle(two_engines: tuple[Engine, Engine]) -> None:
    first, second = two_engines
    deployment = await first.deploy(external())
    count = 1000
    specs = [instances_pb.ProcessInstanceSpec(process_definition_key="ship")] * count
    await first.instances.BatchCreateProcessInstances(instances_pb.BatchCreateProcessInstancesRequest(instances=specs))
    wanted = pb.DeleteDeploymentRequest(id=deployment.id, cascade=True, request_id="r")
    call = first.deployments.DeleteDeployment(wanted)

    async def has_begun() -> bool:
        got = await second.deployments.GetDeployment(pb.GetDeploymentRequest(id=deployment.id))
        return bool(got.deployment.deleting)

    await until(has_begun)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    for engine in two_engines:
        assert (await refusal(engine.start("ship"))).reason == "PROCESS_DEFINITION_NOT_FOUND"
    assert await listed(second, "ship") == []
    assert (await refusal(delete(second, deployment.id))).reason == "DEPLOYMENT_IN_USE"
    answer = await second.deployments.DeleteDeployment(wanted)
    assert 0 < answer.terminated_instance_count <= count
    assert await first.activate(max_jobs=10, request_timeout=seconds(0)) == []


class CutDatabase:
    """A database that answers no more after a number of writes, as after the death of its process."""

    def __init__(self, database: Database, writes: int) -> None:
        self._database = database
        self._left = writes

    async def write(self, program: Program[T]) -> T:
        if program.__name__ != "prune_requests":  # type: ignore[attr-defined]
            if self._left == 0:
                raise DatabaseUnavailable("cut")
            self._left -= 1
        return await self._database.write(program)

    async def read(self, program: Program[T]) -> T:
        return await self._database.read(program)

    async def close(self) -> None:
        return None


async def test_broken_off_after_any_write_and_repeated(engine_url: str, engine: Engine) -> None:
    other_database = await open_database(engine_url)
    keep = await engine.deploy(user_task("other"))
    cuts = 0
    while True:
        older = await engine.deploy(user_task())
        deployment = await populate(engine)
        database = CutDatabase(other_database, cuts)
        dying = await Engine.started(database, engine.clock)
        try:
            await delete(dying, deployment, cascade=True, request_id=f"r{cuts}")
            ended = True
        except grpc.aio.AioRpcError as error:
            assert error.code() is grpc.StatusCode.UNAVAILABLE
            ended = False
        await dying.stop()
        if cuts:
            assert (await engine.start("review")).process_definition_id == older.process_definitions[0].id
        # Twice, so that the answer of the request is seen as well.
        for _ in range(2):
            await delete(engine, deployment, cascade=True, request_id=f"r{cuts}")
        await delete(engine, older.id, cascade=True)
        left = await row_counts(other_database)
        assert left == dict.fromkeys(CONTENT, 0) | {
            "deployment": 1,
            "deployment_resource": 1,
            "process_definition": 1,
        }
        if ended:
            break
        cuts += 1
    assert cuts >= 3
    assert (await engine.start("other")).process_definition_id == keep.process_definitions[0].id
    await other_database.close()


async def test_starts_during_a_deletion_leave_nothing_behind(
    two_engines: tuple[Engine, Engine], engine_database: Database
) -> None:
    first, second = two_engines
    deployment = await first.deploy(user_task())
    started = 0

    async def start(engine: Engine) -> None:
        nonlocal started
        with contextlib.suppress(grpc.aio.AioRpcError):
            for _ in range(60):
                await engine.start("review")
                started += 1

    starting = [asyncio.create_task(start(engine)) for engine in two_engines for _ in range(3)]
    while started < 10:
        await asyncio.sleep(0)
    await delete(second, deployment.id, cascade=True)
    await asyncio.gather(*starting)
    assert set((await row_counts(engine_database)).values()) == {0}


async def test_a_running_instance_is_terminated_and_removed(engine: Engine, engine_database: Database) -> None:
    await engine.deploy(user_task())
    instance = await engine.start("review")
    other = await engine.start("review")
    removed = await delete_instance(engine, instance.id, reason="typo", request_id="r")
    assert (removed.id, removed.status) == (instance.id, ProcessInstance.STATUS_TERMINATED)
    assert await delete_instance(engine, instance.id, reason="typo", request_id="r") == removed
    assert (await refusal(engine.get(instance.id))).reason == "PROCESS_INSTANCE_NOT_FOUND"
    assert (await refusal(delete_instance(engine, instance.id))).reason == "PROCESS_INSTANCE_NOT_FOUND"
    (task,) = await engine.user_tasks()
    assert task.process_instance_id == other.id
    events = [event for event in await told(engine_database) if event.HasField("process_instance_terminated")]
    assert [event.process_instance_terminated.reason for event in events] == ["typo"]


async def test_an_ended_instance_is_removed_in_silence(engine: Engine, engine_database: Database) -> None:
    await engine.deploy(user_task())
    instance = await engine.start("review")
    (task,) = await engine.user_tasks()
    await engine.complete_task(task.id)
    before = await told(engine_database)
    assert (await delete_instance(engine, instance.id)).status == ProcessInstance.STATUS_COMPLETED
    assert (await refusal(engine.get(instance.id))).reason == "PROCESS_INSTANCE_NOT_FOUND"
    assert await told(engine_database) == before


async def test_a_job_of_a_removed_instance_is_gone(two_engines: tuple[Engine, Engine]) -> None:
    first, second = two_engines
    await first.deploy(external())
    instance = await first.start("ship")
    job = await first.one_job()
    await delete_instance(second, instance.id)
    refused = await refusal(first.complete_job(job))
    assert (refused.code, refused.reason) == ("NOT_FOUND", "JOB_NOT_FOUND")
