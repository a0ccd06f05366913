"""How far back the event log reaches: history can be built again from a log that begins with the first event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mesh.bus.port import Bus, GroupOffset, RewindTarget
from mesh.bus.topics import WORKFLOW_EXECUTION_EVENTS

REBUILD_GROUP: Final = "history-rebuild"
TOPIC: Final = WORKFLOW_EXECUTION_EVENTS


class LogIncomplete(Exception):
    """The log does not reach back to the first event. `at`: the first partition where that is so."""

    def __init__(self, at: GroupOffset) -> None:
        super().__init__(f"{at.topic}/{at.partition} begins with offset {at.begin}: earlier events are past their time")
        self.at = at


async def log_begins(bus: Bus) -> list[GroupOffset]:
    """Let the rebuild's consumer group begin with the oldest event; return the partitions.

    Raises `BusError`, GroupActive among them while a rebuild is at work.
    """
    return await bus.rewind(REBUILD_GROUP, TOPIC, RewindTarget(published_at_micros=0))


def require_complete(offsets: Sequence[GroupOffset]) -> None:
    """Raise LogIncomplete where events are no longer there."""
    for at in offsets:
        if at.begin > 0:
            raise LogIncomplete(at)
