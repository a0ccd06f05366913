"""The commands on user tasks, those of the model and those that somebody added. Each is pure, see `step`.

What the lists show of a task beside its assignee lies in its row alone: `TaskDetails` brings it into the event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine_svc.events.record import (
    ATTACHMENT_CREATED,
    ATTACHMENT_DELETED,
    COMMENT_CREATED,
    COMMENT_DELETED,
    USER_TASK_COMPLETED,
    USER_TASK_TERMINATED,
    USER_TASK_UPDATED,
)
from engine_svc.runtime import step
from engine_svc.runtime.behaviors import task_facts, task_listeners
from engine_svc.runtime.behaviors.added_tasks import PARENT_COMPLETED, end_added_task, end_parts
from engine_svc.runtime.changes import Changes, NewUserTask
from engine_svc.runtime.drain import drain
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.processors.user_task import Completion
from engine_svc.runtime.requests import Program
from engine_svc.state.instance import ROOT_SCOPE, AddedTask, Instance, Scope, Status, Token, Wait
from engine_svc.state.task_tree import is_task_tree
from mesh.errors import WrongState
from mesh.ids import member_id, new_id


@dataclass(slots=True, frozen=True)
class TaskDetails:
    """What a task's row holds after a change. Times in microseconds, 0: none."""

    name: str
    description: str
    owner: str
    priority: int
    due_micros: int
    follow_up_micros: int
    category: str
    form_key: str
    delegation_state: str
    """`PENDING`, `RESOLVED`, or empty."""
    candidate_users: tuple[str, ...]
    candidate_groups: tuple[str, ...]
    assignee: str = ""
    previous: Mapping[str, Any] = field(default_factory=dict)
    """Some of what was changed, as it was."""

    def updated_event(self, key: int, changed: Iterable[str]) -> tuple[Any, ...]:
        """Return the event that tells them."""
        return (
            USER_TASK_UPDATED,
            key,
            list(changed),
            self.name,
            self.description,
            self.owner,
            self.priority,
            self.due_micros,
            self.follow_up_micros,
            self.category,
            self.form_key,
            self.delegation_state,
            self.candidate_users,
            self.candidate_groups,
            dict(self.previous),
            self.assignee,
        )


def open_task(instance: Instance, key: int) -> Token | AddedTask:
    """Return what holds an open task. Raises `NotFound`, `WrongState` where it has ended or may not move."""
    task = instance.added_tasks.get(key)
    if task is None:
        return step.user_task_token(instance, key)
    step.require_running(instance)
    return task


def is_open(instance: Instance, key: int) -> bool:
    """Say whether a task is open, whether or not it may move."""
    token = instance.tokens.get(key)
    if token is None:
        return key in instance.added_tasks
    return token.waits_for is Wait.USER_TASK


def claim(instance: Instance, key: int, user: str, now: int) -> Program[Changes]:
    """Give a task to a user; nothing changes where it is the user's already. Raises `WrongState`, `NotFound`."""
    task = open_task(instance, key)
    if task.assignee and task.assignee != user:
        raise WrongState(
            "USER_TASK_ALREADY_CLAIMED",
            f"the task is claimed by {task.assignee}; it must be unclaimed first",
            metadata={"id": member_id(instance.id, key), "assignee": task.assignee},
        )
    return (yield from assign(instance, key, user, now))


def assign(instance: Instance, key: int, user: str, now: int) -> Program[Changes]:
    """Give a task to a user, or to nobody, whoever has it, and call its listeners. Raises `WrongState`, `NotFound`."""
    task = open_task(instance, key)
    execution = step.execution_of(instance, now)
    if task.assignee != user:
        task_facts.reassign(execution, task, user)
        if isinstance(task, Token) and (facts := task_facts.facts_of(task)) is not None:
            facts.assignee = user
            task_facts.keep(task, facts)
            yield from _tell(execution, task, "assignment")
    return execution.unit.finish(execution)


def updated(instance: Instance, key: int, now: int) -> Program[Changes]:
    """Call the listeners of the change of an open task. Raises `WrongState`, `NotFound`."""
    task = open_task(instance, key)
    execution = step.execution_of(instance, now)
    if isinstance(task, Token) and task_facts.facts_of(task) is not None:
        yield from _tell(execution, task, "update")
    return execution.unit.finish(execution)


def _tell(execution: Execution, token: Token, event: str) -> Program[None]:
    key = token.key
    yield from task_listeners.tell(execution, token, event)
    if execution.instance.tokens.get(key) is token:
        facts = task_facts.facts_of(token)
        if facts is not None and facts.assignee != token.assignee:
            task_facts.reassign(execution, token, facts.assignee)
    yield from drain(execution.unit)


def delegate(instance: Instance, key: int, user: str, now: int) -> Program[Changes]:
    """Let a user work on a task for its owner. Raises `WrongState`, `NotFound`."""
    changes = yield from assign(instance, key, user, now)
    if is_open(instance, key):
        instance.delegated_tasks.add(key)
    return changes


def resolve(
    instance: Instance, key: int, owner: str, variables: dict[str, Any], now: int, ids: Callable[[], str] = new_id
) -> Program[Changes]:
    """Give a task back to its owner. One that is not delegated and has no owner stays where it is.

    Raises `WrongState`, `NotFound`.
    """
    back_to = assignee_when_resolved(instance, key, owner)
    instance.delegated_tasks.discard(key)
    assigned = yield from assign(instance, key, back_to, now)
    if not variables or not is_open(instance, key):
        return assigned
    changes = yield from update_variables(instance, key, variables, (), now, local=False, ids=ids)
    changes.events[:0] = assigned.events
    return changes


def assignee_when_resolved(instance: Instance, key: int, owner: str) -> str:
    """Return who has a task once it is resolved; empty: nobody. Raises `WrongState`, `NotFound`."""
    task = open_task(instance, key)
    return owner if owner or key in instance.delegated_tasks else task.assignee


def add_task(instance: Instance, task: NewUserTask, now: int) -> Changes:
    """Open a task that no model has. Raises `WrongState`, `NotFound` where its parent is not open."""
    if task.parent_key:
        open_task(instance, task.parent_key)
    execution = step.execution_of(instance, now)
    instance.added_tasks[task.key] = AddedTask(task.key, task.parent_key, task.assignee)
    execution.changes.new_user_tasks.append(task)
    execution.changes.events.append(task.created_event())
    return execution.unit.finish(execution)


def delete_task(instance: Instance, key: int, reason: str, now: int) -> Changes:
    """End a task that somebody added, and its parts, without completing it. Raises `WrongState`, `NotFound`."""
    task = open_task(instance, key)
    if isinstance(task, Token):
        task_id = member_id(instance.id, key)
        raise WrongState(
            "USER_TASK_OF_PROCESS",
            f"user task {task_id} belongs to a process and cannot be deleted; complete it or cancel the instance",
            metadata={"id": task_id},
        )
    execution = step.execution_of(instance, now)
    end_parts(execution, key, reason)
    end_added_task(execution, key)
    execution.changes.events.append((USER_TASK_TERMINATED, key, reason))
    changes = execution.unit.finish(execution)
    _end_tree(instance, Status.TERMINATED, now)
    return changes


def complete(
    instance: Instance,
    key: int,
    variables: dict[str, Any],
    now: int,
    completion: Completion,
    ids: Callable[[], str] = new_id,
) -> Program[Changes]:
    """Complete a task and run on. Raises `WrongState`, `NotFound`."""
    task = open_task(instance, key)
    if key in instance.delegated_tasks:
        task_id = member_id(instance.id, key)
        raise WrongState(
            "USER_TASK_DELEGATED",
            f"user task {task_id} is delegated to {task.assignee or 'nobody'}; it must be resolved first",
            metadata={"id": task_id, "assignee": task.assignee},
        )
    if isinstance(task, AddedTask):
        return _complete_added(instance, task, completion, now)
    return (yield from step.complete_user_task(instance, key, variables, now, ids, completion))


def _complete_added(instance: Instance, task: AddedTask, completion: Completion, now: int) -> Changes:
    execution = step.execution_of(instance, now)
    end_parts(execution, task.key, PARENT_COMPLETED)
    end_added_task(execution, task.key)
    execution.changes.events.append(
        (USER_TASK_COMPLETED, task.key, "", task.assignee, completion.outcome, completion.completed_by)
    )
    changes = execution.unit.finish(execution)
    _end_tree(instance, Status.COMPLETED, now)
    return changes


def _end_tree(instance: Instance, status: Status, now: int) -> None:
    if is_task_tree(instance) and not instance.added_tasks:
        instance.status = status
        instance.end_micros = now
        instance.scopes.clear()


def touch(instance: Instance, key: int, now: int) -> Changes:
    """Change nothing of an instance that has this open task. Raises `WrongState`, `NotFound`."""
    open_task(instance, key)
    return step.execution_of(instance, now).finish()


# Variables


def visible_variables(instance: Instance, key: int, *, local: bool) -> dict[str, Any]:
    """Return the variables that an open task sees, or its own alone; a task that somebody added has no others.

    None for a task that has ended.
    """
    if not is_open(instance, key):
        return {}
    if local or key in instance.added_tasks:
        own = instance.scopes.get(key)
        return dict(own.variables) if own else {}
    visible: dict[str, Any] = {}
    for scope in reversed(_scopes(instance, instance.tokens[key])):
        visible.update(scope.variables)
    return visible


def update_variables(
    instance: Instance,
    key: int,
    variables: dict[str, Any],
    removed: Sequence[str],
    now: int,
    *,
    local: bool,
    ids: Callable[[], str] = new_id,
) -> Program[Changes]:
    """Set and remove variables as seen from an open task; conditions that come to hold move the instance.

    Without `local` the nearest scope that has a variable counts, else the instance's own; with it, and for a task
    that somebody added, the task's own. Raises `WrongState`, `NotFound`.
    """
    task = open_task(instance, key)
    if isinstance(task, Token):
        return (yield from step.update_variables(instance, key, variables, removed, now, local=local, ids=ids))
    execution = step.execution_of(instance, now)
    if key not in instance.scopes:
        execution.open_scope(key, ROOT_SCOPE, {})
    for name, value in variables.items():
        execution.set_local(key, name, value)
    for name in removed:
        execution.remove_variable(key, name, local=True)
    return execution.unit.finish(execution)


def _scopes(instance: Instance, token: Token) -> list[Scope]:
    """The scopes that a task of the model sees, its own first where it has one, the instance's own last."""
    own = instance.scopes.get(token.key)
    chain = [own] if own else []
    scope = instance.scopes[token.scope_key]
    while True:
        chain.append(scope)
        if scope.key == ROOT_SCOPE:
            return chain
        scope = instance.scopes[scope.parent_key]


# Comments and attachments


def add_comment(instance: Instance, task_key: int, user: str, text: str, now: int) -> tuple[int, Changes]:
    """Number a comment on an open task, or with a key of 0 on the instance. Raises `WrongState`, `NotFound`."""
    key, execution = _member_of(instance, task_key, now)
    execution.changes.events.append((COMMENT_CREATED, key, task_key, user, text))
    return key, execution.unit.finish(execution)


def delete_comment(instance: Instance, key: int, task_key: int, now: int) -> Changes:
    """Tell that a comment is gone; tasks and instances that have ended lose theirs as well."""
    execution = step.execution_of(instance, now)
    execution.changes.events.append((COMMENT_DELETED, key, task_key))
    return execution.changes


@dataclass(slots=True, frozen=True)
class AttachmentFacts:
    """What is told of an attachment."""

    user: str
    name: str
    content_type: str
    url: str
    size_bytes: int


def add_attachment(instance: Instance, task_key: int, facts: AttachmentFacts, now: int) -> tuple[int, Changes]:
    """Number an attachment of an open task, or with a key of 0 of the instance. Raises `WrongState`, `NotFound`."""
    key, execution = _member_of(instance, task_key, now)
    execution.changes.events.append(
        (
            ATTACHMENT_CREATED,
            key,
            task_key,
            facts.user,
            facts.name,
            facts.content_type,
            facts.url,
            facts.size_bytes,
        )
    )
    return key, execution.unit.finish(execution)


def delete_attachment(instance: Instance, key: int, task_key: int, now: int) -> Changes:
    """Tell that an attachment is gone, as `delete_comment`."""
    execution = step.execution_of(instance, now)
    execution.changes.events.append((ATTACHMENT_DELETED, key, task_key))
    return execution.changes


def _member_of(instance: Instance, task_key: int, now: int) -> tuple[int, Execution]:
    if task_key:
        open_task(instance, task_key)
    else:
        step.require_running(instance)
    execution = step.execution_of(instance, now)
    return execution.new_key(), execution
