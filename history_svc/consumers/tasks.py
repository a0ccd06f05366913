"""User task events → task rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from flowmesh.events.v1.workflow_pb2 import (
    ProcessInstanceRef,
    UserTaskAssigned,
    UserTaskCompleted,
    UserTaskCreated,
    UserTaskTerminated,
    UserTaskUpdated,
)

from history_svc.consumers.position import NEVER, position_of
from history_svc.consumers.statistics import StatisticsChanges
from history_svc.consumers.times import micros_of
from history_svc.storage.joined_rows import write_joined
from history_svc.storage.layout import COMPLETED, OPEN, TASK_COLUMNS, TASK_TABLE, TERMINATED, UNKNOWN_TIME
from mesh.db.statements import FetchKeys, Program

DETAILS: Final = (
    "detail_position",
    "name",
    "description",
    "priority",
    "due_micros",
    "owner",
    "follow_up_micros",
    "category",
    "form_key",
)
"""Columns that `TaskRow.describe` takes over."""


@dataclass(slots=True)
class TaskRow:
    """What some events say about a task; the fields are the columns, in their order.

    Rows of the same task can be joined in any order and as often as one likes: each group of fields belongs to
    the latest event that tells it.
    """

    id: str
    process_instance_id: str = ""
    process_definition_id: str = ""
    process_definition_key: str = ""
    tenant_id: str = ""
    element_id: str = ""
    name: str = ""
    description: str = ""
    assignee: str = ""
    priority: int = 0
    state: int = OPEN
    create_micros: int = UNKNOWN_TIME
    due_micros: int | None = None
    end_micros: int | None = None
    end_reason: str = ""
    owner: str = ""
    follow_up_micros: int | None = None
    category: str = ""
    form_key: str = ""
    parent_task_id: str = ""
    outcome: str = ""
    completed_by: str = ""
    reference_position: int = NEVER
    assignee_position: int = NEVER
    state_position: int = NEVER
    detail_position: int = NEVER

    def refer(self, reference: ProcessInstanceRef, position: int) -> None:
        """Take over what every event says about its instance."""
        if position > self.reference_position:
            self.reference_position = position
            # A stand-alone task is told like an instance without a definition.
            self.process_instance_id = reference.id if reference.process_definition_id else ""
            self.process_definition_id = reference.process_definition_id
            self.process_definition_key = reference.process_definition_key
            self.tenant_id = reference.tenant_id

    def assign(self, position: int, assignee: str) -> None:
        """Take over an assignee."""
        if position > self.assignee_position:
            self.assignee_position = position
            self.assignee = assignee

    def stand(
        self,
        position: int,
        state: int,
        end_micros: int | None = None,
        end_reason: str = "",
        outcome: str = "",
        completed_by: str = "",
    ) -> None:
        """Take over a state."""
        if position > self.state_position:
            self.state_position = position
            self.state = state
            self.end_micros = end_micros
            self.end_reason = end_reason
            self.outcome = outcome
            self.completed_by = completed_by

    def describe(self, position: int, event: UserTaskCreated | UserTaskUpdated) -> None:
        """Take over the details that an event tells."""
        if position > self.detail_position:
            self.detail_position = position
            self.name = event.name
            self.description = event.description
            self.priority = event.priority
            self.due_micros = micros_of(event.due_time) if event.HasField("due_time") else None
            self.owner = event.owner
            self.follow_up_micros = micros_of(event.follow_up_time) if event.HasField("follow_up_time") else None
            self.category = event.category
            self.form_key = event.form_key

    def join(self, other: TaskRow) -> None:
        """Take over what another row of the same task knows better."""
        if other.reference_position > self.reference_position:
            self.reference_position = other.reference_position
            self.process_instance_id = other.process_instance_id
            self.process_definition_id = other.process_definition_id
            self.process_definition_key = other.process_definition_key
            self.tenant_id = other.tenant_id
        self.assign(other.assignee_position, other.assignee)
        self.stand(
            other.state_position,
            other.state,
            other.end_micros,
            other.end_reason,
            other.outcome,
            other.completed_by,
        )
        if other.detail_position > self.detail_position:
            for column in DETAILS:
                setattr(self, column, getattr(other, column))
        # Only the creation tells these; the completion repeats the element alone.
        if self.create_micros == UNKNOWN_TIME and other.create_micros != UNKNOWN_TIME:
            self.element_id = other.element_id or self.element_id
            self.parent_task_id = other.parent_task_id
            self.create_micros = other.create_micros
        elif not self.element_id:
            self.element_id = other.element_id


_as_tuple: Final[Callable[[TaskRow], tuple[Any, ...]]] = attrgetter(*TASK_COLUMNS)


class TaskChanges:
    """What one batch of events says about user tasks."""

    def __init__(self) -> None:
        self._rows: dict[str, TaskRow] = {}

    def created(self, micros: int, event: UserTaskCreated) -> None:
        """Add a `UserTaskCreated`."""
        row, position = self._referred(event.task_id, event.process_instance)
        row.assign(position, event.assignee)
        row.stand(position, OPEN)
        row.describe(position, event)
        row.element_id = event.element_id or row.element_id
        row.parent_task_id = event.parent_task_id
        row.create_micros = micros

    def updated(self, _: int, event: UserTaskUpdated) -> None:
        """Add a `UserTaskUpdated`."""
        row, position = self._referred(event.task_id, event.process_instance)
        row.describe(position, event)

    def assigned(self, _: int, event: UserTaskAssigned) -> None:
        """Add a `UserTaskAssigned`."""
        row, position = self._referred(event.task_id, event.process_instance)
        row.assign(position, event.assignee)

    def completed(self, micros: int, event: UserTaskCompleted) -> None:
        """Add a `UserTaskCompleted`."""
        row, position = self._referred(event.task_id, event.process_instance)
        row.assign(position, event.assignee)
        row.stand(position, COMPLETED, micros, "", event.outcome, event.completed_by)
        row.element_id = row.element_id or event.element_id

    def terminated(self, micros: int, event: UserTaskTerminated) -> None:
        """Add a `UserTaskTerminated`."""
        row, position = self._referred(event.task_id, event.process_instance)
        row.stand(position, TERMINATED, micros, event.reason)

    def write(self, statistics: StatisticsChanges) -> Program[None]:
        """Join the batch with what is stored: one read, and writes of what is new and of what is changed."""
        if not self._rows:
            return
        stored = yield FetchKeys(TASK_TABLE, TASK_COLUMNS, ("id",), [(key,) for key in self._rows], lock=True)
        before = {values[0]: TaskRow(*values) for values in stored}
        rows: list[tuple[Any, ...]] = []
        for key in sorted(self._rows):
            row, old = self._rows[key], before.get(key)
            if old is not None:
                row.join(old)
            statistics.task(old, row)
            rows.append(_as_tuple(row))
        yield from write_joined(TASK_TABLE, TASK_COLUMNS, stored, rows)

    def _referred(self, key: str, reference: ProcessInstanceRef) -> tuple[TaskRow, int]:
        position = position_of(reference)
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = TaskRow(key)
        row.refer(reference, position)
        return row, position
