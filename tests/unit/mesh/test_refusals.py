"""Refused calls are counted in a bounded number of kinds, whatever becomes of the bus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from mesh.audit.refusals import MAX_KINDS, RefusalLog
from mesh.bus.port import BusError, BusMessage
from mesh.call import CallContext
from mesh.event_decoding import decode


class _Away:
    """A bus that does not answer, while calls are refused."""

    def __init__(self) -> None:
        self.refusals: Any = None
        self.told: Sequence[BusMessage] = ()
        self.away = True

    async def publish(self, messages: Sequence[BusMessage]) -> None:
        if self.away:
            _refuse(self.refusals, MAX_KINDS)
            raise BusError("away")
        self.told = messages


_made = iter(range(1_000_000))


def _refuse(refusals: RefusalLog, count: int) -> None:
    for _ in range(count):
        refusals.note(CallContext("c", user_id=f"user-{next(_made)}", method="/a/B"), "DENIED")


async def test_kinds_are_bounded_while_the_bus_is_away() -> None:
    bus = _Away()
    bus.refusals = refusals = RefusalLog(bus, "engine")  # type: ignore[arg-type] # it only publishes
    _refuse(refusals, MAX_KINDS)
    for _ in range(3):
        with pytest.raises(BusError):
            await refusals.tell()
    bus.away = False
    await refusals.tell()
    # One more, for those that are not told apart.
    assert len(bus.told) <= MAX_KINDS + 1
    assert sum(_counted(message) for message in bus.told) == 4 * MAX_KINDS


def _counted(message: BusMessage) -> int:
    event = decode(message.value)
    assert event is not None
    return event.operation_refused.count
