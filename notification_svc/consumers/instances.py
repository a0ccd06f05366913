"""Instance events → what is known of process instances."""

from __future__ import annotations

from flowmesh.events.v1.workflow_pb2 import ProcessInstanceRef, ProcessInstanceStarted

from mesh.db.statements import Program
from notification_svc.consumers.position import position_of
from notification_svc.storage.layout import EventType
from notification_svc.storage.matters import InstanceRow, read_instances, write_instances

MAX_NAME = 255


class InstanceChanges:
    """What one batch of events says about process instances. `rows`, after `write`, is how they are now."""

    def __init__(self, now: int) -> None:
        self._now = now
        self.rows: dict[str, InstanceRow] = {}
        self._wanted: set[str] = set()

    def started(self, event: ProcessInstanceStarted) -> None:
        """Add a `ProcessInstanceStarted`."""
        row = self._referred(event.process_instance)
        row.started = 1
        row.initiator = event.initiator
        row.process_name = event.process_definition_name[:MAX_NAME]

    def ended(self, how: EventType, reference: ProcessInstanceRef, micros: int, reason: str = "") -> None:
        """Add the end of an instance."""
        row = self._referred(reference)
        _end(row, position_of(reference), int(how), micros, reason, self._now)

    def look_up(self, instance_id: str) -> None:
        """Let `rows` have an instance, where it is known, although the batch says nothing about it."""
        self._wanted.add(instance_id)

    def write(self) -> Program[None]:
        """Join the batch with what is stored: one read, one write."""
        told = list(self.rows)
        stored = yield from read_instances({*told, *self._wanted}, lock=bool(told))
        for key, row in stored.items():
            if key in self.rows:
                _join(self.rows[key], row)
            else:
                self.rows[key] = row
        yield from write_instances([self.rows[key] for key in told])

    def name_of(self, instance_id: str) -> str:
        """Return what an instance's process is called; empty where that is not known."""
        row = self.rows.get(instance_id)
        return "" if row is None else row.process_name

    def initiator_of(self, instance_id: str) -> str:
        """Return who started an instance; empty where that is not known."""
        row = self.rows.get(instance_id)
        return "" if row is None else row.initiator

    def knows_start_of(self, instance_id: str) -> bool:
        """Tell whether it is known who started an instance."""
        row = self.rows.get(instance_id)
        return row is not None and bool(row.started)

    def _referred(self, reference: ProcessInstanceRef) -> InstanceRow:
        row = self.rows.get(reference.id)
        if row is None:
            row = self.rows[reference.id] = InstanceRow(reference.id)
        # What is told of an instance stays the same but for its definition, which a migration moves to a like one.
        row.process_definition_key = reference.process_definition_key
        row.tenant_id = reference.tenant_id
        row.business_key = reference.business_key
        return row


def _end(row: InstanceRow, position: int, how: int, micros: int, reason: str, now: int | None) -> None:
    # The later one holds: an instance that was completed may fail after all.
    if position > row.end_position:
        row.end_position = position
        row.end_event = how
        row.end_micros = micros
        row.end_reason = reason
        row.ended_at = now


def _join(row: InstanceRow, stored: InstanceRow) -> None:
    """Take over what the stored row knows better."""
    if stored.started:
        row.started = 1
        row.initiator = stored.initiator
        row.process_name = stored.process_name
    _end(row, stored.end_position, stored.end_event, stored.end_micros, stored.end_reason, stored.ended_at)
