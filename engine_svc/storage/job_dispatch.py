"""Jobs that are given to workers over the bus: which wait, and their lease together with the entry of the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine_svc.storage.commit import JOB_COLUMNS, JOB_KEY
from engine_svc.storage.jobs import JobState
from mesh.db.statements import Fetch, FetchKeys, Program, Row, UpdateKeys
from mesh.outbox import OutboxEntry, outbox_insert

OWNER: Final = "bus"
"""Stands as the worker of jobs that are given out over the bus."""
_BEHIND_ALL = "\U0010ffff"
_SEQUENCE = JOB_COLUMNS.index("lease_sequence")


@dataclass(slots=True, frozen=True)
class Activation:
    """A job to be leased: its row and its instance's revision as they were read, the lease's end, and what is told."""

    row: Row
    revision: int
    lease_until: int
    entry: OutboxEntry


def job_types_with_prefix(prefix: str, limit: int) -> Program[list[str]]:
    """Read the types of jobs that begin with a text, in order: one step in the index for each."""
    types: list[str] = []
    last = ""
    while len(types) < limit:
        # A type is never empty.
        lower, parameters = ("type>=?", prefix) if not types and prefix else ("type>?", last)
        rows: list[Row] = yield Fetch(
            f"SELECT MIN(type) FROM job WHERE {lower} AND type<?", (parameters, prefix + _BEHIND_ALL)
        )
        last = rows[0][0]
        if last is None:
            break
        types.append(last)
    return types


def ready_jobs(job_type: str, limit: int, most_leased: int) -> Program[tuple[list[Row], dict[str, int]]]:
    """Read ready jobs of a type, as many as may be given out beside those that are, and the instances' revisions.

    Those of higher priority come first, then the oldest. Rows are in the order of `JOB_COLUMNS`.
    """
    rows: list[Row] = yield Fetch(
        f"SELECT {','.join(JOB_COLUMNS)} FROM job WHERE type=? AND state=? "
        f"ORDER BY priority_order, created_at, instance_id, job_key LIMIT {int(limit)}",
        (job_type, JobState.READY),
    )
    if not rows:
        return [], {}
    counted: list[Row] = yield Fetch(
        "SELECT COUNT(*) FROM (SELECT 1 AS one FROM job WHERE type=? AND state=? AND lease_owner=? "
        f"LIMIT {int(most_leased)}) leased",
        (job_type, JobState.LEASED, OWNER),
    )
    rows = rows[: most_leased - counted[0][0]]
    if not rows:
        return [], {}
    revisions: list[Row] = yield FetchKeys("process_instance", ("id", "revision"), ("id",), [(row[0],) for row in rows])
    return rows, dict(revisions)


def lease_and_tell(activations: Sequence[Activation]) -> Program[int]:
    """Lease jobs that are still as they were read and put their commands into the outbox; return how many."""
    keys = [activation.row[:2] for activation in activations]
    jobs: list[Row] = yield FetchKeys("job", (*JOB_KEY, "state", "lease_sequence"), JOB_KEY, keys, lock=True)
    free = {(row[0], row[1]): row[3] for row in jobs if row[2] == JobState.READY}
    instances: list[Row] = yield FetchKeys("process_instance", ("id", "revision"), ("id",), [key[:1] for key in keys])
    revisions: dict[str, int] = dict(instances)
    taken = [
        activation
        for activation in activations
        if free.get(activation.row[:2]) == activation.row[_SEQUENCE]
        and revisions.get(activation.row[0]) == activation.revision
    ]
    by_end: dict[int, list[Row]] = {}
    for activation in taken:
        by_end.setdefault(activation.lease_until, []).append(activation.row[:2])
    for lease_until, leased in by_end.items():
        yield UpdateKeys(
            "job",
            "state=?, lease_owner=?, lease_sequence=lease_sequence+1, available_at=?",
            (JobState.LEASED, OWNER, lease_until),
            JOB_KEY,
            leased,
        )
    if taken:
        yield outbox_insert([activation.entry for activation in taken])
    return len(taken)
