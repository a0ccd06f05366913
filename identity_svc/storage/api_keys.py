"""API keys of service accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from identity_svc.storage.layout import DELETED, SERVICE_ACCOUNT
from mesh.db.select import Select
from mesh.db.statements import DeleteMany, Execute, Fetch, FetchKeys, InsertMany, Program, Row

_COLUMNS = ("id", "subject_id", "display_name", "digest", "created_at", "created_by", "expires_at", "used_at")


@dataclass(frozen=True, slots=True)
class ApiKeyRow:
    """An API key; times in microseconds since the Unix epoch. `expires_at`: None for one that does not run out."""

    id: str
    subject_id: str
    display_name: str
    digest: str
    created_at: int
    created_by: str
    expires_at: int | None
    used_at: int | None = None


def insert_api_key(key: ApiKeyRow) -> Program[None]:
    """Store a new key."""
    values = (
        key.id,
        key.subject_id,
        key.display_name,
        key.digest,
        key.created_at,
        key.created_by,
        key.expires_at,
        key.used_at,
    )
    yield InsertMany("api_key", _COLUMNS, [values])


def read_api_key(key_id: str) -> Program[ApiKeyRow | None]:
    """Return a key."""
    rows: list[Row] = yield FetchKeys("api_key", _COLUMNS, ("id",), [(key_id,)])
    return ApiKeyRow(*rows[0]) if rows else None


def share_api_key(key_id: str) -> Program[ApiKeyRow | None]:
    """Return a key; who removes it waits until this transaction ends."""
    rows: list[Row] = yield FetchKeys("api_key", _COLUMNS, ("id",), [(key_id,)], share=True)
    return ApiKeyRow(*rows[0]) if rows else None


def list_api_keys(subject_id: str, after: str | None, limit: int) -> Program[list[ApiKeyRow]]:
    """Return the keys of a service account, the oldest first, from behind the one with the id `after`."""
    select = Select("api_key", _COLUMNS).where("subject_id=?", subject_id)
    rows: list[Row] = yield select.page(("id",), None if after is None else (after,), limit).fetch()
    return [ApiKeyRow(*row) for row in rows]


def count_api_keys(subject_id: str) -> Program[int]:
    """Return how many keys a service account has."""
    rows: list[Row] = yield Fetch("SELECT COUNT(*) FROM api_key WHERE subject_id=?", (subject_id,))
    return int(rows[0][0])


def delete_api_key(key_id: str) -> Program[None]:
    """Remove a key."""
    yield DeleteMany("api_key", ("id",), [(key_id,)])


def note_uses(uses: Mapping[str, int]) -> Program[None]:
    """Note when keys were used last."""
    # In one order in every process, so that two of them do not wait for each other.
    for key_id, used_at in sorted(uses.items()):
        yield Execute(
            "UPDATE api_key SET used_at=? WHERE id=? AND (used_at IS NULL OR used_at<?)", (used_at, key_id, used_at)
        )


def lock_service_account(subject_id: str) -> Program[bool]:
    """Tell whether there is a service account with this id; who deletes it waits until this transaction ends."""
    rows: list[Row] = yield Fetch("SELECT kind, status FROM subject WHERE id=?", (subject_id,), lock=True)
    return bool(rows) and rows[0][0] == SERVICE_ACCOUNT and rows[0][1] != DELETED
