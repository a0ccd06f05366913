"""Commands on user tasks.

What a task's row shows is read in each attempt after the instance, and the commit checks that nobody changed the
instance since: so of two writers the second one sees what the first one wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from google.protobuf.message import Message

from engine_svc.commands import task_rows
from engine_svc.commands.executor import Effect, InstanceExecutor
from engine_svc.commands.task_rows import TaskRow
from engine_svc.commands.walls import require_tenant
from engine_svc.runtime import user_task_commands as tasks
from engine_svc.runtime.changes import Changes, NewUserTask
from engine_svc.runtime.processors.user_task import DEFAULT_PRIORITY, Completion
from engine_svc.runtime.requests import Program
from engine_svc.state.instance import Instance
from engine_svc.state.task_tree import is_task_tree, new_task_tree
from engine_svc.storage.commit import USER_TASK_COLUMNS, RequestRecord, StaleRevision
from engine_svc.storage.user_tasks import (
    CANDIDATE_GROUP,
    CANDIDATE_USER,
    DELEGATION_PENDING,
    DELEGATION_RESOLVED,
    add_candidates,
    fetch_user_task,
    remove_candidates,
)
from mesh.call import open_rows
from mesh.db.statements import Row
from mesh.errors import Conflict, InvalidField, NotFound, Violation
from mesh.ids import new_id, split_member_id

RespondTask = Callable[[Row], Message]
"""Makes the answer from the task's row as it is after the change."""

MAX_CANDIDATES = 1000
"""Candidates that one task may have."""

Change = Callable[[Instance, TaskRow, int], Program[Changes]]
"""A command on a task: changes the instance and the row, given the time in microseconds."""


async def change_task(
    executor: InstanceExecutor, task_id: str, change: Change, request: RequestRecord | None, respond: RespondTask
) -> bytes:
    """Run a command on an open task. Raises `NotFound`, `WrongState`, `Conflict`, `InvalidField`."""
    instance_id, key = task_key_of(task_id)
    read: list[Row | None] = []

    async def prepare() -> None:
        read[:] = [await executor.database.read(fetch_user_task(instance_id, key))]

    def work(instance: Instance, now: int) -> Program[Effect]:
        tasks.open_task(instance, key)
        row = read[0]
        if row is None or row[-1] > instance.revision:
            # Somebody changed the instance between the two reads.
            raise StaleRevision
        changed = TaskRow(row)
        task_rows.remember(instance, changed)
        changes = yield from change(instance, changed, now)
        task_rows.take_over(instance, changed, changes, now)
        after, statements = changed.finish(instance.revision + 1)
        return Effect(changes, lambda: respond(after), statements=statements)

    return await executor.change(
        instance_id, work, request, lambda: task_missing(task_id), prepare=prepare, task_trees=True, task_key=key
    )


async def claim(
    executor: InstanceExecutor, task_id: str, user: str, request: RequestRecord | None, respond: RespondTask
) -> bytes:
    """Give a task to a user, unless another has it. Raises `NotFound`, `WrongState`."""

    def change(instance: Instance, row: TaskRow, now: int) -> Program[Changes]:
        row.assign(user, now)
        return tasks.claim(instance, row.values["task_key"], user, now)

    return await change_task(executor, task_id, change, request, respond)


async def assign(
    executor: InstanceExecutor, task_id: str, user: str, request: RequestRecord | None, respond: RespondTask
) -> bytes:
    """Give a task to a user, or with an empty one to nobody, whoever has it. Raises `NotFound`, `WrongState`."""

    def change(instance: Instance, row: TaskRow, now: int) -> Program[Changes]:
        row.assign(user, now)
        return tasks.assign(instance, row.values["task_key"], user, now)

    return await change_task(executor, task_id, change, request, respond)


async def delegate(
    executor: InstanceExecutor, task_id: str, user: str, request: RequestRecord | None, respond: RespondTask
) -> bytes:
    """Let a user work on a task for its owner. Raises `NotFound`, `WrongState`."""

    def change(instance: Instance, row: TaskRow, now: int) -> Program[Changes]:
        if not row.values["owner"]:
            row.set(owner=row.values["assignee"])
        row.set(delegation_state=DELEGATION_PENDING)
        row.assign(user, now)
        task_rows.remember(instance, row)
        changes = yield from tasks.delegate(instance, row.values["task_key"], user, now)
        changes.events.insert(0, row.updated_event(["owner", "delegation_state"]))
        return changes

    return await change_task(executor, task_id, change, request, respond)


async def resolve(
    executor: InstanceExecutor,
    task_id: str,
    variables: dict[str, Any],
    request: RequestRecord | None,
    respond: RespondTask,
) -> bytes:
    """Give a delegated task back to its owner. Raises `NotFound`, `WrongState`."""

    def change(instance: Instance, row: TaskRow, now: int) -> Program[Changes]:
        key, owner = row.values["task_key"], row.values["owner"]
        row.set(delegation_state=DELEGATION_RESOLVED)
        row.assign(tasks.assignee_when_resolved(instance, key, owner), now)
        changes = yield from tasks.resolve(instance, key, owner, variables, now)
        changes.events.insert(0, row.updated_event(["delegation_state"]))
        return changes

    return await change_task(executor, task_id, change, request, respond)


async def update(
    executor: InstanceExecutor,
    task_id: str,
    values: Mapping[str, Any],
    etag: str,
    request: RequestRecord | None,
    respond: RespondTask,
) -> bytes:
    """Change columns of a task, the assignee among them. Raises `NotFound`, `WrongState`, `Conflict`."""

    def change(instance: Instance, row: TaskRow, now: int) -> Program[Changes]:
        key = row.values["task_key"]
        if etag and etag != str(row.values["revision"]):
            raise Conflict(
                "REVISION_CONFLICT",
                f"user task {task_id} was changed since; read it again",
                metadata={"id": task_id},
            )
        details = {column: value for column, value in values.items() if row.values[column] != value}
        assignee = details.pop("assignee", None)
        row.set(**details)
        told = [row.updated_event(list(details))] if details else []
        task_rows.remember(instance, row)
        if assignee is not None:
            row.assign(assignee, now)
            changes = yield from tasks.assign(instance, key, assignee, now)
        elif details:
            changes = yield from tasks.updated(instance, key, now)
        else:
            changes = tasks.touch(instance, key, now)
        changes.events[:0] = told
        return changes

    return await change_task(executor, task_id, change, request, respond)


async def change_candidates(
    executor: InstanceExecutor,
    task_id: str,
    users: Sequence[str],
    groups: Sequence[str],
    request: RequestRecord | None,
    respond: RespondTask,
    *,
    remove: bool,
) -> bytes:
    """Let more users and groups claim a task, or fewer. Raises `NotFound`, `WrongState`, `InvalidField`."""

    def change(instance: Instance, row: TaskRow, now: int) -> Program[Changes]:
        values = row.values
        key = values["task_key"]
        tasks.open_task(instance, key)
        changed = []
        for column, kind, named in (
            ("candidate_users", CANDIDATE_USER, users),
            ("candidate_groups", CANDIDATE_GROUP, groups),
        ):
            present = row.candidates(column)
            known = frozenset(present)
            affected = [name for name in dict.fromkeys(named) if (name in known) is remove]
            if not affected:
                continue
            changed.append(column)
            if remove:
                left = [name for name in present if name not in frozenset(affected)]
                row.statements.append(remove_candidates(instance.id, key, kind, affected))
            else:
                left = [*present, *affected]
                row.statements.append(add_candidates(instance.id, key, kind, affected, values["created_at"]))
            if len(left) > MAX_CANDIDATES:
                raise _too_many_candidates(column)
            row.set(**{column: orjson.dumps(left).decode()})
        if not changed:
            return tasks.touch(instance, key, now)
        told = row.updated_event(changed)
        task_rows.remember(instance, row)
        changes = yield from tasks.updated(instance, key, now)
        changes.events.insert(0, told)
        return changes

    return await change_task(executor, task_id, change, request, respond)


@dataclass(slots=True, frozen=True)
class TaskDraft:
    """A task to be made: columns of its row, and who may claim it."""

    values: Mapping[str, Any]
    candidate_users: tuple[str, ...]
    candidate_groups: tuple[str, ...]

    def task(self, key: int, parent_key: int) -> NewUserTask:
        """Return the task."""
        values = self.values
        return NewUserTask(
            key,
            "",
            values.get("name", ""),
            values.get("description", ""),
            values.get("assignee", ""),
            tuple(dict.fromkeys(self.candidate_users)),
            tuple(dict.fromkeys(self.candidate_groups)),
            values.get("priority", DEFAULT_PRIORITY),
            values.get("due_at", 0),
            values.get("form_key", ""),
            values.get("owner", ""),
            values.get("follow_up_at", 0),
            values.get("category", ""),
            parent_key,
        )


async def create(
    executor: InstanceExecutor,
    draft: TaskDraft,
    parent_id: str,
    tenant_id: str,
    request: RequestRecord | None,
    respond: RespondTask,
) -> bytes:
    """Make a task that no model has. Raises `NotFound` and `WrongState` of its parent, `NotFound` of its tenant."""

    def add(instance: Instance, parent_key: int, now: int) -> Effect:
        key = instance.next_key
        instance.next_key = key + 1
        task = draft.task(key, parent_key)
        changes = tasks.add_task(instance, task, now)
        return Effect(changes, lambda: respond(_new_row(instance, task, now)))

    if not parent_id:
        require_tenant(open_rows(), tenant_id)

        def make(now: int) -> tuple[Instance, Effect]:
            tree = new_task_tree(new_id(), tenant_id, now)
            return tree, add(tree, 0, now)

        return await executor.insert(make, request)
    instance_id, parent_key = task_key_of(parent_id)

    def work(instance: Instance, now: int) -> Effect:
        return add(instance, parent_key, now)

    return await executor.change(
        instance_id, work, request, lambda: task_missing(parent_id), task_trees=True, task_key=parent_key
    )


def _new_row(instance: Instance, task: NewUserTask, now: int) -> Row:
    definition = instance.definition
    values = {
        "instance_id": instance.id,
        "task_key": task.key,
        "element_id": "",
        "name": task.name,
        "description": task.description,
        "assignee": task.assignee,
        "candidate_users": orjson.dumps(task.candidate_users),
        "candidate_groups": orjson.dumps(task.candidate_groups),
        "priority": task.priority,
        "created_at": now,
        "due_at": task.due_micros,
        "claimed_at": now if task.assignee else 0,
        "form_key": task.form_key,
        "suspended": 0,
        "definition_id": definition.id,
        "definition_key": definition.key,
        "tenant_id": instance.tenant_id,
        "owner": task.owner,
        "delegation_state": 0,
        "follow_up_at": task.follow_up_micros,
        "category": task.category,
        "business_key": instance.business_key,
        "parent_key": task.parent_key,
        "revision": instance.revision,
    }
    return tuple(values[column] for column in USER_TASK_COLUMNS)


async def delete(
    executor: InstanceExecutor,
    task_id: str,
    reason: str,
    request: RequestRecord | None,
    respond: Callable[[], Message],
) -> bytes:
    """End a task that somebody added. Raises `NotFound`, `WrongState`."""
    instance_id, key = task_key_of(task_id)

    def work(instance: Instance, now: int) -> Effect:
        return Effect(tasks.delete_task(instance, key, reason, now), respond)

    return await executor.change(
        instance_id, work, request, lambda: task_missing(task_id), task_trees=True, task_key=key
    )


@dataclass(slots=True, frozen=True)
class CompletionRequest:
    """How a task is completed."""

    variables: dict[str, Any]
    transient_variables: dict[str, Any]
    outcome: str = ""
    outcome_variable: str = ""
    completed_by: str = ""


async def complete(
    executor: InstanceExecutor,
    task_id: str,
    asked: CompletionRequest,
    request: RequestRecord | None,
    respond: Callable[[str, bool], Message],
) -> bytes:
    """Complete a task and run on. `respond` gets the instance's id, empty for a stand-alone task, and whether it ended.

    Raises `NotFound`, `WrongState`, `InvalidField`.
    """
    instance_id, key = task_key_of(task_id)
    transient = {name: value for name, value in asked.transient_variables.items() if name not in asked.variables}
    completion = Completion(asked.outcome, asked.completed_by, transient)
    outcome_variable = asked.outcome_variable

    async def name_outcome() -> None:
        nonlocal outcome_variable
        row = await executor.database.read(fetch_user_task(instance_id, key))
        form_key = TaskRow(row).values["form_key"] if row else ""
        # The name that Flowable gives it; without a form there is no key to name it by.
        outcome_variable = f"form_{form_key}_outcome" if form_key else "outcome"

    def work(instance: Instance, now: int) -> Program[Effect]:
        # A further attempt must start from what the caller sent.
        variables = dict(asked.variables)
        if asked.outcome:
            variables[outcome_variable] = asked.outcome
        changes = yield from tasks.complete(instance, key, variables, now, completion)
        shown = "" if is_task_tree(instance) else instance.id
        return Effect(changes, lambda: respond(shown, instance.ended))

    prepare = name_outcome if asked.outcome and not asked.outcome_variable else None
    return await executor.change(
        instance_id, work, request, lambda: task_missing(task_id), prepare=prepare, task_trees=True, task_key=key
    )


async def change_variables(
    executor: InstanceExecutor,
    task_id: str,
    change: Callable[[Instance, int, int], Program[Changes]],
    request: RequestRecord | None,
    respond: Callable[[dict[str, Any]], Message],
) -> bytes:
    """Change variables of an open task: `change` gets the instance, the task's key and the time.

    `respond` gets what is visible from the task afterwards. Raises `NotFound`, `WrongState`, `InvalidField`.
    """
    instance_id, key = task_key_of(task_id)

    def work(instance: Instance, now: int) -> Program[Effect]:
        changes = yield from change(instance, key, now)
        return Effect(changes, lambda: respond(tasks.visible_variables(instance, key, local=False)))

    return await executor.change(
        instance_id, work, request, lambda: task_missing(task_id), task_trees=True, task_key=key
    )


async def read_task_variables(executor: InstanceExecutor, task_id: str, *, local: bool) -> dict[str, Any]:
    """Return the variables that an open task sees, or its own alone. Raises `NotFound`."""
    instance_id, key = task_key_of(task_id)
    instance = await executor.load(instance_id, task_trees=True, task_key=key)
    if instance is None or not tasks.is_open(instance, key):
        raise task_missing(task_id)
    return tasks.visible_variables(instance, key, local=local)


def task_key_of(task_id: str) -> tuple[str, int]:
    """Return instance id and key of a task. Raises `NotFound`."""
    parts = split_member_id(task_id)
    # 0 stands for the instance where what belongs to a task is told.
    if parts is None or not parts[1]:
        raise task_missing(task_id)
    return parts


def task_missing(task_id: str) -> NotFound:
    """Return the error for a task that does not exist."""
    return NotFound("USER_TASK_NOT_FOUND", f"there is no user task {task_id}", metadata={"id": task_id})


def _too_many_candidates(field: str) -> InvalidField:
    description = f"a task may have {MAX_CANDIDATES} of them; name groups instead of users"
    field = field.removeprefix("candidate_")
    return InvalidField("FIELD_INVALID", f"{field}: {description}", violations=[Violation(field, description)])
