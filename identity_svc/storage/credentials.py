"""Hashes of passwords."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from identity_svc.storage.layout import ACTIVE, DELETED, USER
from mesh.db.statements import DeleteMany, Execute, Fetch, Program, Row, UpsertMany


@dataclass(frozen=True, slots=True)
class Credential:
    """A user with the hash of its password; `hash` is None where there is none, or where the user may not sign in."""

    subject_id: str
    hash: str | None


def find_credential(user: str) -> Program[Credential | None]:
    """Return the credential of the user with this id or e-mail address, None where there is no such user.

    It takes the same statements whoever is asked for.
    """
    rows: list[Row] = yield Fetch(
        "SELECT s.id, s.status, s.kind, c.hash FROM subject s LEFT JOIN password_credential c ON c.subject_id=s.id "
        "WHERE s.id=?",
        (user,),
    )
    by_email: list[Row] = yield Fetch(
        "SELECT s.id, s.status, s.kind, c.hash FROM user_data u JOIN subject s ON s.id=u.subject_id "
        "LEFT JOIN password_credential c ON c.subject_id=s.id WHERE u.email_key=?",
        (user.lower(),),
    )
    # The id goes first: it is given once, an address may be anybody's.
    for subject_id, status, kind, password_hash in (*rows, *by_email):
        if kind == USER:
            return Credential(subject_id, password_hash if status == ACTIVE else None)
    return None


def set_password(subject_id: str, password_hash: str, now: int) -> Program[None]:
    """Store the hash of a user's password."""
    yield UpsertMany(
        "password_credential",
        ("subject_id", "hash", "changed_at"),
        ("subject_id",),
        ("hash", "changed_at"),
        [(subject_id, password_hash, now)],
    )


def replace_hash(subject_id: str, former: str, new: str) -> Program[None]:
    """Store another hash of the same password, unless it was changed meanwhile."""
    yield Execute("UPDATE password_credential SET hash=? WHERE subject_id=? AND hash=?", (new, subject_id, former))


def lock_hash(subject_id: str) -> Program[str | None]:
    """Return the hash of a user's password, locked until the transaction ends."""
    rows: list[Row] = yield Fetch("SELECT hash FROM password_credential WHERE subject_id=?", (subject_id,), lock=True)
    return rows[0][0] if rows else None


def is_active(subject_id: str) -> Program[bool]:
    """Tell whether a subject may sign in; who disables it waits until this transaction ends."""
    rows: list[Row] = yield Fetch("SELECT status FROM subject WHERE id=?", (subject_id,), share=True)
    return bool(rows) and rows[0][0] == ACTIVE


def is_user(subject_id: str) -> Program[bool]:
    """Tell whether there is a user with this id, active or not."""
    rows: list[Row] = yield Fetch("SELECT kind, status FROM subject WHERE id=?", (subject_id,))
    return bool(rows) and rows[0][0] == USER and rows[0][1] != DELETED


def close_credentials(subject_ids: Sequence[str]) -> Program[None]:
    """Forget passwords, API keys and external identities of subjects that are deleted."""
    keys = [(subject_id,) for subject_id in subject_ids]
    if keys:
        for table in ("password_credential", "api_key", "external_identity"):
            yield DeleteMany(table, ("subject_id",), keys)
