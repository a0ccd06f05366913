"""What is measured: calls as bytes, made once, so that the client costs as little as the echo's client does."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import grpc.aio
from flowmesh.engine.v1 import (
    deployment_pb2,
    deployment_service_pb2,
    job_service_pb2,
    process_instance_service_pb2,
    user_task_service_pb2,
)
from google.protobuf.struct_pb2 import Value

from bench.echo_process import METHOD as ECHO
from bench.http1 import HttpClient
from bench.http2 import UnaryConnection
from bench.processes import Server

MODELS = Path(__file__).resolve().parent / "models"
BATCH = 100
FLEET = 500
FLEET_TASKS = 5
"""External tasks of each instance of W3."""
JOBS_A_CALL = 200

_SERVICE = "/flowmesh.engine.v1."
_VARIABLES = {
    "amount": Value(number_value=120),
    "customer": Value(string_value="anna"),
    "vip": Value(bool_value=True),
}


BytesCall = Callable[[bytes], Awaitable[bytes]]


class WorkFailed(Exception):
    """A call was answered, but not with what the work needs."""


def _with_request_id(request: bytes) -> bytes:
    # Protobuf messages can be joined: this is field 1, a string of 36 characters.
    return b"\x0a\x24" + str(uuid4()).encode() + request


_W1 = process_instance_service_pb2.CreateProcessInstanceRequest(
    process_definition_key="w1", variables=_VARIABLES
).SerializeToString()
_W2 = process_instance_service_pb2.CreateProcessInstanceRequest(
    process_definition_key="w2", variables=_VARIABLES
).SerializeToString()


def _batch_of(key: str, count: int) -> bytes:
    spec = process_instance_service_pb2.ProcessInstanceSpec(process_definition_key=key, variables=_VARIABLES)
    return process_instance_service_pb2.BatchCreateProcessInstancesRequest(instances=[spec] * count).SerializeToString()


def _bytes_call(channel: grpc.aio.Channel, path: str) -> BytesCall:
    return channel.unary_unary(path, request_serializer=None, response_deserializer=None)


def request_size() -> int:
    """Return the size of a W1 request in bytes."""
    return len(_with_request_id(_W1))


class Echo:
    """Calls of the reference server, as large as those of W1."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._call = _bytes_call(channel, ECHO)
        self._request = _W1

    async def call(self) -> None:
        """Call once."""
        await self._call(_with_request_id(self._request))


async def w1_connection(address: str) -> UnaryConnection:
    """Connect to an engine at `host:port` for `bare_w1`, which costs the client a fraction of `Engine.w1`."""
    return await UnaryConnection.connect(address, f"{_SERVICE}ProcessInstanceService/CreateProcessInstance")


async def bare_w1(connection: UnaryConnection) -> None:
    """Start an instance that runs to its end. Raises `BadCall`."""
    await connection.call(_with_request_id(_W1))


class Engine:
    """Calls of an engine with the benchmark's processes."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._deploy = _bytes_call(channel, f"{_SERVICE}DeploymentService/CreateDeployment")
        self._create = _bytes_call(channel, f"{_SERVICE}ProcessInstanceService/CreateProcessInstance")
        self._batch_create = _bytes_call(channel, f"{_SERVICE}ProcessInstanceService/BatchCreateProcessInstances")
        self._list_tasks = _bytes_call(channel, f"{_SERVICE}UserTaskService/ListUserTasks")
        self._complete_task = _bytes_call(channel, f"{_SERVICE}UserTaskService/CompleteUserTask")
        self._activate = _bytes_call(channel, f"{_SERVICE}JobService/ActivateJobs")
        self._batch_complete = _bytes_call(channel, f"{_SERVICE}JobService/BatchCompleteJobs")
        self._batches: dict[tuple[str, int], bytes] = {}

    async def deploy(self) -> None:
        """Deploy the benchmark's processes."""
        resources = [
            deployment_pb2.Resource(name=file.name, content=file.read_bytes()) for file in sorted(MODELS.glob("*.bpmn"))
        ]
        request = deployment_service_pb2.CreateDeploymentRequest(name="bench", resources=resources)
        await self._deploy(request.SerializeToString())

    async def w1(self) -> bytes:
        """Start an instance that runs to its end; return the answer's bytes."""
        answer: bytes = await self._create(_with_request_id(_W1))
        return answer

    async def w2(self) -> None:
        """Start an instance, find its task, complete it: three calls."""
        created = process_instance_service_pb2.CreateProcessInstanceResponse.FromString(
            await self._create(_with_request_id(_W2))
        )
        listed = user_task_service_pb2.ListUserTasksResponse.FromString(
            await self._list_tasks(
                user_task_service_pb2.ListUserTasksRequest(
                    process_instance_id=created.process_instance.id
                ).SerializeToString()
            )
        )
        task = listed.user_tasks[0]
        completed = user_task_service_pb2.CompleteUserTaskResponse.FromString(
            await self._complete_task(
                user_task_service_pb2.CompleteUserTaskRequest(
                    request_id=str(uuid4()), id=task.id, variables={"approved": Value(bool_value=True)}
                ).SerializeToString()
            )
        )
        if not completed.process_instance_ended:
            raise WorkFailed(f"process instance {created.process_instance.id} did not end with its task")

    async def batch(self) -> None:
        """Start `BATCH` instances of W1 in one call."""
        await self.start_many("w1", BATCH)

    async def start_many(self, key: str, count: int) -> None:
        """Start instances in one call."""
        request = self._batches.get((key, count))
        if request is None:
            request = self._batches[key, count] = _batch_of(key, count)
        await self._batch_create(_with_request_id(request))

    async def fleet(self) -> Fleet:
        """Start the instances of W3 and work them off, one worker, one call after the other."""
        for _ in range(FLEET // BATCH):
            await self.start_many("w3", BATCH)
        request = job_service_pb2.ActivateJobsRequest(
            type="w3", worker="bench", max_jobs=JOBS_A_CALL
        ).SerializeToString()
        started = time.perf_counter()
        done = 0
        while done < FLEET * FLEET_TASKS:
            jobs = job_service_pb2.ActivateJobsResponse.FromString(await self._activate(request)).jobs
            completions = job_service_pb2.BatchCompleteJobsRequest(
                completions=[job_service_pb2.CompleteJobRequest(id=job.id, lease_token=job.lease_token) for job in jobs]
            )
            results = job_service_pb2.BatchCompleteJobsResponse.FromString(
                await self._batch_complete(completions.SerializeToString())
            ).results
            failed = [result.status.message for result in results if result.status.code]
            if failed or not jobs:
                raise WorkFailed(failed[0] if failed else f"no job was given out after {done}")
            done += len(jobs)
        return Fleet(done, time.perf_counter() - started)


@dataclass(slots=True, frozen=True)
class Fleet:
    """Tasks that were worked off, and the seconds it took."""

    tasks: int
    seconds: float


class Rest:
    """W1 as a REST client calls it."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http
        body = json.dumps({"processDefinitionKey": "w1", "variables": {"amount": 120, "customer": "anna", "vip": True}})
        self._rest_of_body = body[1:].encode()

    async def w1(self) -> None:
        """Start an instance that runs to its end."""
        identified = b'{"requestId":"' + str(uuid4()).encode() + b'",' + self._rest_of_body
        await self._http.post("/v1/processInstances", identified)


async def deploy_by_rest(http: HttpClient) -> None:
    """Deploy the benchmark's processes."""
    resources = [
        {"name": file.name, "content": base64.b64encode(file.read_bytes()).decode()}
        for file in sorted(MODELS.glob("*.bpmn"))
    ]
    await http.post("/v1/deployments", json.dumps({"name": "bench", "resources": resources}).encode())


@asynccontextmanager
async def channel_to(server: Server) -> AsyncIterator[grpc.aio.Channel]:
    """Give a channel of its own to a server."""
    # Without it every engine and the echo would share one connection pool, and a channel of one test another's.
    options = (("grpc.use_local_subchannel_pool", 1),)
    async with grpc.aio.insecure_channel(server.address, options=options) as channel:
        yield channel
