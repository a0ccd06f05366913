"""Drafts: each user's own, for each task."""

from __future__ import annotations

from form_svc.storage.drafts import Draft, find_draft, insert_draft, update_draft
from mesh.db.statements import Program
from mesh.errors import Conflict, InvalidField, Violation

MAX_BYTES = 1024 * 1024


def check_size(data: bytes) -> None:
    """Refuse a draft that is too large. Raises `InvalidField`."""
    if len(data) > MAX_BYTES:
        description = f"has {len(data)} bytes as JSON; a draft may have {MAX_BYTES}"
        raise InvalidField("FIELD_INVALID", f"data: {description}", violations=[Violation("data", description)])


def save(user_task_id: str, user_id: str, data: bytes, etag: str, now: int) -> Program[Draft]:
    """Keep a draft instead of the one before. Raises `Conflict` (REVISION_CONFLICT), `ConstraintViolated`."""
    before = yield from find_draft(user_task_id, user_id, lock=True)
    if before is not None and before.data == data:
        # Sent again, or nothing was changed; the etag may be the one from before that.
        return before
    if etag and etag != str(before.revision if before is not None else 0):
        raise Conflict(
            "REVISION_CONFLICT",
            f"the draft for task {user_task_id} was changed since; read it again",
            metadata={"id": user_task_id},
        )
    draft = Draft(user_task_id, user_id, 1 if before is None else before.revision + 1, data, now)
    if before is None:
        yield from insert_draft(draft)
    else:
        yield from update_draft(draft)
    return draft
