"""Comments and attachments of tasks and instances, by instance.

They stay when the task or the instance ends, and go when the instance is deleted.
"""

from __future__ import annotations

from collections.abc import Sequence

from mesh.db.select import Select
from mesh.db.statements import DeleteMany, FetchKeys, InsertMany, Program, Row, Statement

COMMENT_COLUMNS = ("instance_id", "comment_key", "task_key", "definition_id", "user_id", "content", "created_at")
ATTACHMENT_COLUMNS = (
    "instance_id",
    "attachment_key",
    "task_key",
    "definition_id",
    "user_id",
    "name",
    "description",
    "content_type",
    "url",
    "size_bytes",
    "created_at",
)
_COMMENT_KEY = COMMENT_COLUMNS[:2]
_ATTACHMENT_KEY = ATTACHMENT_COLUMNS[:2]
_CONTENT_COLUMNS = (*_ATTACHMENT_KEY, "content")


def insert_comment(row: Row) -> Statement:
    """Return the statement that stores a comment, in the order of `COMMENT_COLUMNS`."""
    return InsertMany("comment", COMMENT_COLUMNS, [row])


def delete_comment(instance_id: str, key: int) -> Statement:
    """Return the statement that deletes a comment."""
    return DeleteMany("comment", _COMMENT_KEY, [(instance_id, key)])


def fetch_comment(instance_id: str, key: int) -> Program[Row | None]:
    """Read one comment, in the order of `COMMENT_COLUMNS`."""
    rows: list[Row] = yield FetchKeys("comment", COMMENT_COLUMNS, _COMMENT_KEY, [(instance_id, key)])
    return rows[0] if rows else None


def list_comments(instance_id: str, task_key: int, after: Sequence[object] | None, limit: int) -> Program[list[Row]]:
    """Read the comments of a task, or with a key of 0 of an instance and its tasks, oldest first."""
    return _list("comment", COMMENT_COLUMNS, instance_id, task_key, after, limit)


def insert_attachment(row: Row, content: bytes) -> list[Statement]:
    """Return the statements that store an attachment, in the order of `ATTACHMENT_COLUMNS`."""
    statements: list[Statement] = [InsertMany("attachment", ATTACHMENT_COLUMNS, [row])]
    if content:
        statements.append(InsertMany("attachment_content", _CONTENT_COLUMNS, [(*row[:2], content)]))
    return statements


def delete_attachment(instance_id: str, key: int) -> list[Statement]:
    """Return the statements that delete an attachment with its content."""
    keys = [(instance_id, key)]
    return [DeleteMany(table, _ATTACHMENT_KEY, keys) for table in ("attachment", "attachment_content")]


def fetch_attachment(instance_id: str, key: int) -> Program[Row | None]:
    """Read what is known of one attachment, in the order of `ATTACHMENT_COLUMNS`."""
    rows: list[Row] = yield FetchKeys("attachment", ATTACHMENT_COLUMNS, _ATTACHMENT_KEY, [(instance_id, key)])
    return rows[0] if rows else None


def fetch_attachment_content(instance_id: str, key: int) -> Program[tuple[str, bytes] | None]:
    """Read media type and content of one attachment; None where there is no such or it is an address alone."""
    contents: list[Row] = yield FetchKeys("attachment_content", ("content",), _ATTACHMENT_KEY, [(instance_id, key)])
    rows: list[Row] = yield FetchKeys("attachment", ("content_type",), _ATTACHMENT_KEY, [(instance_id, key)])
    return (rows[0][0], contents[0][0]) if rows and contents else None


def list_attachments(instance_id: str, task_key: int, after: Sequence[object] | None, limit: int) -> Program[list[Row]]:
    """Read the attachments of a task, or with a key of 0 of an instance and its tasks, oldest first."""
    return _list("attachment", ATTACHMENT_COLUMNS, instance_id, task_key, after, limit)


def _list(
    table: str,
    columns: tuple[str, ...],
    instance_id: str,
    task_key: int,
    after: Sequence[object] | None,
    limit: int,
) -> Program[list[Row]]:
    select = Select(table, columns).where("instance_id=?", instance_id).equal("task_key", task_key)
    rows: list[Row] = yield select.page((columns[1],), after, limit).fetch()
    return rows
