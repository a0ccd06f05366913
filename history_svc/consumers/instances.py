"""Instance events → instance rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from flowmesh.events.v1.workflow_pb2 import (
    ProcessInstanceCompleted,
    ProcessInstanceFailed,
    ProcessInstanceMigrated,
    ProcessInstanceRef,
    ProcessInstanceResumed,
    ProcessInstanceStarted,
    ProcessInstanceSuspended,
    ProcessInstanceTerminated,
)

from history_svc.consumers.position import NEVER, position_of
from history_svc.consumers.statistics import StatisticsChanges
from history_svc.consumers.times import micros_of
from history_svc.storage.joined_rows import write_joined
from history_svc.storage.layout import (
    INSTANCE_COLUMNS,
    INSTANCE_COMPLETED,
    INSTANCE_FAILED,
    INSTANCE_PAUSED,
    INSTANCE_RUNNING,
    INSTANCE_TABLE,
    INSTANCE_TERMINATED,
    UNKNOWN_TIME,
)
from mesh.db.statements import FetchKeys, Program


@dataclass(slots=True)
class InstanceRow:
    """What some events say about an instance; the fields are the columns, in their order.

    What one set of events says can be joined with what another set says, in any order and as often as one
    likes: each group of fields belongs to the latest event that tells it.
    """

    id: str
    status: int = INSTANCE_RUNNING
    process_definition_id: str = ""
    process_definition_key: str = ""
    process_definition_version: int = 0
    business_key: str = ""
    tenant_id: str = ""
    initiator: str = ""
    start_micros: int = UNKNOWN_TIME
    end_micros: int | None = None
    end_reason: str = ""
    parent_process_instance_id: str = ""
    parent_activity_id: str = ""
    root_process_instance_id: str = ""
    reference_position: int = NEVER
    status_position: int = NEVER

    def refer(self, reference: ProcessInstanceRef, position: int) -> None:
        """Take over what every event says about its instance."""
        if position > self.reference_position:
            self.reference_position = position
            self.process_definition_id = reference.process_definition_id
            self.process_definition_key = reference.process_definition_key
            self.process_definition_version = reference.process_definition_version
            self.business_key = reference.business_key
            self.tenant_id = reference.tenant_id

    def stand(self, position: int, status: int, end_micros: int | None = None, end_reason: str = "") -> None:
        """Take over a status."""
        if position > self.status_position:
            self.status_position = position
            self.status = status
            self.end_micros = end_micros
            self.end_reason = end_reason

    def start_at(self, micros: int) -> None:
        """Take over a start time; several events tell it, and the earliest holds."""
        if micros != UNKNOWN_TIME and (self.start_micros == UNKNOWN_TIME or micros < self.start_micros):
            self.start_micros = micros

    def call(self, parent_id: str, parent_activity_id: str, root_id: str) -> None:
        """Take over who called; only the start tells it, and it never changes."""
        self.parent_process_instance_id = self.parent_process_instance_id or parent_id
        self.parent_activity_id = self.parent_activity_id or parent_activity_id
        self.root_process_instance_id = self.root_process_instance_id or root_id

    def join(self, other: InstanceRow) -> None:
        """Take over what another row of the same instance knows better."""
        if other.reference_position > self.reference_position:
            self.reference_position = other.reference_position
            self.process_definition_id = other.process_definition_id
            self.process_definition_key = other.process_definition_key
            self.process_definition_version = other.process_definition_version
            self.business_key = other.business_key
            self.tenant_id = other.tenant_id
        self.stand(other.status_position, other.status, other.end_micros, other.end_reason)
        self.start_at(other.start_micros)
        self.initiator = self.initiator or other.initiator
        self.call(other.parent_process_instance_id, other.parent_activity_id, other.root_process_instance_id)


_as_tuple: Final[Callable[[InstanceRow], tuple[Any, ...]]] = attrgetter(*INSTANCE_COLUMNS)


class InstanceChanges:
    """What one batch of events says about instances."""

    def __init__(self) -> None:
        self._rows: dict[str, InstanceRow] = {}

    def started(self, micros: int, event: ProcessInstanceStarted) -> None:
        """Add a `ProcessInstanceStarted`."""
        row, position = self._referred(event.process_instance)
        row.stand(position, INSTANCE_RUNNING)
        row.start_at(micros)
        row.initiator = event.initiator
        row.call(
            event.parent_process_instance_id,
            event.parent_activity_id,
            event.root_process_instance_id or event.process_instance.id,
        )

    def completed(self, micros: int, event: ProcessInstanceCompleted) -> None:
        """Add a `ProcessInstanceCompleted`."""
        row, position = self._referred(event.process_instance)
        row.stand(position, INSTANCE_COMPLETED, micros)
        row.start_at(micros_of(event.start_time))

    def terminated(self, micros: int, event: ProcessInstanceTerminated) -> None:
        """Add a `ProcessInstanceTerminated`."""
        row, position = self._referred(event.process_instance)
        row.stand(position, INSTANCE_TERMINATED, micros, event.reason)
        row.start_at(micros_of(event.start_time))

    def failed(self, micros: int, event: ProcessInstanceFailed) -> None:
        """Add a `ProcessInstanceFailed`: what was completed has failed after all."""
        row, position = self._referred(event.process_instance)
        row.stand(position, INSTANCE_FAILED, micros, event.reason)
        row.start_at(micros_of(event.start_time))

    def suspended(self, _: int, event: ProcessInstanceSuspended) -> None:
        """Add a `ProcessInstanceSuspended`."""
        row, position = self._referred(event.process_instance)
        row.stand(position, INSTANCE_PAUSED)

    def resumed(self, _: int, event: ProcessInstanceResumed) -> None:
        """Add a `ProcessInstanceResumed`."""
        row, position = self._referred(event.process_instance)
        row.stand(position, INSTANCE_RUNNING)

    def migrated(self, _: int, event: ProcessInstanceMigrated) -> None:
        """Add a `ProcessInstanceMigrated`: from here on the instance has the definition that its reference names."""
        self._referred(event.process_instance)

    def write(self, statistics: StatisticsChanges) -> Program[None]:
        """Join the batch with what is stored: one read, and writes of what is new and of what is changed."""
        if not self._rows:
            return
        stored = yield FetchKeys(INSTANCE_TABLE, INSTANCE_COLUMNS, ("id",), [(key,) for key in self._rows], lock=True)
        before = {values[0]: InstanceRow(*values) for values in stored}
        rows: list[tuple[Any, ...]] = []
        for key in sorted(self._rows):
            row, old = self._rows[key], before.get(key)
            if old is not None:
                row.join(old)
            statistics.instance(old, row)
            rows.append(_as_tuple(row))
        yield from write_joined(INSTANCE_TABLE, INSTANCE_COLUMNS, stored, rows)

    def _referred(self, reference: ProcessInstanceRef) -> tuple[InstanceRow, int]:
        position = position_of(reference)
        key = reference.id
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = InstanceRow(key)
        row.refer(reference, position)
        return row, position
