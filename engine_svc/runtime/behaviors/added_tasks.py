"""Open user tasks that no model has end with the task they are a part of."""

from __future__ import annotations

from engine_svc.events.record import USER_TASK_TERMINATED
from engine_svc.runtime.execution import Execution

PARENT_COMPLETED = "the task it was a part of is completed"


def end_parts(execution: Execution, parent_key: int, reason: str) -> None:
    """End the parts of a task, and theirs, the innermost first; forget the task's delegation."""
    instance = execution.instance
    instance.delegated_tasks.discard(parent_key)
    if not instance.added_tasks:
        return
    gone = {parent_key}
    # A part is made after what it is a part of.
    parts = []
    for task in instance.added_tasks.values():
        if task.parent_key in gone:
            gone.add(task.key)
            parts.append(task.key)
    for key in reversed(parts):
        end_added_task(execution, key)
        execution.changes.events.append((USER_TASK_TERMINATED, key, reason))


def end_added_task(execution: Execution, key: int) -> None:
    """Take a task that somebody added out of the state, with its variables."""
    instance = execution.instance
    del instance.added_tasks[key]
    instance.delegated_tasks.discard(key)
    instance.scopes.pop(key, None)
    execution.changes.ended_user_tasks.append(key)
