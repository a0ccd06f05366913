"""Starts instances when the start timers of the newest versions are due.

The timer's row moves on in the transaction that starts the instance, so that of several engines one fires it.
"""

from __future__ import annotations

from google.protobuf.message import Message
from google.protobuf.wrappers_pb2 import StringValue

from engine_svc.commands.executor import Beside, InstanceExecutor, Start
from engine_svc.state.instance import Instance
from engine_svc.storage.commit import ClaimLost
from engine_svc.storage.start_events import after_failure, after_firing, due_start_timers, timer_claim
from mesh.db.statements import Row
from mesh.errors import DependencyDown, DomainError, Overload
from mesh.logs import get_log

_log = get_log(__name__)

INTERVAL_SECONDS = 0.5
BATCH = 100


class StartTimers:
    """Fires start timers."""

    def __init__(self, executor: InstanceExecutor) -> None:
        self._executor = executor

    async def run(self) -> bool:
        """Fire what is due, a bounded batch; say whether there may be more."""
        fired, _ = await self._fire(self._executor.clock.now_micros())
        return fired == BATCH

    async def run_due(self, now: int) -> int:
        """Fire all that is due up to a time in microseconds; return how many instances were started.

        A cycle that is behind catches up; what fails is tried again later.
        """
        count = 0
        while True:
            seen, started = await self._fire(now)
            count += started
            if not seen:
                return count

    async def _fire(self, now: int) -> tuple[int, int]:
        rows = await self._executor.database.read(due_start_timers(now, BATCH))
        started = 0
        for row in rows:
            started += await self._start(row, now)
        return len(rows), started

    async def _start(self, row: Row, now: int) -> bool:
        definition_id, element_id, tenant_id = row[0], row[1], row[12]
        start = Start(definition_id, "", 0, tenant_id, "", {}, "", start_element=element_id)

        def respond(instances: list[Instance]) -> Message:
            return StringValue(value=instances[0].id)

        def beside(instances: list[Instance], _: int) -> Beside:
            return Beside([timer_claim(definition_id, element_id, row[7], row[6])], [after_firing(row, now)])

        try:
            await self._executor.create([start], None, respond, beside)
        except ClaimLost:
            return False
        except (DependencyDown, Overload):
            raise
        except DomainError as error:
            _log.warning(
                "A start timer could not start its process and will be tried again",
                process_definition=definition_id,
                element=element_id,
                reason=error.reason,
                explanation=error.message,
            )
            await self._executor.database.write(after_failure(row, now, f"{error.reason}: {error.message}"))
            return False
        return True
