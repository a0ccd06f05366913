"""Lists of users and service accounts."""

from __future__ import annotations

from dataclasses import dataclass

from identity_svc.queries.caller import Caller
from identity_svc.queries.conditions import begins_with, only_visible_subjects
from identity_svc.queries.groups import visible_group
from identity_svc.storage.layout import DELETED
from identity_svc.storage.subjects import Subject, find_subject, read_subjects
from mesh.db.select import Select
from mesh.db.statements import Program, Row


@dataclass(slots=True, frozen=True)
class SubjectFilter:
    """What is listed: users or service accounts for which all that is set holds. `status`: 0 for any."""

    kind: int
    status: int = 0
    tenant_id: str | None = None
    group_id: str = ""
    email: str = ""
    id_prefix: str = ""


def visible_subject(caller: Caller, subject_id: str, kind: int) -> Program[Subject | None]:
    """Return a user or service account, None where there is none for the caller."""
    subject = yield from find_subject(subject_id, kind)
    return subject if subject is not None and caller.sees(subject.tenants) else None


def list_subjects(caller: Caller, wanted: SubjectFilter, after: str | None, limit: int) -> Program[list[Subject]]:
    """Return the next users or service accounts by id that the caller sees.

    By a tenant or a group that is closed to the caller nobody is found: it must not be told who else is there.
    """
    if wanted.tenant_id is not None and not caller.sees(frozenset((wanted.tenant_id,))):
        return []
    if wanted.group_id and (yield from visible_group(caller, wanted.group_id)) is None:
        return []
    query = Select("subject", ("id",)).where("kind=?", wanted.kind)
    query = query.where("status=?", wanted.status) if wanted.status else query.where("status<>?", DELETED)
    if wanted.tenant_id is not None:
        query.where(
            "(all_tenants=1 OR id IN (SELECT t.subject_id FROM subject_tenant t WHERE t.tenant_id=?))",
            wanted.tenant_id,
        )
    if wanted.group_id:
        query.where("id IN (SELECT m.subject_id FROM group_member m WHERE m.group_id=?)", wanted.group_id)
    if wanted.email:
        query.where("id IN (SELECT d.subject_id FROM user_data d WHERE d.email_key=?)", wanted.email.lower())
    begins_with(query, "id", wanted.id_prefix)
    only_visible_subjects(query, "id", caller)
    rows: list[Row] = yield query.page(("id",), None if after is None else (after,), limit).fetch()
    ids = [row[0] for row in rows]
    found = yield from read_subjects(ids)
    return [found[one] for one in ids]
