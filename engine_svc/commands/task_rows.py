"""The row of a user task while a command changes it, and what its task listeners see and change of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from engine_svc.runtime import user_task_commands as tasks
from engine_svc.runtime.behaviors import task_facts
from engine_svc.runtime.changes import Changes
from engine_svc.runtime.task_host import ListenerTask
from engine_svc.state.instance import Instance
from engine_svc.storage.commit import USER_TASK_COLUMNS
from engine_svc.storage.user_tasks import (
    CANDIDATE_GROUP,
    CANDIDATE_USER,
    DELEGATION_PENDING,
    DELEGATION_RESOLVED,
    add_candidates,
    remove_candidates,
    update_user_task,
)
from mesh.db.statements import Row, Statement

_TOLD_AS_BEFORE = {
    "due_at": "due_micros",
    "follow_up_at": "follow_up_micros",
    "priority": "priority",
    "owner": "owner",
    "name": "name",
}
"""Columns whose value before the change is told as well, and as what."""
_DELEGATION_NAMES = {DELEGATION_PENDING: "PENDING", DELEGATION_RESOLVED: "RESOLVED"}


class TaskRow:
    """A task's row while a command changes it."""

    def __init__(self, row: Row) -> None:
        self.values: dict[str, Any] = dict(zip(USER_TASK_COLUMNS, row, strict=True))
        self._before = dict(self.values)
        self.statements: list[Statement] = []
        self._written: dict[str, Any] = {}

    def set(self, **values: Any) -> None:
        """Change columns."""
        self.values.update(values)
        self._written.update(values)

    def assign(self, user: str, now: int) -> None:
        """Change the assignee, and with it the time it was claimed."""
        if self.values["assignee"] != user:
            self.set(assignee=user, claimed_at=now if user else 0)

    def candidates(self, column: str) -> list[str]:
        """Return the users or groups that may claim it."""
        listed: list[str] = orjson.loads(self.values[column])
        return listed

    def updated_event(self, changed: Sequence[str]) -> tuple[Any, ...]:
        """Return the event that tells the details as they are now."""
        values = self.values
        details = tasks.TaskDetails(
            name=values["name"],
            description=values["description"],
            owner=values["owner"],
            priority=values["priority"],
            due_micros=values["due_at"],
            follow_up_micros=values["follow_up_at"],
            category=values["category"],
            form_key=values["form_key"],
            delegation_state=_DELEGATION_NAMES.get(values["delegation_state"], ""),
            candidate_users=tuple(self.candidates("candidate_users")),
            candidate_groups=tuple(self.candidates("candidate_groups")),
            assignee=values["assignee"],
            previous={name: self._before[column] for column, name in _TOLD_AS_BEFORE.items() if column in changed},
        )
        return details.updated_event(values["task_key"], changed)

    def finish(self, revision: int) -> tuple[Row, list[Statement]]:
        """Return the row after the commit of this revision, and the statements that make it so."""
        statements = list(self.statements)
        if self._written or statements:
            self.set(revision=revision)
            key = (self.values["instance_id"], self.values["task_key"])
            statements.append(update_user_task(*key, self._written))
        return tuple(self.values.values()), statements


def remember(instance: Instance, row: TaskRow) -> None:
    """Let the task's token keep what the row says, where the task has listeners."""
    token = instance.tokens.get(row.values["task_key"])
    facts = None if token is None else task_facts.facts_of(token)
    if token is not None and facts is not None:
        known = _facts_from(row, facts)
        if known != facts:
            task_facts.keep(token, known)


def _facts_from(row: TaskRow, facts: ListenerTask) -> ListenerTask:
    values = row.values
    return ListenerTask(
        id=facts.id,
        element_id=facts.element_id,
        execution_id=facts.execution_id,
        name=values["name"],
        description=values["description"],
        assignee=values["assignee"],
        owner=values["owner"],
        priority=values["priority"],
        due_micros=values["due_at"],
        category=values["category"],
        form_key=values["form_key"],
        create_micros=values["created_at"],
        candidate_users=row.candidates("candidate_users"),
        candidate_groups=row.candidates("candidate_groups"),
    )


def take_over(instance: Instance, row: TaskRow, changes: Changes, now: int) -> None:
    """Change the row, where the task is still open, to what its listeners have made of it, and tell it."""
    key = row.values["task_key"]
    token = instance.tokens.get(key)
    facts = None if token is None or not tasks.is_open(instance, key) else task_facts.facts_of(token)
    if facts is None:
        return
    row.assign(facts.assignee, now)
    details = {
        "name": facts.name,
        "description": facts.description,
        "owner": facts.owner,
        "priority": facts.priority,
        "due_at": facts.due_micros,
        "category": facts.category,
        "form_key": facts.form_key,
    }
    changed = {column: value for column, value in details.items() if row.values[column] != value}
    for column, kind, wanted in (
        ("candidate_users", CANDIDATE_USER, facts.candidate_users),
        ("candidate_groups", CANDIDATE_GROUP, facts.candidate_groups),
    ):
        present = row.candidates(column)
        more = [name for name in wanted if name not in present]
        fewer = [name for name in present if name not in wanted]
        if more:
            row.statements.append(add_candidates(instance.id, key, kind, more, row.values["created_at"]))
        if fewer:
            row.statements.append(remove_candidates(instance.id, key, kind, fewer))
        if more or fewer:
            changed[column] = orjson.dumps(wanted).decode()
    if changed:
        row.set(**changed)
        changes.events.append(row.updated_event(list(changed)))
