"""Suspending and resuming process definitions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message

from engine_svc.commands import process_instances
from engine_svc.commands.executor import InstanceExecutor
from engine_svc.commands.instance_batches import for_each_instance
from engine_svc.state.instance import Instance, Status
from engine_svc.storage.commit import AlreadyAnswered, RequestRecord
from engine_svc.storage.definition_suspension import change_state, keep_answer
from engine_svc.storage.definitions import DefinitionState
from mesh.audit.operation import maker_of
from mesh.call import find_call
from mesh.db.served_database import write_again
from mesh.db.statements import Row

RespondDefinition = Callable[[Row, int], Message]
"""Makes the answer from the definition's row and the number of instances."""


async def suspend_definition(
    executor: InstanceExecutor,
    definition_id: str,
    request: RequestRecord | None,
    respond: RespondDefinition,
    *,
    include_instances: bool,
) -> bytes:
    """Let nobody start a definition, and pause its running instances where asked. Raises `NotFound`, `WrongState`."""

    async def pause(instance_id: str) -> None:
        await process_instances.suspend(executor, instance_id, None, _nothing)

    works = (Status.RUNNING, pause) if include_instances else None
    return await _change(executor, definition_id, DefinitionState.SUSPENDED, request, respond, works)


async def resume_definition(
    executor: InstanceExecutor,
    definition_id: str,
    request: RequestRecord | None,
    respond: RespondDefinition,
    *,
    include_instances: bool,
) -> bytes:
    """Let a definition be started again, and resume its instances where asked. Raises `NotFound`, `WrongState`."""

    async def resume(instance_id: str) -> None:
        await process_instances.resume(executor, instance_id, None, _nothing)

    works = (Status.PAUSED, resume) if include_instances else None
    return await _change(executor, definition_id, DefinitionState.ACTIVE, request, respond, works)


async def _change(
    executor: InstanceExecutor,
    definition_id: str,
    state: DefinitionState,
    request: RequestRecord | None,
    respond: RespondDefinition,
    instances: tuple[Status, Callable[[str], Awaitable[None]]] | None,
) -> bytes:
    now, maker = executor.clock.now_micros(), maker_of(find_call())
    try:
        if instances is None:
            row = await write_again(
                executor.database,
                lambda: change_state(
                    definition_id, state, request, now, lambda changed: respond(changed, 0).SerializeToString(), maker
                ),
            )
            executor.definitions.forget_newest()
            return respond(row, 0).SerializeToString()
        # From here on no instance can come in behind the pages that follow.
        row = await write_again(
            executor.database, lambda: change_state(definition_id, state, request, now, None, maker)
        )
        executor.definitions.forget_newest()
        count = await for_each_instance(executor, definition_id, *instances)
        response = respond(row, count).SerializeToString()
        if request is not None:
            kept_at = executor.clock.now_micros()
            await write_again(executor.database, lambda: keep_answer(request, response, kept_at))
    except AlreadyAnswered as answered:
        return answered.response
    return response


def _nothing(_: Instance) -> Message:
    return Empty()
