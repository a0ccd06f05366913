"""Batches: one operation on many items, in the background, each exactly once."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from flowmesh.engine.v1 import batch_pb2, migration_pb2, modification_pb2, process_instance_pb2
from flowmesh.engine.v1 import batch_service_pb2 as pb
from flowmesh.engine.v1.batch_service_pb2_grpc import BatchServiceStub

from engine_svc.commands import batches as commands
from engine_svc.commands.batches import LEASE_MICROS, BatchWork
from engine_svc.storage.batches import Targets, claim_items
from engine_svc.workers.operation_retention import OperationRetention
from mesh.access.grants import SubjectGrants
from mesh.call import CallContext
from mesh.db.database import Database
from mesh.db.statements import Fetch, Row, fetch
from mesh.errors import Conflict
from mesh.json_values import to_values
from tests.infrastructure.identity import access
from tests.integration.engine.serving import (
    ENDS,
    Engine,
    TurnedClock,
    external,
    model,
    refusal,
    until,
    user_task,
)

Batch, Item = batch_pb2.Batch, batch_pb2.BatchItem
ProcessInstance = process_instance_pb2.ProcessInstance
CANCEL = batch_pb2.BatchOperation(cancel=batch_pb2.BatchCancel(reason="over"))
REVIEW = batch_pb2.BatchFilter(process_definition_key="review")
SECOND = model("review", ENDS + '<userTask id="t"/><userTask id="u"/>', "s>t", "t>u", "u>e")


class Batches:
    """The service, and what tests ask of it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.stub: Any = BatchServiceStub(engine.channel)

    async def create(self, operation: batch_pb2.BatchOperation, **fields: Any) -> batch_pb2.Batch:
        answer = await self.stub.CreateBatch(pb.CreateBatchRequest(operation=operation, **fields))
        batch: batch_pb2.Batch = answer.batch
        return batch

    async def get(self, batch_id: str) -> batch_pb2.Batch:
        batch: batch_pb2.Batch = (await self.stub.GetBatch(pb.GetBatchRequest(id=batch_id))).batch
        return batch

    async def ended(self, batch_id: str) -> batch_pb2.Batch:
        async def finished() -> batch_pb2.Batch | None:
            batch = await self.get(batch_id)
            return batch if batch.state in (Batch.STATE_COMPLETED, Batch.STATE_CANCELLED) else None

        batch = await until(finished)
        assert batch is not None
        return batch

    async def items(self, batch_id: str, **fields: Any) -> list[batch_pb2.BatchItem]:
        return list((await self.stub.ListBatchItems(pb.ListBatchItemsRequest(id=batch_id, **fields))).items)


@pytest.fixture
def batches(engine: Engine) -> Batches:
    return Batches(engine)


async def started(engine: Engine, count: int, content: bytes = b"") -> list[str]:
    await engine.deploy(content or user_task())
    return [(await engine.start("review")).id for _ in range(count)]


async def statuses(engine: Engine, ids: list[str]) -> Counter[int]:
    return Counter([(await engine.get(instance_id)).status for instance_id in ids])


async def test_all_that_a_filter_finds(engine: Engine, batches: Batches) -> None:
    ids = await started(engine, 45)
    created = await batches.create(CANCEL, filter=REVIEW, name="clean up", request_id="r")
    assert await batches.create(CANCEL, filter=REVIEW, name="clean up", request_id="r") == created
    assert (created.total, created.kind, created.state) == (45, "cancel", Batch.STATE_RUNNING)
    batch = await batches.ended(created.id)
    assert (batch.state, batch.done, batch.failed) == (Batch.STATE_COMPLETED, 45, 0)
    assert batch.end_time.ToMicroseconds() >= batch.create_time.ToMicroseconds()
    assert await statuses(engine, ids) == {ProcessInstance.STATUS_TERMINATED: 45}
    listed = await batches.stub.ListBatches(pb.ListBatchesRequest(state=Batch.STATE_COMPLETED))
    assert list(listed.batches) == [batch]


async def test_items_that_fail_tell_why_and_the_others_go_on(engine: Engine, batches: Batches) -> None:
    ids = await started(engine, 3)
    tasks = await engine.user_tasks(process_instance_id=ids[1])
    await engine.complete_task(tasks[0].id)
    created = await batches.create(CANCEL, target_ids=[*ids, ids[0], "nothing"])
    batch = await batches.ended(created.id)
    assert (batch.total, batch.done, batch.failed) == (4, 2, 2)
    items = await batches.items(created.id)
    assert [(item.number, item.target_id, item.state, item.error_reason) for item in items] == [
        (1, ids[0], Item.STATE_DONE, ""),
        (2, ids[1], Item.STATE_FAILED, "PROCESS_INSTANCE_NOT_RUNNING"),
        (3, ids[2], Item.STATE_DONE, ""),
        (4, "nothing", Item.STATE_FAILED, "PROCESS_INSTANCE_NOT_FOUND"),
    ]
    failed = await batches.items(created.id, state=Item.STATE_FAILED, page_size=1)
    assert [item.number for item in failed] == [2]
    assert "completed" in failed[0].error_message


async def test_every_kind_of_operation(engine: Engine, batches: Batches) -> None:
    ids = await started(engine, 2)
    second = (await engine.deploy(SECOND)).process_definitions[0].id

    async def run(operation: batch_pb2.BatchOperation, **fields: Any) -> None:
        created = await batches.create(operation, **(fields or {"target_ids": ids}))
        batch = await batches.ended(created.id)
        assert (batch.done, batch.failed) == (2, 0), await batches.items(created.id)

    migrate = migration_pb2.MigrationPlan(target_process_definition_id=second)
    await run(batch_pb2.BatchOperation(migrate=migrate))
    assert {(await engine.get(i)).process_definition_id for i in ids} == {second}
    await run(batch_pb2.BatchOperation(set_variables=batch_pb2.BatchSetVariables(variables=to_values({"x": 1}))))
    assert await engine.variables(ids[0]) == {"x": 1}
    move = modification_pb2.MoveActivities(element_ids=["t"], target_element_ids=["u"])
    instruction = modification_pb2.ModificationInstruction(move=move)
    await run(batch_pb2.BatchOperation(modify=batch_pb2.BatchModify(instructions=[instruction])))
    assert {task.element_id for task in await engine.user_tasks()} == {"u"}
    await run(batch_pb2.BatchOperation(suspend=batch_pb2.BatchSuspend()))
    assert await statuses(engine, ids) == {ProcessInstance.STATUS_PAUSED: 2}
    await run(batch_pb2.BatchOperation(resume=batch_pb2.BatchResume()))
    await run(CANCEL)
    restart = batch_pb2.BatchRestart(start_element_ids=["u"])
    await run(batch_pb2.BatchOperation(restart=restart))
    tasks = await engine.user_tasks()
    assert [task.element_id for task in tasks] == ["u", "u"]
    assert await engine.variables(tasks[0].process_instance_id) == {"x": 1}
    await run(
        batch_pb2.BatchOperation(delete=batch_pb2.BatchDelete()),
        filter=batch_pb2.BatchFilter(status=ProcessInstance.STATUS_TERMINATED),
    )
    assert (await refusal(engine.get(ids[0]))).reason == "PROCESS_INSTANCE_NOT_FOUND"


async def test_retries_of_all_jobs_that_have_failed(engine: Engine, batches: Batches) -> None:
    await engine.deploy(external())
    for _ in range(3):
        await engine.start("ship")
        await engine.fail_job(await engine.one_job(), retries=0, error_message="no")
    assert len(await engine.open_incidents()) == 3
    created = await batches.create(
        batch_pb2.BatchOperation(set_job_retries=batch_pb2.BatchSetJobRetries(retries=2)),
        filter=batch_pb2.BatchFilter(process_definition_key="ship"),
    )
    batch = await batches.ended(created.id)
    assert (batch.total, batch.done) == (3, 3)
    assert await engine.open_incidents() == []
    assert {job.retries for job in await engine.open_jobs()} == {2}


async def test_what_cannot_be_a_batch(engine: Engine, batches: Batches) -> None:
    refused = await refusal(batches.create(CANCEL))
    assert refused.reason == "FIELD_INVALID"
    assert (await refusal(batches.create(CANCEL, filter=REVIEW, target_ids=["x"]))).reason == "FIELD_INVALID"
    assert (await refusal(batches.create(CANCEL, filter=REVIEW))).reason == "BATCH_EMPTY"
    assert (await refusal(batches.get("nothing"))).reason == "BATCH_NOT_FOUND"
    assert (await refusal(batches.items("nothing"))).reason == "BATCH_NOT_FOUND"
    activity = modification_pb2.CancelActivities(activity_ids=["x.1"])
    instruction = modification_pb2.ModificationInstruction(cancel=activity)
    by_id = batch_pb2.BatchOperation(modify=batch_pb2.BatchModify(instructions=[instruction]))
    assert (await refusal(batches.create(by_id, target_ids=["x"]))).reason == "MODIFICATION_INVALID"


async def test_a_paused_batch_waits_and_a_cancelled_one_ends(engine: Engine, batches: Batches) -> None:
    ids = await started(engine, 60)
    created = await batches.create(CANCEL, target_ids=ids)
    paused = await batches.stub.SuspendBatch(pb.SuspendBatchRequest(id=created.id, request_id="s"))
    assert paused.batch.state == Batch.STATE_SUSPENDED
    resumed = await batches.stub.ResumeBatch(pb.ResumeBatchRequest(id=created.id))
    assert resumed.batch.state == Batch.STATE_RUNNING
    batch = await batches.ended(created.id)
    assert batch.done == 60
    refused = await refusal(batches.stub.CancelBatch(pb.CancelBatchRequest(id=created.id)))
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "BATCH_ENDED")
    assert refused.metadata["state"] == "COMPLETED"


class Performed:
    """Counts what was done to what."""

    def __init__(self, *errors: Exception) -> None:
        self.calls: list[tuple[str, str]] = []
        self.errors = list(errors)

    async def __call__(self, operation: bytes, target_id: str, request_id: str) -> None:
        self.calls.append((target_id, request_id))
        if self.errors:
            raise self.errors.pop(0)


@pytest.fixture
async def stored(engine_database: Database) -> tuple[Database, TurnedClock, str]:
    """A batch of 50 items that no engine works on."""
    clock = TurnedClock()
    found: list[str] = []

    def answer(row: Row) -> bytes:
        found.append(row[0])
        return b""

    targets = Targets(tuple(f"i{n}" for n in range(50)))
    await commands.create(engine_database, clock, "", "cancel", b"", targets, None, answer)
    return engine_database, clock, found[-1]


async def test_two_processes_share_a_batch(stored: tuple[Database, TurnedClock, str]) -> None:
    database, clock, batch_id = stored
    performed = Performed()
    works = [BatchWork(database, clock, performed) for _ in range(2)]

    async def work_off(work: BatchWork) -> None:
        while await work.run():
            pass

    await asyncio.gather(*map(work_off, works))
    assert sorted(performed.calls) == sorted((f"i{n}", f"batch:{batch_id}:{n + 1}") for n in range(50))


async def test_items_of_a_process_that_died_are_taken_over(stored: tuple[Database, TurnedClock, str]) -> None:
    database, clock, _ = stored
    now = clock.now_micros()
    dead = await database.write(claim_items(now, now + LEASE_MICROS, 20))
    performed = Performed()
    work = BatchWork(database, clock, performed)
    while await work.run():
        pass
    assert len(performed.calls) == 30
    clock.forward(LEASE_MICROS / 1e6 + 1)
    assert await work.run_due(clock.now_micros()) == 20
    assert {target for target, _ in performed.calls[30:]} == {item.target_id for item in dead}


async def test_what_is_nobodys_fault_is_tried_again(stored: tuple[Database, TurnedClock, str]) -> None:
    database, clock, _ = stored
    performed = Performed(Conflict("REVISION_CONFLICT", "busy"), ValueError("a bug"))
    work = BatchWork(database, clock, performed)
    while await work.run():
        pass
    assert len(performed.calls) == 50
    clock.forward(2)
    assert await work.run()
    assert performed.calls[-1] == performed.calls[0]


async def test_a_process_that_stops_leaves_its_items_to_others(stored: tuple[Database, TurnedClock, str]) -> None:
    database, clock, _ = stored
    begun = asyncio.Event()

    async def never(operation: bytes, target_id: str, request_id: str) -> None:
        begun.set()
        await asyncio.Event().wait()

    stopping = asyncio.create_task(BatchWork(database, clock, never).run())
    await begun.wait()
    stopping.cancel()
    await asyncio.wait([stopping])
    performed = Performed()
    work = BatchWork(database, clock, performed)
    while await work.run():
        pass
    assert len(performed.calls) == 50


async def test_ended_batches_are_forgotten(stored: tuple[Database, TurnedClock, str]) -> None:
    database, clock, _ = stored
    work = BatchWork(database, clock, Performed())
    while await work.run():
        pass
    retention = OperationRetention(database, clock, 100, 100)
    assert not await retention.run()
    clock.forward(101)
    while await retention.run():
        pass
    for table in ("batch", "batch_item"):
        assert await database.read(fetch(Fetch(f"SELECT COUNT(*) FROM {table}"))) == [(0,)]


OPERATIONS = {
    "modify": (
        {"instructions": [{"cancel": {"element_ids": ["t"]}}]},
        "processInstances.modify",
    ),
    "migrate": ({"target_process_definition_id": "d"}, "processInstances.migrate"),
    "cancel": ({"reason": "r"}, "processInstances.cancel"),
    "delete": ({"reason": "r"}, "processInstances.delete"),
    "suspend": ({}, "processInstances.suspend"),
    "resume": ({}, "processInstances.resume"),
    "restart": ({"without_last_variables": True}, "processInstances.create"),
    "set_variables": ({"variables": to_values({"a": 1})}, "processInstances.update"),
    "set_job_retries": ({"retries": 1}, "jobs.update"),
}


@pytest.mark.parametrize("kind", [field.name for field in batch_pb2.BatchOperation.DESCRIPTOR.fields])
async def test_a_batch_needs_the_permission_for_what_it_does(engine_database: Database, kind: str) -> None:
    fields, permission = OPERATIONS[kind]
    granted = ["batches.create"]

    async def authorize(call: CallContext, _: object) -> None:
        call.grants = SubjectGrants(access("ann", *granted))

    engine = await Engine.started(engine_database, authorize=authorize)
    try:
        batches = Batches(engine)
        operation = batch_pb2.BatchOperation(**{kind: fields})
        refused = await refusal(batches.create(operation, target_ids=["neverwas"]))
        assert (refused.code, refused.reason) == ("PERMISSION_DENIED", "ACCESS_DENIED")
        assert refused.metadata == {"permission": permission}
        granted.append(permission)
        assert (await batches.create(operation, target_ids=["neverwas"])).id
    finally:
        await engine.stop()
