"""Records of timers and asynchronous jobs that were done or given up: the last ones of each process."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from engine_svc.storage.commit import FINISHED_JOB_COLUMNS
from mesh.access.row_conditions import row_condition
from mesh.access.rows import Rows
from mesh.db.select import Select
from mesh.db.statements import Execute, Fetch, Program, Row


class FinishedOutcome(enum.IntEnum):
    """How a job ended; the numbers are those of the contract and of the database."""

    COMPLETED = 1
    FAILED = 2


KEPT = {FinishedOutcome.COMPLETED: 100, FinishedOutcome.FAILED: 50}
"""Records of one process that are kept."""


@dataclass(slots=True, frozen=True)
class FinishedJobFilter:
    """What to list; empty values do not filter."""

    definition_key: str = ""
    instance_id: str = ""
    outcome: int = 0
    tenant_id: str = ""


def list_finished_jobs(
    wanted: FinishedJobFilter, rows: Rows, after: Sequence[object] | None, limit: int
) -> Program[list[Row]]:
    """Read records that are open, newest first, in the order of `FINISHED_JOB_COLUMNS`."""
    select = (
        Select("finished_job", FINISHED_JOB_COLUMNS)
        .open_to(row_condition(rows, "tenant_id", "definition_key"))
        .equal("definition_key", wanted.definition_key)
        .equal("instance_id", wanted.instance_id)
        .equal("outcome", wanted.outcome)
        .equal("tenant_id", wanted.tenant_id)
        .page(("id",), after, limit, descending=True)
    )
    found: list[Row] = yield select.fetch()
    return found


def has_too_many() -> Program[bool]:
    """Say whether `prune_finished_jobs` would find anything; costs no write."""
    return bool((yield from _overfull()))


def prune_finished_jobs() -> Program[int]:
    """Forget all but the last records of each process; return how many were forgotten."""
    forgotten = 0
    for definition_key, outcome in (yield from _overfull()):
        last: list[Row] = yield Fetch(
            "SELECT id FROM finished_job WHERE definition_key=? AND outcome=? ORDER BY id DESC LIMIT 1 OFFSET ?",
            (definition_key, outcome, KEPT[FinishedOutcome(outcome)]),
        )
        if last:
            forgotten += yield Execute(
                "DELETE FROM finished_job WHERE definition_key=? AND outcome=? AND id<=?",
                (definition_key, outcome, last[0][0]),
            )
    return forgotten


def _overfull() -> Program[list[Row]]:
    rows: list[Row] = yield Fetch(
        "SELECT definition_key, outcome, COUNT(*) FROM finished_job GROUP BY definition_key, outcome"
    )
    return [row[:2] for row in rows if row[2] > KEPT[FinishedOutcome(row[1])]]
