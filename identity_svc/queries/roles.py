"""Lists of roles."""

from __future__ import annotations

from identity_svc.queries.caller import Caller
from identity_svc.queries.conditions import begins_with, open_tenants
from identity_svc.storage.roles import COLUMNS, Role, find_role, roles_of_rows
from mesh.db.select import Select
from mesh.db.statements import Program, Row


def visible_role(caller: Caller, role_id: str) -> Program[Role | None]:
    """Return a role, None where there is none for the caller: one whose grants name tenants that are closed to it."""
    role = yield from find_role(role_id)
    visible = role is not None and (caller.tenants is None or role.tenants <= caller.tenants)
    return role if visible else None


def list_roles(
    caller: Caller, id_prefix: str, built_in: bool | None, after: str | None, limit: int
) -> Program[list[Role]]:
    """Return the next roles by id that the caller sees."""
    query = begins_with(Select("role", COLUMNS), "id", id_prefix)
    if built_in is not None:
        query.where("built_in=?", int(built_in))
    if (opened := open_tenants(caller)) is not None:
        marks, tenants = opened
        query.where(
            f"NOT EXISTS (SELECT 1 FROM role_tenant t WHERE t.role_id=role.id AND t.tenant_id NOT IN {marks})",
            *tenants,
        )
    rows: list[Row] = yield query.page(("id",), None if after is None else (after,), limit).fetch()
    return (yield from roles_of_rows(rows))
