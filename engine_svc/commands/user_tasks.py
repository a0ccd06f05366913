"""Commands on user tasks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf.message import Message

from engine_svc.commands.executor import Effect, InstanceExecutor
from engine_svc.runtime import step
from engine_svc.runtime.requests import Program
from engine_svc.state.instance import Instance
from engine_svc.storage.commit import USER_TASK_COLUMNS, RequestRecord
from engine_svc.storage.user_tasks import assign, fetch_user_task
from mesh.db.statements import Row
from mesh.errors import NotFound
from mesh.ids import split_member_id

CLAIMED_AT = USER_TASK_COLUMNS.index("claimed_at")

RespondTask = Callable[[Row, str, int], Message]
"""Makes the answer from the task's row, its assignee and the time it was claimed (0: unclaimed)."""


async def complete(
    executor: InstanceExecutor,
    task_id: str,
    variables: dict[str, Any],
    request: RequestRecord | None,
    respond: Callable[[Instance], Message],
) -> bytes:
    """Complete a task and run on. Raises `NotFound`, `WrongState`, `InvalidField`."""
    instance_id, key = _parts(task_id)

    def work(instance: Instance, now: int) -> Program[Effect]:
        changes = yield from step.complete_user_task(instance, key, variables, now)
        return Effect(changes, lambda: respond(instance))

    return await executor.change(instance_id, work, request, lambda: task_missing(task_id))


async def claim(
    executor: InstanceExecutor, task_id: str, user: str, request: RequestRecord | None, respond: RespondTask
) -> bytes:
    """Give a task to a user. Raises `NotFound`, `WrongState`."""
    return await _assign(executor, task_id, user, request, respond)


async def unclaim(
    executor: InstanceExecutor, task_id: str, request: RequestRecord | None, respond: RespondTask
) -> bytes:
    """Take the assignee off a task. Raises `NotFound`, `WrongState`."""
    return await _assign(executor, task_id, "", request, respond)


async def _assign(
    executor: InstanceExecutor, task_id: str, user: str, request: RequestRecord | None, respond: RespondTask
) -> bytes:
    instance_id, key = _parts(task_id)
    row = await executor.database.read(fetch_user_task(instance_id, key))

    def work(instance: Instance, now: int) -> Effect:
        changes = step.claim_user_task(instance, key, user, now) if user else step.unclaim_user_task(instance, key, now)
        if row is None:
            # It was created after the read above: its id cannot have been known to the caller.
            raise task_missing(task_id)
        if not changes.events:
            # The row may have been read before the claim that this one repeats.
            return Effect(changes, lambda: respond(row, user, (row[CLAIMED_AT] or now) if user else 0))
        claimed_at = now if user else 0
        return Effect(
            changes,
            lambda: respond(row, user, claimed_at),
            statements=[assign(instance_id, key, user, claimed_at)],
        )

    return await executor.change(instance_id, work, request, lambda: task_missing(task_id))


def _parts(task_id: str) -> tuple[str, int]:
    parts = split_member_id(task_id)
    if parts is None:
        raise task_missing(task_id)
    return parts


def task_missing(task_id: str) -> NotFound:
    """Return the error for a task that does not exist."""
    return NotFound("USER_TASK_NOT_FOUND", f"there is no user task {task_id}", metadata={"id": task_id})
