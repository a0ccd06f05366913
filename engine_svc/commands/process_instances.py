"""Commands on whole process instances."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from google.protobuf.message import Message

from engine_svc.commands.executor import Effect, InstanceExecutor, Start, instance_missing
from engine_svc.runtime import step
from engine_svc.runtime.changes import Changes
from engine_svc.runtime.requests import Program
from engine_svc.state.instance import Instance
from engine_svc.storage.commit import RequestRecord
from engine_svc.storage.instance_rows import remove_instances
from engine_svc.storage.jobs import resume_jobs, suspend_jobs
from mesh.db.statements import Execute, Statement
from mesh.errors import WrongState

Respond = Callable[[Instance], Message]


async def cancel(
    executor: InstanceExecutor, instance_id: str, reason: str, request: RequestRecord | None, respond: Respond
) -> bytes:
    """End an instance before its end. Raises `NotFound`, `WrongState`."""

    def work(instance: Instance, now: int) -> Program[Effect]:
        changes = yield from step.cancel(instance, reason, now)
        incidents = Execute("DELETE FROM incident WHERE instance_id=?", (instance_id,))
        return Effect(changes, lambda: respond(instance), statements=[incidents])

    return await executor.change(instance_id, work, request, lambda: instance_missing(instance_id))


async def delete(
    executor: InstanceExecutor, instance_id: str, reason: str, request: RequestRecord | None, respond: Respond
) -> bytes:
    """Remove an instance with all its rows, ended before its end where it has not ended. Raises `NotFound`."""

    def work(instance: Instance, now: int) -> Program[Effect]:
        changes = Changes() if instance.ended else (yield from step.cancel(instance, reason, now))
        return Effect(changes, lambda: respond(instance), statements=remove_instances([instance_id]))

    return await executor.change(instance_id, work, request, lambda: instance_missing(instance_id))


async def suspend(
    executor: InstanceExecutor, instance_id: str, request: RequestRecord | None, respond: Respond
) -> bytes:
    """Pause an instance. Raises `NotFound`, `WrongState`."""
    return await _pause(executor, instance_id, request, respond, step.suspend, suspend_jobs(instance_id))


async def resume(
    executor: InstanceExecutor, instance_id: str, request: RequestRecord | None, respond: Respond
) -> bytes:
    """Let a paused instance go on. Raises `NotFound`, `WrongState`."""
    changed = await _pause(executor, instance_id, request, respond, step.resume, resume_jobs(instance_id))
    executor.signals.notify_all()
    return changed


async def _pause(
    executor: InstanceExecutor,
    instance_id: str,
    request: RequestRecord | None,
    respond: Respond,
    command: Callable[[Instance, int], Any],
    statements: Sequence[Statement],
) -> bytes:
    def work(instance: Instance, now: int) -> Effect:
        changes = command(instance, now)
        return Effect(changes, lambda: respond(instance), statements=statements)

    return await executor.change(instance_id, work, request, lambda: instance_missing(instance_id))


async def restart(
    executor: InstanceExecutor,
    instance_id: str,
    begin_at: Sequence[str],
    variables: dict[str, Any],
    request: RequestRecord | None,
    respond: Respond,
    *,
    without_last_variables: bool = False,
) -> bytes:
    """Start a new instance of the definition that an ended one had, with the variables that it ended with.

    Raises `NotFound`, `WrongState`.
    """
    ended = await executor.load(instance_id)
    if ended is None:
        raise instance_missing(instance_id)
    if not ended.ended:
        raise WrongState(
            "PROCESS_INSTANCE_NOT_ENDED",
            f"process instance {instance_id} is {ended.status.name.lower()}; only one that has ended can be restarted",
            metadata={"id": instance_id, "status": ended.status.name},
        )
    start = Start(
        definition_id=ended.definition.id,
        definition_key="",
        definition_version=0,
        tenant_id=ended.tenant_id,
        business_key=ended.business_key,
        variables={**({} if without_last_variables else ended.last_variables), **variables},
        initiator="",
        begin_at=begin_at,
        restarted_from=instance_id,
    )
    return await executor.create([start], request, lambda instances: respond(instances[0]))
