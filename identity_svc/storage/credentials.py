"""Hashes of passwords."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from identity_svc.storage.layout import ACTIVE, USER
from mesh.db.statements import DeleteMany, Execute, Fetch, Program, Row, UpsertMany, placeholders


@dataclass(frozen=True, slots=True)
class Credential:
    """A user with the hash of its password; `hash` is None where there is none, or where the user may not sign in."""

    subject_id: str
    hash: str | None


@dataclass(frozen=True, slots=True)
class SubjectState:
    """A subject; `status` is 0 for one that never was. `tenants`: those it belongs to, None for all."""

    status: int = 0
    tenants: frozenset[str] | None = frozenset()

    @property
    def active(self) -> bool:
        """Whether it may sign in."""
        return self.status == ACTIVE


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


def share_subject(subject_id: str) -> Program[SubjectState]:
    """Return what signing in asks of a subject; who changes it waits until this transaction ends."""
    rows: list[Row] = yield Fetch(
        "SELECT s.status, s.all_tenants, t.tenant_id FROM subject s "
        "LEFT JOIN subject_tenant t ON t.subject_id=s.id WHERE s.id=?",
        (subject_id,),
        share=True,
    )
    if not rows:
        return SubjectState()
    status, all_tenants, _ = rows[0]
    tenants = None if all_tenants else frozenset(row[2] for row in rows if row[2] is not None)
    return SubjectState(status, tenants)


def tenants_of(subject_ids: Sequence[str]) -> Program[dict[str, frozenset[str] | None]]:
    """Return the tenants that each of some subjects belongs to, None for all; none for one that never was."""
    found: dict[str, frozenset[str] | None] = dict.fromkeys(subject_ids, frozenset())
    if not subject_ids:
        return found
    rows: list[Row] = yield Fetch(
        "SELECT s.id, s.all_tenants, t.tenant_id FROM subject s LEFT JOIN subject_tenant t ON t.subject_id=s.id "
        f"WHERE s.id IN {placeholders(len(subject_ids))}",
        subject_ids,
    )
    for subject_id, all_tenants, tenant_id in rows:
        if all_tenants:
            found[subject_id] = None
        elif tenant_id is not None:
            found[subject_id] = (found[subject_id] or frozenset()) | {tenant_id}
    return found


def close_credentials(subject_id: str) -> Program[None]:
    """Forget the password, the API keys and the external identities of a subject that is deleted."""
    for table in ("password_credential", "api_key", "external_identity"):
        yield DeleteMany(table, ("subject_id",), [(subject_id,)])
