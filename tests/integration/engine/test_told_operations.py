"""What the engine tells of deployments and definitions, and to the audit, in the transaction that does it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest
from flowmesh.engine.v1 import batch_pb2, batch_service_pb2, deployment_pb2
from flowmesh.engine.v1 import deployment_service_pb2 as deployments
from flowmesh.engine.v1 import job_service_pb2 as jobs
from flowmesh.engine.v1 import message_service_pb2 as messages
from flowmesh.engine.v1 import process_instance_service_pb2 as instances
from flowmesh.engine.v1 import user_task_service_pb2 as tasks
from flowmesh.engine.v1.batch_service_pb2_grpc import BatchServiceStub
from flowmesh.engine.v1.message_service_pb2_grpc import MessageServiceStub
from flowmesh.engine.v1.user_task_pb2 import UserTask
from flowmesh.events.v1.event_pb2 import EventEnvelope
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

from engine_svc.events.expansion import expand
from form_svc.main import FormService
from form_svc.settings import FormSettings
from form_svc.storage.schema import HEAD as FORM_HEAD
from form_svc.storage.schema import MIGRATIONS as FORM_MIGRATIONS
from mesh.bus.opening import open_bus
from mesh.db.database import Database
from mesh.db.migrate import migrate
from mesh.db.schema import open_database
from mesh.db.statements import Fetch, fetch
from mesh.event_decoding import decode
from mesh.metrics import Metrics
from mesh.outbox import OutboxRow
from tests.integration.engine.serving import Engine, external, refusal, user_task
from tests.integration.engine.test_definition_suspension import resume, suspend
from tests.integration.form.forms import form

FORM = form("review")
ASKED_BY = (("x-flowmesh-sub", "ann"), ("x-flowmesh-client-address", "192.0.2.9"), ("x-correlation-id", "c-1"))


@pytest.fixture
async def engine_with_forms(engine_database: Database, tmp_path: Path) -> AsyncIterator[Engine]:
    """A running engine beside a form service, which checks the forms of its bundles."""
    async with AsyncExitStack() as closing:
        url = f"sqlite:///{tmp_path / 'form.db'}"
        await asyncio.to_thread(migrate, url, FORM_MIGRATIONS, FORM_HEAD)
        database = await open_database(url)
        closing.push_async_callback(database.close)
        bus = await open_bus(f"sqlite:///{tmp_path / 'bus.db'}")
        closing.push_async_callback(bus.close)
        forms = FormService(FormSettings(port=0, drain_seconds=0.5), database, bus, Metrics())
        closing.push_async_callback(forms.stop)
        port = await forms.start()
        engine = await Engine.started(engine_database, form_address=f"127.0.0.1:{port}")
        closing.push_async_callback(engine.stop)
        yield engine


async def told(database: Database) -> list[EventEnvelope]:
    """What the outbox holds, as it goes to the bus."""
    columns = "seq, id, topic, partition_key, kind, payload, created_at, retry_count"
    rows = await database.read(fetch(Fetch(f"SELECT {columns} FROM outbox ORDER BY seq")))
    found = []
    for row in rows:
        for message in expand(OutboxRow._make(row)):
            envelope = decode(message.value)
            assert envelope is not None
            assert message.topic == ("audit-events" if message.headers["ce_type"].startswith("audit.") else row[2])
            found.append(envelope)
    return found


def of_type(events: list[EventEnvelope], event_type: str) -> list[EventEnvelope]:
    return [event for event in events if event.event_type == event_type]


def operations(events: list[EventEnvelope]) -> list[tuple[str, str]]:
    return [
        (event.operation_recorded.method.rpartition("/")[2], event.operation_recorded.resource_type)
        for event in of_type(events, "audit.operation.recorded.v1")
    ]


def bundle(**fields: Any) -> deployments.CreateDeploymentRequest:
    resources = [
        deployment_pb2.Resource(name="review.bpmn", content=user_task()),
        deployment_pb2.Resource(name="other.bpmn", content=user_task("other")),
    ]
    return deployments.CreateDeploymentRequest(resources=resources, name="bundle", tenant_id="acme", **fields)


async def test_a_deployment_is_told_with_its_forms_and_once(
    engine_with_forms: Engine, engine_database: Database
) -> None:
    engine = engine_with_forms
    deployed = (await engine.deployments.CreateDeployment(bundle(), metadata=ASKED_BY)).deployment
    assert (await engine.deployments.CreateDeployment(bundle())).duplicate
    events = await told(engine_database)
    (event,) = of_type(events, "workflow.deployment.created.v1")
    created = event.deployment_created
    assert event.biz_id == created.deployment.id == deployed.id
    assert (created.deployment.name, created.deployment.tenant_id) == ("bundle", "acme")
    assert {file.name: file.size_bytes for file in created.resources} == {
        "review.bpmn": len(user_task()),
        "other.bpmn": len(user_task("other")),
    }
    (definition,) = [each for each in created.process_definitions if each.key == "review"]
    assert (definition.key, definition.version, definition.resource_name) == ("review", 1, "review.bpmn")
    assert definition.deployment_id == deployed.id
    assert operations(events) == [("CreateDeployment", "deployment")]
    (recorded,) = of_type(events, "audit.operation.recorded.v1")
    assert (recorded.metadata.user_id, recorded.correlation_id) == ("ann", "c-1")
    assert recorded.operation_recorded.client_address == "192.0.2.9"
    assert list(recorded.operation_recorded.tenant_ids) == ["acme"]


async def test_a_deployment_of_forms_alone_is_told(engine_with_forms: Engine, engine_database: Database) -> None:
    request = deployments.UploadDeploymentRequest(resource_name="review.form")
    request.file.data = FORM
    deployed = (await engine_with_forms.deployments.UploadDeployment(request)).deployment
    events = await told(engine_database)
    (event,) = of_type(events, "workflow.deployment.created.v1")
    created = event.deployment_created
    assert created.deployment.id == deployed.id
    assert [file.name for file in created.resources] == ["review.form"]
    assert not created.process_definitions
    assert operations(events) == [("UploadDeployment", "deployment")]


async def test_a_deployment_that_is_deleted_is_told_with_what_it_had(
    engine_with_forms: Engine, engine_database: Database
) -> None:
    engine = engine_with_forms
    deployed = (await engine.deployments.CreateDeployment(bundle())).deployment
    await engine.deployments.DeleteDeployment(deployments.DeleteDeploymentRequest(id=deployed.id), metadata=ASKED_BY)
    events = await told(engine_database)
    (event,) = of_type(events, "workflow.deployment.deleted.v1")
    deleted = event.deployment_deleted
    assert (deleted.deployment.id, deleted.deployment.name) == (deployed.id, "bundle")
    assert sorted(deleted.resource_names) == ["other.bpmn", "review.bpmn"]
    assert sorted((found.key, found.version) for found in deleted.process_definitions) == [("other", 1), ("review", 1)]
    assert operations(events) == [("CreateDeployment", "deployment"), ("DeleteDeployment", "deployment")]
    recorded = of_type(events, "audit.operation.recorded.v1")[-1].operation_recorded
    assert orjson.loads(recorded.before_json)["name"] == "bundle"
    assert not recorded.after_json


async def test_definitions_that_are_suspended_and_resumed_are_told_once(
    engine: Engine, engine_database: Database
) -> None:
    definition_id = (await engine.deploy(user_task())).process_definitions[0].id
    await suspend(engine, definition_id)
    await refusal(suspend(engine, definition_id))
    await suspend(engine, definition_id, include_instances=True)
    await resume(engine, definition_id)
    events = await told(engine_database)
    (suspended,) = of_type(events, "workflow.definition.suspended.v1")
    (resumed,) = of_type(events, "workflow.definition.resumed.v1")
    for event, payload in (
        (suspended, suspended.process_definition_suspended),
        (resumed, resumed.process_definition_resumed),
    ):
        found = payload.process_definition
        assert event.biz_id == found.id == definition_id
        assert (found.key, found.version) == ("review", 1)
    assert operations(events)[1:] == [
        ("SuspendProcessDefinition", "processDefinition"),
        ("ResumeProcessDefinition", "processDefinition"),
    ]


async def test_the_old_due_date_of_a_task_is_told(engine: Engine, engine_database: Database) -> None:
    await engine.deploy(user_task(attributes='flowable:dueDate="2030-01-31T00:00:00Z" flowable:assignee="kim"'))
    await engine.start("review")
    (task,) = await engine.user_tasks()
    due = Timestamp(seconds=2_000_000_000)
    details = tasks.UserTaskDetails(due_time=due, priority=80)
    request = tasks.UpdateUserTaskRequest(
        id=task.id, details=details, update_mask=FieldMask(paths=["due_time", "priority"])
    )
    updated: UserTask = (await engine.tasks.UpdateUserTask(request, metadata=ASKED_BY)).user_task
    assert updated.due_time == due
    events = await told(engine_database)
    (event,) = of_type(events, "workflow.task.updated.v1")
    payload = event.user_task_updated
    assert sorted(payload.changed) == ["due_time", "priority"]
    assert payload.due_time == due
    assert payload.previous_due_time.ToJsonString() == "2030-01-31T00:00:00Z"
    assert (payload.previous_priority, payload.priority, payload.assignee) == (50, 80, "kim")
    recorded = of_type(events, "audit.operation.recorded.v1")[-1].operation_recorded
    (before,) = orjson.loads(recorded.before_json)["userTasks"].values()
    (after,) = orjson.loads(recorded.after_json)["userTasks"].values()
    assert before == {"dueTime": "2030-01-31T00:00:00Z", "priority": 50}
    assert after == {"dueTime": due.ToJsonString(), "priority": 80}


async def test_a_repeated_request_is_one_operation(engine: Engine, engine_database: Database) -> None:
    await engine.deploy(user_task())
    for _ in range(3):
        await engine.start("review", request_id="r-1")
    assert operations(await told(engine_database)).count(("CreateProcessInstance", "processInstance")) == 1


async def test_each_instance_that_is_started_together_is_told(engine: Engine, engine_database: Database) -> None:
    await engine.deploy(user_task())
    request = instances.BatchCreateProcessInstancesRequest(
        instances=[instances.ProcessInstanceSpec(process_definition_key="review") for _ in range(3)]
    )
    started = (await engine.instances.BatchCreateProcessInstances(request)).process_instances
    recorded = of_type(await told(engine_database), "audit.operation.recorded.v1")[1:]
    assert sorted(event.biz_id for event in recorded) == sorted(one.id for one in started)
    assert {event.operation_recorded.method.rpartition("/")[2] for event in recorded} == {"BatchCreateProcessInstances"}


async def test_removing_an_ended_instance_is_told_though_it_tells_no_event(
    engine: Engine, engine_database: Database
) -> None:
    await engine.deploy(user_task())
    started = await engine.start("review")
    (task,) = await engine.user_tasks()
    await engine.complete_task(task.id)
    await engine.instances.DeleteProcessInstance(instances.DeleteProcessInstanceRequest(id=started.id))
    found = operations(await told(engine_database))
    assert found[-1] == ("DeleteProcessInstance", "processInstance")


async def test_extending_a_lease_is_not_told(engine: Engine, engine_database: Database) -> None:
    await engine.deploy(external())
    await engine.start("ship")
    job = await engine.one_job()
    before = operations(await told(engine_database))
    await engine.jobs.ExtendJobLease(jobs.ExtendJobLeaseRequest(id=job.id, lease_token=job.lease_token))
    assert operations(await told(engine_database)) == before
    await engine.complete_job(job)
    assert operations(await told(engine_database))[-1] == ("CompleteJob", "processInstance")


async def test_messages_and_batches_are_told(engine: Engine, engine_database: Database) -> None:
    publishing: Any = MessageServiceStub(engine.channel)
    await publishing.PublishMessage(messages.PublishMessageRequest(name="Paid"))
    await engine.deploy(user_task())
    started = await engine.start("review")
    batching: Any = BatchServiceStub(engine.channel)
    operation = batch_pb2.BatchOperation(suspend=batch_pb2.BatchSuspend())
    request = batch_service_pb2.CreateBatchRequest(operation=operation, target_ids=[started.id])
    batch = (await batching.CreateBatch(request)).batch
    await batching.CancelBatch(batch_service_pb2.CancelBatchRequest(id=batch.id))
    found = operations(await told(engine_database))
    assert ("PublishMessage", "message") in found
    assert ("CreateBatch", "batch") in found
    assert ("CancelBatch", "batch") in found


@pytest.mark.parametrize("method", ["GetProcessInstance", "ListUserTasks"])
async def test_reading_is_no_operation(engine: Engine, engine_database: Database, method: str) -> None:
    await engine.deploy(user_task())
    started = await engine.start("review")
    before = len(await told(engine_database))
    await (engine.get(started.id) if method == "GetProcessInstance" else engine.user_tasks())
    assert len(await told(engine_database)) == before
