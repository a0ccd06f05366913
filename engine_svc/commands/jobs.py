"""Commands of external workers on their jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from google.protobuf.message import Message

from engine_svc.commands.executor import Effect, InstanceExecutor
from engine_svc.runtime import job_commands, step
from engine_svc.runtime.behaviors.bpmn_error import BpmnError
from engine_svc.runtime.requests import Program as StepProgram
from engine_svc.state.instance import ROOT_SCOPE, Instance
from engine_svc.storage.commit import JOB_COLUMNS, RequestRecord
from engine_svc.storage.jobs import (
    JobState,
    count_leased,
    extend_lease,
    fail,
    fetch_job,
    lease_jobs,
    release_leases,
)
from mesh.access.rows import Rows
from mesh.call import open_rows
from mesh.db.served_database import write_again
from mesh.db.statements import FetchKeys, Program, Row
from mesh.errors import LeaseLost, NotFound
from mesh.ids import split_member_id

FIRST_BACKOFF_MICROS = 2_000_000
MAX_BACKOFF_MICROS = 3_600_000_000
POLL_SECONDS = 0.5

LEASE_SEQUENCE = JOB_COLUMNS.index("lease_sequence")
RETRIES = JOB_COLUMNS.index("retries")
INPUTS = JOB_COLUMNS.index("inputs")


@dataclass(slots=True, frozen=True)
class Activation:
    """What a worker asks for. Times in microseconds; no names: all visible variables."""

    job_type: str
    worker: str
    max_jobs: int
    lease_micros: int
    variable_names: tuple[str, ...]
    tenant_id: str


@dataclass(slots=True, frozen=True)
class LeasedJob:
    """A job under a lease. The row is as it was before the lease was taken."""

    row: Row
    lease_sequence: int
    lease_until: int
    variables: dict[str, Any]


def _lease_with_revisions(
    activation: Activation, opened: Rows, lease_until: int
) -> Program[tuple[list[Row], dict[str, int]]]:
    rows = yield from lease_jobs(
        activation.job_type,
        activation.tenant_id,
        opened,
        activation.worker,
        activation.max_jobs,
        lease_until,
    )
    revisions: list[Row] = []
    if rows:
        revisions = yield FetchKeys("process_instance", ("id", "revision"), ("id",), [(row[0],) for row in rows])
    return rows, dict(revisions)


async def activate(executor: InstanceExecutor, activation: Activation) -> list[LeasedJob]:
    """Lease ready jobs that are open, those of higher priority first, then the oldest; none where there are none.

    Where the caller is cancelled, what was leased is given back.
    """
    lease_until = executor.clock.now_micros() + activation.lease_micros
    # Asked for each time: a call that waits may lose what was open to it.
    opened = open_rows()
    leasing = asyncio.ensure_future(
        write_again(executor.database, lambda: _lease_with_revisions(activation, opened, lease_until))
    )
    try:
        rows, revisions = await asyncio.shield(leasing)
        return await _with_variables(executor, activation, rows, revisions, lease_until) if rows else []
    except asyncio.CancelledError:
        await asyncio.shield(_undo(executor, leasing))
        raise


async def _undo(executor: InstanceExecutor, leasing: asyncio.Future[tuple[list[Row], dict[str, int]]]) -> None:
    rows, _ = await leasing
    if rows:
        await _release(executor, [(row[0], row[1], row[LEASE_SEQUENCE] + 1) for row in rows], {row[2] for row in rows})


async def _with_variables(
    executor: InstanceExecutor, activation: Activation, rows: list[Row], revisions: dict[str, int], lease_until: int
) -> list[LeasedJob]:
    instances: dict[str, Instance] = {}
    missing = []
    for instance_id, revision in revisions.items():
        instance = executor.cached(instance_id, revision)
        if instance is None:
            missing.append(instance_id)
        else:
            instances[instance_id] = instance
    leased = [_leased(row, instances[row[0]], activation, lease_until) for row in rows if row[0] in instances]
    if missing:
        instances = await executor.load_many(missing)
        leased += [_leased(row, instances[row[0]], activation, lease_until) for row in rows if row[0] in instances]
    order = {row[:2]: position for position, row in enumerate(rows)}
    leased.sort(key=lambda job: order[job.row[:2]])
    return leased


def _leased(row: Row, instance: Instance, activation: Activation, lease_until: int) -> LeasedJob:
    variables = visible_variables(instance, row[1], activation.variable_names)
    variables.update(orjson.loads(row[INPUTS]))
    return LeasedJob(row, row[LEASE_SEQUENCE] + 1, lease_until, variables)


def visible_variables(instance: Instance, key: int, names: Sequence[str]) -> dict[str, Any]:
    """Return the variables that a job sees, of these names where there are any."""
    token = instance.tokens.get(key)
    if token is None:
        # It moved on between the lease and this read; the completion will be refused.
        return {}
    # The activity's own scope holds its input mappings, and the item of a multi-instance.
    chain = [instance.scopes[key if key in instance.scopes else token.scope_key]]
    while chain[-1].key != ROOT_SCOPE:
        chain.append(instance.scopes[chain[-1].parent_key])
    visible: dict[str, Any] = {}
    for scope in reversed(chain):
        visible.update(scope.variables)
    return {name: visible[name] for name in names if name in visible} if names else visible


async def wait_and_activate(
    executor: InstanceExecutor, activation: Activation, timeout_seconds: float, stopping: asyncio.Event
) -> list[LeasedJob]:
    """Lease ready jobs; where there are none, wait for the first one up to a time, or until the server stops."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_seconds
    while True:
        waiter = executor.signals.waiter(activation.job_type)
        try:
            jobs = await activate(executor, activation)
            left = deadline - loop.time()
            if jobs or left <= 0 or stopping.is_set():
                return jobs
            # Jobs that another process made raise no signal here.
            await asyncio.wait([waiter], timeout=min(left, POLL_SECONDS))
        finally:
            waiter.cancel()


async def held_by(executor: InstanceExecutor, job_type: str, worker: str) -> int:
    """Return how many open jobs of a type a worker holds."""
    return await executor.database.read(count_leased(job_type, worker, open_rows()))


async def give_back(executor: InstanceExecutor, jobs: Sequence[LeasedJob]) -> None:
    """Release leases whose jobs never reached their worker."""
    leases = [(job.row[0], job.row[1], job.lease_sequence) for job in jobs]
    await _release(executor, leases, {job.row[2] for job in jobs})


async def _release(executor: InstanceExecutor, leases: Sequence[tuple[str, int, int]], job_types: set[str]) -> None:
    await write_again(executor.database, lambda: release_leases(leases))
    executor.signals.notify(job_types)


async def complete(
    executor: InstanceExecutor,
    job_id: str,
    lease_token: str,
    variables: dict[str, Any],
    result: object,
    request: RequestRecord | None,
    respond: Callable[[Instance], Message],
) -> bytes:
    """Complete a job and run on; `result` may be `NO_RESULT`.

    Raises `NotFound`, `LeaseLost`, `WrongState`, `InvalidField`.
    """
    instance_id, key = _parts(job_id)
    lease = (instance_id, key, _sequence(job_id, lease_token))

    def work(instance: Instance, now: int) -> StepProgram[Effect]:
        changes = yield from job_commands.complete_external_job(instance, key, variables, result, now)
        return Effect(changes, lambda: respond(instance), leases=[lease])

    return await executor.change(instance_id, work, request, lambda: job_missing(job_id))


@dataclass(slots=True, frozen=True)
class Failure:
    """A failed attempt. None: the engine decides."""

    retries: int | None
    backoff_micros: int | None
    message: str
    code: str = ""


async def fail_job(
    executor: InstanceExecutor,
    job_id: str,
    lease_token: str,
    failure: Failure,
    request: RequestRecord | None,
    respond: Callable[[Row, JobState, int, int], Message],
    respond_caught: Callable[[], Message],
) -> bytes:
    """Note a failed attempt. `respond` gets the job's old row, new state, retries and when it is tried again.

    `respond_caught` answers where the model maps the failure to a BPMN error that something caught.

    Raises `NotFound`, `LeaseLost`, `WrongState`.
    """
    instance_id, key = _parts(job_id)
    sequence = _sequence(job_id, lease_token)

    row = await executor.database.read(fetch_job(instance_id, key))

    def work(instance: Instance, now: int) -> StepProgram[Effect]:
        retries = _retries_left(row) if failure.retries is None else failure.retries
        changes, outcome = yield from job_commands.fail_external_job(
            instance, key, retries=retries, error_message=failure.message, error_code=failure.code, now=now
        )
        if row is None:
            raise job_missing(job_id)
        lease = (instance_id, key, sequence)
        if outcome is job_commands.Failed.CAUGHT:
            return Effect(changes, respond_caught, leases=[lease])
        backoff = failure.backoff_micros
        if backoff is None:
            # A failed attempt raises the sequence twice: when the lease is taken, and when it is given up.
            backoff = min(FIRST_BACKOFF_MICROS << min((sequence - 1) // 2, 20), MAX_BACKOFF_MICROS)
        uncaught = outcome is job_commands.Failed.UNCAUGHT
        state = JobState.FAILED if retries == 0 or uncaught else JobState.BACKOFF if backoff else JobState.READY
        available_at = now + backoff if state is JobState.BACKOFF else 0
        statement = fail(
            instance_id, key, state=state, available_at=available_at, retries=retries, message=failure.message
        )
        return Effect(
            changes,
            lambda: respond(row, state, retries, available_at),
            leases=[lease],
            statements=[statement],
        )

    answer = await executor.change(instance_id, work, request, lambda: job_missing(job_id))
    executor.signals.notify_all()
    return answer


async def throw_error(
    executor: InstanceExecutor,
    job_id: str,
    lease_token: str,
    error: BpmnError,
    request: RequestRecord | None,
    respond: Callable[[bool], Message],
) -> bytes:
    """Throw a BPMN error at a job's element. `respond` gets whether something caught it.

    Raises `NotFound`, `LeaseLost`, `WrongState`, `InvalidField`.
    """
    instance_id, key = _parts(job_id)
    lease = (instance_id, key, _sequence(job_id, lease_token))

    row = await executor.database.read(fetch_job(instance_id, key))

    def work(instance: Instance, now: int) -> StepProgram[Effect]:
        retries = _retries_left(row)
        changes, caught = yield from step.throw_job_error(instance, key, error, retries=retries, now=now)
        if row is None:
            raise job_missing(job_id)
        held = fail(instance_id, key, state=JobState.FAILED, available_at=0, retries=retries, message=error.message)
        return Effect(changes, lambda: respond(caught), leases=[lease], statements=[] if caught else [held])

    return await executor.change(instance_id, work, request, lambda: job_missing(job_id))


def _retries_left(row: Row | None) -> int:
    return 0 if row is None else max(0, row[RETRIES] - 1)


async def extend(
    executor: InstanceExecutor,
    job_id: str,
    lease_token: str,
    lease_micros: int,
    request: RequestRecord | None,
    respond: Callable[[Row, int], Message],
) -> bytes:
    """Make a lease end later. Raises `NotFound`, `LeaseLost`."""
    instance_id, key = _parts(job_id)
    sequence = _sequence(job_id, lease_token)
    row = await executor.database.read(fetch_job(instance_id, key))

    def work(instance: Instance, now: int) -> Effect:
        if row is None:
            raise job_missing(job_id)
        changes = step.touch_job(instance, key, now)
        lease_until = now + lease_micros
        return Effect(
            changes,
            lambda: respond(row, lease_until),
            leases=[(instance_id, key, sequence)],
            statements=[extend_lease(instance_id, key, lease_until)],
        )

    return await executor.change(instance_id, work, request, lambda: job_missing(job_id))


def _parts(job_id: str) -> tuple[str, int]:
    parts = split_member_id(job_id)
    if parts is None:
        raise job_missing(job_id)
    return parts


def _sequence(job_id: str, lease_token: str) -> int:
    # Those of the bus have a code behind the number, which is checked where they come back over the bus.
    number = lease_token.partition("-")[0]
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise LeaseLost(
            "JOB_LEASE_SUPERSEDED",
            f"{lease_token!r} is no lease token of job {job_id}; send the one that came with the job",
            metadata={"id": job_id, "lease_token": lease_token},
        )
    return int(number)


def job_missing(job_id: str) -> NotFound:
    """Return the error for a job that does not exist."""
    return NotFound("JOB_NOT_FOUND", f"there is no open job {job_id}", metadata={"id": job_id})
