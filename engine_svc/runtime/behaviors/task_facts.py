"""What a token keeps of its user task for the task listeners.

Only where the task has listeners: what they see must be at hand in any step.
"""

from __future__ import annotations

import dataclasses

from engine_svc.compile.executable import Element, ListenerSpec, UserTaskSpec
from engine_svc.events.record import USER_TASK_ASSIGNED
from engine_svc.runtime.changes import NewUserTask
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.task_host import ListenerTask
from engine_svc.state.instance import AddedTask, Token
from mesh.ids import member_id

KEPT = frozenset({"task", "follow_up", "assigned", "completion"})
"""What a token keeps for its listeners."""


def has(element: Element, *events: str) -> bool:
    """Say whether a user task has listeners for one of the events."""
    return bool(listeners_of(element, events))


def remember(execution: Execution, token: Token, task: NewUserTask) -> None:
    """Let a token keep the facts of its task, which is about to be created."""
    task_id = member_id(execution.instance.id, token.key)
    facts = ListenerTask(
        id=task_id,
        element_id=task.element_id,
        execution_id=task_id,
        name=task.name,
        description=task.description,
        assignee=task.assignee,
        owner=task.owner,
        priority=task.priority,
        due_micros=task.due_micros,
        category=task.category,
        form_key=task.form_key,
        create_micros=execution.now,
        candidate_users=list(task.candidate_users),
        candidate_groups=list(task.candidate_groups),
    )
    token.detail = {
        **(token.detail or {}),
        "follow_up": task.follow_up_micros,
        "assigned": bool(task.assignee),
    }
    keep(token, facts)


def was_assigned(token: Token) -> bool:
    """Say whether the model gives the task to somebody."""
    return bool(token.detail and token.detail.get("assigned"))


def facts_of(token: Token) -> ListenerTask | None:
    """Return the task that a token keeps; None where it has no listeners."""
    detail = token.detail
    return ListenerTask(**detail["task"]) if detail and "task" in detail else None


def keep(token: Token, task: ListenerTask) -> None:
    """Let a token keep what its task is now."""
    token.detail = {**(token.detail or {}), "task": dataclasses.asdict(task)}
    token.encoded = None


def reassign(execution: Execution, task: Token | AddedTask, user: str) -> None:
    """Give an open task to a user, or to nobody, without a word to its listeners."""
    execution.changes.events.append((USER_TASK_ASSIGNED, task.key, user, task.assignee))
    task.assignee = user
    if isinstance(task, Token):
        task.encoded = None


def created(token: Token) -> NewUserTask:
    """Return the task as the listeners of its creation have left it."""
    task = facts_of(token)
    assert task is not None
    assert token.detail is not None
    return NewUserTask(
        token.key,
        task.element_id,
        task.name,
        task.description,
        task.assignee,
        tuple(task.candidate_users),
        tuple(task.candidate_groups),
        task.priority,
        task.due_micros,
        task.form_key,
        task.owner,
        token.detail["follow_up"],
        task.category,
    )


def listeners_of(element: Element, events: tuple[str, ...]) -> list[ListenerSpec]:
    """Return the listeners of a user task for events, those of the first one first."""
    spec = element.spec
    assert isinstance(spec, UserTaskSpec)
    return [listener for event in events for listener in spec.listeners if listener.event == event]
