"""Doing all that is due, until nothing is: for tests that turn the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from engine_svc.commands.due_jobs import Claimed, DueJobs, Result, Run, by_instance
from engine_svc.storage.jobs import free_due_jobs, next_due

DueWork = Callable[[int], Awaitable[int]]
"""Does a bounded batch of some other kind of work that is due at a time, in microseconds; returns how much it did."""

BATCH = 256
SIDE_BY_SIDE = 16
"""Instances whose jobs are done at one time."""
MAX_FAILURES = 1_000


@dataclass(slots=True)
class Drained:
    """What was done. `failures` are the first attempts that failed."""

    completed: int = 0
    failed: int = 0
    failures: list[Run] = field(default_factory=list)
    other_work: int = 0
    nothing_left: bool = False

    def add(self, run: Run) -> None:
        """Count what came of a job."""
        if run.result is Result.COMPLETED:
            self.completed += 1
        elif run.result is not Result.GONE:
            self.failed += 1
            if len(self.failures) < MAX_FAILURES:
                self.failures.append(run)


async def drain(due_jobs: DueJobs, others: Sequence[DueWork], max_jobs: int, seconds: float) -> Drained:
    """Do what is due, and what that makes due, until nothing is, so many jobs were tried, or the time is over.

    Raises `DependencyDown`.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    executor = due_jobs.executor
    drained = Drained()
    tried = 0
    while tried < max_jobs and loop.time() < deadline:
        now = executor.clock.now_micros()
        other_work = 0
        for other in others:
            other_work += await other(now)
        drained.other_work += other_work
        if await executor.database.read(next_due(now)):
            executor.signals.notify(await due_jobs.write(partial(free_due_jobs, now)))
        jobs = await due_jobs.claim(now, min(BATCH, max_jobs - tried))
        if not jobs and not other_work:
            drained.nothing_left = True
            break
        tried += len(jobs)
        for run in await _run_all(due_jobs, jobs):
            drained.add(run)
    return drained


async def _run_all(due_jobs: DueJobs, jobs: Sequence[Claimed]) -> list[Run]:
    places = asyncio.Semaphore(SIDE_BY_SIDE)

    async def run(group: list[Claimed]) -> list[Run]:
        async with places:
            return await due_jobs.run(group)

    # All of them end before an error of one is told: nothing must run on behind the answer.
    results = await asyncio.gather(*[run(group) for group in by_instance(jobs)], return_exceptions=True)
    runs: list[Run] = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        runs += result
    return runs
