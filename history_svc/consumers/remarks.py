"""Comment and attachment events → their rows.

What was deleted keeps its row, without its text or name: that there was something is history, what it said was taken
back.
"""

from __future__ import annotations

from typing import Any, Final

from flowmesh.events.v1.workflow_pb2 import (
    AttachmentCreated,
    AttachmentDeleted,
    CommentCreated,
    CommentDeleted,
    ProcessInstanceRef,
)

from history_svc.consumers.words import WordChanges
from history_svc.storage.joined_rows import write_joined
from history_svc.storage.layout import (
    ATTACHMENT_COLUMNS,
    ATTACHMENT_TABLE,
    COMMENT_COLUMNS,
    COMMENT_TABLE,
    UNKNOWN_TIME,
)
from history_svc.storage.record_kinds import ATTACHMENT, COMMENT
from mesh.db.statements import FetchKeys, Program

_Fields = dict[str, Any]

_NOTHING: Final[dict[str, _Fields]] = {
    COMMENT_TABLE: {"user_id": "", "text": "", "create_micros": UNKNOWN_TIME, "delete_micros": None},
    ATTACHMENT_TABLE: {
        "user_id": "",
        "name": "",
        "content_type": "",
        "url": "",
        "size_bytes": 0,
        "create_micros": UNKNOWN_TIME,
        "delete_micros": None,
    },
}
_TAKEN_BACK: Final = ("text", "name", "url")


class RemarkChanges:
    """What one batch of events says about comments and attachments."""

    def __init__(self, words: WordChanges) -> None:
        self._words = words
        self._comments: dict[str, _Fields] = {}
        self._attachments: dict[str, _Fields] = {}

    def comment_created(self, micros: int, event: CommentCreated) -> None:
        """Add a `CommentCreated`."""
        said = {"user_id": event.user_id, "text": event.text, "create_micros": micros}
        _tell(self._comments, event.comment_id, event.process_instance, event.task_id, said)
        self._words.add(COMMENT, event.comment_id, event.process_instance, event.text)

    def comment_deleted(self, micros: int, event: CommentDeleted) -> None:
        """Add a `CommentDeleted`."""
        _tell(self._comments, event.comment_id, event.process_instance, event.task_id, {"delete_micros": micros})

    def attachment_created(self, micros: int, event: AttachmentCreated) -> None:
        """Add an `AttachmentCreated`."""
        said = {
            "user_id": event.user_id,
            "name": event.name,
            "content_type": event.content_type,
            "url": event.url,
            "size_bytes": event.size_bytes,
            "create_micros": micros,
        }
        _tell(self._attachments, event.attachment_id, event.process_instance, event.task_id, said)
        self._words.add(ATTACHMENT, event.attachment_id, event.process_instance, event.name)

    def attachment_deleted(self, micros: int, event: AttachmentDeleted) -> None:
        """Add an `AttachmentDeleted`."""
        _tell(self._attachments, event.attachment_id, event.process_instance, event.task_id, {"delete_micros": micros})

    def write(self) -> Program[None]:
        """Join the batch with what is stored: one read for each table, and writes of new and of known ones."""
        yield from _write(COMMENT_TABLE, COMMENT_COLUMNS, self._comments)
        yield from _write(ATTACHMENT_TABLE, ATTACHMENT_COLUMNS, self._attachments)


def _tell(rows: dict[str, _Fields], key: str, reference: ProcessInstanceRef, task_id: str, said: _Fields) -> None:
    row = rows.setdefault(
        key,
        {
            "process_instance_id": reference.id,
            "process_definition_key": reference.process_definition_key,
            "tenant_id": reference.tenant_id,
            "task_id": task_id,
        },
    )
    if "create_micros" in said:
        row["process_definition_key"] = reference.process_definition_key
        row["task_id"] = task_id
    row.update(said)


def _write(table: str, columns: tuple[str, ...], rows: dict[str, _Fields]) -> Program[None]:
    if not rows:
        return
    stored = yield FetchKeys(table, columns, ("id",), [(key,) for key in rows], lock=True)
    known = {values[0]: dict(zip(columns, values, strict=True)) for values in stored}
    written: list[tuple[Any, ...]] = []
    for key, told in sorted(rows.items()):
        before = known.get(key, {"id": key, **_NOTHING[table]})
        if before["create_micros"] != UNKNOWN_TIME:
            # Only the creation tells these; what it told is kept.
            told = {name: value for name, value in told.items() if name == "delete_micros"}
        row = {**before, **told}
        if row["delete_micros"] is not None:
            row.update({column: "" for column in _TAKEN_BACK if column in row})
        written.append(tuple(row[column] for column in columns))
    yield from write_joined(table, columns, stored, written)
