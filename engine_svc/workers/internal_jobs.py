"""Does timers and asynchronous jobs, and other work that is due, as soon as it is.

The loop sleeps until a job of this process is made, the next one is due, or another process may have made one. What
it claims runs beside it, bounded in number; a long run holds up nothing but its own instance.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from engine_svc.commands.draining import DueWork
from engine_svc.commands.due_jobs import Claimed, DueJobs, by_instance
from engine_svc.storage.internal_jobs import next_due_at
from mesh.background import end
from mesh.logs import get_log

_log = get_log(__name__)

SIGNAL = ""
"""The job type of the engine's own jobs, for which the executor signals."""
POLL_SECONDS = 1.0
"""How long a job that another process made, and does not do itself, may stay unseen."""
LOCKED_SECONDS = 0.02
"""Before looking again for due jobs that others are claiming at this moment."""
SHORTEST_SECONDS = 0.001
LONGEST_PAUSE_SECONDS = 30.0
STOP_SECONDS = 5.0
"""How long running jobs may take once the process stops; what has not begun is given back."""


class InternalJobs:
    """The background work of one process. `others` are called with the time before each look for due jobs."""

    def __init__(self, due_jobs: DueJobs, concurrent: int, others: Sequence[DueWork] = ()) -> None:
        self._due_jobs = due_jobs
        self._concurrent = concurrent
        self._others = others
        self._loop: asyncio.Task[None] | None = None
        self._running: dict[asyncio.Task[None], int] = {}
        self._stopping = False

    def start(self) -> None:
        """Begin."""
        self._loop = asyncio.create_task(self._serve(), name="internal jobs")

    async def stop(self) -> None:
        """End: no more jobs are claimed, those that run may finish."""
        self._stopping = True
        await end(self._loop)
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    async def _serve(self) -> None:
        failures = 0
        while True:
            # Taken before looking, so that no signal is missed in between.
            waiter = self._due_jobs.executor.signals.waiter(SIGNAL)
            try:
                try:
                    pause = await self._round()
                    failures = 0
                except Exception as error:  # noqa: BLE001 - the work must go on whatever happens to one round of it
                    failures += 1
                    pause = min(POLL_SECONDS * 2**failures, LONGEST_PAUSE_SECONDS)
                    _log.error("Looking for due jobs failed", error=error)
                if pause:
                    await asyncio.wait([waiter], timeout=pause)
                else:
                    await asyncio.sleep(0)
            finally:
                waiter.cancel()

    async def _round(self) -> float:
        """Begin what is due; return the seconds until it is worth looking again."""
        now = self._due_jobs.executor.clock.now_micros()
        did_other = await self._do_others(now)
        free = self._concurrent - sum(self._running.values())
        if free * 2 < self._concurrent:
            # Claimed a few at a time, each job would cost a transaction.
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            return 0
        due = await self._due_jobs.executor.database.read(next_due_at())
        if due is None or due > now:
            wait = POLL_SECONDS if due is None else min((due - now) / 1e6, POLL_SECONDS)
            return 0 if did_other else max(wait, SHORTEST_SECONDS)
        jobs = await self._claim(now, free)
        for group in by_instance(jobs):
            task = asyncio.create_task(self._run(group), name="internal job")
            self._running[task] = len(group)
            task.add_done_callback(self._running.pop)
            # One after another: the steps of all of them at once would hold up the calls of others.
            await asyncio.sleep(0)
        return 0 if jobs or did_other else LOCKED_SECONDS

    async def _do_others(self, now: int) -> int:
        done = 0
        for other in self._others:
            try:
                done += await other(now)
            except Exception as error:  # noqa: BLE001 - what one kind of work raises must not keep the others from running
                _log.error("Due work failed", error=error, work=getattr(other, "__qualname__", repr(other)))
        return done

    async def _claim(self, now: int, limit: int) -> list[Claimed]:
        claiming = asyncio.ensure_future(self._due_jobs.claim(now, limit))
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            await asyncio.shield(self._give_back(await claiming))
            raise

    async def _run(self, jobs: list[Claimed]) -> None:
        try:
            if self._stopping:
                await self._give_back(jobs)
            else:
                await self._due_jobs.run(jobs)
        except Exception as error:  # noqa: BLE001 - the lease ends, and then the jobs are tried again
            _log.error("Due jobs could not be done", error=error, process_instance=jobs[0].instance_id)

    async def _give_back(self, jobs: list[Claimed]) -> None:
        if jobs:
            await self._due_jobs.give_back(jobs)
