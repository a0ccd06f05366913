"""Commands on ad-hoc sub-processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf.message import Message

from engine_svc.commands.executor import Effect, InstanceExecutor
from engine_svc.compile.executable import Element
from engine_svc.runtime import ad_hoc
from engine_svc.runtime.changes import Changes
from engine_svc.runtime.requests import Program
from engine_svc.state.instance import Instance
from engine_svc.storage.commit import RequestRecord
from mesh.errors import NotFound
from mesh.ids import split_member_id

Respond = Callable[[Instance], Message]


async def enabled_activities(executor: InstanceExecutor, activity_id: str) -> list[Element]:
    """Return the activities that can be started. Raises `NotFound`, `WrongState`."""
    instance_id, key = _parts(activity_id)
    instance = await executor.load(instance_id)
    if instance is None:
        raise _missing(activity_id)
    return ad_hoc.enabled_activities(instance, key)


async def start_activity(
    executor: InstanceExecutor,
    activity_id: str,
    element_id: str,
    variables: dict[str, Any],
    request: RequestRecord | None,
    respond: Respond,
) -> bytes:
    """Start an activity in an ad-hoc sub-process. Raises `NotFound`, `WrongState`."""
    return await _change(
        executor,
        activity_id,
        lambda instance, key, now: ad_hoc.start_activity(instance, key, element_id, variables, now),
        request,
        respond,
    )


async def complete(
    executor: InstanceExecutor, activity_id: str, request: RequestRecord | None, respond: Respond
) -> bytes:
    """End an ad-hoc sub-process. Raises `NotFound`, `WrongState`."""
    return await _change(executor, activity_id, ad_hoc.complete, request, respond)


async def _change(
    executor: InstanceExecutor,
    activity_id: str,
    command: Callable[[Instance, int, int], Program[Changes]],
    request: RequestRecord | None,
    respond: Respond,
) -> bytes:
    instance_id, key = _parts(activity_id)

    def work(instance: Instance, now: int) -> Program[Effect]:
        changes = yield from command(instance, key, now)
        return Effect(changes, lambda: respond(instance))

    return await executor.change(instance_id, work, request, lambda: _missing(activity_id))


def _parts(activity_id: str) -> tuple[str, int]:
    parts = split_member_id(activity_id)
    if parts is None:
        raise _missing(activity_id)
    return parts


def _missing(activity_id: str) -> NotFound:
    return NotFound(
        "ACTIVITY_NOT_FOUND", f"no ad-hoc sub-process {activity_id} is running", metadata={"id": activity_id}
    )
