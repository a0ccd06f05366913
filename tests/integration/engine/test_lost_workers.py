"""Workers that go away while their jobs are being leased."""

from __future__ import annotations

import asyncio
from typing import TypeVar

import pytest
from flowmesh.engine.v1.job_pb2 import Job

from engine_svc.commands import jobs
from engine_svc.commands.definition_cache import DefinitionCache
from engine_svc.commands.definition_contents import DefinitionContents
from engine_svc.commands.executor import InstanceExecutor
from engine_svc.commands.job_signals import JobSignals
from engine_svc.scripts.sandbox import ScriptRunner
from engine_svc.settings import EngineSettings
from engine_svc.storage.commit import CommitWriter
from mesh.cache.opening import Caches
from mesh.clock import SystemClock
from mesh.db.database import Database
from mesh.db.group_commit import GroupCommitter
from mesh.db.statements import Program
from mesh.metrics import Metrics
from tests.integration.engine.serving import Engine, external

T = TypeVar("T")


class GatedDatabase:
    """A database whose writes are answered, and whose reads begin, only once a gate is open."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.write_gate = asyncio.Event()
        self.read_gate = asyncio.Event()
        self.written = asyncio.Event()
        self.reading = asyncio.Event()

    async def write(self, program: Program[T]) -> T:
        result = await self._inner.write(program)
        self.written.set()
        await self.write_gate.wait()
        return result

    async def read(self, program: Program[T]) -> T:
        self.reading.set()
        await self.read_gate.wait()
        return await self._inner.read(program)

    async def close(self) -> None:
        await self._inner.close()


def executor_on(database: Database) -> InstanceExecutor:
    return InstanceExecutor(
        database,
        GroupCommitter(database, CommitWriter()),
        DefinitionCache(database, DefinitionContents(database, Caches(EngineSettings(), Metrics()).cache("d", 60))),
        SystemClock(),
        JobSignals(),
        ScriptRunner(),
    )


ACTIVATION = jobs.Activation("work", "w", 10, 3_600_000_000, (), "")


@pytest.mark.parametrize("paused", [False, True])
async def test_a_worker_that_leaves_while_the_lease_is_written(
    engine: Engine, engine_database: Database, paused: bool
) -> None:
    await engine.deploy(external())
    instance = await engine.start("ship")
    gated = GatedDatabase(engine_database)
    activating = asyncio.create_task(jobs.activate(executor_on(gated), ACTIVATION))
    await gated.written.wait()
    assert (await engine.open_jobs())[0].state == Job.STATE_LEASED
    if paused:
        await engine.suspend(instance.id)
    activating.cancel()
    gated.write_gate.set()
    with pytest.raises(asyncio.CancelledError):
        await activating
    (job,) = await engine.open_jobs()
    assert job.state == (Job.STATE_SUSPENDED if paused else Job.STATE_READY)
    assert job.worker == ""
    if paused:
        await engine.resume(instance.id)
    await engine.complete_job(await engine.one_job())


async def test_a_worker_that_leaves_while_the_variables_are_read(engine: Engine, engine_database: Database) -> None:
    await engine.deploy(external())
    await engine.start("ship")
    gated = GatedDatabase(engine_database)
    gated.write_gate.set()
    activating = asyncio.create_task(jobs.activate(executor_on(gated), ACTIVATION))
    await gated.reading.wait()
    activating.cancel()
    with pytest.raises(asyncio.CancelledError):
        await activating
    assert (await engine.open_jobs())[0].state == Job.STATE_READY


async def test_a_lease_that_went_on_to_another_worker_is_not_given_back(
    engine: Engine, engine_database: Database
) -> None:
    await engine.deploy(external())
    await engine.start("ship")
    gated = GatedDatabase(engine_database)
    activating = asyncio.create_task(jobs.activate(executor_on(gated), ACTIVATION))
    await gated.written.wait()
    engine.clock.forward(3_700)
    other = await engine.one_job(worker="other")
    activating.cancel()
    gated.write_gate.set()
    with pytest.raises(asyncio.CancelledError):
        await activating
    (job,) = await engine.open_jobs()
    assert (job.state, job.worker) == (Job.STATE_LEASED, "other")
    await engine.complete_job(other)
