"""Lists of tenants."""

from __future__ import annotations

from identity_svc.queries.caller import Caller
from identity_svc.queries.conditions import begins_with, open_tenants
from identity_svc.storage.tenants import COLUMNS, Tenant, find_tenant
from mesh.db.select import Select
from mesh.db.statements import Program, Row


def visible_tenant(caller: Caller, tenant_id: str) -> Program[Tenant | None]:
    """Return a tenant, None where there is none for the caller."""
    tenant = yield from find_tenant(tenant_id)
    return tenant if tenant is not None and caller.sees(frozenset((tenant_id,))) else None


def list_tenants(caller: Caller, id_prefix: str, after: str | None, limit: int) -> Program[list[Tenant]]:
    """Return the next tenants by id that are open to the caller."""
    query = begins_with(Select("tenant", COLUMNS), "id", id_prefix)
    if (opened := open_tenants(caller)) is not None:
        marks, tenants = opened
        query.where(f"id IN {marks}", *tenants)
    rows: list[Row] = yield query.page(("id",), None if after is None else (after,), limit).fetch()
    return [Tenant(*row) for row in rows]
