"""User task events → who was ever a candidate of a task."""

from __future__ import annotations

from flowmesh.events.v1.workflow_pb2 import UserTaskCreated, UserTaskUpdated

from history_svc.storage.layout import CANDIDATE_COLUMNS, CANDIDATE_GROUP, CANDIDATE_TABLE, CANDIDATE_USER
from mesh.db.statements import Program, UpsertMany


class CandidateChanges:
    """What one batch of events says about candidates."""

    def __init__(self) -> None:
        self._rows: set[tuple[str, int, str]] = set()

    def tell(self, event: UserTaskCreated | UserTaskUpdated) -> None:
        """Add the candidates that an event tells."""
        self._rows.update((event.task_id, CANDIDATE_USER, user) for user in event.candidate_users)
        self._rows.update((event.task_id, CANDIDATE_GROUP, group) for group in event.candidate_groups)

    def write(self) -> Program[None]:
        """Write the candidates that are not there yet: one write."""
        if self._rows:
            yield UpsertMany(CANDIDATE_TABLE, CANDIDATE_COLUMNS, CANDIDATE_COLUMNS, (), sorted(self._rows))
