"""Runs instances on two engine processes at once: all that is open is tried through both at the same time."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Awaitable
from enum import Enum
from typing import Any
from uuid import UUID

import grpc
import grpc.aio
import orjson
from flowmesh.engine.v1 import (
    activity_instance_service_pb2,
    deployment_pb2,
    deployment_service_pb2,
    event_subscription_service_pb2,
    job_pb2,
    job_service_pb2,
    process_instance_pb2,
    process_instance_service_pb2,
    user_task_service_pb2,
)
from flowmesh.internal.v1 import stored_pb2

from engine_svc.events import commit_record, record
from engine_svc.state.instance import ROOT_SCOPE
from mesh.db.schema import open_database
from mesh.db.statements import Fetch, fetch
from mesh.status import error_info_of
from tests.infrastructure.engine_process import EngineProcess
from tests.integration.engine.serving import seconds
from tests.property.engine.blocks.activities import WORK
from tests.property.engine.blocks.writer import Expected

ActivityInstance = activity_instance_service_pb2.ActivityInstance
BY_COMMAND = frozenset({ActivityInstance.WAITS_FOR_USER_TASK, ActivityInstance.WAITS_FOR_TRIGGER})
CALL_SECONDS = 20.0
LEASE_SECONDS = 3.0
AT_ONCE = 8
PAUSE_SECONDS = 0.02


class Outcome(Enum):
    """How a call ended."""

    DONE = "done"
    REFUSED = "refused"
    LOST = "lost"
    """The engine was killed: it may have been done or not."""


GONE = frozenset({"USER_TASK_NOT_FOUND", "USER_TASK_ALREADY_COMPLETED", "JOB_NOT_FOUND", "ACTIVITY_NOT_FOUND"})
"""What may be said of something that has been done through the other engine."""
ENDED = frozenset({"PROCESS_INSTANCE_NOT_RUNNING"})
SUPERSEDED = frozenset({"JOB_LEASE_SUPERSEDED"})
NOT_REACHED = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED})


async def outcome(call: Awaitable[Any]) -> Outcome:
    """Await a call; fail where it is refused for another reason than that it was done already."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        if error.code() in NOT_REACHED:
            return Outcome.LOST
        info = error_info_of(error)
        assert info is not None, error
        assert info.reason in GONE | ENDED | SUPERSEDED, error
        return Outcome.REFUSED
    return Outcome.DONE


class BothEngines:
    """Two engines on one database, and what a test does with both."""

    def __init__(self, engines: tuple[EngineProcess, EngineProcess], chance: random.Random) -> None:
        self.engines = engines
        self.chance = chance
        self.won: Counter[Outcome] = Counter()
        self._leased: dict[str, dict[str, job_pb2.Job]] = defaultdict(dict)

    def _request_id(self) -> str:
        return str(UUID(int=self.chance.getrandbits(128)))

    async def answered(self, method: str, call: str, request: Any) -> Any:
        """Call the one or the other engine until one answers."""
        while True:
            engine = self.chance.choice(self.engines)
            try:
                return await getattr(getattr(engine, method), call)(request, timeout=CALL_SECONDS)
            except grpc.aio.AioRpcError as error:
                if error.code() not in NOT_REACHED:
                    raise
            await asyncio.sleep(PAUSE_SECONDS)

    async def deploy(self, models: list[bytes]) -> None:
        """Deploy model files."""
        resources = [deployment_pb2.Resource(name=f"m{n}.bpmn", content=content) for n, content in enumerate(models)]
        request = deployment_service_pb2.CreateDeploymentRequest(resources=resources, request_id=self._request_id())
        await self.answered("deployments", "CreateDeployment", request)

    async def start(self, key: str) -> str:
        """Start an instance, once, whichever engine does it; return its id."""
        request = process_instance_service_pb2.CreateProcessInstanceRequest(
            process_definition_key=key, request_id=self._request_id()
        )
        answer = await self.answered("instances", "CreateProcessInstance", request)
        started: str = answer.process_instance.id
        return started

    async def running(self) -> list[str]:
        """The instances that are running, called ones included."""
        request = process_instance_service_pb2.ListProcessInstancesRequest(
            page_size=1000, status=process_instance_pb2.ProcessInstance.STATUS_RUNNING
        )
        answer = await self.answered("instances", "ListProcessInstances", request)
        return [instance.id for instance in answer.process_instances]

    async def waiting(self, instance_id: str) -> list[activity_instance_service_pb2.ActivityInstance]:
        """What is open in an instance; nothing where it has ended."""
        request = activity_instance_service_pb2.ListActivityInstancesRequest(
            process_instance_id=instance_id, page_size=1000
        )
        answer = await self.answered("activities", "ListActivityInstances", request)
        return list(answer.activity_instances)

    async def _events(self, instance_id: str) -> list[event_subscription_service_pb2.EventSubscription]:
        request = event_subscription_service_pb2.ListEventSubscriptionsRequest(
            process_instance_id=instance_id, page_size=1000
        )
        answer = await self.answered("subscriptions", "ListEventSubscriptions", request)
        return list(answer.event_subscriptions)

    async def _is_freeing(self, instance_id: str) -> bool:
        request = job_service_pb2.ListJobsRequest(
            process_instance_id=instance_id, kind=job_pb2.Job.KIND_TIMER, page_size=1000
        )
        answer = await self.answered("jobs", "ListJobs", request)
        return any(job.element_id.startswith("frees") for job in answer.jobs)

    async def run(self) -> None:
        """Do what is open until every instance has ended."""
        free = asyncio.Semaphore(AT_ONCE)

        async def step(instance_id: str) -> int:
            async with free:
                return await self._step(instance_id)

        while running := await self.running():
            await self._lease()
            self.chance.shuffle(running)
            done = await asyncio.gather(*[step(instance_id) for instance_id in running])
            if not any(done):
                # Timers and asynchronous jobs are the engines' own.
                await asyncio.sleep(PAUSE_SECONDS)

    async def _lease(self) -> None:
        request = job_service_pb2.ActivateJobsRequest(
            type=WORK, worker="random", max_jobs=100, lease_duration=seconds(LEASE_SECONDS)
        )
        answers = await asyncio.gather(
            *[engine.jobs.ActivateJobs(request, timeout=CALL_SECONDS) for engine in self.engines],
            return_exceptions=True,
        )
        for answer in answers:
            if isinstance(answer, grpc.aio.AioRpcError) and answer.code() in NOT_REACHED:
                continue
            if isinstance(answer, BaseException):
                raise answer
            for job in answer.jobs:
                self._leased[job.process_instance_id][job.id] = job

    async def _step(self, instance_id: str) -> int:
        """Try some of what is open in an instance through both engines; return how many things were tried."""
        jobs = self._leased[instance_id]
        # The timers are asked for last: one that is gone then has come, not only not begun.
        found: list[Any] = [one for one in await self.waiting(instance_id) if one.waits_for in BY_COMMAND]
        found += [*jobs.values(), *await self._events(instance_id)]
        waits = any(one.element_id.startswith("held") for one in found) and await self._is_freeing(instance_id)
        never = ("idle", "held") if waits else ("idle",)
        todo = [one for one in found if not one.element_id.startswith(never)]
        chosen = self.chance.sample(todo, min(len(todo), self.chance.randint(1, 4)))
        for one in chosen:
            jobs.pop(one.id, None)
        await asyncio.gather(*[self._through_both(one) for one in chosen])
        return len(chosen)

    async def _through_both(self, one: Any) -> None:
        calls = [outcome(self._call(engine, one)) for engine in self.engines]
        self.chance.shuffle(calls)
        outcomes = Counter(await asyncio.gather(*calls))
        self.won.update(outcomes)
        assert outcomes[Outcome.DONE] <= 1, f"{one.id} of {one.element_id} was done by both"
        refused = outcomes[Outcome.REFUSED] == len(self.engines)
        if refused and isinstance(one, ActivityInstance):
            # Another child of the same activity may have met its completion condition. A job's lease may be over.
            left = [activity.id for activity in await self.waiting(one.process_instance_id)]
            assert one.id not in left, f"{one.id} of {one.element_id} was done by neither"

    def _call(self, engine: EngineProcess, one: Any) -> Awaitable[Any]:
        request_id = self._request_id()
        if isinstance(one, job_pb2.Job):
            complete_job = job_service_pb2.CompleteJobRequest(
                id=one.id, lease_token=one.lease_token, request_id=request_id
            )
            call: Awaitable[Any] = engine.jobs.CompleteJob(complete_job, timeout=CALL_SECONDS)
        elif isinstance(one, ActivityInstance) and one.waits_for == ActivityInstance.WAITS_FOR_USER_TASK:
            complete = user_task_service_pb2.CompleteUserTaskRequest(id=one.id, request_id=request_id)
            call = engine.tasks.CompleteUserTask(complete, timeout=CALL_SECONDS)
        else:
            trigger = activity_instance_service_pb2.TriggerActivityInstanceRequest(id=one.id, request_id=request_id)
            call = engine.activities.TriggerActivityInstance(trigger, timeout=CALL_SECONDS)
        return call


class Told:
    """What the engines' commits tell of the instances, from the outbox of their database."""

    def __init__(self) -> None:
        self.revisions: dict[str, list[int]] = defaultdict(list)
        self.roots: dict[str, str] = {}
        self.completed: dict[str, Counter[str]] = defaultdict(Counter)
        """By the instance that called the others."""
        self.variables: dict[str, dict[str, Any]] = defaultdict(dict)
        self.endings: dict[str, list[int]] = defaultdict(list)
        self.incidents: list[Any] = []

    @classmethod
    async def read(cls, url: str) -> Told:
        """Read all that was told."""
        told = cls()
        database = await open_database(url)
        try:
            rows = await database.read(
                fetch(Fetch("SELECT payload FROM outbox WHERE kind = ? ORDER BY seq", (commit_record.COMMIT_RECORD,)))
            )
        finally:
            await database.close()
        for (payload,) in rows:
            told._take(stored_pb2.CommitRecord.FromString(payload))
        return told

    def _take(self, commit: stored_pb2.CommitRecord) -> None:
        at = commit.process_instance_id
        self.revisions[at].append(commit.revision)
        for event in orjson.loads(commit.events_json):
            match event[0]:
                case record.INSTANCE_STARTED:
                    # Only those that were called tell who called.
                    self.roots[at] = (event[5] if len(event) > 5 else "") or at
                case record.ACTIVITY_COMPLETED:
                    self.completed[self.roots[at]][event[2]] += 1
                case record.VARIABLES_UPDATED if event[1] == ROOT_SCOPE:
                    self.variables[at].update(event[2])
                case record.INSTANCE_COMPLETED | record.INSTANCE_TERMINATED:
                    self.endings[at].append(event[0])
                case record.INCIDENT_RAISED:
                    self.incidents.append((at, event))

    def check(self, started: dict[str, Expected]) -> None:
        """Every instance did what it must, once. `started`: what each must lead to, by id."""
        assert self.incidents == []
        assert set(self.roots.values()) == set(started)
        assert {at: endings for at, endings in self.endings.items() if len(endings) != 1} == {}
        assert set(self.endings) == set(self.roots)
        for at, revisions in self.revisions.items():
            # A commit that changes nothing that can be seen tells nothing.
            assert revisions == sorted(set(revisions)), f"a commit of {at} is doubled or out of order"
        for at, expected in started.items():
            assert self.endings[at] == [record.INSTANCE_COMPLETED]
            assert self.completed[at] == +expected.completed
            assert expected.variables.items() <= self.variables[at].items()
