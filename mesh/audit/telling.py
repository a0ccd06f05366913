"""Operations of services without a database of their own: told to the bus before they are done and after."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from mesh.audit.operation import ATTEMPTED, FAILED, Maker, Operation, maker_of, operation_event
from mesh.bus.port import Bus, BusError
from mesh.bus.topics import AUDIT_EVENTS
from mesh.call import find_call
from mesh.clock import Clock, SystemClock
from mesh.event_messages import event_message
from mesh.ids import new_id
from mesh.logs import get_log

_log = get_log(__name__)


class AuditedBus:
    """Tells the audit what a service does. `source`: its name."""

    def __init__(self, bus: Bus, source: str, *, clock: Clock | None = None) -> None:
        self._bus = bus
        self._source = source
        self._clock = clock or SystemClock()

    @asynccontextmanager
    async def operation(self, operation: Operation) -> AsyncIterator[dict[str, object]]:
        """Tell that an operation is attempted, run the block, and tell what became of it.

        What the block puts into the object that it is given is told as what came of it. Raises `BusError`: where the
        attempt cannot be told, before the block. So nothing is done that the audit does not know of, and where the
        second record is missing the outcome is not known.
        """
        maker = maker_of(find_call())
        await self.tell(replace(operation, outcome=ATTEMPTED), maker)
        came_of_it: dict[str, object] = dict(operation.after)
        try:
            yield came_of_it
        except BaseException:
            try:
                await self.tell(replace(operation, after=came_of_it, outcome=FAILED), maker)
            except BusError as error:
                # What failed is told to the caller; that it was attempted is known.
                _log.warning("The audit was not told that an operation failed", method=maker.method, error=error)
            raise
        await self.tell(replace(operation, after=came_of_it), maker)

    async def tell(self, operation: Operation, maker: Maker) -> None:
        """Tell an operation. Raises `BusError`."""
        envelope = operation_event(new_id(), self._source, operation, maker, self._clock.now_micros())
        await self._bus.publish([event_message(AUDIT_EVENTS, envelope, maker.traceparent)])
