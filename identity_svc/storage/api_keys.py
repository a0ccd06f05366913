"""API keys of service accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mesh.db.select import Select
from mesh.db.statements import DeleteMany, Execute, Fetch, FetchKeys, InsertMany, Program, Row

PRUNE_BATCH = 500

_COLUMNS = (
    "id",
    "subject_id",
    "display_name",
    "digest",
    "nonce",
    "created_at",
    "created_by",
    "expires_at",
    "used_at",
    "revoked_at",
)


@dataclass(frozen=True, slots=True)
class ApiKeyRow:
    """An API key; times in microseconds since the Unix epoch. `expires_at`: None for one that does not run out."""

    id: str
    subject_id: str
    display_name: str
    digest: str
    nonce: str
    created_at: int
    created_by: str
    expires_at: int | None
    used_at: int | None = None
    revoked_at: int | None = None

    def is_good(self, now: int) -> bool:
        """Whether it may be signed in with."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


def insert_api_key(key: ApiKeyRow) -> Program[None]:
    """Store a new key."""
    values = (
        key.id,
        key.subject_id,
        key.display_name,
        key.digest,
        key.nonce,
        key.created_at,
        key.created_by,
        key.expires_at,
        key.used_at,
        key.revoked_at,
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
    select = Select("api_key", _COLUMNS).where("subject_id=?", subject_id).where("revoked_at IS NULL")
    rows: list[Row] = yield select.page(("id",), None if after is None else (after,), limit).fetch()
    return [ApiKeyRow(*row) for row in rows]


def count_api_keys(subject_id: str) -> Program[int]:
    """Return how many keys a service account has."""
    rows: list[Row] = yield Fetch(
        "SELECT COUNT(*) FROM api_key WHERE subject_id=? AND revoked_at IS NULL", (subject_id,)
    )
    return int(rows[0][0])


def lock_api_key(key_id: str) -> Program[ApiKeyRow | None]:
    """Return a key, locked until the transaction ends."""
    rows: list[Row] = yield FetchKeys("api_key", _COLUMNS, ("id",), [(key_id,)], lock=True)
    return ApiKeyRow(*rows[0]) if rows else None


def revoke_api_key(key_id: str, now: int) -> Program[None]:
    """Note that nobody may sign in with a key any more."""
    yield Execute("UPDATE api_key SET revoked_at=? WHERE id=?", (now, key_id))


def prune_api_keys(before: int) -> Program[int]:
    """Forget a bounded batch of keys that were revoked before a time; return how many."""
    rows: list[Row] = yield Fetch(
        f"SELECT id FROM api_key WHERE revoked_at<? ORDER BY revoked_at LIMIT {PRUNE_BATCH}", (before,)
    )
    if rows:
        yield DeleteMany("api_key", ("id",), rows)
    return len(rows)


def note_uses(uses: Mapping[str, int]) -> Program[None]:
    """Note when keys were used last."""
    # In one order in every process, so that two of them do not wait for each other.
    for key_id, used_at in sorted(uses.items()):
        yield Execute(
            "UPDATE api_key SET used_at=? WHERE id=? AND (used_at IS NULL OR used_at<?)", (used_at, key_id, used_at)
        )
