"""Two engines under mixed load on the same instances: their conflicts and deadlocks are their own affair.

FLOWMESH_MIXED_LOAD_SECONDS says how long; ten minutes is what a release is tried for.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import grpc
import grpc.aio
import pytest
from flowmesh.engine.v1 import (
    job_service_pb2,
    message_service_pb2,
    process_instance_service_pb2,
    user_task_service_pb2,
    variable_service_pb2,
)
from flowmesh.engine.v1.message_service_pb2_grpc import MessageServiceStub
from flowmesh.engine.v1.variable_service_pb2_grpc import VariableServiceStub

from mesh.json_values import from_value, to_values
from mesh.status import error_info_of
from tests.cluster.nodes import CALL_SECONDS, Cluster, deploy, start_many, until
from tests.infrastructure.engine_process import EngineProcess
from tests.integration.engine.event_calls import message_model
from tests.integration.engine.serving import ENDS, model, seconds

SECONDS = float(os.environ.get("FLOWMESH_MIXED_LOAD_SECONDS", "10"))
CALLERS = 16
HOT = 3
KEYS = 40

pytestmark = [pytest.mark.mariadb, pytest.mark.slow, pytest.mark.timeout(SECONDS + 240)]

NODES = (
    '<startEvent id="s"/><parallelGateway id="f"/><parallelGateway id="j"/><endEvent id="e"/>'
    '<userTask id="t"/><userTask id="u"/><serviceTask id="w" flowable:type="external-worker" flowable:topic="work"/>'
    '<intermediateCatchEvent id="m"><messageEventDefinition messageRef="paid"/></intermediateCatchEvent>'
    '<intermediateCatchEvent id="d"><timerEventDefinition><timeDuration>PT1S</timeDuration></timerEventDefinition>'
    "</intermediateCatchEvent>"
)
MIXED = message_model(
    "mixed",
    NODES,
    *("s>f", "f>t", "f>u", "f>w", "f>m", "f>d", "t>j", "u>j", "w>j", "m>j", "d>j", "j>e"),
    messages="paid:=orderId",
)
FORBIDDEN_CODES = frozenset(
    {
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.DEADLINE_EXCEEDED,
    }
)
EXPECTED = frozenset(
    {
        "USER_TASK_NOT_FOUND",
        "USER_TASK_ALREADY_COMPLETED",
        "USER_TASK_ALREADY_CLAIMED",
        "PROCESS_INSTANCE_NOT_RUNNING",
        "JOB_NOT_FOUND",
        "JOB_LEASE_SUPERSEDED",
        "BACKPRESSURE",
    }
)
"""Somebody else was faster, or the machine is slow."""


class Load:
    """Callers that do whatever comes to their minds through either engine, and what they were told."""

    def __init__(self, engines: list[EngineProcess], hot: list[str], chance: random.Random) -> None:
        self._engines = engines
        self._hot = hot
        self._chance = chance
        self.refused: Counter[str] = Counter()
        self.unexpected: list[str] = []
        self.done: Counter[str] = Counter()
        self.set: dict[tuple[str, str], int] = {}

    async def call(self, caller: int, until: float) -> None:
        """Go on until a time of the event loop."""
        actions: list[Callable[[int], Awaitable[None]]] = [
            self._start,
            self._complete_task,
            self._complete_task,
            self._complete_jobs,
            self._publish,
            self._set_variable,
            self._set_variable,
        ]
        while asyncio.get_running_loop().time() < until:
            action = self._chance.choice(actions)
            try:
                await action(caller)
                self.done[action.__name__] += 1
            except grpc.aio.AioRpcError as error:
                info = error_info_of(error)
                reason = info.reason if info is not None else ""
                self.refused[reason or error.code().name] += 1
                if error.code() in FORBIDDEN_CODES or reason not in EXPECTED:
                    self.unexpected.append(f"{action.__name__}: {error.code().name} {reason} {error.details()}")
                if reason == "BACKPRESSURE":
                    await asyncio.sleep(0.5)

    @property
    def _engine(self) -> EngineProcess:
        return self._chance.choice(self._engines)

    async def _start(self, caller: int) -> None:
        await self._engine.instances.CreateProcessInstance(
            process_instance_service_pb2.CreateProcessInstanceRequest(
                request_id=str(uuid4()),
                process_definition_key="mixed",
                variables=to_values({"orderId": f"k{self._chance.randrange(KEYS)}"}),
            ),
            timeout=CALL_SECONDS,
        )

    async def _complete_task(self, caller: int) -> None:
        listed = await self._engine.tasks.ListUserTasks(
            user_task_service_pb2.ListUserTasksRequest(page_size=10, process_definition_key="mixed"),
            timeout=CALL_SECONDS,
        )
        if listed.user_tasks:
            request = user_task_service_pb2.CompleteUserTaskRequest(
                request_id=str(uuid4()),
                id=self._chance.choice(listed.user_tasks).id,
                variables=to_values({f"by{caller}": 1}),
            )
            await self._engine.tasks.CompleteUserTask(request, timeout=CALL_SECONDS)

    async def _complete_jobs(self, caller: int) -> None:
        activated = await self._engine.jobs.ActivateJobs(
            job_service_pb2.ActivateJobsRequest(
                type="work", worker=f"w{caller}", max_jobs=4, lease_duration=seconds(30.0)
            ),
            timeout=CALL_SECONDS,
        )
        for job in activated.jobs:
            request = job_service_pb2.CompleteJobRequest(
                request_id=str(uuid4()), id=job.id, lease_token=job.lease_token
            )
            await self._engine.jobs.CompleteJob(request, timeout=CALL_SECONDS)

    async def _publish(self, caller: int) -> None:
        request = message_service_pb2.PublishMessageRequest(
            request_id=str(uuid4()),
            name="paid",
            correlation_key=f"k{self._chance.randrange(KEYS)}",
            ttl=seconds(5.0),
        )
        stub: Any = MessageServiceStub(self._engine.channel)
        await stub.PublishMessage(request, timeout=CALL_SECONDS)

    async def _set_variable(self, caller: int) -> None:
        instance_id, name = self._chance.choice(self._hot), f"of{caller}"
        value = self.set.get((instance_id, name), 0) + 1
        stub: Any = VariableServiceStub(self._engine.channel)
        await stub.UpdateVariables(
            variable_service_pb2.UpdateVariablesRequest(
                request_id=str(uuid4()), scope_id=instance_id, variables=to_values({name: value})
            ),
            timeout=CALL_SECONDS,
        )
        self.set[instance_id, name] = value


async def test_no_conflict_and_no_deadlock_reaches_a_caller(cluster: Cluster) -> None:
    engines = await cluster.start(0, 0)
    await deploy(engines[0], MIXED)
    await deploy(engines[0], model("hot", ENDS + '<userTask id="t"/>', "s>t", "t>e"))
    hot = await start_many(engines[1], "hot", HOT)
    load = Load(engines, hot, random.Random(3))
    end = asyncio.get_running_loop().time() + SECONDS
    await asyncio.gather(*(load.call(caller, end) for caller in range(CALLERS)))
    print(dict(load.done), dict(load.refused))
    assert load.unexpected == []
    assert all(load.done[name] for name in ("_start", "_complete_task", "_complete_jobs", "_publish", "_set_variable"))

    stub: Any = VariableServiceStub(engines[0].channel)
    for instance_id in hot:
        answer = await stub.GetVariables(
            variable_service_pb2.GetVariablesRequest(scope_id=instance_id), timeout=CALL_SECONDS
        )
        found = {name: from_value(value) for name, value in answer.variables.items()}
        acknowledged = {name: value for (of, name), value in load.set.items() if of == instance_id}
        # What was refused for back-pressure was never set; a later attempt has the same number.
        assert found == acknowledged

    async def no_timer_left() -> bool:
        return await cluster.count("SELECT COUNT(*) FROM job WHERE type=''") == 0

    await until(no_timer_left, 60, "timers were left behind")
    # Each of the five tokens that meet at the join is told to have left it.
    counts = {(element, count) for of in (await cluster.told()).values() for element, count in of.items()}
    assert {entry for entry in counts if entry[1] != 1} <= {("j", 5)}
