"""A database that breaks off during COMMIT: before the work is done, or after. Callers must learn what is true."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, TypeVar

import pytest
from flowmesh.engine.v1 import incident_service_pb2, job_service_pb2
from flowmesh.engine.v1 import process_instance_service_pb2 as instances_pb
from flowmesh.engine.v1 import user_task_service_pb2 as tasks_pb
from flowmesh.engine.v1.process_instance_pb2 import ProcessInstance

from mesh.db.database import Database, OutcomeUnknown
from mesh.db.statements import Execute, Fetch, Program, Row, fetch
from tests.integration.engine.serving import Engine, external, refusal, seconds, user_task

T = TypeVar("T")


class RolledBack(Exception):
    """Makes a transaction fail at its end."""


class BreakingDatabase:
    """A database whose next COMMIT of a group commit breaks off when it is told so."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.break_after: bool | None = None
        """None: all is well; else whether the work of the next commit is done before the connection breaks."""
        self.broken = 0

    async def write(self, program: Program[T]) -> T:
        is_commit = getattr(program, "__qualname__", "") == "CommitWriter.write"
        if self.break_after is None or not is_commit:
            return await self._inner.write(program)
        done, self.break_after = self.break_after, None
        self.broken += 1
        if done:
            await self._inner.write(program)
        else:
            with pytest.raises(RolledBack):
                await self._inner.write(_failing(program))
        raise OutcomeUnknown("the connection broke during COMMIT")

    async def read(self, program: Program[T]) -> T:
        return await self._inner.read(program)

    async def close(self) -> None:
        await self._inner.close()


def _failing(program: Program[Any]) -> Program[Any]:
    yield from program
    raise RolledBack


@pytest.fixture
async def breaking(engine_database: Database) -> AsyncIterator[tuple[Engine, BreakingDatabase]]:
    database = BreakingDatabase(engine_database)
    engine = await Engine.started(database)
    await engine.deploy(user_task(), external())
    yield engine, database
    await engine.stop()


DONE = pytest.mark.parametrize("done", [True, False], ids=["after", "before"])
WITH_REQUEST_ID = pytest.mark.parametrize("request_id", ["", "r1"], ids=["no_id", "request_id"])


@DONE
@WITH_REQUEST_ID
async def test_a_start(breaking: tuple[Engine, BreakingDatabase], done: bool, request_id: str) -> None:
    engine, database = breaking
    database.break_after = done
    started = await engine.start("review", {"a": 1}, request_id=request_id)
    assert database.broken == 1
    listed = await engine.instances.ListProcessInstances(instances_pb.ListProcessInstancesRequest())
    assert [instance.id for instance in listed.process_instances] == [started.id]
    (task,) = await engine.user_tasks()
    assert await events(database) == 1
    await engine.complete_task(task.id)
    assert await events(database) == 2
    if request_id:
        assert await engine.start("review", {"a": 1}, request_id=request_id) == started


@DONE
@WITH_REQUEST_ID
async def test_a_completion(breaking: tuple[Engine, BreakingDatabase], done: bool, request_id: str) -> None:
    engine, database = breaking
    instance = await engine.start("review")
    (task,) = await engine.user_tasks()
    database.break_after = done
    answer = await engine.complete_task(task.id, request_id=request_id)
    assert answer.process_instance_ended
    ended = await engine.get(instance.id)
    assert (ended.status, ended.etag) == (ProcessInstance.STATUS_COMPLETED, "2")
    assert await events(database) == 2
    assert await engine.user_tasks() == []
    if request_id:
        assert await engine.complete_task(task.id, request_id=request_id) == answer


@DONE
async def test_many_at_once(breaking: tuple[Engine, BreakingDatabase], done: bool) -> None:
    engine, database = breaking
    database.break_after = done
    starts = [engine.start("review", request_id=f"r{n}" if n % 2 else "") for n in range(30)]
    started = await asyncio.gather(*starts)
    listed = await engine.instances.ListProcessInstances(instances_pb.ListProcessInstancesRequest(page_size=100))
    assert {i.id for i in listed.process_instances} == {i.id for i in started}
    assert await events(database) == 30


@DONE
async def test_a_failed_job_counts_once(breaking: tuple[Engine, BreakingDatabase], done: bool) -> None:
    engine, database = breaking
    await engine.start("ship")
    job = await engine.one_job()
    database.break_after = done
    failed = await engine.fail_job(job, retry_backoff=seconds(0))
    assert failed.retries == 2
    (left,) = await engine.open_jobs()
    assert left.retries == 2


@DONE
@WITH_REQUEST_ID
async def test_a_change_without_events(breaking: tuple[Engine, BreakingDatabase], done: bool, request_id: str) -> None:
    """Nothing tells whose commit it was, so without a request id the caller is told to look."""
    engine, database = breaking
    await engine.start("ship")
    job = await engine.one_job()
    database.break_after = done
    request = job_service_pb2.ExtendJobLeaseRequest(id=job.id, lease_token=job.lease_token, request_id=request_id)
    if done and not request_id:
        refused = await refusal(engine.jobs.ExtendJobLease(request))
        assert (refused.code, refused.reason) == ("UNAVAILABLE", "DEPENDENCY_UNAVAILABLE")
        request.request_id = "r2"
    extended = (await engine.jobs.ExtendJobLease(request)).job
    assert extended.id == job.id
    assert (await engine.complete_job(job)).process_instance_ended


async def test_without_a_request_id_and_with_the_events_relayed_the_outcome_stays_unknown(
    breaking: tuple[Engine, BreakingDatabase], engine_database: Database
) -> None:
    engine, database = breaking
    instance = await engine.start("review")
    (task,) = await engine.user_tasks()
    inner_write = engine_database.write

    async def write_and_relay(program: Program[T]) -> T:
        result = await inner_write(program)
        await inner_write(_relay_all())
        return result

    database._inner = _Writing(engine_database, write_and_relay)
    database.break_after = True
    refused = await refusal(engine.complete_task(task.id))
    assert (refused.code, refused.reason) == ("UNAVAILABLE", "DEPENDENCY_UNAVAILABLE")
    assert (await engine.get(instance.id)).status == ProcessInstance.STATUS_COMPLETED
    assert (await refusal(engine.complete_task(task.id))).reason == "USER_TASK_ALREADY_COMPLETED"


class _Writing:
    def __init__(self, inner: Database, write: Any) -> None:
        self._inner = inner
        self.write = write
        self.read = inner.read
        self.close = inner.close


def _relay_all() -> Program[None]:
    yield Execute("DELETE FROM outbox")


async def test_every_other_change(breaking: tuple[Engine, BreakingDatabase]) -> None:
    engine, database = breaking
    instance = await engine.start("review")
    (task,) = await engine.user_tasks()
    for done in (True, False):
        for call, request in (
            (engine.tasks.ClaimUserTask, tasks_pb.ClaimUserTaskRequest(id=task.id, user_id="ann")),
            (engine.tasks.UnclaimUserTask, tasks_pb.UnclaimUserTaskRequest(id=task.id)),
            (
                engine.instances.SuspendProcessInstance,
                instances_pb.SuspendProcessInstanceRequest(id=instance.id),
            ),
            (engine.instances.ResumeProcessInstance, instances_pb.ResumeProcessInstanceRequest(id=instance.id)),
        ):
            database.break_after = done
            await call(request)
            assert database.break_after is None
    assert (await engine.get(instance.id)).etag == "9"
    await engine.start("ship")
    await engine.fail_job(await engine.one_job(), retries=0)
    (incident,) = await engine.open_incidents()
    database.break_after = True
    await engine.incidents.ResolveIncident(incident_service_pb2.ResolveIncidentRequest(id=incident.id))
    assert (await engine.one_job()).retries == 1


async def events(database: BreakingDatabase) -> int:
    """How many commits told something."""
    rows: list[Row] = await database.read(fetch(Fetch("SELECT COUNT(*) FROM outbox WHERE kind=1")))
    count: int = rows[0][0]
    return count
