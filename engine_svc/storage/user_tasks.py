"""Open user tasks: reading one, and lists by assignee, candidate, instance and definition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine_svc.storage.commit import TASK_KEY, USER_TASK_COLUMNS
from mesh.db.select import Select
from mesh.db.statements import Execute, FetchKeys, Program, Row, Statement, placeholders

CANDIDATE_USER = 1
CANDIDATE_GROUP = 2
ORDER = ("created_at", "instance_id", "task_key")


@dataclass(slots=True, frozen=True)
class UserTaskFilter:
    """What to list; empty values do not filter. The two candidates are joined by "or"."""

    assignee: str = ""
    candidate_user: str = ""
    candidate_groups: tuple[str, ...] = ()
    instance_id: str = ""
    definition_key: str = ""
    element_id: str = ""
    tenant_id: str = ""


def fetch_user_task(instance_id: str, key: int) -> Program[Row | None]:
    """Read one task, in the order of `USER_TASK_COLUMNS`."""
    rows: list[Row] = yield FetchKeys("user_task", USER_TASK_COLUMNS, TASK_KEY, [(instance_id, key)])
    return rows[0] if rows else None


def list_user_tasks(wanted: UserTaskFilter, after: Sequence[object] | None, limit: int) -> Program[list[Row]]:
    """Read tasks, oldest first, in the order of `USER_TASK_COLUMNS`."""
    select = (
        Select("user_task", USER_TASK_COLUMNS)
        .equal("assignee", wanted.assignee)
        .equal("instance_id", wanted.instance_id)
        .equal("definition_key", wanted.definition_key)
        .equal("element_id", wanted.element_id)
        .equal("tenant_id", wanted.tenant_id)
    )
    conditions: list[str] = []
    parameters: list[object] = []
    if wanted.candidate_user:
        conditions.append("(kind=? AND candidate=?)")
        parameters += [CANDIDATE_USER, wanted.candidate_user]
    if wanted.candidate_groups:
        conditions.append(f"(kind=? AND candidate IN {placeholders(len(wanted.candidate_groups))})")
        parameters += [CANDIDATE_GROUP, *wanted.candidate_groups]
    if conditions:
        # A claimed task is nobody's candidate any more.
        select.where("assignee=''").where(
            "(instance_id, task_key) IN "
            f"(SELECT instance_id, task_key FROM user_task_candidate WHERE {' OR '.join(conditions)})",
            *parameters,
        )
    rows: list[Row] = yield select.page(ORDER, after, limit).fetch()
    return rows


def assign(instance_id: str, key: int, assignee: str, claimed_at: int) -> Statement:
    """Return the statement that changes a task's assignee."""
    return Execute(
        "UPDATE user_task SET assignee=?, claimed_at=? WHERE instance_id=? AND task_key=?",
        (assignee, claimed_at, instance_id, key),
    )
