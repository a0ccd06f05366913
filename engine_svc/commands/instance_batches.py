"""One command on all instances of a definition, a page of them at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from engine_svc.commands.executor import InstanceExecutor
from engine_svc.state.instance import Status
from engine_svc.storage.instance_rows import instances_of_definition
from mesh.errors import NotFound, WrongState

PAGE = 50
"""Instances worked on at once: they share transactions, and leave room for the commands of others."""

_MOVED_ON = frozenset({"PROCESS_INSTANCE_NOT_RUNNING", "PROCESS_INSTANCE_NOT_PAUSED"})


async def for_each_instance(
    executor: InstanceExecutor, definition_id: str, status: Status, command: Callable[[str], Awaitable[object]]
) -> int:
    """Run a command on each instance of a definition that has a status; return on how many it took effect.

    Instances that have left the status, or the engine, before their turn are passed over. Each is a commit of its
    own, so that what broke off goes on where it is called again. Raises `DomainError`.
    """
    count = 0
    after = ""
    while True:
        page = await executor.database.read(instances_of_definition(definition_id, status, after, PAGE))
        if not page:
            return count
        results = await asyncio.gather(*(command(instance_id) for instance_id in page), return_exceptions=True)
        for result in results:
            if not isinstance(result, BaseException):
                count += 1
            elif not isinstance(result, NotFound) and not (
                isinstance(result, WrongState) and result.reason in _MOVED_ON
            ):
                raise result
        after = page[-1]
