"""On whose behalf a call acts, where its request may name somebody, and what else its caller may do."""

from __future__ import annotations

from flowmesh.auth.v1 import permission_pb2

from mesh.access import refusals
from mesh.access.grants import ACT_AS
from mesh.call import CallContext
from mesh.errors import Denied, Violation

__all__ = ["ACT_AS", "acting_user", "demand", "demand_for_rows", "may"]


def acting_user(call: CallContext | None, field: str, asked: str) -> str:
    """Return the user that a call acts as: the one it asks for, else its caller; empty where neither is known.

    `field` is the request's. Raises `Denied` where another than the caller is asked for without the permission.
    """
    if call is None:
        return asked
    caller = call.user_id or ""
    if not asked or asked == caller:
        return caller
    if not call.may_act_as:
        description = f"you may name nobody but yourself here; leave it empty, or ask for the permission {ACT_AS}"
        raise Denied(
            "ACCESS_DENIED",
            f"{field}: {description}",
            metadata={"permission": ACT_AS, "field": field},
            violations=[Violation(field, description)],
        )
    call.acting_for = asked
    return asked


def may(call: CallContext, permission: str, *, tenant_id: str | None = None) -> bool:
    """Tell whether the caller has a further permission: in a tenant, or without one everywhere.

    True where nobody has to sign in.
    """
    if call.grants is None:
        return True
    kind = permission_pb2.MethodPermission
    rows = call.grants.rows(permission, kind.ROWS_UNSPECIFIED if tenant_id is None else kind.ROWS_TENANT)
    return rows is not None and (tenant_id is None or rows.allow_tenant(tenant_id))


def demand(call: CallContext, permission: str, *, tenant_id: str | None = None) -> None:
    """Raise Denied where the caller lacks a further permission; see `may`."""
    if not may(call, permission, tenant_id=tenant_id):
        raise refusals.denied(permission)


def demand_for_rows(call: CallContext, permission: str, narrowed_by: int) -> None:
    """Raise Denied where the caller lacks a further permission for some of the rows of the call.

    `narrowed_by`: by what the method can tell rows apart, a value of `MethodPermission.Rows`.
    """
    if call.grants is None:
        return
    rows = call.grants.rows(permission, narrowed_by)
    if rows is None or not (rows.unrestricted or set(call.rows.grants) <= set(rows.grants)):
        raise refusals.denied(permission, narrower=call.grants.has(permission))
