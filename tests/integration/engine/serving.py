"""A running engine for tests: the real service on a real database, reached by gRPC."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc
import grpc.aio
import pytest
from flowmesh.engine.v1 import (
    clock_service_pb2,
    deployment_pb2,
    deployment_service_pb2,
    incident_service_pb2,
    job_pb2,
    job_service_pb2,
    process_instance_pb2,
    process_instance_service_pb2,
    user_task_pb2,
    user_task_service_pb2,
)
from flowmesh.engine.v1.clock_service_pb2_grpc import ClockServiceStub
from flowmesh.engine.v1.deployment_service_pb2_grpc import DeploymentServiceStub
from flowmesh.engine.v1.incident_service_pb2_grpc import IncidentServiceStub
from flowmesh.engine.v1.job_service_pb2_grpc import JobServiceStub
from flowmesh.engine.v1.process_definition_service_pb2_grpc import ProcessDefinitionServiceStub
from flowmesh.engine.v1.process_instance_service_pb2_grpc import ProcessInstanceServiceStub
from flowmesh.engine.v1.user_task_service_pb2_grpc import UserTaskServiceStub
from flowmesh.engine.v1.variable_service_pb2_grpc import VariableServiceStub
from google.protobuf.duration_pb2 import Duration

from engine_svc.main import EngineService
from engine_svc.settings import EngineSettings
from mesh.bus.port import Bus
from mesh.clock import SystemClock
from mesh.db.database import Database
from mesh.json_values import from_value, to_values
from mesh.metrics import Metrics
from mesh.server import Authorize
from mesh.status import error_info_of
from tests.unit.bpmn_models import definitions, flow

T = TypeVar("T")

WAIT_SECONDS = 10.0
ENDS = '<startEvent id="s"/><endEvent id="e"/>'


class TurnedClock:
    """The machine's clock, put forward by the test."""

    def __init__(self) -> None:
        self._system = SystemClock()
        self._ahead = 0

    def now_micros(self) -> int:
        return self._system.now_micros() + self._ahead

    def forward(self, seconds: float) -> None:
        """Put the clock forward."""
        self._ahead += int(seconds * 1e6)


def seconds(number: float) -> Duration:
    whole = int(number)
    return Duration(seconds=whole, nanos=round((number - whole) * 1e9))


def model(key: str, nodes: str, *flows: str, name: str = "") -> bytes:
    """A file with one process of these nodes and flows: `a>b`, or `a>b:${condition}`."""
    connected = []
    for text in flows:
        ends, _, condition = text.partition(":")
        source, target = ends.split(">")
        connected.append(flow(source, target, condition))
    return definitions(f'<process id="{key}" name="{name}" isExecutable="true">{nodes}{"".join(connected)}</process>')


def user_task(key: str = "review", attributes: str = "") -> bytes:
    """A process with one user task."""
    return model(key, ENDS + f'<userTask id="t" name="Review" {attributes}/>', "s>t", "t>e")


def external(key: str = "ship", job_type: str = "work", attributes: str = "", count: int = 1) -> bytes:
    """A process with external tasks `n0`, `n1`, ... in a row."""
    nodes = "".join(
        f'<serviceTask id="n{n}" flowable:type="external-worker" flowable:topic="{job_type}" {attributes}/>'
        for n in range(count)
    )
    return model(key, ENDS + nodes, "s>n0", *[f"n{n}>n{n + 1}" for n in range(count - 1)], f"n{count - 1}>e")


@dataclass(slots=True, frozen=True)
class Refused:
    """How a call was refused."""

    code: str
    reason: str
    metadata: dict[str, str]
    message: str


async def refusal(call: Awaitable[Any]) -> Refused:
    """Await a call that must fail."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    info = error_info_of(refused.value)
    assert info is not None, refused.value
    return Refused(refused.value.code().name, info.reason, dict(info.metadata), refused.value.details() or "")


async def until(question: Callable[[], Awaitable[T]]) -> T:
    """Ask until the answer is true; for what happens in the background."""
    async with asyncio.timeout(WAIT_SECONDS):
        while not (answer := await question()):
            await asyncio.sleep(0.01)
        return answer


class Engine:
    """A running engine and a channel to it."""

    def __init__(self, service: EngineService, channel: grpc.aio.Channel, clock: TurnedClock) -> None:
        self.service = service
        self.channel = channel
        self.clock = clock
        # Generated stubs serve channels of both kinds; typed as neither, they may be awaited.
        self.deployments: Any = DeploymentServiceStub(channel)
        self.definitions: Any = ProcessDefinitionServiceStub(channel)
        self.instances: Any = ProcessInstanceServiceStub(channel)
        self.tasks: Any = UserTaskServiceStub(channel)
        self.jobs: Any = JobServiceStub(channel)
        self.incidents: Any = IncidentServiceStub(channel)
        self.clocks: Any = ClockServiceStub(channel)
        self.scoped: Any = VariableServiceStub(channel)

    @classmethod
    async def started(
        cls,
        database: Database,
        clock: TurnedClock | None = None,
        *,
        controlled: bool = False,
        bus: Bus | None = None,
        authorize: Authorize | None = None,
        **settings: Any,
    ) -> Engine:
        """Start an engine on a free port; `controlled`: with a clock of its own that callers turn."""
        clock = clock or TurnedClock()
        if controlled:
            settings = {"clock": "controlled", "clock_forced": True, **settings}
        service = EngineService(
            EngineSettings(**{"port": 0, "drain_seconds": 0.5, **settings}),
            database,
            Metrics(),
            clock=None if controlled else clock,
            bus=bus,
            authorize=authorize,
        )
        port = await service.start()
        options = [("grpc.max_receive_message_length", -1)]
        return cls(service, grpc.aio.insecure_channel(f"127.0.0.1:{port}", options), clock)

    async def stop(self) -> None:
        """Stop as on SIGTERM."""
        await self.channel.close(None)
        await self.service.stop()

    # The calls that most tests make

    async def deploy(self, *models: bytes, tenant_id: str = "", name: str = "") -> deployment_pb2.Deployment:
        resources = [
            deployment_pb2.Resource(name=f"m{position}.bpmn", content=content)
            for position, content in enumerate(models)
        ]
        request = deployment_service_pb2.CreateDeploymentRequest(
            resources=resources, force=True, tenant_id=tenant_id, name=name
        )
        answer = await self.deployments.CreateDeployment(request)
        deployment: deployment_pb2.Deployment = answer.deployment
        return deployment

    async def start(
        self, key: str = "", variables: dict[str, Any] | None = None, **fields: Any
    ) -> process_instance_pb2.ProcessInstance:
        request = process_instance_service_pb2.CreateProcessInstanceRequest(
            process_definition_key=key, variables=to_values(variables or {}), **fields
        )
        started: process_instance_pb2.ProcessInstance = (
            await self.instances.CreateProcessInstance(request)
        ).process_instance
        return started

    async def get(self, instance_id: str) -> process_instance_pb2.ProcessInstance:
        request = process_instance_service_pb2.GetProcessInstanceRequest(id=instance_id)
        found: process_instance_pb2.ProcessInstance = (
            await self.instances.GetProcessInstance(request)
        ).process_instance
        return found

    async def variables(self, instance_id: str, *names: str) -> dict[str, Any]:
        request = process_instance_service_pb2.GetProcessInstanceVariablesRequest(id=instance_id, names=names)
        answer = await self.instances.GetProcessInstanceVariables(request)
        return {name: from_value(value) for name, value in answer.variables.items()}

    async def suspend(self, instance_id: str) -> None:
        await self.instances.SuspendProcessInstance(
            process_instance_service_pb2.SuspendProcessInstanceRequest(id=instance_id)
        )

    async def resume(self, instance_id: str) -> None:
        await self.instances.ResumeProcessInstance(
            process_instance_service_pb2.ResumeProcessInstanceRequest(id=instance_id)
        )

    async def user_tasks(self, **filters: Any) -> list[user_task_pb2.UserTask]:
        request = user_task_service_pb2.ListUserTasksRequest(**filters)
        return list((await self.tasks.ListUserTasks(request)).user_tasks)

    async def complete_task(self, task_id: str, variables: dict[str, Any] | None = None, **fields: Any) -> Any:
        request = user_task_service_pb2.CompleteUserTaskRequest(
            id=task_id, variables=to_values(variables or {}), **fields
        )
        return await self.tasks.CompleteUserTask(request)

    async def activate(self, job_type: str = "work", **fields: Any) -> list[job_pb2.Job]:
        fields.setdefault("worker", "w")
        request = job_service_pb2.ActivateJobsRequest(type=job_type, **fields)
        return list((await self.jobs.ActivateJobs(request)).jobs)

    async def one_job(self, job_type: str = "work", **fields: Any) -> job_pb2.Job:
        """Wait for a job and lease it."""
        (job,) = await self.activate(job_type, max_jobs=1, request_timeout=seconds(WAIT_SECONDS), **fields)
        return job

    async def complete_job(self, job: job_pb2.Job, variables: dict[str, Any] | None = None, **fields: Any) -> Any:
        request = job_service_pb2.CompleteJobRequest(
            id=job.id, lease_token=job.lease_token, variables=to_values(variables or {}), **fields
        )
        return await self.jobs.CompleteJob(request)

    async def fail_job(self, job: job_pb2.Job, **fields: Any) -> job_pb2.Job:
        request = job_service_pb2.FailJobRequest(id=job.id, lease_token=job.lease_token, **fields)
        failed: job_pb2.Job = (await self.jobs.FailJob(request)).job
        return failed

    async def open_jobs(self, **filters: Any) -> list[job_pb2.Job]:
        return list((await self.jobs.ListJobs(job_service_pb2.ListJobsRequest(**filters))).jobs)

    async def job(self, job_id: str) -> job_pb2.Job:
        found: job_pb2.Job = (await self.jobs.GetJob(job_service_pb2.GetJobRequest(id=job_id))).job
        return found

    async def run_job(self, job_id: str, **fields: Any) -> job_service_pb2.RunJobResponse:
        answer: job_service_pb2.RunJobResponse = await self.jobs.RunJob(
            job_service_pb2.RunJobRequest(id=job_id, **fields)
        )
        return answer

    async def finished_jobs(self, **filters: Any) -> list[job_pb2.FinishedJob]:
        request = job_service_pb2.ListFinishedJobsRequest(**filters)
        return list((await self.jobs.ListFinishedJobs(request)).finished_jobs)

    async def advance(self, by_seconds: float) -> clock_service_pb2.Clock:
        request = clock_service_pb2.AdvanceClockRequest(duration=seconds(by_seconds))
        turned: clock_service_pb2.Clock = (await self.clocks.AdvanceClock(request)).clock
        return turned

    async def drain(self, **limits: Any) -> clock_service_pb2.DrainResponse:
        drained: clock_service_pb2.DrainResponse = await self.clocks.Drain(clock_service_pb2.DrainRequest(**limits))
        return drained

    async def open_incidents(self, **filters: Any) -> list[incident_service_pb2.Incident]:
        request = incident_service_pb2.ListIncidentsRequest(**filters)
        return list((await self.incidents.ListIncidents(request)).incidents)
