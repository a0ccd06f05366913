"""Open user tasks: reading one and changing what its row shows. The lists are in `user_task_lists`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine_svc.storage.commit import CANDIDATE_COLUMNS, TASK_KEY, USER_TASK_COLUMNS
from mesh.db.statements import DeleteMany, Execute, FetchKeys, InsertMany, Program, Row, Statement

CANDIDATE_USER = 1
CANDIDATE_GROUP = 2
DELEGATION_PENDING = 1
DELEGATION_RESOLVED = 2
CANDIDATE_KEY = ("instance_id", "task_key", "kind", "candidate")


def fetch_user_task(instance_id: str, key: int) -> Program[Row | None]:
    """Read one task, in the order of `USER_TASK_COLUMNS`."""
    rows: list[Row] = yield FetchKeys("user_task", USER_TASK_COLUMNS, TASK_KEY, [(instance_id, key)])
    return rows[0] if rows else None


def update_user_task(instance_id: str, key: int, values: Mapping[str, Any]) -> Statement:
    """Return the statement that changes columns of a task."""
    assignments = ",".join(f"{column}=?" for column in values)
    return Execute(
        f"UPDATE user_task SET {assignments} WHERE instance_id=? AND task_key=?", (*values.values(), instance_id, key)
    )


def add_candidates(instance_id: str, key: int, kind: int, candidates: Sequence[str], created_at: int) -> Statement:
    """Return the statement that lets more users or groups claim a task that was created at this time."""
    rows = [(instance_id, key, kind, candidate, created_at) for candidate in candidates]
    return InsertMany("user_task_candidate", CANDIDATE_COLUMNS, rows)


def remove_candidates(instance_id: str, key: int, kind: int, candidates: Sequence[str]) -> Statement:
    """Return the statement that takes users or groups off those who may claim a task."""
    rows = [(instance_id, key, kind, candidate) for candidate in candidates]
    return DeleteMany("user_task_candidate", CANDIDATE_KEY, rows)
