"""Rows of tenants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass

from identity_svc.storage.layout import NO_TENANT_NAME
from mesh.db.statements import DeleteMany, Fetch, FetchKeys, InsertMany, Program, Row, UpsertMany

COLUMNS = ("id", "display_name", "description", "revision", "created_at", "updated_at")
_NAMED_IN = ("subject_tenant", "subject_group", "role_tenant", "role_assignment_tenant")


@dataclass(slots=True, frozen=True)
class Tenant:
    """A tenant. Times are microseconds since the Unix epoch."""

    id: str
    display_name: str = ""
    description: str = ""
    revision: int = 1
    created_at: int = 0
    updated_at: int = 0


def find_tenant(tenant_id: str) -> Program[Tenant | None]:
    """Return a tenant, None where there is none; the one without a name is not kept."""
    rows: list[Row] = yield FetchKeys("tenant", COLUMNS, ("id",), [(tenant_id,)])
    return Tenant(*rows[0]) if rows else None


def missing_tenants(tenant_ids: Iterable[str]) -> Program[list[str]]:
    """Return those of some tenants that are not there."""
    wanted = sorted(set(tenant_ids) - {NO_TENANT_NAME})
    if not wanted:
        return []
    rows: list[Row] = yield FetchKeys("tenant", ("id",), ("id",), [(one,) for one in wanted])
    return sorted(set(wanted) - {row[0] for row in rows})


def insert_tenant(tenant: Tenant) -> Program[None]:
    """Write a new tenant."""
    yield InsertMany("tenant", COLUMNS, [astuple(tenant)])


def update_tenant(tenant: Tenant) -> Program[None]:
    """Write a changed tenant."""
    yield UpsertMany("tenant", COLUMNS, ("id",), COLUMNS[1:], [astuple(tenant)])


def delete_tenant(tenant_id: str) -> Program[None]:
    """Delete a tenant."""
    yield DeleteMany("tenant", ("id",), [(tenant_id,)])


def tenant_in_use(tenant_id: str) -> Program[bool]:
    """Tell whether somebody belongs to a tenant, or something names it."""
    for table in _NAMED_IN:
        rows: list[Row] = yield Fetch(f"SELECT 1 FROM {table} WHERE tenant_id=? LIMIT 1", (tenant_id,))
        if rows:
            return True
    return False
