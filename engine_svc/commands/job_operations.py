"""What operators do with jobs: run one now, set retries, the dead letter, another due date."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from google.protobuf.message import Message

from engine_svc.commands.due_jobs import KIND, Claimed, DueJobs, Result
from engine_svc.commands.executor import Effect, InstanceExecutor
from engine_svc.commands.jobs import job_missing
from engine_svc.runtime import job_commands
from engine_svc.runtime.changes import Changes, JobKind
from engine_svc.state.instance import Instance
from engine_svc.storage.commit import AlreadyAnswered, RequestRecord, find_answer
from engine_svc.storage.internal_jobs import claim_one
from engine_svc.storage.jobs import DETAILED_COLUMNS, JobState, fetch_job_details
from engine_svc.storage.jobs import give_retries as revive_statement
from engine_svc.storage.jobs import give_up as give_up_statement
from engine_svc.storage.jobs import reschedule as reschedule_statement
from engine_svc.storage.jobs import set_retries as set_retries_statement
from mesh.call import beyond_rows
from mesh.db.statements import Row, Statement
from mesh.errors import WrongState
from mesh.ids import split_member_id

STATE = DETAILED_COLUMNS.index("state")
ERROR_MESSAGE = DETAILED_COLUMNS.index("error_message")
GIVEN_UP = "moved to the dead letter by hand"

Overlay = Mapping[str, object]
"""Columns of a job's row that an operation changes, with their new values."""
Work = Callable[[Instance, Row, int], tuple[Changes, Statement | None, Overlay]]
Respond = Callable[[Row], Message]
"""Makes the answer of the job's row as it will be, in the order of `DETAILED_COLUMNS`."""


async def run_now(
    due_jobs: DueJobs, job_id: str, request: RequestRecord | None, respond: Callable[[Instance], Message]
) -> bytes:
    """Run a timer's or asynchronous job whatever its due date, and note it where it fails.

    Raises `NotFound`, `WrongState` (JOB_KIND_UNSUITABLE, JOB_NOT_RUNNABLE), and whatever the job ends in.
    """
    instance_id, key = _parts(job_id)
    executor = due_jobs.executor
    await executor.require(instance_id, lambda: job_missing(job_id))
    if request is not None:
        answered = await executor.database.read(find_answer(request))
        if isinstance(answered, AlreadyAnswered):
            return answered.response
        if answered is not None:
            raise answered
    until = executor.clock.now_micros() + due_jobs.lease_micros
    row, claimed = await due_jobs.write(lambda: claim_one(instance_id, key, due_jobs.owner, until))
    if row is None:
        raise job_missing(job_id)
    if not claimed:
        raise _not_runnable(job_id, row)
    with beyond_rows():
        run = await due_jobs.run_one(Claimed(row), request, respond)
    if run.error is not None:
        raise run.error
    assert run.result is Result.COMPLETED
    return run.answer


def _not_runnable(job_id: str, row: Row) -> WrongState:
    if row[KIND] == JobKind.EXTERNAL:
        return WrongState(
            "JOB_KIND_UNSUITABLE",
            f"job {job_id} is for an external worker; the engine cannot do it",
            metadata={"id": job_id, "kind": "EXTERNAL"},
        )
    state = JobState(row[STATE])
    if state is JobState.SUSPENDED:
        return WrongState(
            "PROCESS_INSTANCE_NOT_RUNNING",
            f"process instance {row[0]} is paused",
            metadata={"id": row[0], "status": "PAUSED"},
        )
    why = "it is in the dead letter; move it out first" if state is JobState.FAILED else "it is being run"
    return WrongState(
        "JOB_NOT_RUNNABLE", f"job {job_id} cannot be run: {why}", metadata={"id": job_id, "state": state.name}
    )


async def set_retries(
    executor: InstanceExecutor, job_id: str, retries: int, request: RequestRecord | None, respond: Respond
) -> bytes:
    """Say how often a job may still be tried; see the contract. Raises `NotFound`, `WrongState`."""
    instance_id, key = _parts(job_id)

    def work(instance: Instance, row: Row, now: int) -> tuple[Changes, Statement | None, Overlay]:
        if retries == 0:
            return _give_up(instance, key, GIVEN_UP, row, now)
        changes, was_failed = job_commands.revive_job(instance, key, now)
        if was_failed:
            return changes, revive_statement(instance_id, key, retries), _revived(row, retries)
        return changes, set_retries_statement(instance_id, key, retries), {"retries": retries}

    return await _change(executor, job_id, work, request, respond)


async def give_up(
    executor: InstanceExecutor, job_id: str, reason: str, request: RequestRecord | None, respond: Respond
) -> bytes:
    """Put a job into the dead letter. Raises `NotFound`, `WrongState`."""
    _, key = _parts(job_id)
    return await _change(
        executor,
        job_id,
        lambda instance, row, now: _give_up(instance, key, reason or GIVEN_UP, row, now),
        request,
        respond,
    )


def _give_up(
    instance: Instance, key: int, reason: str, row: Row, now: int
) -> tuple[Changes, Statement | None, Overlay]:
    was_failed = key in instance.incidents.values()
    changes = job_commands.give_up_job(instance, key, reason, now)
    if was_failed:
        return changes, None, {}
    message = row[ERROR_MESSAGE] or reason
    overlay = {"state": JobState.FAILED, "retries": 0, "available_at": 0, "lease_owner": "", "error_message": message}
    return changes, give_up_statement(instance.id, key, reason), overlay


async def revive(
    executor: InstanceExecutor, job_id: str, retries: int, request: RequestRecord | None, respond: Respond
) -> bytes:
    """Take a job out of the dead letter. Raises `NotFound`, `WrongState` (JOB_NOT_FAILED)."""
    instance_id, key = _parts(job_id)

    def work(instance: Instance, row: Row, now: int) -> tuple[Changes, Statement | None, Overlay]:
        changes, was_failed = job_commands.revive_job(instance, key, now)
        if not was_failed:
            raise WrongState("JOB_NOT_FAILED", f"job {job_id} is not in the dead letter", metadata={"id": job_id})
        return changes, revive_statement(instance_id, key, retries), _revived(row, retries)

    return await _change(executor, job_id, work, request, respond)


def _revived(row: Row, retries: int) -> Overlay:
    state = JobState.READY if row[KIND] == JobKind.EXTERNAL else JobState.SCHEDULED
    return {"state": state, "retries": retries, "available_at": 0, "failed_attempts": 0}


async def reschedule(
    executor: InstanceExecutor, job_id: str, due_at: int, request: RequestRecord | None, respond: Respond
) -> bytes:
    """Make a timer due at another time, in microseconds. Raises `NotFound`, `WrongState` (JOB_KIND_UNSUITABLE)."""
    instance_id, key = _parts(job_id)

    def work(instance: Instance, row: Row, now: int) -> tuple[Changes, Statement | None, Overlay]:
        changes = job_commands.reschedule_timer(instance, key, due_at, now)
        state = JobState.FAILED if key in instance.incidents.values() else JobState.SCHEDULED
        overlay = {"due_at": due_at, "state": state, "lease_owner": ""}
        return changes, reschedule_statement(instance_id, key, due_at), overlay

    return await _change(executor, job_id, work, request, respond)


async def _change(
    executor: InstanceExecutor, job_id: str, work: Work, request: RequestRecord | None, respond: Respond
) -> bytes:
    instance_id, key = _parts(job_id)
    row = await executor.database.read(fetch_job_details(instance_id, key))

    def effect(instance: Instance, now: int) -> Effect:
        if row is None:
            raise job_missing(job_id)
        changes, statement, overlay = work(instance, row, now)
        changed = tuple(overlay.get(column, value) for column, value in zip(DETAILED_COLUMNS, row, strict=True))
        return Effect(changes, lambda: respond(changed), statements=[] if statement is None else [statement])

    answer = await executor.change(instance_id, effect, request, lambda: job_missing(job_id))
    # The job may be ready now, of whatever type it is.
    executor.signals.notify_all()
    return answer


def _parts(job_id: str) -> tuple[str, int]:
    parts = split_member_id(job_id)
    if parts is None:
        raise job_missing(job_id)
    return parts
