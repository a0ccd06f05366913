"""Drafts: each user's own, for each task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from form_svc.storage.audit import DRAFT, tell_operation
from form_svc.storage.drafts import Draft, delete_draft, find_draft, insert_draft, update_draft
from mesh.audit.operation import Maker
from mesh.db.statements import Program
from mesh.errors import Conflict, InvalidField, Violation

MAX_BYTES = 1024 * 1024


def check_size(data: bytes) -> None:
    """Refuse a draft that is too large. Raises `InvalidField`."""
    if len(data) > MAX_BYTES:
        description = f"has {len(data)} bytes as JSON; a draft may have {MAX_BYTES}"
        raise InvalidField("FIELD_INVALID", f"data: {description}", violations=[Violation("data", description)])


@dataclass(slots=True, frozen=True)
class Place:
    """The task that a draft is for."""

    user_task_id: str
    tenant_id: str
    process_definition_key: str


def save(place: Place, maker: Maker, data: bytes, fields: Sequence[str], etag: str, now: int) -> Program[Draft]:
    """Keep a draft instead of the one before; `fields` are the names in it.

    Raises `Conflict` (REVISION_CONFLICT), `ConstraintViolated`.
    """
    user_task_id, user_id = place.user_task_id, maker.user_id
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
    yield from tell_operation(
        maker,
        now,
        DRAFT,
        user_task_id,
        place.tenant_id,
        definition_key=place.process_definition_key,
        before={"revision": before.revision} if before is not None else {},
        after={"revision": draft.revision, "fields": fields},
    )
    return draft


def throw_away(place: Place, maker: Maker, now: int) -> Program[None]:
    """Delete a draft, if there is one."""
    before = yield from find_draft(place.user_task_id, maker.user_id, lock=True)
    if before is None:
        return
    yield from delete_draft(place.user_task_id, maker.user_id)
    yield from tell_operation(
        maker,
        now,
        DRAFT,
        place.user_task_id,
        place.tenant_id,
        definition_key=place.process_definition_key,
        before={"revision": before.revision},
    )
