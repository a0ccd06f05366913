"""Rows of role assignments."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from identity_svc.access.grants import UNNARROWED, Narrowing
from identity_svc.storage.grant_rows import narrowing_of, narrowing_values
from identity_svc.storage.layout import TO_GROUP
from mesh.db.statements import DeleteMany, Fetch, FetchKeys, InsertMany, Program, Row

COLUMNS = (
    "id",
    "role_id",
    "assignee_kind",
    "assignee_id",
    "permissions",
    "tenant_ids",
    "definition_keys",
    "involved_only",
    "created_at",
    "created_by",
)


@dataclass(slots=True, frozen=True)
class RoleAssignment:
    """A role that somebody has. `created_at`: microseconds since the Unix epoch."""

    id: str
    role_id: str
    assignee_kind: int
    assignee_id: str
    narrowing: Narrowing = UNNARROWED
    created_at: int = 0
    created_by: str = ""

    @property
    def to_group(self) -> bool:
        """Whether a group has it."""
        return self.assignee_kind == TO_GROUP

    @property
    def digest(self) -> str:
        """A digest of what narrows it."""
        content = orjson.dumps([value.decode() if isinstance(value, bytes) else value for value in self._values])
        return hashlib.blake2b(content, digest_size=16).hexdigest()

    @property
    def _values(self) -> Row:
        return narrowing_values(self.narrowing)


def assignment_of_row(row: Row) -> RoleAssignment:
    """Return the assignment of a row of `COLUMNS`."""
    return RoleAssignment(*(*row[:4], narrowing_of(*row[4:8]), *row[8:]))


def find_assignment(assignment_id: str) -> Program[RoleAssignment | None]:
    """Return an assignment, None where there is none."""
    rows: list[Row] = yield FetchKeys("role_assignment", COLUMNS, ("id",), [(assignment_id,)])
    return assignment_of_row(rows[0]) if rows else None


def find_twin(assignment: RoleAssignment) -> Program[str | None]:
    """Return the id of the assignment that gives the same to the same, None where there is none."""
    rows: list[Row] = yield Fetch(
        "SELECT id FROM role_assignment WHERE assignee_kind=? AND assignee_id=? AND role_id=? AND digest=?",
        (assignment.assignee_kind, assignment.assignee_id, assignment.role_id, assignment.digest),
    )
    return str(rows[0][0]) if rows else None


def assignments_to(kind: int, assignee_id: str) -> Program[list[RoleAssignment]]:
    """Return the assignments of a subject or a group."""
    rows: list[Row] = yield Fetch(
        f"SELECT {','.join(COLUMNS)} FROM role_assignment WHERE assignee_kind=? AND assignee_id=?", (kind, assignee_id)
    )
    return [assignment_of_row(row) for row in rows]


def insert_assignment(assignment: RoleAssignment) -> Program[None]:
    """Write a new assignment."""
    narrowing = assignment.narrowing
    permissions, tenants, keys, involved_only = narrowing_values(narrowing)
    yield InsertMany(
        "role_assignment",
        (*COLUMNS, "narrowed", "digest"),
        [
            (
                assignment.id,
                assignment.role_id,
                assignment.assignee_kind,
                assignment.assignee_id,
                permissions,
                tenants,
                keys,
                involved_only,
                assignment.created_at,
                assignment.created_by,
                int(narrowing.narrows),
                assignment.digest,
            )
        ],
    )
    if narrowing.tenants:
        yield InsertMany(
            "role_assignment_tenant",
            ("assignment_id", "tenant_id"),
            [(assignment.id, tenant) for tenant in sorted(narrowing.tenants)],
        )


def delete_assignments(ids: Sequence[str]) -> Program[None]:
    """Delete assignments."""
    yield DeleteMany("role_assignment_tenant", ("assignment_id",), [(one,) for one in ids])
    yield DeleteMany("role_assignment", ("id",), [(one,) for one in ids])
