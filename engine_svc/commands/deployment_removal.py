"""Deleting deployments."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message

from engine_svc.commands import process_instances
from engine_svc.commands.executor import InstanceExecutor
from engine_svc.commands.instance_batches import for_each_instance
from engine_svc.storage.commit import AlreadyAnswered, RequestRecord
from engine_svc.storage.deployment_removal import LIVE, begin_deletion, finish_deletion, remove_ended_instances
from mesh.audit.operation import maker_of
from mesh.call import find_call
from mesh.db.served_database import write_again

DEFAULT_REASON = "the deployment was deleted"


async def delete_deployment(
    executor: InstanceExecutor,
    deployment_id: str,
    reason: str,
    request: RequestRecord | None,
    respond: Callable[[int], Message],
    *,
    cascade: bool,
) -> bytes:
    """Delete a deployment, with `cascade` its running instances first. `respond` gets how many were terminated.

    Raises `NotFound`, `WrongState` (DEPLOYMENT_IN_USE).
    """
    database, clock, maker = executor.database, executor.clock, maker_of(find_call())

    async def terminate(instance_id: str) -> None:
        await process_instances.delete(executor, instance_id, reason or DEFAULT_REASON, None, lambda _: Empty())

    try:
        # From here on no instance can come in behind the pages that follow.
        definition_ids = await write_again(
            database, lambda: begin_deletion(deployment_id, request, clock.now_micros(), cascade=cascade)
        )
        executor.definitions.forget_newest()
        terminated = 0
        while True:
            for definition_id in definition_ids:
                for status in LIVE:
                    terminated += await for_each_instance(executor, definition_id, status, terminate)
                while await write_again(database, partial(remove_ended_instances, definition_id)):
                    pass
            response = respond(terminated).SerializeToString()
            # An instance that was paused or resumed between the pages is met in the next round.
            now = clock.now_micros()
            finish = partial(finish_deletion, deployment_id, definition_ids, request, response, now, maker)
            if await write_again(database, finish):
                await executor.definitions.forget_deployment(deployment_id)
                return response
    except AlreadyAnswered as answered:
        return answered.response
