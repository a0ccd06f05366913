"""Job events → the log of jobs, one row for an event."""

from __future__ import annotations

from typing import Any, Final

from flowmesh.events.v1.workflow_pb2 import JobCompleted, JobFailed, JobScheduled

from history_svc.consumers.position import position_of
from history_svc.storage.event_id import event_id
from history_svc.storage.layout import JOB_COMPLETED, JOB_FAILED, JOB_LOG_COLUMNS, JOB_LOG_TABLE, JOB_SCHEDULED
from mesh.db.statements import Program, UpsertMany

_KEY: Final = ("process_instance_id", "id")


class JobChanges:
    """What one batch of events says about jobs."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[Any, ...]] = {}

    def scheduled(self, micros: int, event: JobScheduled, user_id: str = "") -> None:
        """Add a `JobScheduled`."""
        self._add(micros, event, JOB_SCHEDULED, event.retries, user_id)

    def completed(self, micros: int, event: JobCompleted, user_id: str = "") -> None:
        """Add a `JobCompleted`."""
        self._add(micros, event, JOB_COMPLETED, 0, user_id)

    def failed(self, micros: int, event: JobFailed, user_id: str = "") -> None:
        """Add a `JobFailed`."""
        self._add(micros, event, JOB_FAILED, event.retries, user_id, event.error_message, event.error_code)

    def write(self) -> Program[None]:
        """Write the rows that are not there yet: one write."""
        if self._rows:
            rows = [self._rows[key] for key in sorted(self._rows)]
            yield UpsertMany(JOB_LOG_TABLE, JOB_LOG_COLUMNS, _KEY, (), rows)

    def _add(
        self,
        micros: int,
        event: JobScheduled | JobCompleted | JobFailed,
        kind: int,
        retries: int,
        user_id: str,
        error_message: str = "",
        error_code: str = "",
    ) -> None:
        reference = event.process_instance
        key = event_id(reference.id, position_of(reference))
        self._rows[key] = (
            key,
            reference.id,
            reference.process_definition_id,
            reference.process_definition_key,
            reference.tenant_id,
            event.job_id,
            event.job_type,
            event.element_id,
            kind,
            micros,
            retries,
            error_message,
            error_code,
            user_id,
        )
