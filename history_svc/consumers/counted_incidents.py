"""Incident events → rows of incidents, as far as they are counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from flowmesh.events.v1.workflow_pb2 import IncidentRaised, IncidentResolved, ProcessInstanceRef

from history_svc.consumers.position import NEVER, position_of
from history_svc.consumers.statistics import StatisticsChanges
from history_svc.storage.joined_rows import write_joined
from history_svc.storage.layout import COMPLETED, OPEN, UNKNOWN_TIME
from history_svc.storage.statistics_layout import INCIDENT_COLUMNS, INCIDENT_TABLE
from mesh.db.statements import FetchKeys, Program


@dataclass(slots=True)
class IncidentRow:
    """What some events say about an incident; the fields are the columns, in their order.

    Rows of the same incident can be joined in any order and as often as one likes.
    """

    id: str
    process_instance_id: str = ""
    process_definition_id: str = ""
    process_definition_key: str = ""
    tenant_id: str = ""
    element_id: str = ""
    type: str = ""
    job_id: str = ""
    message: str = ""
    state: int = OPEN
    create_micros: int = UNKNOWN_TIME
    end_micros: int | None = None
    reference_position: int = NEVER
    state_position: int = NEVER

    def refer(self, reference: ProcessInstanceRef, position: int) -> None:
        """Take over what every event says about its instance."""
        if position > self.reference_position:
            self.reference_position = position
            self.process_instance_id = reference.id
            self.process_definition_id = reference.process_definition_id
            self.process_definition_key = reference.process_definition_key
            self.tenant_id = reference.tenant_id

    def stand(self, position: int, state: int, end_micros: int | None) -> None:
        """Take over a state."""
        if position > self.state_position:
            self.state_position = position
            self.state = state
            self.end_micros = end_micros

    def join(self, other: IncidentRow) -> None:
        """Take over what another row of the same incident knows better."""
        if other.reference_position > self.reference_position:
            self.reference_position = other.reference_position
            self.process_instance_id = other.process_instance_id
            self.process_definition_id = other.process_definition_id
            self.process_definition_key = other.process_definition_key
            self.tenant_id = other.tenant_id
        self.stand(other.state_position, other.state, other.end_micros)
        if self.create_micros == UNKNOWN_TIME and other.create_micros != UNKNOWN_TIME:
            # Only the event that raises it tells these.
            self.create_micros = other.create_micros
            self.element_id = other.element_id
            self.type = other.type
            self.job_id = other.job_id
            self.message = other.message


_as_tuple: Final[Callable[[IncidentRow], tuple[Any, ...]]] = attrgetter(*INCIDENT_COLUMNS)


class CountedIncidentChanges:
    """What one batch of events says about incidents."""

    def __init__(self) -> None:
        self._rows: dict[str, IncidentRow] = {}

    def raised(self, micros: int, event: IncidentRaised) -> None:
        """Add an `IncidentRaised`."""
        row, position = self._referred(event.incident_id, event.process_instance)
        row.stand(position, OPEN, None)
        row.create_micros = micros
        row.element_id = event.element_id
        row.type = event.type
        row.job_id = event.job_id
        row.message = event.message

    def resolved(self, micros: int, event: IncidentResolved) -> None:
        """Add an `IncidentResolved`."""
        row, position = self._referred(event.incident_id, event.process_instance)
        row.stand(position, COMPLETED, micros)

    def write(self, statistics: StatisticsChanges) -> Program[None]:
        """Join the batch with what is stored: one read, one write."""
        if not self._rows:
            return
        keys = [(key,) for key in self._rows]
        stored = yield FetchKeys(INCIDENT_TABLE, INCIDENT_COLUMNS, ("id",), keys, lock=True)
        before = {values[0]: IncidentRow(*values) for values in stored}
        for key, row in self._rows.items():
            old = before.get(key)
            if old is not None:
                row.join(old)
            statistics.incident(old, row)
        rows = [_as_tuple(row) for _, row in sorted(self._rows.items())]
        yield from write_joined(INCIDENT_TABLE, INCIDENT_COLUMNS, stored, rows)

    def _referred(self, key: str, reference: ProcessInstanceRef) -> tuple[IncidentRow, int]:
        position = position_of(reference)
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = IncidentRow(key)
        row.refer(reference, position)
        return row, position
