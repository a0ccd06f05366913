"""Timers and asynchronous jobs: claiming those that are due, giving them back, noting a failed attempt.

A claim is a lease as an external worker has it: the sequence number fences, and where the process that holds it dies
the lease ends and the job is claimed again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine_svc.runtime.changes import JobKind
from engine_svc.storage.commit import JOB_KEY
from engine_svc.storage.jobs import LISTED_COLUMNS, JobState, make_available
from mesh.db.statements import DeleteMany, Execute, Fetch, FetchKeys, Program, Row, Statement, UpdateKeys

Lease = tuple[str, int, int]
"""Instance id, job key, lease sequence."""

STATE = LISTED_COLUMNS.index("state")
KIND = LISTED_COLUMNS.index("kind")


def next_due_at() -> Program[int | None]:
    """Return when the next job is due, in microseconds; None where none is scheduled."""
    rows: list[Row] = yield Fetch(
        "SELECT available_at FROM job WHERE state=? ORDER BY available_at LIMIT 1", (JobState.SCHEDULED,)
    )
    return rows[0][0] if rows else None


def claim_due(owner: str, now: int, limit: int, lease_until: int) -> Program[list[Row]]:
    """Claim jobs that are due, the earliest first; return them in the order of `LISTED_COLUMNS`, as before."""
    rows: list[Row] = yield Fetch(
        f"SELECT {','.join(LISTED_COLUMNS)} FROM job WHERE state=? AND available_at<=? "
        f"ORDER BY available_at, instance_id, job_key LIMIT {int(limit)}",
        (JobState.SCHEDULED, now),
        lock=True,
        skip_locked=True,
    )
    if rows:
        yield _lease([row[:2] for row in rows], owner, lease_until)
    return rows


def claim_one(instance_id: str, key: int, owner: str, lease_until: int) -> Program[tuple[Row | None, bool]]:
    """Claim a job that waits, whatever its due date; return it as it was before, and whether it was claimed."""
    rows: list[Row] = yield FetchKeys("job", LISTED_COLUMNS, JOB_KEY, [(instance_id, key)], lock=True)
    if not rows:
        return None, False
    claimed = rows[0][KIND] != JobKind.EXTERNAL and rows[0][STATE] in (JobState.SCHEDULED, JobState.BACKOFF)
    if claimed:
        yield _lease([(instance_id, key)], owner, lease_until)
    return rows[0], claimed


def _lease(keys: list[Row], owner: str, lease_until: int) -> Statement:
    return UpdateKeys(
        "job",
        "state=?, lease_owner=?, lease_sequence=lease_sequence+1, available_at=?",
        (JobState.LEASED, owner, lease_until),
        JOB_KEY,
        keys,
    )


def give_back(leases: Mapping[Lease, int]) -> Program[None]:
    """Let claimed jobs be claimed again, each from its time on; see `make_available`."""
    rows = yield from _held(list(leases))
    for instance_id, key, sequence, kind in rows:
        yield from make_available([(instance_id, key, kind)], leases[instance_id, key, sequence])


def drop(leases: Sequence[Lease]) -> Program[None]:
    """Delete claimed jobs that no instance waits for."""
    rows = yield from _held(leases)
    if rows:
        yield DeleteMany("job", JOB_KEY, [row[:2] for row in rows])


def _held(leases: Sequence[Lease]) -> Program[list[Row]]:
    wanted = set(leases)
    rows: list[Row] = yield FetchKeys(
        "job", (*JOB_KEY, "lease_sequence", "kind"), JOB_KEY, [lease[:2] for lease in leases], lock=True
    )
    return [row for row in rows if row[:3] in wanted]


def note_failure(
    instance_id: str, key: int, *, retries: int, failed_attempts: int, available_at: int, message: str, details: str
) -> Statement:
    """Return the statement that ends a lease with a failed attempt; without retries the job is in the dead letter."""
    state = JobState.BACKOFF if retries else JobState.FAILED
    return Execute(
        "UPDATE job SET state=?, available_at=?, retries=?, failed_attempts=?, error_message=?, error_details=?, "
        "lease_owner='', lease_sequence=lease_sequence+1 WHERE instance_id=? AND job_key=?",
        (state, available_at if retries else 0, retries, failed_attempts, message, details, instance_id, key),
    )
