"""Events → records that a search server is to be told about, since their texts may have changed or by what they are
narrowed: tenant and definition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from history_svc.storage.record_kinds import ATTACHMENT, COMMENT, INCIDENT, INSTANCE, TASK
from history_svc.storage.search_index import note_changes
from mesh.db.statements import Program


def _instance_id(event: Any) -> str:
    return str(event.process_instance.id)


def _task_id(event: Any) -> str:
    return str(event.task_id)


_RECORDS: Final[Mapping[str, tuple[int, Callable[[Any], str]]]] = {
    **{
        f"process_instance_{what}": (INSTANCE, _instance_id)
        for what in ("started", "completed", "terminated", "failed", "suspended", "resumed", "migrated")
    },
    **{f"user_task_{what}": (TASK, _task_id) for what in ("created", "assigned", "updated", "completed", "terminated")},
    "incident_raised": (INCIDENT, lambda event: str(event.incident_id)),
    "comment_created": (COMMENT, lambda event: str(event.comment_id)),
    "comment_deleted": (COMMENT, lambda event: str(event.comment_id)),
    "attachment_created": (ATTACHMENT, lambda event: str(event.attachment_id)),
    "attachment_deleted": (ATTACHMENT, lambda event: str(event.attachment_id)),
}
"""The record whose row an event changes, by the name of its payload. Variables are told by who writes them."""


class SearchedChanges:
    """What one batch of events says about records that are searched."""

    def __init__(self) -> None:
        self._records: set[tuple[str, int]] = set()

    def tell(self, name: str, event: Any) -> None:
        """Add an event."""
        record = _RECORDS.get(name)
        if record is not None:
            kind, id_of = record
            self._records.add((id_of(event), kind))

    def add(self, kind: int, record_ids: Iterable[str]) -> None:
        """Add records."""
        self._records.update((record_id, kind) for record_id in record_ids)

    def write(self) -> Program[None]:
        """Note the records: one write."""
        yield from note_changes(self._records)
