"""Jobs of all kinds: lists, and what keeps them available; leases and back-off of those of external workers.

Taking the lease raises its sequence number, which fences: the commit of a completion checks that the number is
still the one its worker was given.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from engine_svc.runtime.changes import JobKind
from engine_svc.state.instance import ENDED, Status
from engine_svc.storage.commit import JOB_COLUMNS, JOB_KEY
from mesh.access.row_conditions import Condition, row_condition
from mesh.access.rows import Rows
from mesh.db.select import Select
from mesh.db.statements import DeleteMany, Execute, Fetch, FetchKeys, Program, Row, Statement, UpdateKeys

ORDER = ("created_at", "instance_id", "job_key")
LISTED_COLUMNS = (*JOB_COLUMNS, "failed_attempts")
DETAILED_COLUMNS = (*LISTED_COLUMNS, "error_details")
LEASE_BITS = 16
"""Bits of the lease sequence that count leases of one job of the engine's own; those above tell its making."""
EXPIRY_BATCH = 500


class JobState(enum.IntEnum):
    """Where a job stands; the numbers are those of the contract and of the database."""

    READY = 1
    LEASED = 2
    BACKOFF = 3
    FAILED = 4
    SUSPENDED = 5
    SCHEDULED = 6


@dataclass(slots=True, frozen=True)
class JobFilter:
    """What to list; empty values do not filter."""

    type: str = ""
    state: int = 0
    instance_id: str = ""
    tenant_id: str = ""
    kind: int = 0
    due_before: int = 0
    """Timers and asynchronous jobs due then or earlier, in microseconds."""
    element_id: str = ""
    definition_key: str = ""
    worker: str = ""
    with_error: bool = False
    min_priority: int | None = None
    max_priority: int | None = None


def fetch_job(instance_id: str, key: int) -> Program[Row | None]:
    """Read one job, in the order of `JOB_COLUMNS`."""
    rows: list[Row] = yield FetchKeys("job", JOB_COLUMNS, JOB_KEY, [(instance_id, key)])
    return rows[0] if rows else None


def fetch_job_details(instance_id: str, key: int) -> Program[Row | None]:
    """Read one job, in the order of `DETAILED_COLUMNS`."""
    rows: list[Row] = yield FetchKeys("job", DETAILED_COLUMNS, JOB_KEY, [(instance_id, key)])
    return rows[0] if rows else None


def list_jobs(wanted: JobFilter, rows: Rows, after: Sequence[object] | None, limit: int) -> Program[list[Row]]:
    """Read jobs that are open, oldest first, in the order of `LISTED_COLUMNS`."""
    select = (
        Select("job", LISTED_COLUMNS)
        .open_to(row_condition(rows, "tenant_id", "definition_key"))
        .equal("type", wanted.type)
        .equal("state", wanted.state)
        .equal("instance_id", wanted.instance_id)
        .equal("tenant_id", wanted.tenant_id)
        .equal("kind", wanted.kind)
        .equal("element_id", wanted.element_id)
        .equal("definition_key", wanted.definition_key)
        .equal("lease_owner", wanted.worker)
    )
    if wanted.due_before:
        select.where("kind<>? AND due_at<=?", JobKind.EXTERNAL, wanted.due_before)
    if wanted.with_error:
        select.where("error_message<>''")
    if wanted.min_priority is not None:
        select.where("priority_order<=?", -wanted.min_priority)
    if wanted.max_priority is not None:
        select.where("priority_order>=?", -wanted.max_priority)
    found: list[Row] = yield select.page(ORDER, after, limit).fetch()
    return found


def lease_jobs(
    job_type: str, tenant_id: str, rows: Rows, worker: str, limit: int, lease_until: int
) -> Program[list[Row]]:
    """Lease ready jobs of a type that are open to a worker.

    Returns them in the order of `JOB_COLUMNS`, as they were before.
    """
    tenant = " AND tenant_id=?" if tenant_id else ""
    opened, values = _opened(rows)
    found: list[Row] = yield Fetch(
        f"SELECT {','.join(JOB_COLUMNS)} FROM job WHERE type=? AND state=?{tenant}{opened} "
        f"ORDER BY priority_order, created_at, instance_id, job_key LIMIT {int(limit)}",
        (job_type, JobState.READY, *([tenant_id] if tenant_id else []), *values),
        lock=True,
        skip_locked=True,
    )
    if found:
        yield UpdateKeys(
            "job",
            "state=?, lease_owner=?, lease_sequence=lease_sequence+1, available_at=?",
            (JobState.LEASED, worker, lease_until),
            JOB_KEY,
            [row[:2] for row in found],
        )
    return found


def _opened(rows: Rows) -> Condition:
    condition = row_condition(rows, "tenant_id", "definition_key")
    return ("", ()) if condition is None else (f" AND {condition[0]}", condition[1])


def release_leases(leases: Sequence[tuple[str, int, int]]) -> Program[None]:
    """Give leases back that no worker got: instance id, job key, lease sequence."""
    held = set(leases)
    rows: list[Row] = yield FetchKeys(
        "job", (*JOB_KEY, "lease_sequence", "kind"), JOB_KEY, [lease[:2] for lease in leases], lock=True
    )
    yield from make_available([(*row[:2], row[3]) for row in rows if row[:3] in held])


def make_available(jobs: list[Row], available_at: int = 0) -> Program[None]:
    """Let jobs that are locked (instance id, key, kind) be given out, or be run from `available_at` on (0: at once).

    Where their instance is paused they wait until it is resumed; where it has ended they are dropped.
    """
    if not jobs:
        return
    # Read after the jobs were locked: who pauses or resumes the instance meanwhile waits for them.
    rows: list[Row] = yield FetchKeys("process_instance", ("id", "status"), ("id",), [job[:1] for job in jobs])
    statuses: dict[str, int] = dict(rows)
    parts: dict[JobState | None, list[Row]] = {}
    for instance_id, key, kind in jobs:
        status = statuses.get(instance_id, Status.TERMINATED)
        state = (
            None
            if status in ENDED
            else JobState.SUSPENDED
            if status == Status.PAUSED
            else JobState.READY
            if kind == JobKind.EXTERNAL
            else JobState.SCHEDULED
        )
        parts.setdefault(state, []).append((instance_id, key))
    for state, part in parts.items():
        if state is None:
            yield DeleteMany("job", JOB_KEY, part)
        else:
            yield UpdateKeys("job", "state=?, lease_owner='', available_at=?", (state, available_at), JOB_KEY, part)


def extend_lease(instance_id: str, key: int, lease_until: int) -> Statement:
    """Return the statement that makes a lease end later; a lease that had run out is held again."""
    return Execute(
        "UPDATE job SET state=?, available_at=? WHERE instance_id=? AND job_key=?",
        (JobState.LEASED, lease_until, instance_id, key),
    )


def fail(instance_id: str, key: int, *, state: JobState, available_at: int, retries: int, message: str) -> Statement:
    """Return the statement that notes a failed attempt and ends the lease."""
    return Execute(
        "UPDATE job SET state=?, available_at=?, retries=?, error_message=?, lease_owner='', "
        "lease_sequence=lease_sequence+1 WHERE instance_id=? AND job_key=?",
        (state, available_at, retries, message, instance_id, key),
    )


def give_retries(instance_id: str, key: int, retries: int) -> Statement:
    """Return the statement that lets a failed job be tried again."""
    return Execute(
        "UPDATE job SET state=CASE WHEN kind=? THEN ? ELSE ? END, retries=?, failed_attempts=0, available_at=0 "
        "WHERE instance_id=? AND job_key=?",
        (JobKind.EXTERNAL, JobState.READY, JobState.SCHEDULED, retries, instance_id, key),
    )


def set_retries(instance_id: str, key: int, retries: int) -> Statement:
    """Return the statement that changes how often a job that has not failed for good may be tried."""
    return Execute("UPDATE job SET retries=? WHERE instance_id=? AND job_key=?", (retries, instance_id, key))


def give_up(instance_id: str, key: int, message: str) -> Statement:
    """Return the statement that puts a job into the dead letter; a lease on it is void."""
    return Execute(
        "UPDATE job SET state=?, available_at=0, retries=0, lease_owner='', lease_sequence=lease_sequence+1, "
        "error_message=CASE WHEN error_message='' THEN ? ELSE error_message END WHERE instance_id=? AND job_key=?",
        (JobState.FAILED, message, instance_id, key),
    )


def reschedule(instance_id: str, key: int, due_at: int) -> Statement:
    """Return the statement that makes a timer due at another time; a lease on it is void."""
    return Execute(
        "UPDATE job SET due_at=?, available_at=CASE WHEN state=? THEN 0 ELSE ? END, "
        "state=CASE WHEN state=? THEN state ELSE ? END, lease_owner='', lease_sequence=lease_sequence+1 "
        "WHERE instance_id=? AND job_key=?",
        (due_at, JobState.FAILED, due_at, JobState.FAILED, JobState.SCHEDULED, instance_id, key),
    )


def suspend_jobs(instance_id: str) -> list[Statement]:
    """Return the statements that keep an instance's jobs from being given out."""
    return [
        Execute(
            "UPDATE job SET state=? WHERE instance_id=? AND state IN (?,?,?)",
            (JobState.SUSPENDED, instance_id, JobState.READY, JobState.BACKOFF, JobState.SCHEDULED),
        ),
        Execute("UPDATE user_task SET suspended=1 WHERE instance_id=?", (instance_id,)),
    ]


def resume_jobs(instance_id: str) -> list[Statement]:
    """Return the statements that undo `suspend_jobs`; what was in back-off waits for its time again."""
    return [
        Execute(
            "UPDATE job SET state=CASE WHEN kind<>? THEN ? WHEN available_at>0 THEN ? ELSE ? END "
            "WHERE instance_id=? AND state=?",
            (
                JobKind.EXTERNAL,
                JobState.SCHEDULED,
                JobState.BACKOFF,
                JobState.READY,
                instance_id,
                JobState.SUSPENDED,
            ),
        ),
        Execute("UPDATE user_task SET suspended=0 WHERE instance_id=?", (instance_id,)),
    ]


def free_due_jobs(now: int) -> Program[list[str]]:
    """Make jobs ready whose lease has run out or whose back-off is over, a bounded batch; return their types."""
    types: list[str] = []
    for state in (JobState.LEASED, JobState.BACKOFF):
        rows: list[Row] = yield Fetch(
            "SELECT instance_id, job_key, kind, type FROM job WHERE state=? AND available_at<=? "
            f"ORDER BY available_at LIMIT {EXPIRY_BATCH}",
            (state, now),
            lock=True,
            skip_locked=True,
        )
        yield from make_available([row[:3] for row in rows])
        types += [row[3] for row in rows]
    return types


def next_due(now: int) -> Program[bool]:
    """Say whether `free_due_jobs` would find anything; costs no write."""
    rows: list[Row] = yield Fetch(
        "SELECT 1 FROM job WHERE state IN (?,?) AND available_at<=? LIMIT 1", (JobState.LEASED, JobState.BACKOFF, now)
    )
    return bool(rows)


def count_leased(job_type: str, worker: str, rows: Rows) -> Program[int]:
    """Count the open jobs of a type that a worker holds."""
    opened, values = _opened(rows)
    found: list[Row] = yield Fetch(
        f"SELECT COUNT(*) FROM job WHERE type=? AND state=? AND lease_owner=?{opened}",
        (job_type, JobState.LEASED, worker, *values),
    )
    count: int = found[0][0]
    return count
