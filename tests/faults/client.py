"""The calls of the traffic and of the checker. Each takes as long as it takes: it is asked again until it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import grpc
import orjson
from flowmesh.engine.v1 import (
    deployment_pb2,
    deployment_service_pb2,
    deployment_service_pb2_grpc,
    job_service_pb2,
    job_service_pb2_grpc,
    message_service_pb2,
    message_service_pb2_grpc,
    process_instance_pb2,
    process_instance_service_pb2,
    process_instance_service_pb2_grpc,
    user_task_service_pb2,
    user_task_service_pb2_grpc,
)
from flowmesh.history.v1 import history_pb2, history_service_pb2, history_service_pb2_grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import Value

from tests.faults import model
from tests.faults.ledger import Ledger

Answer = TypeVar("Answer")

CALL_SECONDS = 5.0
PAUSE_SECONDS = 0.1
PAGE = 1000
LEASE = Duration(seconds=3)
PASSING = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
    }
)
"""What a client may be answered while something is broken; it asks again, with the same request id."""
OVERTAKEN = frozenset({grpc.StatusCode.NOT_FOUND, grpc.StatusCode.FAILED_PRECONDITION})
"""The lease of a job ran out, and another worker was faster."""
_POLICY = orjson.dumps({"loadBalancingConfig": [{"round_robin": {}}]}).decode()


class Client:
    """The engines, one after the other, and history."""

    def __init__(self, engines: Sequence[str], history: str, ledger: Ledger) -> None:
        self._ledger = ledger
        options = [
            ("grpc.service_config", _POLICY),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 500),
            ("grpc.max_receive_message_length", -1),
        ]
        self._engine = grpc.aio.insecure_channel("ipv4:" + ",".join(engines), options)
        self._history = grpc.aio.insecure_channel("ipv4:" + history, options)
        self._deployments = deployment_service_pb2_grpc.DeploymentServiceStub(self._engine)
        self._instances = process_instance_service_pb2_grpc.ProcessInstanceServiceStub(self._engine)
        self._tasks = user_task_service_pb2_grpc.UserTaskServiceStub(self._engine)
        self._jobs = job_service_pb2_grpc.JobServiceStub(self._engine)
        self._messages = message_service_pb2_grpc.MessageServiceStub(self._engine)
        self._histories = history_service_pb2_grpc.HistoryServiceStub(self._history)

    async def close(self) -> None:
        """Close the connections."""
        await self._engine.close(None)
        await self._history.close(None)

    async def deploy(self) -> None:
        """Deploy the model."""
        resource = deployment_pb2.Resource(name="faults.bpmn", content=model.BPMN)
        request = deployment_service_pb2.CreateDeploymentRequest(resources=[resource], request_id="faults")
        await self._answered(lambda: self._deployments.CreateDeployment(request, timeout=CALL_SECONDS))

    async def start(self, key: str) -> str:
        """Start an instance; return the commit token."""
        request = process_instance_service_pb2.CreateProcessInstanceRequest(
            request_id=key,
            process_definition_key=model.KEY,
            business_key=key,
            variables={"count": Value(number_value=0), "orderId": Value(string_value=key)},
        )
        answer = await self._answered(lambda: self._instances.CreateProcessInstance(request, timeout=CALL_SECONDS))
        self._ledger.start(key, answer.process_instance.id)
        token: str = answer.commit_token
        return token

    async def publish(self, key: str) -> None:
        """Publish the message that the instance waits for, or will."""
        message_id = f"paid-{key}"
        request = message_service_pb2.PublishMessageRequest(
            request_id=message_id,
            message_id=message_id,
            name=model.MESSAGE,
            correlation_key=key,
            ttl=Duration(seconds=7200),
        )
        await self._answered(lambda: self._messages.PublishMessage(request, timeout=CALL_SECONDS))
        self._ledger.published[message_id] = key

    async def activate(self) -> list[tuple[str, str]]:
        """Return jobs with their lease tokens."""
        request = job_service_pb2.ActivateJobsRequest(
            type=model.JOB_TYPE,
            worker="faults",
            max_jobs=8,
            lease_duration=LEASE,
            request_timeout=Duration(nanos=300_000_000),
        )
        answer = await self._answered(lambda: self._jobs.ActivateJobs(request, timeout=CALL_SECONDS))
        return [(job.id, job.lease_token) for job in answer.jobs]

    async def complete_job(self, job_id: str, lease_token: str) -> None:
        """Complete a job, unless another worker has it by now."""
        request = job_service_pb2.CompleteJobRequest(
            request_id=f"{job_id}/{lease_token}", id=job_id, lease_token=lease_token
        )
        try:
            await self._answered(lambda: self._jobs.CompleteJob(request, timeout=CALL_SECONDS))
        except grpc.aio.AioRpcError as error:
            if error.code() not in OVERTAKEN:
                raise
        else:
            self._ledger.job(job_id, lease_token)

    async def open_tasks(self, size: int) -> list[str]:
        """Return the ids of user tasks that are open."""
        request = user_task_service_pb2.ListUserTasksRequest(page_size=size, process_definition_key=model.KEY)
        answer = await self._answered(lambda: self._tasks.ListUserTasks(request, timeout=CALL_SECONDS))
        return [task.id for task in answer.user_tasks]

    async def complete_task(self, task_id: str) -> None:
        """Complete a user task."""
        request = user_task_service_pb2.CompleteUserTaskRequest(request_id=task_id, id=task_id)
        await self._answered(lambda: self._tasks.CompleteUserTask(request, timeout=CALL_SECONDS))
        self._ledger.completed_tasks.add(task_id)

    async def instances(self) -> list[process_instance_pb2.ProcessInstance]:
        """Return every instance that the engine has."""
        found: list[process_instance_pb2.ProcessInstance] = []
        token = ""
        while True:
            request = process_instance_service_pb2.ListProcessInstancesRequest(page_size=PAGE, page_token=token)
            answer = await self._answered(lambda: self._instances.ListProcessInstances(request, timeout=CALL_SECONDS))  # noqa: B023
            found += answer.process_instances
            token = answer.next_page_token
            if not token:
                return found

    async def historic_instances(self) -> dict[str, history_pb2.HistoricProcessInstance]:
        """Return every instance that history has, by id."""
        found: dict[str, history_pb2.HistoricProcessInstance] = {}
        token = ""
        while True:
            request = history_service_pb2.ListHistoricProcessInstancesRequest(page_size=PAGE, page_token=token)
            answer = await self._answered(
                lambda: self._histories.ListHistoricProcessInstances(request, timeout=CALL_SECONDS)  # noqa: B023
            )
            found |= {instance.id: instance for instance in answer.historic_process_instances}
            token = answer.next_page_token
            if not token:
                return found

    async def in_history(self, instance_id: str) -> bool:
        """Say whether history has an instance."""
        request = history_service_pb2.GetHistoricProcessInstanceRequest(id=instance_id)
        try:
            await self._answered(lambda: self._histories.GetHistoricProcessInstance(request, timeout=CALL_SECONDS))
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return False
            raise
        return True

    async def historic_elements(self, instance_id: str) -> list[str]:
        """Return the elements of an instance's activities in history, sorted."""
        request = history_service_pb2.ListHistoricActivitiesRequest(process_instance_id=instance_id)
        answer = await self._answered(lambda: self._histories.ListHistoricActivities(request, timeout=CALL_SECONDS))
        return sorted(activity.element_id for activity in answer.historic_activities)

    async def historic_count(self, instance_id: str) -> list[float]:
        """Return the value of `count` in history."""
        request = history_service_pb2.ListHistoricVariablesRequest(process_instance_id=instance_id, name="count")
        answer = await self._answered(lambda: self._histories.ListHistoricVariables(request, timeout=CALL_SECONDS))
        return [variable.value.number_value for variable in answer.historic_variables]

    async def _answered(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask until there is an answer. Raises it where it is final; one that nobody may get is a surprise."""
        while True:
            try:
                return await call()
            except grpc.aio.AioRpcError as error:
                if error.code() not in PASSING:
                    if error.code() not in OVERTAKEN:
                        self._ledger.surprises.append(f"{error.code().name}: {error.details()}")
                    raise
            await asyncio.sleep(PAUSE_SECONDS)
