"""Timers and asynchronous jobs: claiming those that are due, doing them, and noting the attempts that fail."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message

from engine_svc.commands.executor import Effect, InstanceExecutor
from engine_svc.commands.failure_details import details_of, message_of
from engine_svc.commands.jobs import FIRST_BACKOFF_MICROS, MAX_BACKOFF_MICROS, job_missing
from engine_svc.runtime import job_commands, step
from engine_svc.runtime.requests import Program
from engine_svc.state.instance import Instance
from engine_svc.storage.commit import RequestRecord
from engine_svc.storage.finished_jobs import FinishedOutcome
from engine_svc.storage.internal_jobs import Lease, claim_due, drop, give_back, note_failure
from engine_svc.storage.jobs import LISTED_COLUMNS, fetch_job
from mesh.db.served_database import write_again
from mesh.db.statements import Program as StatementProgram
from mesh.db.statements import Row
from mesh.errors import Conflict, DependencyDown, DomainError, LeaseLost, NotFound, Overload
from mesh.ids import member_id, new_id
from mesh.logs import get_log

_log = get_log(__name__)

T = TypeVar("T")

PAUSE_MICROS = 1_000_000
"""Before a job is run again whose attempt was broken off by something that is not its fault."""
HOPELESS = frozenset({"STEP_LIMIT_EXCEEDED", "CALL_DEPTH_EXCEEDED"})
"""Errors that would come again however often the job is tried."""

LEASE_SEQUENCE = LISTED_COLUMNS.index("lease_sequence")
KIND = LISTED_COLUMNS.index("kind")
RETRIES = LISTED_COLUMNS.index("retries")
WAITS = LISTED_COLUMNS.index("waits")
FAILED_ATTEMPTS = LISTED_COLUMNS.index("failed_attempts")
ELEMENT_ID = LISTED_COLUMNS.index("element_id")
DEFINITION_ID = LISTED_COLUMNS.index("definition_id")
DEFINITION_KEY = LISTED_COLUMNS.index("definition_key")
TENANT_ID = LISTED_COLUMNS.index("tenant_id")
CREATED_AT = LISTED_COLUMNS.index("created_at")
AVAILABLE_AT = LISTED_COLUMNS.index("available_at")
DUE_AT = LISTED_COLUMNS.index("due_at")


class Result(enum.Enum):
    """What came of a claimed job."""

    COMPLETED = "completed"
    FAILED = "failed"
    """The attempt failed; the job is tried again."""
    DEAD_LETTER = "dead_letter"
    """The attempt failed and was the last one."""
    POSTPONED = "postponed"
    """The attempt was broken off by something that is not its fault, or its instance is paused."""
    GONE = "gone"
    """Nothing waits for it any more, or another process has it."""


@dataclass(slots=True, frozen=True)
class Claimed:
    """A job that this process has the lease of. The row is as it was before, in the order of `LISTED_COLUMNS`."""

    row: Row

    @property
    def instance_id(self) -> str:
        """The instance that waits for it."""
        instance_id: str = self.row[0]
        return instance_id

    @property
    def key(self) -> int:
        """Its key in the instance."""
        key: int = self.row[1]
        return key

    @property
    def lease(self) -> Lease:
        """What fences it."""
        return self.instance_id, self.key, self.row[LEASE_SEQUENCE] + 1


@dataclass(slots=True, frozen=True)
class Run:
    """What came of a job, with the error where there was one, and the serialised answer where it was completed."""

    job: Claimed
    result: Result
    error: Exception | None = None
    answer: bytes = b""


@dataclass(slots=True)
class DueJobs:
    """Does timers and asynchronous jobs for a process that calls itself `owner`."""

    executor: InstanceExecutor
    owner: str
    lease_micros: int
    on_result: Callable[[Result], None] = field(default=lambda _: None)

    async def claim(self, now: int, limit: int) -> list[Claimed]:
        """Claim up to `limit` jobs that are due at `now`, in microseconds. Raises `DependencyDown`."""
        rows = await self.write(lambda: claim_due(self.owner, now, limit, now + self.lease_micros))
        return [Claimed(row) for row in rows]

    async def run(self, jobs: Sequence[Claimed]) -> list[Run]:
        """Do claimed jobs of one instance, one after another, in as few commits as can be.

        One that fails does not hurt the others.
        """
        runs: list[Run] = []
        left = list(jobs)
        while len(left) > 1:
            try:
                done = await self._run_together(left)
            except Exception:  # noqa: BLE001 - run alone, it is noted with the job that raises it
                break
            runs += done
            finished = {run.job.key for run in done}
            left = [job for job in left if job.key not in finished]
        for job in left:
            runs.append(await self.run_one(job))
        return runs

    async def _run_together(self, jobs: Sequence[Claimed]) -> list[Run]:
        by_key = {job.key: job for job in jobs}
        runs: list[Run] = []

        def work(instance: Instance, now: int) -> Program[Effect]:
            changes, done, gone = yield from job_commands.run_jobs(instance, list(by_key), now)
            runs.clear()
            runs.extend(Run(by_key[key], Result.COMPLETED) for key in done)
            runs.extend(Run(by_key[key], Result.GONE) for key in gone)
            return Effect(
                changes,
                Empty,
                leases=[by_key[key].lease for key in (*done, *gone)],
                finished_jobs=[finished_job(by_key[key].row, FinishedOutcome.COMPLETED, now) for key in done],
            )

        instance_id = jobs[0].instance_id
        await self.executor.change(instance_id, work, None, lambda: job_missing(instance_id))
        for run in runs:
            self.on_result(run.result)
        return runs

    async def run_one(
        self,
        job: Claimed,
        request: RequestRecord | None = None,
        respond: Callable[[Instance], Message] = lambda _: Empty(),
    ) -> Run:
        """Do a claimed job; whatever comes of it is noted. Raises `DependencyDown` where that cannot be noted."""
        run = await self._run_one(job, request, respond)
        self.on_result(run.result)
        return run

    async def _run_one(
        self, job: Claimed, request: RequestRecord | None, respond: Callable[[Instance], Message]
    ) -> Run:
        def work(instance: Instance, now: int) -> Program[Effect]:
            changes = yield from step.run_job(instance, job.key, now)
            finished = finished_job(job.row, FinishedOutcome.COMPLETED, now)
            return Effect(changes, lambda: respond(instance), leases=[job.lease], finished_jobs=[finished])

        try:
            answer = await self.executor.change(job.instance_id, work, request, lambda: _missing(job))
        except Exception as error:  # noqa: BLE001 - whatever a job raises belongs to it and is kept with it
            return await self._not_done(job, error)
        return Run(job, Result.COMPLETED, answer=answer)

    async def _not_done(self, job: Claimed, error: Exception) -> Run:
        if isinstance(error, LeaseLost):
            return Run(job, Result.GONE, error)
        if isinstance(error, NotFound) and error.reason == "JOB_NOT_FOUND":
            await self.write(lambda: drop([job.lease]))
            return Run(job, Result.GONE, error)
        if isinstance(error, Conflict | DependencyDown | Overload) or _instance_stopped(error):
            await self.give_back([job], PAUSE_MICROS)
            return Run(job, Result.POSTPONED, error)
        if not isinstance(error, DomainError):
            _log.error("A job failed by a fault of the engine", error=error, job=member_id(job.instance_id, job.key))
        return await self._note_failure(job, error)

    async def _note_failure(self, job: Claimed, error: Exception) -> Run:
        dead = False

        # Its retries may have been changed since it was claimed.
        row = await self.executor.database.read(fetch_job(job.instance_id, job.key)) or job.row
        attempts = job.row[FAILED_ATTEMPTS] + 1
        hopeless = isinstance(error, DomainError) and error.reason in HOPELESS
        retries = 0 if hopeless else max(0, row[RETRIES] - 1)
        message, details = message_of(error), details_of(error)

        def work(instance: Instance, now: int) -> Effect:
            nonlocal dead
            changes = step.fail_job(instance, job.key, retries=retries, error_message=message, error_code="", now=now)
            dead = retries == 0
            statement = note_failure(
                job.instance_id,
                job.key,
                retries=retries,
                failed_attempts=attempts,
                available_at=now + backoff_micros(job.row[WAITS], attempts),
                message=message,
                details=details,
            )
            finished = [finished_job(job.row, FinishedOutcome.FAILED, now, message, details)] if dead else []
            return Effect(changes, Empty, leases=[job.lease], statements=[statement], finished_jobs=finished)

        try:
            await self.executor.change(job.instance_id, work, None, lambda: _missing(job))
        except (LeaseLost, NotFound) as gone:
            # Meanwhile another process did it, or the instance was cancelled.
            return Run(job, Result.GONE, gone)
        except DomainError as refused:
            if not _instance_stopped(refused):
                raise
            await self.give_back([job], PAUSE_MICROS)
            return Run(job, Result.POSTPONED, error)
        return Run(job, Result.DEAD_LETTER if dead else Result.FAILED, error)

    async def give_back(self, jobs: Sequence[Claimed], pause_micros: int = 0) -> None:
        """Let claimed jobs be claimed again, after a pause. Raises `DependencyDown`."""
        until = self.executor.clock.now_micros() + pause_micros
        leases = {job.lease: max(until, job.row[AVAILABLE_AT]) for job in jobs}
        await self.write(lambda: give_back(leases))

    async def write(self, program: Callable[[], StatementProgram[T]]) -> T:
        """Run a program in a transaction, again where it met another one's locks. Raises `DependencyDown`."""
        return await write_again(self.executor.database, program)


def by_instance(jobs: Sequence[Claimed]) -> list[list[Claimed]]:
    """Return jobs by their instance, in the order they have; those of higher priority first in each."""
    groups: dict[str, list[Claimed]] = {}
    priority = LISTED_COLUMNS.index("priority_order")
    for job in jobs:
        groups.setdefault(job.instance_id, []).append(job)
    return [sorted(group, key=lambda job: job.row[priority]) for group in groups.values()]


def backoff_micros(waits: str, attempts: int) -> int:
    """Return the wait after so many failed attempts: as the model says, else 2 s, doubled each time, up to 1 h."""
    if waits:
        times = waits.split(",")
        return int(times[min(attempts, len(times)) - 1])
    return min(FIRST_BACKOFF_MICROS << min(attempts - 1, 20), MAX_BACKOFF_MICROS)


def finished_job(row: Row, outcome: FinishedOutcome, now: int, message: str = "", details: str = "") -> Row:
    """Return the record of a job, in the order of `FINISHED_JOB_COLUMNS`."""
    return (
        row[DEFINITION_KEY],
        int(outcome),
        new_id(),
        row[0],
        row[1],
        row[KIND],
        row[ELEMENT_ID],
        row[DEFINITION_ID],
        row[TENANT_ID],
        row[CREATED_AT],
        row[DUE_AT],
        now,
        message,
        details,
    )


def _instance_stopped(error: Exception) -> bool:
    return isinstance(error, DomainError) and error.reason == "PROCESS_INSTANCE_NOT_RUNNING"


def _missing(job: Claimed) -> NotFound:
    return job_missing(member_id(job.instance_id, job.key))
