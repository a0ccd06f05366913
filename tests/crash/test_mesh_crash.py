"""The whole mesh is killed again and again under load: nothing acknowledged is lost, nothing is done twice."""

from __future__ import annotations

import asyncio
import collections
import itertools
import os
import random
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import pytest
from flowmesh.engine.v1 import (
    deployment_pb2,
    deployment_service_pb2,
    deployment_service_pb2_grpc,
    job_service_pb2,
    job_service_pb2_grpc,
    process_instance_pb2,
    process_instance_service_pb2,
    process_instance_service_pb2_grpc,
    user_task_service_pb2,
    user_task_service_pb2_grpc,
)
from flowmesh.history.v1 import history_pb2, history_service_pb2, history_service_pb2_grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import Value

from tests.infrastructure.mesh import Mesh

KILLS = int(os.environ.get("FLOWMESH_TEST_KILLS", "20"))
STARTERS, TASK_WORKERS, JOB_WORKERS = 4, 3, 2
CATCH_UP_SECONDS = 120
MODEL = b"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:flowable="http://flowable.org/bpmn"
             targetNamespace="crash">
  <process id="crash" isExecutable="true">
    <startEvent id="start"/>
    <sequenceFlow id="f1" sourceRef="start" targetRef="work"/>
    <serviceTask id="work" flowable:type="external-worker" flowable:topic="crash-work"/>
    <sequenceFlow id="f2" sourceRef="work" targetRef="countWork"/>
    <serviceTask id="countWork" flowable:expression="${count + 1}" flowable:resultVariable="count"/>
    <sequenceFlow id="f3" sourceRef="countWork" targetRef="review"/>
    <userTask id="review"/>
    <sequenceFlow id="f4" sourceRef="review" targetRef="countReview"/>
    <serviceTask id="countReview" flowable:expression="${count + 1}" flowable:resultVariable="count"/>
    <sequenceFlow id="f5" sourceRef="countReview" targetRef="end"/>
    <endEvent id="end"/>
  </process>
</definitions>"""
ELEMENTS = ["countReview", "countWork", "end", "review", "start", "work"]


@dataclass
class Ledger:
    """What the mesh acknowledged, and what was asked of it without an answer."""

    numbers: itertools.count[int] = field(default_factory=itertools.count)
    started: dict[str, str] = field(default_factory=dict)
    """Business key to instance id."""
    completed_tasks: set[str] = field(default_factory=set)
    completed_jobs: set[str] = field(default_factory=set)
    open_starts: set[str] = field(default_factory=set)
    open_tasks: set[str] = field(default_factory=set)
    open_jobs: dict[str, str] = field(default_factory=dict)
    """Job id to lease token."""


class Client:
    """The calls of the load, through the gateway."""

    def __init__(self, mesh: Mesh, ledger: Ledger) -> None:
        self.channel = mesh.channel()
        self.deployments = deployment_service_pb2_grpc.DeploymentServiceStub(self.channel)
        self.instances = process_instance_service_pb2_grpc.ProcessInstanceServiceStub(self.channel)
        self.tasks = user_task_service_pb2_grpc.UserTaskServiceStub(self.channel)
        self.jobs = job_service_pb2_grpc.JobServiceStub(self.channel)
        self.history = history_service_pb2_grpc.HistoryServiceStub(self.channel)
        self.ledger = ledger

    async def deploy(self) -> None:
        resource = deployment_pb2.Resource(name="crash.bpmn", content=MODEL)
        await self.deployments.CreateDeployment(
            deployment_service_pb2.CreateDeploymentRequest(resources=[resource]), timeout=10
        )

    async def start(self, key: str) -> None:
        self.ledger.open_starts.add(key)
        answer = await self.instances.CreateProcessInstance(
            process_instance_service_pb2.CreateProcessInstanceRequest(
                request_id=key,
                process_definition_key="crash",
                business_key=key,
                variables={"count": Value(number_value=0)},
            ),
            timeout=10,
        )
        assert self.ledger.started.setdefault(key, answer.process_instance.id) == answer.process_instance.id
        self.ledger.open_starts.discard(key)

    async def complete_task(self, task_id: str) -> None:
        self.ledger.open_tasks.add(task_id)
        await self.tasks.CompleteUserTask(
            user_task_service_pb2.CompleteUserTaskRequest(request_id=task_id, id=task_id), timeout=10
        )
        self.ledger.completed_tasks.add(task_id)
        self.ledger.open_tasks.discard(task_id)

    async def complete_job(self, job_id: str, lease_token: str) -> None:
        self.ledger.open_jobs[job_id] = lease_token
        request_id = f"{job_id}/{lease_token}"
        await self.jobs.CompleteJob(
            job_service_pb2.CompleteJobRequest(request_id=request_id, id=job_id, lease_token=lease_token), timeout=10
        )
        self.ledger.completed_jobs.add(job_id)
        self.ledger.open_jobs.pop(job_id, None)

    async def open_user_tasks(self, size: int) -> list[str]:
        request = user_task_service_pb2.ListUserTasksRequest(page_size=size, process_definition_key="crash")
        answer = await self.tasks.ListUserTasks(request, timeout=10)
        return [task.id for task in answer.user_tasks]

    async def activate(self) -> list[tuple[str, str]]:
        answer = await self.jobs.ActivateJobs(
            job_service_pb2.ActivateJobsRequest(
                type="crash-work",
                worker="crash",
                max_jobs=8,
                lease_duration=Duration(seconds=2),
                request_timeout=Duration(nanos=200_000_000),
            ),
            timeout=10,
        )
        return [(job.id, job.lease_token) for job in answer.jobs]


async def _until_the_mesh_dies(work: object) -> None:
    while True:
        try:
            await work()  # type: ignore[operator]
        except grpc.aio.AioRpcError as error:
            if error.code() in (
                grpc.StatusCode.UNAVAILABLE,
                grpc.StatusCode.CANCELLED,
                grpc.StatusCode.DEADLINE_EXCEEDED,
            ):
                return
            # The lease of a job ran out and another worker was faster: that is part of the load.
            assert error.code() in (grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.NOT_FOUND), error


async def _load(client: Client, seed: random.Random) -> None:
    async def start() -> None:
        await client.start(f"order-{next(client.ledger.numbers)}")

    async def review() -> None:
        tasks = await client.open_user_tasks(20)
        if not tasks:
            await asyncio.sleep(0.01)
        for task in seed.sample(tasks, min(len(tasks), 5)):
            await client.complete_task(task)

    async def work() -> None:
        for job, token in await client.activate():
            await client.complete_job(job, token)

    loads = [start] * STARTERS + [review] * TASK_WORKERS + [work] * JOB_WORKERS
    await asyncio.gather(*(_until_the_mesh_dies(load) for load in loads))


async def _settle(client: Client) -> None:
    """Ask again, with the same request ids, for everything that was never answered."""
    for key in list(client.ledger.open_starts):
        await client.start(key)
    for task in list(client.ledger.open_tasks):
        await client.complete_task(task)
    for job, token in list(client.ledger.open_jobs.items()):
        try:
            await client.complete_job(job, token)
        except grpc.aio.AioRpcError as error:
            assert error.code() in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.FAILED_PRECONDITION), error
            client.ledger.open_jobs.pop(job, None)


async def _finish(client: Client) -> None:
    """Work on until nothing is left to do."""
    idle = 0
    while idle < 30:
        jobs = await client.activate()
        for job, token in jobs:
            await client.complete_job(job, token)
        tasks = await client.open_user_tasks(1000)
        for task in tasks:
            await client.complete_task(task)
        idle = 0 if jobs or tasks else idle + 1


async def _all_instances(client: Client) -> list[process_instance_pb2.ProcessInstance]:
    found: list[process_instance_pb2.ProcessInstance] = []
    token = ""
    while True:
        answer = await client.instances.ListProcessInstances(
            process_instance_service_pb2.ListProcessInstancesRequest(page_size=1000, page_token=token)
        )
        found += answer.process_instances
        token = answer.next_page_token
        if not token:
            return found


async def _history(client: Client) -> dict[str, history_pb2.HistoricProcessInstance]:
    found: dict[str, history_pb2.HistoricProcessInstance] = {}
    token = ""
    while True:
        answer = await client.history.ListHistoricProcessInstances(
            history_service_pb2.ListHistoricProcessInstancesRequest(page_size=1000, page_token=token)
        )
        found |= {instance.id: instance for instance in answer.historic_process_instances}
        token = answer.next_page_token
        if not token:
            return found


async def _check(client: Client) -> None:
    ledger = client.ledger
    engine = await _all_instances(client)
    keys = collections.Counter(instance.business_key for instance in engine)
    assert set(keys) == set(ledger.started)
    assert max(keys.values()) == 1, "an instance was started twice"
    by_key = {instance.business_key: instance for instance in engine}
    assert {key: instance.id for key, instance in by_key.items()} == ledger.started
    assert {instance.status for instance in engine} == {process_instance_pb2.ProcessInstance.STATUS_COMPLETED}
    ended = {instance.id for instance in engine}
    assert {task.partition(".")[0] for task in ledger.completed_tasks} <= ended
    assert {job.partition(".")[0] for job in ledger.completed_jobs} <= ended

    async with asyncio.timeout(CATCH_UP_SECONDS):
        while True:
            history = await _history(client)
            done = [i for i in history.values() if i.status == history_pb2.HistoricProcessInstance.STATUS_COMPLETED]
            if len(done) == len(engine):
                break
            await asyncio.sleep(0.1)
    for instance in engine:
        told = history[instance.id]
        assert (told.business_key, told.start_time, told.end_time) == (
            instance.business_key,
            instance.start_time,
            instance.end_time,
        )
        activities = await client.history.ListHistoricActivities(
            history_service_pb2.ListHistoricActivitiesRequest(process_instance_id=instance.id)
        )
        assert sorted(activity.element_id for activity in activities.historic_activities) == ELEMENTS
        counts = await client.history.ListHistoricVariables(
            history_service_pb2.ListHistoricVariablesRequest(process_instance_id=instance.id, name="count")
        )
        assert [variable.value.number_value for variable in counts.historic_variables] == [2]


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_nothing_acknowledged_is_lost_or_doubled(tmp_path: Path) -> None:
    seed = int(os.environ.get("FLOWMESH_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
    print(f"FLOWMESH_TEST_SEED={seed}")
    chance = random.Random(seed)
    ledger = Ledger()
    mesh = Mesh(tmp_path)
    for round_number in range(KILLS):
        await asyncio.to_thread(mesh.start)
        client = Client(mesh, ledger)
        if round_number == 0:
            await client.deploy()
        await _settle(client)
        load = asyncio.create_task(_load(client, chance))
        await asyncio.sleep(chance.uniform(0.05, 1.5))
        await asyncio.to_thread(mesh.kill)
        await load
        await client.channel.close()
    await asyncio.to_thread(mesh.start)
    try:
        client = Client(mesh, ledger)
        await _settle(client)
        await _finish(client)
        print(f"{len(ledger.started)} instances, {KILLS} kills")
        assert len(ledger.started) > KILLS
        await _check(client)
        await client.channel.close()
    finally:
        await asyncio.to_thread(mesh.stop)
