"""Rows of groups and memberships."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from identity_svc.storage.layout import TO_GROUP
from mesh.db.statements import DeleteMany, Execute, Fetch, FetchKeys, InsertMany, Program, Row, UpsertMany

COLUMNS = (
    "id",
    "tenant_id",
    "all_tenants",
    "display_name",
    "description",
    "revision",
    "created_at",
    "updated_at",
)
MEMBER_KEY = ("group_id", "subject_id")


@dataclass(slots=True, frozen=True)
class Group:
    """A group. Times are microseconds since the Unix epoch."""

    id: str
    tenant_id: str = ""
    all_tenants: bool = False
    display_name: str = ""
    description: str = ""
    revision: int = 1
    created_at: int = 0
    updated_at: int = 0

    @property
    def tenants(self) -> frozenset[str] | None:
        """The tenant it belongs to, None for all."""
        return None if self.all_tenants else frozenset((self.tenant_id,))


def group_of_row(row: Row) -> Group:
    """Return the group of a row of `COLUMNS`."""
    return Group(row[0], row[1], bool(row[2]), *row[3:])


def find_group(group_id: str) -> Program[Group | None]:
    """Return a group, None where there is none."""
    rows: list[Row] = yield FetchKeys("subject_group", COLUMNS, ("id",), [(group_id,)])
    return group_of_row(rows[0]) if rows else None


def insert_group(group: Group) -> Program[None]:
    """Write a new group."""
    yield InsertMany("subject_group", COLUMNS, [_row(group)])


def update_group(group: Group) -> Program[None]:
    """Write a changed group."""
    yield UpsertMany("subject_group", COLUMNS, ("id",), COLUMNS[1:], [_row(group)])


def delete_group(group_id: str) -> Program[None]:
    """Delete a group with its memberships and roles."""
    yield Execute(
        "DELETE FROM role_assignment_tenant WHERE assignment_id IN "
        "(SELECT id FROM role_assignment WHERE assignee_kind=? AND assignee_id=?)",
        (TO_GROUP, group_id),
    )
    yield Execute("DELETE FROM role_assignment WHERE assignee_kind=? AND assignee_id=?", (TO_GROUP, group_id))
    yield DeleteMany("group_member", ("group_id",), [(group_id,)])
    yield DeleteMany("subject_group", ("id",), [(group_id,)])


def member_ids(group_id: str, limit: int) -> Program[list[str]]:
    """Return so many members of a group."""
    rows: list[Row] = yield Fetch("SELECT subject_id FROM group_member WHERE group_id=? LIMIT ?", (group_id, limit))
    return [row[0] for row in rows]


def those_in_group(group_id: str, subject_ids: Sequence[str]) -> Program[set[str]]:
    """Return which of some users and service accounts are in a group."""
    rows: list[Row] = yield FetchKeys("group_member", MEMBER_KEY, MEMBER_KEY, [(group_id, one) for one in subject_ids])
    return {row[1] for row in rows}


def insert_members(group_id: str, subject_ids: Sequence[str], now: int) -> Program[None]:
    """Put users and service accounts that are not in a group into it."""
    if subject_ids:
        yield InsertMany("group_member", (*MEMBER_KEY, "added_at"), [(group_id, one, now) for one in subject_ids])


def delete_members(group_id: str, subject_ids: Sequence[str]) -> Program[None]:
    """Take users and service accounts out of a group."""
    if subject_ids:
        yield DeleteMany("group_member", MEMBER_KEY, [(group_id, one) for one in subject_ids])


def _row(group: Group) -> Row:
    return (
        group.id,
        group.tenant_id,
        int(group.all_tenants),
        group.display_name,
        group.description,
        group.revision,
        group.created_at,
        group.updated_at,
    )
