"""Rows of comments: those of the last days, for what becomes known of their tasks and instances later."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import orjson

from mesh.db.statements import FetchKeys, Program, Row, UpsertMany
from notification_svc.storage.layout import COMMENT, COMMENT_COLUMNS, ENDED, OPEN


@dataclass(slots=True)
class CommentRow:
    """A comment; the fields are the columns, in their order. Times are microseconds since the Unix epoch.

    `mentioned`: users that it names, as JSON. `state`: OPEN, or ENDED once it was deleted. `told`: all were told who
    are to be, and what becomes known later changes nothing. `ended_at`: when it came or was deleted, by which it is
    forgotten.
    """

    id: str
    process_instance_id: str = ""
    task_id: str = ""
    user_id: str = ""
    text: str = ""
    mentioned: bytes = b"[]"
    commented_at: int = 0
    state: int = OPEN
    told: int = 0
    ended_at: int = 0

    def values(self) -> Row:
        """Return the row."""
        return tuple(getattr(self, column) for column in COMMENT_COLUMNS)

    @property
    def users(self) -> list[str]:
        """Users that it names."""
        found: list[str] = orjson.loads(self.mentioned)
        return found

    @property
    def deleted(self) -> bool:
        """Whether it was deleted."""
        return self.state == ENDED


def read_comments(ids: Collection[str]) -> Program[dict[str, CommentRow]]:
    """Return those of some comments that are known; they stay as they are until the transaction ends."""
    if not ids:
        return {}
    keys = [(one,) for one in sorted(ids)]
    rows: list[Row] = yield FetchKeys(COMMENT, COMMENT_COLUMNS, ("id",), keys, lock=True)
    return {row[0]: CommentRow(*row) for row in rows}


def waiting_comments(instance_ids: Collection[str]) -> Program[list[CommentRow]]:
    """Return the comments of some process instances that not everybody was told of."""
    if not instance_ids:
        return []
    keys = [(one, 0) for one in sorted(instance_ids)]
    rows: list[Row] = yield FetchKeys(COMMENT, COMMENT_COLUMNS, ("process_instance_id", "told"), keys)
    return [CommentRow(*row) for row in rows]


def write_comments(comments: Sequence[CommentRow]) -> Program[None]:
    """Write what is known of comments."""
    if comments:
        rows = [comment.values() for comment in sorted(comments, key=lambda comment: comment.id)]
        yield UpsertMany(COMMENT, COMMENT_COLUMNS, ("id",), COMMENT_COLUMNS[1:], rows)
