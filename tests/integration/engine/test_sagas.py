"""The completion saga: acknowledged, rejected, told again, compensated; and its transaction log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from flowmesh.engine.v1 import process_instance_pb2, saga_pb2
from flowmesh.engine.v1 import process_instance_service_pb2 as instances_pb
from flowmesh.engine.v1 import saga_service_pb2 as pb
from flowmesh.engine.v1.saga_service_pb2_grpc import SagaServiceStub
from flowmesh.events.v1 import business_pb2

from engine_svc.commands.sagas import MOST_REPEATS, CompletionSagas
from engine_svc.workers.saga_retention import SagaRetention
from mesh.bus.local import LocalBus
from mesh.bus.topics import WORKFLOW_COMPLETION_ANSWERS
from mesh.db.database import Database
from mesh.db.statements import Fetch, fetch
from mesh.ids import new_id
from tests.integration.engine.bus_workers import BusClient, client_of, local_bus, relaying
from tests.integration.engine.serving import Engine, refusal, until
from tests.unit.bpmn_models import definitions, flow

ProcessInstance = process_instance_pb2.ProcessInstance
Saga, SagaStep = saga_pb2.Saga, saga_pb2.SagaStep
LIMIT = 60
"""Seconds that the first attempt waits."""


def ordered(key: str = "order", attribute: str = 'flowmesh:completionAcknowledgement="PT1M"') -> bytes:
    """A process with a task, whose completion has to be acknowledged within a minute."""
    nodes = '<startEvent id="s"/><userTask id="t"/><endEvent id="e"/>' + flow("s", "t") + flow("t", "e")
    process = f'<process id="{key}" isExecutable="true" {attribute}>{nodes}</process>'
    return definitions(process).replace(b"<definitions ", b'<definitions xmlns:flowmesh="urn:flowmesh:bpmn" ', 1)


class Sagas:
    """The service, and what tests ask of it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.stub: Any = SagaServiceStub(engine.channel)

    async def completed(self, **fields: Any) -> str:
        """Complete an instance; return its id."""
        instance_id = (await self.engine.start("order", **fields)).id
        (task,) = await self.engine.user_tasks(process_instance_id=instance_id)
        await self.engine.complete_task(task.id)
        return instance_id

    async def get(self, instance_id: str) -> saga_pb2.Saga:
        answer = await self.stub.GetSaga(pb.GetSagaRequest(id=f"saga:process:{instance_id}"))
        saga: saga_pb2.Saga = answer.saga
        return saga

    async def steps(self, instance_id: str) -> list[saga_pb2.SagaStep]:
        request = pb.ListSagaStepsRequest(saga_id=f"saga:process:{instance_id}")
        return list((await self.stub.ListSagaSteps(request)).steps)

    async def log(self, instance_id: str) -> list[tuple[str, int]]:
        return [(step.step, step.status) for step in await self.steps(instance_id)]

    async def acknowledge(self, instance_id: str, **fields: Any) -> saga_pb2.Saga:
        request = pb.AcknowledgeCompletionRequest(saga_id=f"saga:process:{instance_id}", **fields)
        saga: saga_pb2.Saga = (await self.stub.AcknowledgeCompletion(request)).saga
        return saga

    async def reject(self, instance_id: str, reason: str = "", **fields: Any) -> saga_pb2.Saga:
        request = pb.RejectCompletionRequest(saga_id=f"saga:process:{instance_id}", reason=reason, **fields)
        saga: saga_pb2.Saga = (await self.stub.RejectCompletion(request)).saga
        return saga

    async def status(self, instance_id: str) -> int:
        return (await self.engine.get(instance_id)).status

    async def attempts(self, instance_id: str, count: int) -> saga_pb2.Saga:
        """Wait until the completion was told so often."""

        async def told() -> saga_pb2.Saga | None:
            saga = await self.get(instance_id)
            return saga if saga.attempts == count else None

        saga = await until(told)
        assert saga is not None
        return saga


BEGUN = [
    ("COMPLETE_INSTANCE", SagaStep.STATUS_COMPLETED),
    ("PUBLISH_COMPLETION", SagaStep.STATUS_COMPLETED),
]
WAITING = [*BEGUN, ("AWAIT_ACKNOWLEDGEMENT", SagaStep.STATUS_STARTED)]


@pytest.fixture
async def sagas(engine: Engine) -> Sagas:
    await engine.deploy(ordered())
    return Sagas(engine)


async def test_an_acknowledged_completion(sagas: Sagas) -> None:
    instance_id = await sagas.completed()
    assert await sagas.status(instance_id) == ProcessInstance.STATUS_COMPLETED
    saga = await sagas.get(instance_id)
    assert (saga.state, saga.attempts, saga.process_definition_key) == (Saga.STATE_PENDING, 1, "order")
    assert saga.due_time.seconds - saga.start_time.seconds == LIMIT
    assert await sagas.log(instance_id) == WAITING
    sagas.engine.clock.forward(2)
    ended = await sagas.acknowledge(instance_id)
    assert (ended.state, ended.HasField("due_time"), ended.HasField("end_time")) == (Saga.STATE_COMPLETED, False, True)
    assert await sagas.get(instance_id) == ended
    steps = await sagas.steps(instance_id)
    assert [(step.number, step.status) for step in steps] == [(n, SagaStep.STATUS_COMPLETED) for n in (1, 2, 3)]
    waited = steps[-1]
    assert waited.duration.ToMilliseconds() >= 2000
    millis = waited.end_time.ToMicroseconds() - waited.start_time.ToMicroseconds()
    assert waited.duration.ToMilliseconds() == millis // 1000
    assert await sagas.status(instance_id) == ProcessInstance.STATUS_COMPLETED


async def test_acknowledging_again_answers_the_same_and_rejecting_then_is_refused(sagas: Sagas) -> None:
    instance_id = await sagas.completed()
    first = await sagas.acknowledge(instance_id, request_id="a")
    assert await sagas.acknowledge(instance_id, request_id="a") == first
    assert await sagas.acknowledge(instance_id) == first
    refused = await refusal(sagas.reject(instance_id))
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "SAGA_ENDED")
    assert refused.metadata == {"saga_id": f"saga:process:{instance_id}", "state": "COMPLETED"}


async def test_a_rejected_completion_fails_the_instance(sagas: Sagas) -> None:
    instance_id = await sagas.completed()
    saga = await sagas.reject(instance_id, "the stock is empty", request_id="r")
    assert (saga.state, saga.reason) == (Saga.STATE_COMPENSATED, "the completion was rejected: the stock is empty")
    assert await sagas.status(instance_id) == ProcessInstance.STATUS_FAILED
    assert await sagas.log(instance_id) == [
        *BEGUN,
        ("AWAIT_ACKNOWLEDGEMENT", SagaStep.STATUS_FAILED),
        ("COMPENSATE_COMPLETION", SagaStep.STATUS_COMPLETED),
    ]
    assert (await sagas.steps(instance_id))[2].error == saga.reason
    assert await sagas.reject(instance_id, "the stock is empty", request_id="r") == saga
    assert await sagas.reject(instance_id, "another reason") == saga
    assert (await refusal(sagas.acknowledge(instance_id))).reason == "SAGA_ENDED"


async def test_a_failed_instance_can_be_found_restarted_and_deleted(sagas: Sagas) -> None:
    instance_id = (await sagas.engine.start("order", {"amount": 7})).id
    (task,) = await sagas.engine.user_tasks(process_instance_id=instance_id)
    await sagas.engine.complete_task(task.id)
    await sagas.reject(instance_id)
    stub = sagas.engine.instances
    listed = await stub.ListProcessInstances(
        instances_pb.ListProcessInstancesRequest(status=ProcessInstance.STATUS_FAILED)
    )
    assert [instance.id for instance in listed.process_instances] == [instance_id]
    again = await stub.RestartProcessInstance(instances_pb.RestartProcessInstanceRequest(id=instance_id))
    assert await sagas.engine.variables(again.process_instance.id) == {"amount": 7}
    await stub.DeleteProcessInstance(instances_pb.DeleteProcessInstanceRequest(id=instance_id))
    assert (await refusal(sagas.get(instance_id))).reason == "SAGA_NOT_FOUND"


async def test_without_an_answer_it_is_told_again_and_fails_in_the_end(sagas: Sagas) -> None:
    instance_id = await sagas.completed()
    for attempt in range(1, MOST_REPEATS + 2):
        saga = await sagas.attempts(instance_id, attempt)
        left = saga.due_time.ToMicroseconds() - sagas.engine.clock.now_micros()
        # Each wait is twice as long as the one before.
        assert round(left / 1e6 / LIMIT) == 2 ** (attempt - 1)
        sagas.engine.clock.forward(left / 1e6 + 0.01)

    async def compensated() -> bool:
        return (await sagas.get(instance_id)).state == Saga.STATE_COMPENSATED

    await until(compensated)
    assert await sagas.status(instance_id) == ProcessInstance.STATUS_FAILED
    saga = await sagas.get(instance_id)
    assert saga.reason == "the completion was told 4 times and not acknowledged"
    told = [("PUBLISH_COMPLETION", SagaStep.STATUS_COMPLETED), ("AWAIT_ACKNOWLEDGEMENT", SagaStep.STATUS_FAILED)]
    assert await sagas.log(instance_id) == [
        ("COMPLETE_INSTANCE", SagaStep.STATUS_COMPLETED),
        *told * 4,
        ("COMPENSATE_COMPLETION", SagaStep.STATUS_COMPLETED),
    ]
    errors = [step.error for step in await sagas.steps(instance_id) if step.error]
    assert errors == [f"no acknowledgement within {LIMIT << n} s" for n in range(4)]


async def test_an_acknowledgement_of_a_later_attempt(sagas: Sagas) -> None:
    instance_id = await sagas.completed()
    sagas.engine.clock.forward(LIMIT + 1)
    await sagas.attempts(instance_id, 2)
    await sagas.acknowledge(instance_id)
    sagas.engine.clock.forward(LIMIT * 20)
    assert (await sagas.get(instance_id)).attempts == 2
    assert await sagas.status(instance_id) == ProcessInstance.STATUS_COMPLETED
    assert (await sagas.log(instance_id))[-1] == ("AWAIT_ACKNOWLEDGEMENT", SagaStep.STATUS_COMPLETED)


async def test_definitions_without_it_have_no_saga(sagas: Sagas, engine_database: Database) -> None:
    await sagas.engine.deploy(ordered("order", ""))
    instance_id = await sagas.completed()
    refused = await refusal(sagas.get(instance_id))
    assert (refused.code, refused.reason) == ("NOT_FOUND", "SAGA_NOT_FOUND")
    for table in ("saga", "transaction_log"):
        assert await engine_database.read(fetch(Fetch(f"SELECT 1 FROM {table}"))) == []


@pytest.mark.parametrize(
    "saga_id", ["x", "saga:process:", "saga:other:x", "saga:process:01a1ff75-cddd-715a-8f35-e5d0d092e4d1"]
)
async def test_sagas_that_are_none(sagas: Sagas, saga_id: str) -> None:
    for call in (
        sagas.stub.GetSaga(pb.GetSagaRequest(id=saga_id)),
        sagas.stub.ListSagaSteps(pb.ListSagaStepsRequest(saga_id=saga_id)),
        sagas.stub.AcknowledgeCompletion(pb.AcknowledgeCompletionRequest(saga_id=saga_id)),
        sagas.stub.RejectCompletion(pb.RejectCompletionRequest(saga_id=saga_id)),
    ):
        assert (await refusal(call)).reason == "SAGA_NOT_FOUND"


async def test_an_instance_that_ends_when_it_is_started(sagas: Sagas) -> None:
    straight = '<startEvent id="s"/><endEvent id="e"/>' + flow("s", "e")
    prop = '<camunda:properties><camunda:property name="completionAcknowledgement" value="PT1M"/></camunda:properties>'
    process = f'<process id="straight"><extensionElements>{prop}</extensionElements>{straight}</process>'
    await sagas.engine.deploy(definitions(process))
    instance_id = (await sagas.engine.start("straight")).id
    assert await sagas.log(instance_id) == WAITING
    await sagas.acknowledge(instance_id)
    assert await sagas.status(instance_id) == ProcessInstance.STATUS_COMPLETED


async def test_a_called_process_has_a_saga_of_its_own(sagas: Sagas) -> None:
    calling = (
        '<startEvent id="s"/><callActivity id="c" calledElement="order"/><userTask id="after"/><endEvent id="e"/>'
        + flow("s", "c")
        + flow("c", "after")
        + flow("after", "e")
    )
    await sagas.engine.deploy(definitions(f'<process id="caller" isExecutable="true">{calling}</process>'))
    caller = (await sagas.engine.start("caller")).id
    (task,) = await sagas.engine.user_tasks()
    called = task.process_instance_id
    await sagas.engine.complete_task(task.id)
    assert (await sagas.get(called)).state == Saga.STATE_PENDING
    await sagas.reject(called)
    assert await sagas.status(called) == ProcessInstance.STATUS_FAILED
    # The caller has gone on.
    (task,) = await sagas.engine.user_tasks()
    assert (task.process_instance_id, task.element_id) == (caller, "after")


async def test_lists_and_logs_have_pages(sagas: Sagas) -> None:
    ids = [await sagas.completed() for _ in range(5)]
    await sagas.acknowledge(ids[0])
    listed: list[str] = []
    token = ""
    while True:
        request = pb.ListSagasRequest(page_size=2, page_token=token, state=Saga.STATE_PENDING)
        page = await sagas.stub.ListSagas(request)
        listed += [saga.process_instance_id for saga in page.sagas]
        token = page.next_page_token
        if not token:
            break
    assert listed == ids[:0:-1]
    numbers: list[int] = []
    while True:
        steps = pb.ListSagaStepsRequest(saga_id=f"saga:process:{ids[0]}", page_size=2, page_token=token)
        answer = await sagas.stub.ListSagaSteps(steps)
        numbers += [step.number for step in answer.steps]
        token = answer.next_page_token
        if not token:
            break
    assert numbers == [1, 2, 3]


async def test_sagas_that_ended_long_ago_are_forgotten_with_their_log(sagas: Sagas, engine_database: Database) -> None:
    kept, gone = await sagas.completed(), await sagas.completed()
    await sagas.acknowledge(gone)
    sagas.engine.clock.forward(30)
    retention = SagaRetention(engine_database, sagas.engine.clock, 31)
    assert not await retention.run()
    await sagas.get(gone)
    sagas.engine.clock.forward(2)
    assert not await retention.run()
    assert (await refusal(sagas.get(gone))).reason == "SAGA_NOT_FOUND"
    rows = await engine_database.read(fetch(Fetch("SELECT DISTINCT instance_id FROM transaction_log")))
    assert rows == [(kept,)]


async def test_answers_and_time_race_and_one_of_them_wins(two_engines: tuple[Engine, Engine]) -> None:
    first, second = two_engines
    await first.deploy(ordered())
    ones, others = Sagas(first), Sagas(second)
    ids = [await ones.completed() for _ in range(12)]
    first.clock.forward(LIMIT + 1)
    deadlines = [CompletionSagas(engine.service.executor, lambda _: None) for engine in two_engines]
    calls = [
        call
        for instance_id in ids
        for call in (ones.acknowledge(instance_id), others.reject(instance_id), others.acknowledge(instance_id))
    ]
    await asyncio.gather(*calls, *[deadline.run() for deadline in deadlines], return_exceptions=True)
    for instance_id in ids:
        saga = await ones.get(instance_id)
        status = await ones.status(instance_id)
        steps = await ones.steps(instance_id)
        assert [step.number for step in steps] == list(range(1, len(steps) + 1))
        assert not [step for step in steps if step.status == SagaStep.STATUS_STARTED]
        if saga.state == Saga.STATE_COMPLETED:
            assert status == ProcessInstance.STATUS_COMPLETED
            assert steps[-1].step == "AWAIT_ACKNOWLEDGEMENT"
        else:
            assert (saga.state, status) == (Saga.STATE_COMPENSATED, ProcessInstance.STATUS_FAILED)
            assert steps[-1].step == "COMPENSATE_COMPLETION"
        # Told again by at most one of the two engines.
        assert saga.attempts == sum(step.step == "PUBLISH_COMPLETION" for step in steps) <= 2


# Over the bus


@pytest.fixture
async def bus(tmp_path: Path) -> AsyncIterator[LocalBus]:
    async with local_bus(tmp_path) as opened:
        yield opened


@pytest.fixture
async def on_bus(engine_database: Database, bus: LocalBus) -> AsyncIterator[tuple[Sagas, BusClient]]:
    async with relaying(engine_database, bus), client_of(bus) as client:
        engine = await Engine.started(engine_database, bus=bus)
        await engine.deploy(ordered())
        yield Sagas(engine), client
        await engine.stop()


async def test_a_business_system_acknowledges_over_the_bus(on_bus: tuple[Sagas, BusClient]) -> None:
    sagas, client = on_bus
    instance_id = await sagas.completed(business_key="B-1")
    completed = (await client.event("process_instance_completed", instance_id)).process_instance_completed
    assert completed.saga_id == f"saga:process:{instance_id}"
    event = await client.event("completion_pending", instance_id)
    pending = event.completion_pending
    assert (event.event_type, pending.saga_id, pending.attempt) == (
        "workflow.completion.pending.v1",
        completed.saga_id,
        1,
    )
    assert pending.acknowledge_before == (await sagas.get(instance_id)).due_time
    assert pending.process_instance.business_key == "B-1"
    sagas.engine.clock.forward(LIMIT + 1)
    again = (await client.event("completion_pending", instance_id)).completion_pending
    assert again.attempt == 2
    assert again.process_instance.revision == pending.process_instance.revision + 1
    for _ in range(2):
        await client.answer(business_pb2.CompletionAcknowledged(saga_id=again.saga_id), instance_id)
    await client.answer(business_pb2.CompletionRejected(saga_id=again.saga_id), instance_id)
    assert await client.reasons(WORKFLOW_COMPLETION_ANSWERS) == ["SAGA_ENDED"]
    assert (await sagas.get(instance_id)).state == Saga.STATE_COMPLETED


async def test_a_business_system_rejects_over_the_bus(on_bus: tuple[Sagas, BusClient]) -> None:
    sagas, client = on_bus
    instance_id = await sagas.completed()
    rejected = business_pb2.CompletionRejected(saga_id=f"saga:process:{instance_id}", reason="no stock")
    await client.answer(rejected, instance_id)
    failed = (await client.event("process_instance_failed", instance_id)).process_instance_failed
    assert (failed.reason, failed.saga_id) == ("the completion was rejected: no stock", rejected.saga_id)
    assert failed.process_instance.last_in_commit
    assert await sagas.status(instance_id) == ProcessInstance.STATUS_FAILED
    instance = await sagas.engine.get(instance_id)
    assert failed.start_time == instance.start_time
    unknown = business_pb2.CompletionAcknowledged(saga_id=f"saga:process:{new_id()}")
    await client.answer(unknown, "nobody")
    assert await client.reasons(WORKFLOW_COMPLETION_ANSWERS) == ["SAGA_NOT_FOUND"]
