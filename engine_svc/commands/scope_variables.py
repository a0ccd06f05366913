"""Variables at the scopes of an instance: its own, and those of its running activities."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from google.protobuf.message import Message

from engine_svc.commands.executor import Effect, InstanceExecutor, instance_missing
from engine_svc.runtime import step
from engine_svc.runtime.requests import Program
from engine_svc.state.instance import ROOT_SCOPE, Instance
from engine_svc.state.visible_variables import sees_variables, visible_variables
from engine_svc.storage.commit import RequestRecord
from mesh.errors import NotFound, WrongState
from mesh.ids import member_id, split_member_id

ScopeId = tuple[str, int]
"""Instance id and key of an activity, or `ROOT_SCOPE`."""


def scope_named(text: str) -> ScopeId:
    """Return the scope that the id of an instance or of an activity names."""
    return split_member_id(text) or (text, ROOT_SCOPE)


async def read(executor: InstanceExecutor, scope: ScopeId, *, local: bool, names: Sequence[str]) -> dict[str, Any]:
    """Return the variables that are visible from a scope, or its own alone; without names all of them.

    Raises `NotFound`, `WrongState`.
    """
    instance_id, key = scope
    instance = await executor.load(instance_id)
    if instance is None:
        raise instance_missing(instance_id)
    if instance.ended:
        raise WrongState(
            "PROCESS_INSTANCE_NOT_RUNNING",
            f"process instance {instance_id} is {instance.status.name.lower()}; history keeps its variables",
            metadata={"id": instance_id, "status": instance.status.name},
        )
    if not sees_variables(instance, key):
        raise _scope_missing(member_id(instance_id, key))
    variables = visible_variables(instance, key, local=local)
    return {name: variables[name] for name in names if name in variables} if names else variables


async def change(
    executor: InstanceExecutor,
    scope: ScopeId,
    variables: Mapping[str, Any],
    removed: Sequence[str],
    request: RequestRecord | None,
    respond: Callable[[Instance], Message],
    *,
    local: bool,
) -> bytes:
    """Set and remove variables as seen from a scope, or in this very scope.

    Raises `NotFound`, `WrongState`, `InvalidField`.
    """
    instance_id, key = scope

    def work(instance: Instance, now: int) -> Program[Effect]:
        if not instance.ended and not sees_variables(instance, key):
            raise _scope_missing(member_id(instance_id, key))
        changes = yield from step.update_variables(instance, key, dict(variables), removed, now, local=local)
        return Effect(changes, lambda: respond(instance))

    return await executor.change(instance_id, work, request, lambda: instance_missing(instance_id))


def _scope_missing(activity_id: str) -> NotFound:
    return NotFound(
        "ACTIVITY_NOT_FOUND",
        f"no activity {activity_id} is running that has or sees variables",
        metadata={"id": activity_id},
    )
