"""Events → entries of the timelines of their instances, one row for an event.

Changes of variables and the log of jobs have tables of their own, in the same order; a timeline is read out of all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from flowmesh.events.v1.workflow_pb2 import ActivityRef, ProcessInstanceRef

from history_svc.consumers.position import position_of
from history_svc.storage import timeline_kinds as kinds
from history_svc.storage.layout import TIMELINE_COLUMNS, TIMELINE_TABLE
from mesh.db.statements import Program, UpsertMany

MAX_NAME_CHARACTERS: Final = 255
MAX_DETAIL_CHARACTERS: Final = 1_000

_Entry = tuple[str, str, str, str, str]
"""Record, element, name, subject, detail."""
_KEY: Final = ("process_instance_id", "position")


def _instance(detail: str = "", subject: str = "") -> _Entry:
    return "", "", "", subject, detail


def _activity(activity: ActivityRef, detail: str = "") -> _Entry:
    return activity.id, activity.element_id, activity.element_name or activity.element_type, "", detail


_TELLS: Final[Mapping[str, tuple[int, Callable[[Any], _Entry]]]] = {
    "process_instance_started": (kinds.INSTANCE_STARTED, lambda event: _instance(subject=event.initiator)),
    "process_instance_completed": (kinds.INSTANCE_COMPLETED, lambda _: _instance()),
    "process_instance_terminated": (kinds.INSTANCE_TERMINATED, lambda event: _instance(event.reason)),
    "process_instance_failed": (kinds.INSTANCE_FAILED, lambda event: _instance(event.reason)),
    "process_instance_suspended": (kinds.INSTANCE_SUSPENDED, lambda _: _instance()),
    "process_instance_resumed": (kinds.INSTANCE_RESUMED, lambda _: _instance()),
    "process_instance_migrated": (
        kinds.INSTANCE_MIGRATED,
        lambda event: _instance(event.source_process_definition_id),
    ),
    "activity_started": (kinds.ACTIVITY_STARTED, lambda event: _activity(event.activity)),
    "activity_completed": (kinds.ACTIVITY_COMPLETED, lambda event: _activity(event.activity)),
    "activity_terminated": (kinds.ACTIVITY_TERMINATED, lambda event: _activity(event.activity, event.reason)),
    "user_task_created": (
        kinds.TASK_CREATED,
        lambda event: (event.task_id, event.element_id, event.name, event.assignee, ""),
    ),
    "user_task_assigned": (
        kinds.TASK_ASSIGNED,
        lambda event: (event.task_id, "", "", event.assignee, event.previous_assignee),
    ),
    "user_task_updated": (
        kinds.TASK_UPDATED,
        lambda event: (event.task_id, "", event.name, "", ",".join(event.changed)),
    ),
    "user_task_completed": (
        kinds.TASK_COMPLETED,
        lambda event: (event.task_id, event.element_id, "", event.assignee, event.outcome),
    ),
    "user_task_terminated": (kinds.TASK_TERMINATED, lambda event: (event.task_id, "", "", "", event.reason)),
    "incident_raised": (
        kinds.INCIDENT_RAISED,
        lambda event: (event.incident_id, event.element_id, event.type, "", event.message),
    ),
    "incident_resolved": (kinds.INCIDENT_RESOLVED, lambda event: (event.incident_id, "", "", "", "")),
    "comment_created": (kinds.COMMENT_CREATED, lambda event: (event.comment_id, "", "", event.user_id, "")),
    "comment_deleted": (kinds.COMMENT_DELETED, lambda event: (event.comment_id, "", "", "", "")),
    "attachment_created": (
        kinds.ATTACHMENT_CREATED,
        lambda event: (event.attachment_id, "", event.name, event.user_id, ""),
    ),
    "attachment_deleted": (kinds.ATTACHMENT_DELETED, lambda event: (event.attachment_id, "", "", "", "")),
}
"""By the name of an event's payload the kind of its entry and what that says."""

_ACTORS: Final = {"user_task_completed": "completed_by"}
"""Who acted where the event tells it by itself, and better than its metadata."""


class TimelineChanges:
    """What one batch of events says about timelines."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, int], tuple[Any, ...]] = {}

    def tell(self, name: str, micros: int, event: Any, user_id: str) -> None:
        """Add an event by the name of its payload."""
        tells = _TELLS.get(name)
        if tells is None:
            return
        reference: ProcessInstanceRef = event.process_instance
        # A stand-alone task has no instance whose timeline could be asked for.
        if not reference.process_definition_id:
            return
        kind, entry_of = tells
        record_id, element_id, label, subject, detail = entry_of(event)
        actor = _ACTORS.get(name)
        position, instance_id = position_of(reference), reference.id
        self._rows[instance_id, position] = (
            instance_id,
            position,
            kind,
            micros,
            record_id,
            element_id,
            label[:MAX_NAME_CHARACTERS],
            user_id if actor is None else getattr(event, actor) or user_id,
            subject,
            detail[:MAX_DETAIL_CHARACTERS],
        )

    def write(self) -> Program[None]:
        """Write the entries that are not there yet: one write."""
        if self._rows:
            yield UpsertMany(
                TIMELINE_TABLE, TIMELINE_COLUMNS, _KEY, (), [self._rows[key] for key in sorted(self._rows)]
            )
