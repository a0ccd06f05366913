"""Rows of what events told of tasks, process instances and incidents."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import orjson

from mesh.db.statements import DeleteMany, Fetch, FetchKeys, Program, Row, UpsertMany
from notification_svc.storage.layout import (
    COMMENT,
    INCIDENT,
    INCIDENT_COLUMNS,
    INSTANCE,
    INSTANCE_COLUMNS,
    NEVER,
    OPEN,
    TASK,
    TASK_COLUMNS,
)

PRUNE_BATCH = 500
_KEPT = (TASK, INSTANCE, INCIDENT, COMMENT)


@dataclass(slots=True)
class TaskRow:
    """What some events say about a task; the fields are the columns, in their order.

    Rows of the same task can be joined in any order and as often as one likes: each group of fields belongs to the
    latest event that tells it. Lists are JSON. `ended_at`: when its end was noted here.
    """

    id: str
    process_instance_id: str = ""
    process_definition_key: str = ""
    tenant_id: str = ""
    business_key: str = ""
    element_id: str = ""
    name: str = ""
    assignee: str = ""
    owner: str = ""
    candidate_users: bytes = b"[]"
    candidate_groups: bytes = b"[]"
    due_micros: int | None = None
    priority: int = 0
    form_key: str = ""
    state: int = OPEN
    ended_at: int | None = None
    reference_position: int = NEVER
    assignee_position: int = NEVER
    state_position: int = NEVER
    detail_position: int = NEVER

    def values(self) -> Row:
        """Return the row."""
        return tuple(getattr(self, column) for column in TASK_COLUMNS)

    @property
    def open(self) -> bool:
        """Whether it has not ended."""
        return self.state == OPEN

    @property
    def users(self) -> list[str]:
        """Its candidates."""
        found: list[str] = orjson.loads(self.candidate_users)
        return found

    @property
    def groups(self) -> list[str]:
        """Its candidate groups."""
        found: list[str] = orjson.loads(self.candidate_groups)
        return found


@dataclass(slots=True)
class InstanceRow:
    """What some events say about a process instance; the fields are the columns, in their order.

    `end_event`: how it ended, an `EventType`, 0 as long as it has not. `started`: who started it is known, and
    what the process is called.
    """

    id: str
    process_definition_key: str = ""
    process_name: str = ""
    tenant_id: str = ""
    business_key: str = ""
    initiator: str = ""
    end_event: int = 0
    end_micros: int = 0
    end_reason: str = ""
    end_position: int = NEVER
    started: int = 0
    ended_at: int | None = None

    def values(self) -> Row:
        """Return the row."""
        return tuple(getattr(self, column) for column in INSTANCE_COLUMNS)


def read_tasks(ids: Collection[str], *, lock: bool = False) -> Program[dict[str, TaskRow]]:
    """Return those of some tasks that are known."""
    if not ids:
        return {}
    rows: list[Row] = yield FetchKeys(TASK, TASK_COLUMNS, ("id",), [(one,) for one in sorted(ids)], lock=lock)
    return {row[0]: TaskRow(*row) for row in rows}


def write_tasks(tasks: Sequence[TaskRow]) -> Program[None]:
    """Write what is known of tasks."""
    if tasks:
        rows = [task.values() for task in sorted(tasks, key=lambda task: task.id)]
        yield UpsertMany(TASK, TASK_COLUMNS, ("id",), TASK_COLUMNS[1:], rows)


def open_tasks(tenant_id: str, after: str, limit: int) -> Program[list[TaskRow]]:
    """Return the next open tasks of a tenant by id."""
    rows: list[Row] = yield Fetch(
        f"SELECT {','.join(TASK_COLUMNS)} FROM {TASK} WHERE tenant_id=? AND state=? AND id>? ORDER BY id LIMIT ?",
        (tenant_id, OPEN, after, limit),
        lock=True,
    )
    return [TaskRow(*row) for row in rows]


def read_assignees(instance_id: str, limit: int) -> Program[list[str]]:
    """Return so many assignees of open tasks of a process instance, by id."""
    rows: list[Row] = yield Fetch(
        f"SELECT DISTINCT assignee FROM {TASK} WHERE process_instance_id=? AND state=? AND assignee>'' "
        "ORDER BY assignee LIMIT ?",
        (instance_id, OPEN, limit),
    )
    return [row[0] for row in rows]


def read_instances(ids: Collection[str], *, lock: bool = False) -> Program[dict[str, InstanceRow]]:
    """Return those of some process instances that are known."""
    if not ids:
        return {}
    rows: list[Row] = yield FetchKeys(INSTANCE, INSTANCE_COLUMNS, ("id",), [(one,) for one in sorted(ids)], lock=lock)
    return {row[0]: InstanceRow(*row) for row in rows}


def write_instances(instances: Sequence[InstanceRow]) -> Program[None]:
    """Write what is known of process instances."""
    if instances:
        rows = [instance.values() for instance in sorted(instances, key=lambda instance: instance.id)]
        yield UpsertMany(INSTANCE, INSTANCE_COLUMNS, ("id",), INSTANCE_COLUMNS[1:], rows)


def ended_incidents(ids: Collection[str]) -> Program[set[str]]:
    """Return which of some incidents are known to be resolved."""
    if not ids:
        return set()
    rows: list[Row] = yield FetchKeys(INCIDENT, ("id",), ("id",), [(one,) for one in sorted(ids)])
    return {row[0] for row in rows}


def write_ended_incidents(ids: Collection[str], state: int, now: int) -> Program[None]:
    """Note that incidents are resolved."""
    if ids:
        yield UpsertMany(INCIDENT, INCIDENT_COLUMNS, ("id",), (), [(one, state, now) for one in sorted(ids)])


def prune_matters(before: int) -> Program[int]:
    """Forget a bounded batch of what ended before a time (microseconds); return how many."""
    pruned = 0
    for table in _KEPT:
        sql = f"SELECT id FROM {table} WHERE ended_at<? ORDER BY ended_at LIMIT {PRUNE_BATCH}"
        rows: list[Row] = yield Fetch(sql, (before,), lock=True, skip_locked=True)
        if rows:
            yield DeleteMany(table, ("id",), rows)
        pruned += len(rows)
    return pruned
