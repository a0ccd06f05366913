"""Rows of users and service accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from identity_svc.storage.layout import ACTIVE, DELETED, TO_SUBJECT, USER
from mesh.db.statements import DeleteMany, Execute, Fetch, FetchKeys, InsertMany, Program, Row, UpsertMany

_COLUMNS = (
    "id",
    "kind",
    "status",
    "display_name",
    "description",
    "all_tenants",
    "revision",
    "created_at",
    "updated_at",
)
_DATA = ("subject_id", "email", "given_name", "family_name", "locale", "attributes")
_NO_DATA = ("", "", "", "", b"{}")


@dataclass(slots=True, frozen=True)
class Subject:
    """A user or a service account. Times are microseconds since the Unix epoch; what users alone have is empty for
    service accounts."""

    id: str
    kind: int
    status: int = ACTIVE
    display_name: str = ""
    description: str = ""
    all_tenants: bool = False
    revision: int = 1
    created_at: int = 0
    updated_at: int = 0
    tenant_ids: tuple[str, ...] = ()
    email: str = ""
    given_name: str = ""
    family_name: str = ""
    locale: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def tenants(self) -> frozenset[str] | None:
        """The tenants it belongs to, None for all."""
        return None if self.all_tenants else frozenset(self.tenant_ids)


def read_subjects(ids: Sequence[str]) -> Program[dict[str, Subject]]:
    """Return those of some users and service accounts that were not deleted, by id."""
    keys = [(one,) for one in ids]
    if not keys:
        return {}
    rows: list[Row] = yield FetchKeys("subject", _COLUMNS, ("id",), keys)
    tenants: list[Row] = yield FetchKeys("subject_tenant", ("subject_id", "tenant_id"), ("subject_id",), keys)
    data: list[Row] = yield FetchKeys("user_data", _DATA, ("subject_id",), keys)
    of_subject: dict[str, list[str]] = {}
    for subject_id, tenant_id in tenants:
        of_subject.setdefault(subject_id, []).append(tenant_id)
    known = {row[0]: row[1:] for row in data}
    return {
        row[0]: Subject(
            *(
                *row[:5],
                bool(row[5]),
                *row[6:],
                tuple(sorted(of_subject.get(row[0], ()))),
                *(details := known.get(row[0], _NO_DATA))[:-1],
                orjson.loads(details[-1]),
            )
        )
        for row in rows
        if row[2] != DELETED
    }


def find_subject(subject_id: str, kind: int | None = None) -> Program[Subject | None]:
    """Return a user or service account (of this kind), None where there is none."""
    found = yield from read_subjects([subject_id])
    subject = found.get(subject_id)
    return subject if subject is not None and kind in (None, subject.kind) else None


def id_taken(subject_id: str) -> Program[bool]:
    """Tell whether the id is, or once was, somebody's."""
    rows: list[Row] = yield Fetch("SELECT 1 FROM subject WHERE id=?", (subject_id,))
    return bool(rows)


def owner_of_email(email: str) -> Program[str | None]:
    """Return the user that has an e-mail address, in whatever case."""
    rows: list[Row] = yield Fetch("SELECT subject_id FROM user_data WHERE email_key=?", (email.lower(),))
    return str(rows[0][0]) if rows else None


def insert_subject(subject: Subject) -> Program[None]:
    """Write a new user or service account."""
    yield InsertMany("subject", _COLUMNS, [_row(subject)])
    yield from _write_details(subject)
    if subject.tenant_ids:
        yield InsertMany(
            "subject_tenant", ("subject_id", "tenant_id"), [(subject.id, tenant) for tenant in subject.tenant_ids]
        )


def update_subject(old: Subject, new: Subject) -> Program[None]:
    """Write a changed user or service account."""
    yield UpsertMany("subject", _COLUMNS, ("id",), _COLUMNS[2:], [_row(new)])
    yield from _write_details(new)
    if left := set(old.tenant_ids) - set(new.tenant_ids):
        yield DeleteMany("subject_tenant", ("subject_id", "tenant_id"), [(new.id, tenant) for tenant in sorted(left)])
    if joined := set(new.tenant_ids) - set(old.tenant_ids):
        yield InsertMany("subject_tenant", ("subject_id", "tenant_id"), [(new.id, tenant) for tenant in sorted(joined)])


def erase_subject(subject: Subject, now: int) -> Program[None]:
    """Delete a user or service account with all that hangs on it; only the id stays."""
    yield Execute(
        "DELETE FROM role_assignment_tenant WHERE assignment_id IN "
        "(SELECT id FROM role_assignment WHERE assignee_kind=? AND assignee_id=?)",
        (TO_SUBJECT, subject.id),
    )
    yield Execute("DELETE FROM role_assignment WHERE assignee_kind=? AND assignee_id=?", (TO_SUBJECT, subject.id))
    for table in ("group_member", "subject_tenant", "user_data"):
        yield DeleteMany(table, ("subject_id",), [(subject.id,)])
    yield Execute(
        "UPDATE subject SET status=?, display_name='', description='', all_tenants=0, revision=revision+1, "
        "updated_at=? WHERE id=?",
        (DELETED, now, subject.id),
    )


def leave_groups_outside(subject: Subject) -> Program[list[str]]:
    """Take somebody out of the groups of the tenants it does not belong to; return them."""
    if subject.all_tenants:
        return []
    rows: list[Row] = yield Fetch(
        "SELECT g.id, g.tenant_id FROM group_member m JOIN subject_group g ON g.id=m.group_id "
        "WHERE m.subject_id=? AND g.all_tenants=0",
        (subject.id,),
    )
    outside = [(group_id, subject.id) for group_id, tenant_id in rows if tenant_id not in subject.tenant_ids]
    if outside:
        yield DeleteMany("group_member", ("group_id", "subject_id"), outside)
    return [group_id for group_id, _ in outside]


def _row(subject: Subject) -> Row:
    return (
        subject.id,
        subject.kind,
        subject.status,
        subject.display_name,
        subject.description,
        int(subject.all_tenants),
        subject.revision,
        subject.created_at,
        subject.updated_at,
    )


def _write_details(subject: Subject) -> Program[None]:
    if subject.kind != USER:
        return
    columns = ("subject_id", "email", "email_key", "given_name", "family_name", "locale", "attributes")
    row = (
        subject.id,
        subject.email,
        subject.email.lower() or None,
        subject.given_name,
        subject.family_name,
        subject.locale,
        orjson.dumps(subject.attributes, option=orjson.OPT_SORT_KEYS),
    )
    yield UpsertMany("user_data", columns, ("subject_id",), columns[1:], [row])
