"""A database that does not answer: every call says so, and works again once it does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import pytest
from flowmesh.engine.v1 import deployment_pb2, deployment_service_pb2, job_service_pb2
from flowmesh.engine.v1 import incident_service_pb2 as incidents_pb
from flowmesh.engine.v1 import process_definition_service_pb2 as definitions_pb

from mesh.db.database import Database, DatabaseUnavailable, OutcomeUnknown, TransientFailure
from mesh.db.statements import Program
from tests.integration.engine.serving import Engine, external, refusal, user_task

T = TypeVar("T")


class FailingDatabase:
    """A database that raises an error on everything while it has one."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.error: Exception | None = None

    async def write(self, program: Program[T]) -> T:
        if self.error is not None:
            program.close()
            raise self.error
        return await self._inner.write(program)

    async def read(self, program: Program[T]) -> T:
        if self.error is not None:
            program.close()
            raise DatabaseUnavailable("gone") if isinstance(self.error, OutcomeUnknown) else self.error
        return await self._inner.read(program)

    async def close(self) -> None:
        await self._inner.close()


@pytest.fixture
async def failing(engine_database: Database) -> AsyncIterator[tuple[Engine, FailingDatabase]]:
    database = FailingDatabase(engine_database)
    engine = await Engine.started(database)
    yield engine, database
    database.error = None
    await engine.stop()


@pytest.mark.parametrize(
    "error", [DatabaseUnavailable("gone"), TransientFailure("deadlock"), OutcomeUnknown("broken")], ids=lambda e: str(e)
)
async def test_calls_while_the_database_is_down(failing: tuple[Engine, FailingDatabase], error: Exception) -> None:
    engine, database = failing
    await engine.deploy(user_task(), external())
    instance = await engine.start("review")
    await engine.start("ship")
    (task,) = await engine.user_tasks()
    database.error = error
    resources = [deployment_pb2.Resource(name="a.bpmn", content=user_task())]
    calls: list[Callable[[], Awaitable[Any]]] = [
        lambda: engine.get(instance.id),
        lambda: engine.variables(instance.id),
        lambda: engine.start("other"),
        engine.user_tasks,
        engine.open_jobs,
        engine.open_incidents,
        engine.activate,
        lambda: engine.deployments.CreateDeployment(
            deployment_service_pb2.CreateDeploymentRequest(resources=resources)
        ),
        lambda: engine.definitions.GetProcessDefinition(definitions_pb.GetProcessDefinitionRequest(id="x")),
        lambda: engine.incidents.ResolveIncident(incidents_pb.ResolveIncidentRequest(id=f"{instance.id}.1")),
    ]
    if not isinstance(error, TransientFailure | OutcomeUnknown):
        # The group commit tries the others again for a while.
        calls += [lambda: engine.start("review"), lambda: engine.complete_task(task.id)]
    for call in calls:
        refused = await refusal(call())
        assert (refused.code, refused.reason) == ("UNAVAILABLE", "DEPENDENCY_UNAVAILABLE")
        assert refused.metadata == {"dependency": "database"}
    stream = engine.jobs.StreamJobs(job_service_pb2.StreamJobsRequest(type="work", worker="w"))
    messages = [message async for message in stream]
    assert [message.WhichOneof("event") for message in messages] == ["heartbeat", "error"]
    assert messages[-1].error.code == 14
    database.error = None
    assert (await engine.complete_task(task.id)).process_instance_ended
    await engine.complete_job(await engine.one_job())
