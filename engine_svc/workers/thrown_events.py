"""Delivers signals and messages that instances threw, where a crash kept it from being done after the commit."""

from __future__ import annotations

from engine_svc.commands.event_delivery import EventDelivery
from engine_svc.commands.executor import InstanceExecutor
from engine_svc.storage.subscriptions import any_thrown, thrown_events
from mesh.errors import DomainError
from mesh.logs import get_log

_log = get_log(__name__)

INTERVAL_SECONDS = 2.0
GRACE_MICROS = 10_000_000
"""Who threw an event is left this time to deliver it."""
BATCH = 100


class ThrownEvents:
    """Takes up what is not delivered."""

    def __init__(self, executor: InstanceExecutor, delivery: EventDelivery) -> None:
        self._executor = executor
        self._delivery = delivery

    async def run(self) -> bool:
        """Deliver what has been lying for a while; say whether there may be more."""
        if not await self._executor.database.read(any_thrown()):
            return False
        return await self._deliver(self._executor.clock.now_micros() - GRACE_MICROS) == BATCH

    async def run_due(self, now: int) -> int:
        """Deliver all that was thrown up to a time in microseconds, however lately; return how many."""
        count = 0
        while delivered := await self._deliver(now):
            count += delivered
        return count

    async def _deliver(self, before: int) -> int:
        rows = await self._executor.database.read(thrown_events(before, BATCH))
        delivered = 0
        for row in rows:
            try:
                await self._delivery.deliver_thrown(row)
                delivered += 1
            except DomainError as error:
                _log.warning(
                    "An event that an instance threw is not delivered yet",
                    event=row[0],
                    name=row[2],
                    reason=error.reason,
                    explanation=error.message,
                )
        return delivered
