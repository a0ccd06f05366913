"""Lists of groups and their members."""

from __future__ import annotations

from dataclasses import dataclass

from identity_svc.queries.caller import Caller
from identity_svc.queries.conditions import begins_with, only_visible_subjects, open_tenants
from identity_svc.storage.groups import COLUMNS, Group, find_group, group_of_row
from identity_svc.storage.layout import SERVICE_ACCOUNT
from identity_svc.storage.subjects import find_subject
from mesh.db.select import Select
from mesh.db.statements import FetchKeys, Program, Row


@dataclass(slots=True, frozen=True)
class GroupFilter:
    """What is listed: groups for which all that is set holds."""

    tenant_id: str | None = None
    member_id: str = ""
    id_prefix: str = ""


@dataclass(slots=True, frozen=True)
class Member:
    """A user or service account in a group. `added_at`: microseconds since the Unix epoch."""

    subject_id: str
    display_name: str
    service_account: bool
    added_at: int


def visible_group(caller: Caller, group_id: str) -> Program[Group | None]:
    """Return a group, None where there is none for the caller."""
    group = yield from find_group(group_id)
    return group if group is not None and caller.sees(group.tenants) else None


def list_groups(caller: Caller, wanted: GroupFilter, after: str | None, limit: int) -> Program[list[Group]]:
    """Return the next groups by id that the caller sees; by a member that it does not see, none."""
    if wanted.member_id:
        member = yield from find_subject(wanted.member_id)
        if member is None or not caller.sees(member.tenants):
            return []
    query = begins_with(Select("subject_group", COLUMNS), "id", wanted.id_prefix)
    if wanted.tenant_id is not None:
        query.where("(tenant_id=? OR all_tenants=1)", wanted.tenant_id)
    if wanted.member_id:
        query.where("id IN (SELECT m.group_id FROM group_member m WHERE m.subject_id=?)", wanted.member_id)
    if (opened := open_tenants(caller)) is not None:
        marks, tenants = opened
        query.where(f"all_tenants=0 AND tenant_id IN {marks}", *tenants)
    rows: list[Row] = yield query.page(("id",), None if after is None else (after,), limit).fetch()
    return [group_of_row(row) for row in rows]


def list_members(caller: Caller, group_id: str, after: str | None, limit: int) -> Program[list[Member] | None]:
    """Return the next members of a group by id that the caller sees; None where it sees no such group."""
    if (yield from visible_group(caller, group_id)) is None:
        return None
    query = Select("group_member", ("subject_id", "added_at")).where("group_id=?", group_id)
    only_visible_subjects(query, "subject_id", caller)
    rows: list[Row] = yield query.page(("subject_id",), None if after is None else (after,), limit).fetch()
    if not rows:
        return []
    names: list[Row] = yield FetchKeys("subject", ("id", "display_name", "kind"), ("id",), [row[:1] for row in rows])
    known = {row[0]: row[1:] for row in names}
    return [Member(one, known[one][0], known[one][1] == SERVICE_ACCOUNT, added_at) for one, added_at in rows]
