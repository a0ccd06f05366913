"""Modification of running instances."""

from __future__ import annotations

from collections.abc import Sequence

from engine_svc.commands.executor import Effect, InstanceExecutor, instance_missing
from engine_svc.commands.process_instances import Respond
from engine_svc.runtime.instructions import Instruction, Options
from engine_svc.runtime.modification import modify as carry_out
from engine_svc.runtime.requests import Program
from engine_svc.state.instance import Instance
from engine_svc.storage.commit import RequestRecord
from mesh.ids import new_id


async def modify(
    executor: InstanceExecutor,
    instance_id: str,
    instructions: Sequence[Instruction],
    options: Options,
    request: RequestRecord | None,
    respond: Respond,
    *,
    validate_only: bool = False,
) -> bytes:
    """Carry out instructions in one transaction, or only check them.

    Raises `NotFound`, `WrongState`, `InvalidField` (MODIFICATION_INVALID).
    """

    def work(instance: Instance, now: int) -> Program[Effect]:
        changes = yield from carry_out(instance, instructions, options, now, new_id, validate_only=validate_only)
        return Effect(changes, lambda: respond(instance))

    if validate_only:
        return await executor.try_out(instance_id, work, lambda: instance_missing(instance_id))
    return await executor.change(instance_id, work, request, lambda: instance_missing(instance_id))
