"""User task events → what is known of tasks."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import orjson
from flowmesh.events.v1.workflow_pb2 import (
    ProcessInstanceRef,
    UserTaskAssigned,
    UserTaskCompleted,
    UserTaskCreated,
    UserTaskTerminated,
    UserTaskUpdated,
)

from mesh.db.statements import Program
from notification_svc.consumers.position import position_of
from notification_svc.consumers.times import micros_of
from notification_svc.storage.layout import ENDED, NEVER, OPEN
from notification_svc.storage.matters import TaskRow, read_tasks, write_tasks


class TaskChanges:
    """What one batch of events says about tasks. `rows`, after `write`, is how they are now."""

    def __init__(self, now: int) -> None:
        self._now = now
        self.rows: dict[str, TaskRow] = {}
        self._others: dict[str, TaskRow] = {}

    def created(self, event: UserTaskCreated) -> None:
        """Add a `UserTaskCreated`."""
        row, position = self._referred(event.task_id, event.process_instance)
        _assign(row, position, event.assignee)
        _stand(row, position, OPEN, None)
        if _describe(row, position, event):
            row.owner = event.owner
        row.element_id = event.element_id or row.element_id

    def updated(self, event: UserTaskUpdated) -> None:
        """Add a `UserTaskUpdated`."""
        row, position = self._referred(event.task_id, event.process_instance)
        if _describe(row, position, event):
            row.owner = event.owner

    def assigned(self, event: UserTaskAssigned) -> None:
        """Add a `UserTaskAssigned`."""
        row, position = self._referred(event.task_id, event.process_instance)
        _assign(row, position, event.assignee)

    def completed(self, event: UserTaskCompleted) -> None:
        """Add a `UserTaskCompleted`."""
        row, position = self._referred(event.task_id, event.process_instance)
        _assign(row, position, event.assignee)
        _stand(row, position, ENDED, self._now)
        row.element_id = row.element_id or event.element_id

    def terminated(self, event: UserTaskTerminated) -> None:
        """Add a `UserTaskTerminated`."""
        row, position = self._referred(event.task_id, event.process_instance)
        _stand(row, position, ENDED, self._now)

    def write(self) -> Program[None]:
        """Join the batch with what is stored: one read, one write."""
        stored = yield from read_tasks(self.rows, lock=True)
        for key, row in stored.items():
            _join(self.rows[key], row)
        yield from write_tasks(list(self.rows.values()))

    def look_up(self, task_ids: Collection[str]) -> Program[None]:
        """Let `find` have tasks as well about which the batch says nothing."""
        self._others |= yield from read_tasks({one for one in task_ids if one not in self.rows})

    def find(self, task_id: str) -> TaskRow | None:
        """Return a task of which it is known whose it is; None where it is not."""
        row = self.rows.get(task_id) or self._others.get(task_id)
        return None if row is None or row.assignee_position == NEVER else row

    def _referred(self, key: str, reference: ProcessInstanceRef) -> tuple[TaskRow, int]:
        position = position_of(reference)
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = TaskRow(key)
        if position > row.reference_position:
            row.reference_position = position
            row.process_instance_id = reference.id
            row.process_definition_key = reference.process_definition_key
            row.tenant_id = reference.tenant_id
            row.business_key = reference.business_key
        return row, position


def _assign(row: TaskRow, position: int, assignee: str) -> None:
    if position > row.assignee_position:
        row.assignee_position = position
        row.assignee = assignee


def _stand(row: TaskRow, position: int, state: int, ended_at: int | None) -> None:
    if position > row.state_position:
        row.state_position = position
        row.state = state
        row.ended_at = ended_at


def _describe(row: TaskRow, position: int, event: UserTaskCreated | UserTaskUpdated) -> bool:
    if position <= row.detail_position:
        return False
    row.detail_position = position
    row.name = event.name
    row.priority = event.priority
    row.due_micros = micros_of(event.due_time) if event.HasField("due_time") else None
    row.form_key = event.form_key
    row.candidate_users = _names(event.candidate_users)
    row.candidate_groups = _names(event.candidate_groups)
    return True


def _names(names: Iterable[str]) -> bytes:
    return orjson.dumps(list(dict.fromkeys(names)))


def _join(row: TaskRow, stored: TaskRow) -> None:
    """Take over what the stored row knows better."""
    if stored.reference_position > row.reference_position:
        row.reference_position = stored.reference_position
        row.process_instance_id = stored.process_instance_id
        row.process_definition_key = stored.process_definition_key
        row.tenant_id = stored.tenant_id
        row.business_key = stored.business_key
    _assign(row, stored.assignee_position, stored.assignee)
    _stand(row, stored.state_position, stored.state, stored.ended_at)
    if stored.detail_position > row.detail_position:
        row.detail_position = stored.detail_position
        for column in ("name", "owner", "priority", "due_micros", "form_key", "candidate_users", "candidate_groups"):
            setattr(row, column, getattr(stored, column))
    row.element_id = row.element_id or stored.element_id
