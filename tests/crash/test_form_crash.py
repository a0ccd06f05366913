"""kill -9 of form service and engine around submit-and-complete: no task is completed without its data, and no data that
was taken stays without its completion."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import grpc.aio
import pytest
from flowmesh.engine.v1 import (
    deployment_pb2,
    deployment_service_pb2,
    process_instance_service_pb2,
    user_task_service_pb2,
)
from flowmesh.form.v1 import (
    form_definition_service_pb2,
    submission_pb2,
    submission_service_pb2,
    task_form_service_pb2,
)
from google.api import httpbody_pb2

from engine_svc.main import MIGRATIONS as ENGINE_MIGRATIONS
from engine_svc.main import MIGRATIONS_HEAD as ENGINE_HEAD
from form_svc.storage.schema import HEAD, MIGRATIONS
from mesh.db.migrate import migrate
from mesh.json_values import from_value, to_values
from mesh.status import reason_of
from tests.infrastructure.engine_process import EngineProcess
from tests.infrastructure.form_process import FormProcess
from tests.infrastructure.ports import free_ports
from tests.integration.form.forms import form, review

KILLS = int(os.environ.get("FLOWMESH_FORM_KILLS", "6"))
"""How often something is killed; 100 for the full proof."""
TASKS = 6
SETTLE_SECONDS = 60.0
PENDING, SETTLED = submission_pb2.Submission.STATE_PENDING, submission_pb2.Submission.STATE_SETTLED
PASSING = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.ABORTED)


class Attempt:
    """One task, and what is submitted for it."""

    def __init__(self, instance_id: str, task_id: str, *, gives_up: bool, rival: bool) -> None:
        self.instance_id = instance_id
        self.task_id = task_id
        self.gives_up = gives_up
        """Calls once and never again, whatever comes."""
        self.rival = rival
        """Somebody else completes the task at the same time, without a form."""
        self.name = uuid4().hex[:8]
        self.answer: Any = None
        self.refusal = ""

    async def submit(self, forms: FormProcess) -> None:
        request = task_form_service_pb2.SubmitTaskFormRequest(
            request_id=self.name, user_task_id=self.task_id, data=to_values({"name": self.name})
        )
        while True:
            try:
                self.answer = await forms.tasks.SubmitTaskForm(request, timeout=20)
            except grpc.aio.AioRpcError as error:
                if error.code() not in PASSING:
                    self.refusal = reason_of(error)
                    return
                if self.gives_up:
                    return
                await asyncio.sleep(0.1)
            else:
                return

    async def compete(self, engine: EngineProcess) -> None:
        request = user_task_service_pb2.CompleteUserTaskRequest(id=self.task_id, request_id=f"rival-{self.name}")
        try:
            await engine.tasks.CompleteUserTask(request, timeout=20)
        except grpc.aio.AioRpcError:
            return


class World:
    """Both processes on their databases."""

    def __init__(self, folder: Path, form_url: str) -> None:
        engine_port, form_port = free_ports(2)
        self.engine_url = f"sqlite:///{folder / 'engine.db'}"
        self.form_url = form_url
        self.engine = EngineProcess(self.engine_url, engine_port)
        self.forms = FormProcess(form_url, form_port, engine_port, f"sqlite:///{folder / 'bus.db'}")

    async def start(self) -> None:
        await asyncio.to_thread(migrate, self.engine_url, ENGINE_MIGRATIONS, ENGINE_HEAD)
        await asyncio.to_thread(migrate, self.form_url, MIGRATIONS, HEAD)
        await asyncio.gather(self.engine.start(), self.forms.start())
        resources = [deployment_pb2.Resource(name="m.bpmn", content=review())]
        await self.engine.deployments.CreateDeployment(
            deployment_service_pb2.CreateDeploymentRequest(resources=resources), wait_for_ready=True
        )
        await self.forms.definitions.CreateFormDefinition(
            form_definition_service_pb2.CreateFormDefinitionRequest(schema=httpbody_pb2.HttpBody(data=form("request"))),
            wait_for_ready=True,
        )

    async def attempt(self, dice: random.Random) -> Attempt:
        request = process_instance_service_pb2.CreateProcessInstanceRequest(process_definition_key="review")
        instance = (await self.engine.instances.CreateProcessInstance(request, wait_for_ready=True)).process_instance
        (task,) = await self.tasks_of(instance.id)
        return Attempt(instance.id, task.id, gives_up=dice.random() < 0.4, rival=dice.random() < 0.15)

    async def tasks_of(self, instance_id: str) -> list[Any]:
        request = user_task_service_pb2.ListUserTasksRequest(process_instance_id=instance_id)
        return list((await self.engine.tasks.ListUserTasks(request, wait_for_ready=True)).user_tasks)

    async def submissions_of(self, task_id: str) -> list[submission_pb2.Submission]:
        request = submission_service_pb2.ListSubmissionsRequest(user_task_id=task_id)
        return list((await self.forms.submissions.ListSubmissions(request, wait_for_ready=True)).submissions)

    async def name_of(self, instance_id: str) -> Any:
        request = process_instance_service_pb2.GetProcessInstanceVariablesRequest(id=instance_id, names=["name"])
        answer = await self.engine.instances.GetProcessInstanceVariables(request, wait_for_ready=True)
        return from_value(answer.variables["name"]) if "name" in answer.variables else None


async def _check(world: World, attempt: Attempt) -> bool:
    """Check an attempt after everything is up again; tell whether it was taken."""
    async with asyncio.timeout(SETTLE_SECONDS):
        kept = await world.submissions_of(attempt.task_id)
        while any(each.state == PENDING for each in kept):
            await asyncio.sleep(0.1)
            kept = await world.submissions_of(attempt.task_id)
    assert len(kept) <= 1, "a request makes one submission"
    done = all(task.id != attempt.task_id for task in await world.tasks_of(attempt.instance_id))
    name = await world.name_of(attempt.instance_id)
    settled = [each for each in kept if each.state == SETTLED]
    if settled:
        assert done, "data that was taken without its completion"
        assert name == attempt.name, "a completion without its data"
        assert settled[0].process_instance_id == attempt.instance_id
        request = submission_service_pb2.GetSubmissionRequest(id=settled[0].id)
        stored = (await world.forms.submissions.GetSubmission(request)).submission
        assert from_value(stored.data["name"]) == attempt.name
    else:
        assert name is None, "data that nobody has taken"
        assert not done or attempt.rival, "a completion that nobody has made"
    if attempt.answer is not None:
        assert settled, "what was said to be done is not"
        assert attempt.answer.submission.id == settled[0].id
    if attempt.refusal:
        assert attempt.rival, attempt.refusal
        assert not settled
    if not attempt.gives_up:
        assert settled or attempt.refusal
    return bool(settled)


@pytest.mark.slow
@pytest.mark.timeout(60 + 30 * KILLS)
async def test_kills_around_submitting(database_url: str, tmp_path: Path) -> None:
    seed = int(os.environ.get("FLOWMESH_FORM_SEED", "0")) or random.randrange(1 << 30)
    dice = random.Random(seed)
    world = World(tmp_path, database_url)
    await world.start()
    taken = left = 0
    try:
        for number in range(KILLS):
            attempts = [await world.attempt(dice) for _ in range(TASKS)]
            work = [asyncio.create_task(attempt.submit(world.forms)) for attempt in attempts]
            work += [asyncio.create_task(each.compete(world.engine)) for each in attempts if each.rival]
            victims = dice.choice([(world.forms,), (world.engine,), (world.forms, world.engine)])
            await asyncio.sleep(dice.random() * 0.12)
            for victim in victims:
                await victim.kill()
                # In between, the other one goes on with what it was asked.
                await asyncio.sleep(dice.random() * 0.05)
            await asyncio.gather(*(victim.start() for victim in victims))
            await asyncio.gather(*work)
            for attempt in attempts:
                was_taken = await _check(world, attempt)
                taken += was_taken
                left += not was_taken
            print(f"{number + 1}: {taken} taken, {left} not")
    except BaseException:
        print(f"again with FLOWMESH_FORM_SEED={seed}")
        raise
    finally:
        await asyncio.gather(world.forms.close(), world.engine.close())
    assert taken
