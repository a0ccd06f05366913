"""Incident events → incident rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from flowmesh.events.v1.workflow_pb2 import IncidentRaised, IncidentResolved, ProcessInstanceRef

from history_svc.consumers.words import WordChanges
from history_svc.storage.joined_rows import write_joined
from history_svc.storage.layout import (
    INCIDENT_COLUMNS,
    INCIDENT_OPEN,
    INCIDENT_RESOLVED,
    INCIDENT_TABLE,
    UNKNOWN_TIME,
)
from history_svc.storage.record_kinds import INCIDENT
from mesh.db.statements import FetchKeys, Program


@dataclass(slots=True)
class IncidentRow:
    """What some events say about an incident; the fields are the columns, in their order.

    An incident is raised once and resolved once at most, so rows can be joined in any order.
    """

    id: str
    process_instance_id: str
    process_definition_id: str
    process_definition_key: str
    tenant_id: str
    type: str = ""
    element_id: str = ""
    job_id: str = ""
    message: str = ""
    state: int = INCIDENT_OPEN
    create_micros: int = UNKNOWN_TIME
    end_micros: int | None = None

    def join(self, other: IncidentRow) -> None:
        """Take over what another row of the same incident knows."""
        if self.create_micros == UNKNOWN_TIME and other.create_micros != UNKNOWN_TIME:
            # The definition is that of the time when it was raised.
            self.process_definition_id = other.process_definition_id
            self.process_definition_key = other.process_definition_key
            self.tenant_id = other.tenant_id
            self.type = other.type
            self.element_id = other.element_id
            self.job_id = other.job_id
            self.message = other.message
            self.create_micros = other.create_micros
        if other.state == INCIDENT_RESOLVED:
            self.state = INCIDENT_RESOLVED
            self.end_micros = other.end_micros


_as_tuple: Final[Callable[[IncidentRow], tuple[Any, ...]]] = attrgetter(*INCIDENT_COLUMNS)


class IncidentChanges:
    """What one batch of events says about incidents."""

    def __init__(self, words: WordChanges) -> None:
        self._words = words
        self._rows: dict[str, IncidentRow] = {}

    def raised(self, micros: int, event: IncidentRaised) -> None:
        """Add an `IncidentRaised`."""
        row = _row(event.incident_id, event.process_instance)
        row.type, row.element_id, row.job_id = event.type, event.element_id, event.job_id
        row.message, row.create_micros = event.message, micros
        self._join(row)
        self._words.add(INCIDENT, row.id, event.process_instance, event.message)

    def resolved(self, micros: int, event: IncidentResolved) -> None:
        """Add an `IncidentResolved`."""
        row = _row(event.incident_id, event.process_instance)
        row.state, row.end_micros = INCIDENT_RESOLVED, micros
        self._join(row)

    def write(self) -> Program[None]:
        """Join the batch with what is stored: one read, and writes of new and of known ones."""
        if not self._rows:
            return
        stored = yield FetchKeys(INCIDENT_TABLE, INCIDENT_COLUMNS, ("id",), [(key,) for key in self._rows], lock=True)
        for values in stored:
            self._join(IncidentRow(*values))
        rows = [_as_tuple(row) for _, row in sorted(self._rows.items())]
        yield from write_joined(INCIDENT_TABLE, INCIDENT_COLUMNS, stored, rows)

    def _join(self, row: IncidentRow) -> None:
        known = self._rows.setdefault(row.id, row)
        if known is not row:
            known.join(row)


def _row(incident_id: str, reference: ProcessInstanceRef) -> IncidentRow:
    return IncidentRow(
        incident_id,
        reference.id if reference.process_definition_id else "",
        reference.process_definition_id,
        reference.process_definition_key,
        reference.tenant_id,
    )
