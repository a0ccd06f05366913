"""Rows of who there is and who is in which group."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import orjson

from mesh.db.statements import Execute, Fetch, FetchKeys, Program, Row, UpsertMany
from notification_svc.storage.layout import (
    ACTIVE,
    GROUP,
    MEMBER,
    MEMBER_COLUMNS,
    NEVER,
    SUBJECT,
    SUBJECT_COLUMNS,
    USER,
)

MANAGER = "manager"
TIME_ZONE = "timeZone"
MEMBERS_PAGE = 1_000
MEMBERS_PAGES = 20
"""So many pages of a group are looked at for those who belong to a tenant."""


@dataclass(slots=True)
class SubjectRow:
    """What is known of a user or service account; the fields are the columns, in their order.

    `…_position`: when it was told, in microseconds since the Unix epoch. Each group of fields belongs to the latest
    word of it, in whatever order they come.
    """

    id: str
    kind: int = USER
    status: int = ACTIVE
    display_name: str = ""
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    locale: str = ""
    attributes: bytes = b"{}"
    tenant_ids: bytes = b"[]"
    all_tenants: int = 0
    tenant_position: int = NEVER
    detail_position: int = NEVER
    status_position: int = NEVER

    def values(self) -> Row:
        """Return the row."""
        return tuple(getattr(self, column) for column in SUBJECT_COLUMNS)


@dataclass(frozen=True)
class Subject:
    """A user or service account as it is told of."""

    row: SubjectRow = field(repr=False)

    @property
    def id(self) -> str:
        """Its id."""
        return self.row.id

    @property
    def active(self) -> bool:
        """Whether it is a user that is let in."""
        return self.row.kind == USER and self.row.status == ACTIVE

    @property
    def name(self) -> str:
        """How it is called."""
        row = self.row
        return row.display_name or " ".join(filter(None, (row.given_name, row.family_name))) or row.id

    @cached_property
    def attributes(self) -> Mapping[str, str]:
        """What else is known."""
        found: dict[str, str] = orjson.loads(self.row.attributes)
        return found

    @cached_property
    def tenants(self) -> frozenset[str] | None:
        """The tenants it belongs to, None for all."""
        return None if self.row.all_tenants else frozenset(orjson.loads(self.row.tenant_ids))

    def belongs_to(self, tenant_id: str) -> bool:
        """Tell whether it belongs to a tenant."""
        return self.tenants is None or tenant_id in self.tenants


def read_subject_rows(ids: Collection[str], *, lock: bool = False) -> Program[dict[str, SubjectRow]]:
    """Return the rows of those of some users and service accounts that are known."""
    if not ids:
        return {}
    keys = [(one,) for one in sorted(ids)]
    rows: list[Row] = yield FetchKeys(SUBJECT, SUBJECT_COLUMNS, ("id",), keys, lock=lock)
    return {row[0]: SubjectRow(*row) for row in rows}


def read_subjects(ids: Collection[str]) -> Program[dict[str, Subject]]:
    """Return those of some users and service accounts that are known."""
    return {one: Subject(row) for one, row in (yield from read_subject_rows(ids)).items()}


def write_subject_rows(rows: Sequence[SubjectRow]) -> Program[None]:
    """Write what is known."""
    if rows:
        values = [row.values() for row in sorted(rows, key=lambda row: row.id)]
        yield UpsertMany(SUBJECT, SUBJECT_COLUMNS, ("id",), SUBJECT_COLUMNS[1:], values)


def write_members(told: Mapping[tuple[str, str], tuple[int, int]]) -> Program[None]:
    """Take over who is in a group and who is not, with when that was told: by group and subject.

    What is known by a later word stays.
    """
    if not told:
        return
    keys = sorted(told)
    rows: list[Row] = yield FetchKeys(
        MEMBER, ("group_id", "subject_id", "position"), ("group_id", "subject_id"), keys, lock=True
    )
    known = {(group, subject): position for group, subject, position in rows}
    later = [(*key, *told[key]) for key in keys if told[key][1] >= known.get(key, NEVER)]
    if later:
        yield UpsertMany(MEMBER, MEMBER_COLUMNS, MEMBER_COLUMNS[:2], MEMBER_COLUMNS[2:], later)


def write_deleted_groups(deleted: Mapping[str, int]) -> Program[None]:
    """Take over which groups were deleted when."""
    if not deleted:
        return
    rows: list[Row] = yield FetchKeys(
        GROUP, ("id", "deleted_at"), ("id",), [(one,) for one in sorted(deleted)], lock=True
    )
    known: dict[str, int] = dict(rows)
    later = [(one, at) for one, at in sorted(deleted.items()) if at > known.get(one, NEVER)]
    if later:
        yield UpsertMany(GROUP, ("id", "deleted_at"), ("id",), ("deleted_at",), later)


def leave_other_groups(groups: Mapping[str, Collection[str]], read_at: int) -> Program[None]:
    """Take subjects out of the groups that a reading of the directory did not find them in.

    `groups`: where they were found, by subject. What was told since the reading began stays.
    """
    if not groups:
        return
    rows: list[Row] = yield FetchKeys(MEMBER, MEMBER_COLUMNS, ("subject_id",), [(one,) for one in sorted(groups)])
    gone = [
        (group, subject, 0, read_at)
        for group, subject, inside, position in rows
        if inside and position < read_at and group not in groups[subject]
    ]
    if gone:
        yield UpsertMany(MEMBER, MEMBER_COLUMNS, MEMBER_COLUMNS[:2], MEMBER_COLUMNS[2:], sorted(gone))


def leave_all_groups(gone: Mapping[str, int]) -> Program[None]:
    """Take subjects out of all groups that they were in before a time, by subject."""
    if not gone:
        return
    rows: list[Row] = yield FetchKeys(MEMBER, MEMBER_COLUMNS, ("subject_id",), [(one,) for one in sorted(gone)])
    left = [
        (group, subject, 0, gone[subject])
        for group, subject, inside, position in rows
        if inside and position <= gone[subject]
    ]
    if left:
        yield UpsertMany(MEMBER, MEMBER_COLUMNS, MEMBER_COLUMNS[:2], MEMBER_COLUMNS[2:], sorted(left))


def read_members(group_id: str, tenant_id: str, limit: int) -> Program[list[str]]:
    """Return so many members of a group, by id, who may be told something of a tenant.

    Who is not known may be.
    """
    found: list[str] = []
    after, size = "", limit
    for _ in range(MEMBERS_PAGES):
        rows: list[Row] = yield Fetch(
            "SELECT m.subject_id, COALESCE(s.all_tenants,1), s.tenant_ids FROM directory_member m "
            "LEFT JOIN directory_group g ON g.id=m.group_id LEFT JOIN directory_subject s ON s.id=m.subject_id "
            "WHERE m.group_id=? AND m.subject_id>? AND m.inside=1 AND m.position>COALESCE(g.deleted_at,0) "
            "AND (s.id IS NULL OR (s.kind=? AND s.status=?)) ORDER BY m.subject_id LIMIT ?",
            (group_id, after, USER, ACTIVE, size),
        )
        found += [one for one, everywhere, tenants in rows if everywhere or tenant_id in orjson.loads(tenants)]
        if len(found) >= limit or len(rows) < size:
            break
        # Those of other tenants must not keep the rest of the group from what is theirs.
        after, size = rows[-1][0], max(limit, MEMBERS_PAGE)
    return found[:limit]


@dataclass(frozen=True, slots=True)
class Reading:
    """How far the directory was read as a whole. Times are microseconds, 0 for never."""

    page_token: str
    begun_at: int
    done_at: int


def find_reading() -> Program[Reading]:
    """Return how far the directory was read."""
    rows: list[Row] = yield Fetch("SELECT page_token, begun_at, done_at FROM directory_reading WHERE id=1")
    return Reading(*rows[0])


def write_reading(reading: Reading) -> Program[None]:
    """Write how far the directory was read."""
    values: tuple[Any, ...] = (reading.page_token, reading.begun_at, reading.done_at)
    yield Execute("UPDATE directory_reading SET page_token=?, begun_at=?, done_at=? WHERE id=1", values)
