"""Running activities of an instance: listing them, and triggering those that wait for an event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from engine_svc.commands.executor import Effect, InstanceExecutor
from engine_svc.compile.executable import Element, ElementKind
from engine_svc.runtime import step
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.requests import Program
from engine_svc.runtime.unit import Unit
from engine_svc.state.instance import ROOT_SCOPE, Instance, Wait
from engine_svc.storage.commit import RequestRecord
from mesh.errors import NotFound
from mesh.ids import new_id, split_member_id


@dataclass(slots=True, frozen=True)
class RunningActivity:
    """An activity that is not over. Keys and `due_micros` are 0, `called` empty, where there is none."""

    key: int
    element: Element
    start_micros: int
    parent_key: int
    attached_key: int
    waits_for: Wait
    called: str
    due_micros: int


def running(instance: Instance) -> list[RunningActivity]:
    """Return the activities of an instance that are not over, oldest first."""
    # It tells which waiting tokens stand for activities of their own; no step is made.
    execution = Execution(instance, Unit(0, new_id))
    shown = {key for key, token in instance.tokens.items() if execution.is_shown(token)}
    found = []
    for key in sorted(shown):
        token = instance.tokens[key]
        element = execution.elements[token.element]
        parent = token.scope_key
        # The body of a multi-instance is a scope, but no activity.
        while parent != ROOT_SCOPE and parent not in shown:
            parent = instance.tokens[parent].scope_key if parent in instance.tokens else ROOT_SCOPE
        detail = token.detail or {}
        due = detail.get("due") if token.waits_for is Wait.TIMER else None
        found.append(
            RunningActivity(
                key,
                element,
                token.start_micros,
                parent,
                token.host if element.kind is ElementKind.BOUNDARY_EVENT else 0,
                token.waits_for,
                detail.get("called", "") if token.waits_for is Wait.CALL else "",
                due or 0,
            )
        )
    return found


async def trigger(
    executor: InstanceExecutor,
    activity_id: str,
    variables: dict[str, Any],
    transient_variables: dict[str, Any],
    request: RequestRecord | None,
    respond: Callable[[Instance], Message],
) -> bytes:
    """Let an activity go on that waits for an event. Raises `NotFound` (ACTIVITY_NOT_FOUND), `WrongState`."""
    parts = split_member_id(activity_id)
    if parts is None:
        raise _missing(activity_id)
    instance_id, key = parts

    def work(instance: Instance, now: int) -> Program[Effect]:
        changes = yield from step.trigger(instance, key, dict(variables), now, transient_variables=transient_variables)
        return Effect(changes, lambda: respond(instance))

    return await executor.change(instance_id, work, request, lambda: _missing(activity_id))


def _missing(activity_id: str) -> NotFound:
    return NotFound(
        "ACTIVITY_NOT_FOUND",
        f"there is no activity {activity_id} that waits for an event",
        metadata={"id": activity_id},
    )
