"""What users have filled in and not submitted."""

from __future__ import annotations

from dataclasses import dataclass

from mesh.db.statements import DeleteMany, Fetch, FetchKeys, InsertMany, Program, Row, UpdateKeys

PRUNE_BATCH = 500
_KEY = ("user_task_id", "user_id")


@dataclass(slots=True, frozen=True)
class Draft:
    """A draft; `data` is JSON, the time in microseconds."""

    user_task_id: str
    user_id: str
    revision: int
    data: bytes
    updated_at: int


def find_draft(user_task_id: str, user_id: str, *, lock: bool = False) -> Program[Draft | None]:
    """Read the draft of a user for a task."""
    rows: list[Row] = yield FetchKeys(
        "form_draft", ("revision", "data", "updated_at"), _KEY, [(user_task_id, user_id)], lock=lock
    )
    return Draft(user_task_id, user_id, rows[0][0], bytes(rows[0][1]), rows[0][2]) if rows else None


def insert_draft(draft: Draft) -> Program[None]:
    """Keep a first draft. Raises `ConstraintViolated` where there is one."""
    yield InsertMany(
        "form_draft",
        (*_KEY, "revision", "data", "updated_at"),
        [(draft.user_task_id, draft.user_id, draft.revision, draft.data, draft.updated_at)],
    )


def update_draft(draft: Draft) -> Program[None]:
    """Keep another draft instead."""
    yield UpdateKeys(
        "form_draft",
        "revision=?,data=?,updated_at=?",
        (draft.revision, draft.data, draft.updated_at),
        _KEY,
        [(draft.user_task_id, draft.user_id)],
    )


def delete_draft(user_task_id: str, user_id: str) -> Program[None]:
    """Throw a draft away."""
    yield DeleteMany("form_draft", _KEY, [(user_task_id, user_id)])


def delete_drafts(user_task_id: str) -> Program[None]:
    """Throw away a bounded number of drafts of a task that is done; what is left grows old."""
    rows: list[Row] = yield Fetch(
        f"SELECT user_task_id, user_id FROM form_draft WHERE user_task_id=? LIMIT {PRUNE_BATCH}", (user_task_id,)
    )
    if rows:
        yield DeleteMany("form_draft", _KEY, rows)


def prune_drafts(before: int) -> Program[int]:
    """Throw away a bounded batch of drafts that nobody touched since `before` (microseconds); return how many."""
    rows: list[Row] = yield Fetch(
        "SELECT user_task_id, user_id FROM form_draft WHERE updated_at<? "
        f"ORDER BY updated_at, user_task_id, user_id LIMIT {PRUNE_BATCH}",
        (before,),
    )
    if rows:
        yield DeleteMany("form_draft", _KEY, rows)
    return len(rows)
