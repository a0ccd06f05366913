"""Rows of roles and their grants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from identity_svc.access.grants import Grant
from identity_svc.storage.grant_rows import grant_values
from identity_svc.storage.layout import TO_GROUP, TO_SUBJECT
from identity_svc.storage.subject_access import role_grants
from mesh.db.statements import DeleteMany, Fetch, FetchKeys, InsertMany, Program, Row, UpsertMany

COLUMNS = ("id", "built_in", "display_name", "description", "revision", "created_at", "updated_at")
_GRANT_COLUMNS = (
    "role_id",
    "number",
    "permissions",
    "tenant_ids",
    "definition_keys",
    "involved_only",
    "everything",
)


@dataclass(slots=True, frozen=True)
class Role:
    """A role with its grants. Times are microseconds since the Unix epoch."""

    id: str
    built_in: bool = False
    display_name: str = ""
    description: str = ""
    revision: int = 1
    created_at: int = 0
    updated_at: int = 0
    grants: tuple[Grant, ...] = ()

    @property
    def tenants(self) -> frozenset[str]:
        """The tenants that its grants name."""
        return frozenset(tenant for grant in self.grants for tenant in grant.tenants or ())


def roles_of_rows(rows: Sequence[Row]) -> Program[list[Role]]:
    """Return the roles of rows of `COLUMNS`, with their grants."""
    grants = yield from role_grants([row[0] for row in rows])
    return [Role(*(row[0], bool(row[1]), *row[2:], tuple(grants.get(row[0], ())))) for row in rows]


def find_role(role_id: str) -> Program[Role | None]:
    """Return a role, None where there is none."""
    rows: list[Row] = yield FetchKeys("role", COLUMNS, ("id",), [(role_id,)])
    roles = yield from roles_of_rows(rows)
    return roles[0] if roles else None


def write_role(role: Role) -> Program[None]:
    """Write a role with its grants, new or changed."""
    row = (
        role.id,
        int(role.built_in),
        role.display_name,
        role.description,
        role.revision,
        role.created_at,
        role.updated_at,
    )
    yield UpsertMany("role", COLUMNS, ("id",), COLUMNS[1:], [row])
    yield from _delete_grants(role.id)
    if role.grants:
        yield InsertMany(
            "role_grant",
            _GRANT_COLUMNS,
            [(role.id, number, *grant_values(one), int(one.everything)) for number, one in enumerate(role.grants)],
        )
    if role.tenants:
        yield InsertMany("role_tenant", ("role_id", "tenant_id"), [(role.id, one) for one in sorted(role.tenants)])


def delete_role(role_id: str) -> Program[None]:
    """Delete a role with its grants."""
    yield from _delete_grants(role_id)
    yield DeleteMany("role", ("id",), [(role_id,)])


def role_in_use(role_id: str) -> Program[bool]:
    """Tell whether somebody has a role."""
    rows: list[Row] = yield Fetch("SELECT 1 FROM role_assignment WHERE role_id=? LIMIT 1", (role_id,))
    return bool(rows)


def holders_of(role_id: str, limit: int) -> Program[list[str]]:
    """Return so many users and service accounts that have a role, directly or by a group."""
    rows: list[Row] = yield Fetch(
        "SELECT assignee_id FROM role_assignment WHERE role_id=? AND assignee_kind=? LIMIT ?",
        (role_id, TO_SUBJECT, limit),
    )
    by_groups: list[Row] = yield Fetch(
        "SELECT m.subject_id FROM role_assignment a JOIN group_member m ON m.group_id=a.assignee_id "
        "WHERE a.role_id=? AND a.assignee_kind=? LIMIT ?",
        (role_id, TO_GROUP, limit),
    )
    return sorted({row[0] for row in (*rows, *by_groups)})


def _delete_grants(role_id: str) -> Program[None]:
    yield DeleteMany("role_grant", ("role_id",), [(role_id,)])
    yield DeleteMany("role_tenant", ("role_id",), [(role_id,)])
