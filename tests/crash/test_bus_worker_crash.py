"""The whole mesh is killed again and again while a worker on the bus works: each job is done once in effect."""

from __future__ import annotations

import asyncio
import collections
import itertools
import os
import random
import uuid
from pathlib import Path

import grpc
import pytest
from flowmesh.engine.v1 import (
    deployment_pb2,
    deployment_service_pb2,
    deployment_service_pb2_grpc,
    process_instance_pb2,
    process_instance_service_pb2,
    process_instance_service_pb2_grpc,
    saga_pb2,
    saga_service_pb2,
    saga_service_pb2_grpc,
)
from flowmesh.events.v1 import business_pb2, worker_pb2
from flowmesh.events.v1.event_pb2 import EventEnvelope

from mesh.bus.local import LocalBus
from mesh.bus.port import BusMessage, CommitRejected
from mesh.bus.topics import (
    WORKFLOW_COMPLETION_ANSWERS,
    WORKFLOW_EXECUTION_EVENTS,
    WORKFLOW_WORKER_COMMANDS,
    WORKFLOW_WORKER_RESULTS,
    all_topics,
)
from tests.infrastructure.mesh import Mesh
from tests.integration.engine.bus_workers import answer_message
from tests.unit.bpmn_models import definitions, flow

pytestmark = pytest.mark.slow
KILLS = int(os.environ.get("FLOWMESH_TEST_KILLS", "5"))
INSTANCES = 40
JOBS = 3
SECONDS = 120
NODES = "".join(f'<serviceTask id="n{n}" flowable:type="external-worker" flowable:topic="mail"/>' for n in range(JOBS))
ROUTE = ["s", *[f"n{n}" for n in range(JOBS)], "e"]
MODEL = definitions(
    '<process id="crash" isExecutable="true" xmlns:flowmesh="urn:flowmesh:bpmn" '
    f'flowmesh:completionAcknowledgement="PT1H"><startEvent id="s"/>{NODES}<endEvent id="e"/>'
    + "".join(flow(source, target) for source, target in itertools.pairwise(ROUTE))
    + "</process>"
)


class Worker:
    """Does every job and acknowledges every completion, at least once, and notes what the engine told."""

    def __init__(self, bus: LocalBus, chance: random.Random) -> None:
        self._bus = bus
        self._chance = chance
        self.completed: collections.Counter[str] = collections.Counter()
        self._seen: set[str] = set()
        self._pending: set[str] = set()
        self.acknowledged: set[str] = set()
        """The sagas whose completion was acknowledged on the bus."""

    async def run(self) -> None:
        """Work until cancelled."""
        topics = (WORKFLOW_WORKER_COMMANDS, WORKFLOW_EXECUTION_EVENTS)
        consumer = await self._bus.consumer("worker", topics)
        while True:
            messages = await consumer.poll(20, 0.2)
            answers: list[BusMessage] = []
            for message in messages:
                answers += self._answers(EventEnvelope.FromString(message.value))
            if answers:
                await self._bus.publish(answers)
            self.acknowledged |= self._pending
            if messages and self._chance.random() < 0.7:
                # Else they come again, as to a worker that was killed; only a later commit ends that.
                try:
                    await consumer.commit(messages)
                except CommitRejected:
                    continue

    def _answers(self, event: EventEnvelope) -> list[BusMessage]:
        payload = event.WhichOneof("payload")
        answer_id = str(uuid.uuid5(uuid.UUID(event.event_id), "answer"))
        if payload == "job_activated":
            job = event.job_activated
            done = worker_pb2.WorkerJobCompleted(job_id=job.job_id, lease_token=job.lease_token)
            return [answer_message(done, event.biz_id, answer_id)] * self._chance.randint(1, 3)
        if event.event_id in self._seen:
            return []
        self._seen.add(event.event_id)
        if payload == "job_completed":
            self.completed[event.job_completed.job_id] += 1
        elif payload == "completion_pending":
            self._pending.add(event.completion_pending.saga_id)
            known = business_pb2.CompletionAcknowledged(saga_id=event.completion_pending.saga_id)
            return [answer_message(known, event.biz_id, answer_id)] * 2
        return []


async def _start_instances(mesh: Mesh, ids: list[str]) -> None:
    async with grpc.aio.insecure_channel(mesh.target) as channel:
        stub = process_instance_service_pb2_grpc.ProcessInstanceServiceStub(channel)
        for number in range(INSTANCES):
            request = process_instance_service_pb2.CreateProcessInstanceRequest(
                process_definition_key="crash", request_id=f"start-{number}"
            )
            while True:
                try:
                    answer = await stub.CreateProcessInstance(request, timeout=5)
                except grpc.aio.AioRpcError:
                    await asyncio.sleep(0.1)
                else:
                    ids.append(answer.process_instance.id)
                    break
            await asyncio.sleep(0.05)


async def _finished(mesh: Mesh) -> int:
    async with grpc.aio.insecure_channel(mesh.target) as channel:
        stub = process_instance_service_pb2_grpc.ProcessInstanceServiceStub(channel)
        request = process_instance_service_pb2.ListProcessInstancesRequest(
            page_size=1000, status=process_instance_pb2.ProcessInstance.STATUS_COMPLETED
        )
        return len((await stub.ListProcessInstances(request, timeout=10)).process_instances)


async def test_each_job_is_done_once_through_every_kill(tmp_path: Path) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    mesh = Mesh(tmp_path, settings={"FLOWMESH_ENGINE_EVENT_JOB_TYPES": "mail"})
    await asyncio.to_thread(mesh.start)
    bus = await LocalBus.open(tmp_path / "data" / "bus.db")
    await bus.ensure_topics(all_topics())
    worker = Worker(bus, chance)
    tasks: list[asyncio.Task[None]] = []
    ids: list[str] = []
    try:
        async with grpc.aio.insecure_channel(mesh.target) as channel:
            deployment = deployment_service_pb2_grpc.DeploymentServiceStub(channel)
            resource = deployment_pb2.Resource(name="crash.bpmn", content=MODEL)
            await deployment.CreateDeployment(deployment_service_pb2.CreateDeploymentRequest(resources=[resource]))
        tasks = [asyncio.create_task(worker.run()), asyncio.create_task(_start_instances(mesh, ids))]
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0.3, 1.5))
            await asyncio.to_thread(mesh.kill)
            await asyncio.to_thread(mesh.start)
        await tasks[1]
        async with asyncio.timeout(SECONDS):
            while await _finished(mesh) < INSTANCES or len(worker.acknowledged) < INSTANCES:
                assert not tasks[0].done(), tasks[0].exception()
                await asyncio.sleep(0.2)
            while sum(offset.lag for offset in await bus.group_offsets("engine")):
                await asyncio.sleep(0.1)
        assert len(set(ids)) == INSTANCES
        assert len(worker.completed) == INSTANCES * JOBS
        assert set(worker.completed.values()) == {1}
        for topic in (WORKFLOW_WORKER_RESULTS, WORKFLOW_COMPLETION_ANSWERS):
            assert await bus.dead_letters(topic, None, 100) == []
        async with grpc.aio.insecure_channel(mesh.target) as channel:
            await _check_sagas(channel)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await bus.close()
        await asyncio.to_thread(mesh.stop)


async def _check_sagas(channel: grpc.aio.Channel) -> None:
    stub = saga_service_pb2_grpc.SagaServiceStub(channel)
    listed = await stub.ListSagas(saga_service_pb2.ListSagasRequest(page_size=1000), timeout=10)
    assert [saga.state for saga in listed.sagas] == [saga_pb2.Saga.STATE_COMPLETED] * INSTANCES
