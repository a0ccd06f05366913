"""Who people are at the issuers of OpenID Connect."""

from __future__ import annotations

import hashlib

from mesh.db.statements import Fetch, InsertMany, Program, Row

_COLUMNS = ("digest", "issuer", "external_id", "subject_id", "created_at")


def find_external(issuer: str, external_id: str) -> Program[str | None]:
    """Return the id of the user who has an id at an issuer."""
    rows: list[Row] = yield Fetch(
        "SELECT subject_id FROM external_identity WHERE digest=?", (_digest(issuer, external_id),)
    )
    return str(rows[0][0]) if rows else None


def insert_external(issuer: str, external_id: str, subject_id: str, now: int) -> Program[None]:
    """Note who has an id at an issuer."""
    row = (_digest(issuer, external_id), issuer, external_id, subject_id, now)
    yield InsertMany("external_identity", _COLUMNS, [row])


def _digest(issuer: str, external_id: str) -> str:
    return hashlib.sha256(f"{len(issuer)}.{issuer}.{external_id}".encode()).hexdigest()
