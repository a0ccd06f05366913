"""Activity events → activity rows."""

from __future__ import annotations

from typing import Any, Final

from flowmesh.events.v1.workflow_pb2 import (
    ActivityCompleted,
    ActivityRef,
    ActivityStarted,
    ActivityTerminated,
    ProcessInstanceRef,
)

from history_svc.consumers.position import position_of
from history_svc.consumers.statistics import ACTIVITY_FACTS, StatisticsChanges
from history_svc.consumers.times import micros_of
from history_svc.storage.joined_rows import write_joined
from history_svc.storage.layout import ACTIVITY_COLUMNS, ACTIVITY_TABLE, COMPLETED, OPEN, TERMINATED
from mesh.db.statements import FetchKeys, Program

_POSITION: Final = ACTIVITY_COLUMNS.index("position")
_STORED: Final = ("id", "position", *ACTIVITY_FACTS)


class ActivityChanges:
    """What one batch of events says about activities.

    Each event tells everything about its activity, so the row is what the latest event says.
    """

    def __init__(self) -> None:
        self._rows: dict[str, tuple[Any, ...]] = {}

    def started(self, micros: int, event: ActivityStarted) -> None:
        """Add an `ActivityStarted`."""
        self._add(event.process_instance, event.activity, OPEN, micros, None, "")

    def completed(self, micros: int, event: ActivityCompleted) -> None:
        """Add an `ActivityCompleted`."""
        self._add(event.process_instance, event.activity, COMPLETED, micros_of(event.start_time), micros, "")

    def terminated(self, micros: int, event: ActivityTerminated) -> None:
        """Add an `ActivityTerminated`."""
        start_micros = micros_of(event.start_time)
        self._add(event.process_instance, event.activity, TERMINATED, start_micros, micros, event.reason)

    def write(self, statistics: StatisticsChanges) -> Program[None]:
        """Write the rows that say something later than what is stored: one read, and writes of new and of changed."""
        if not self._rows:
            return
        stored = yield FetchKeys(ACTIVITY_TABLE, _STORED, ("id",), [(key,) for key in self._rows], lock=True)
        known = {key: (position, facts) for key, position, *facts in stored}
        rows: list[tuple[Any, ...]] = []
        for key, row in sorted(self._rows.items()):
            old = known.get(key)
            if old is None:
                statistics.activity(None, row)
                rows.append(row)
            elif row[_POSITION] > old[0]:
                statistics.activity(tuple(old[1]), row)
                rows.append(row)
        yield from write_joined(ACTIVITY_TABLE, ACTIVITY_COLUMNS, stored, rows)

    def _add(
        self,
        reference: ProcessInstanceRef,
        activity: ActivityRef,
        state: int,
        start_micros: int,
        end_micros: int | None,
        end_reason: str,
    ) -> None:
        position = position_of(reference)
        key = activity.id
        row = self._rows.get(key)
        if row is not None and row[_POSITION] >= position:
            return
        self._rows[key] = (
            key,
            reference.id,
            reference.process_definition_id,
            reference.process_definition_key,
            reference.tenant_id,
            activity.element_id,
            activity.element_name,
            activity.element_type,
            activity.parent_activity_id,
            state,
            start_micros,
            activity.sequence,
            end_micros,
            end_reason,
            activity.flow_id,
            position,
        )
