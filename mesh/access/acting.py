"""Who a request speaks for, where it may name somebody: fields such as `initiator`, `user_id`, `assignee`."""

from __future__ import annotations

from flowmesh.auth.v1 import permission_pb2

from mesh.access import refusals
from mesh.call import CallContext
from mesh.errors import Denied

ACT_AS = "users.actAs"


def act_as(call: CallContext, field: str, user_id: str, *, tenant_id: str | None = None) -> str:
    """Return for whom a request speaks: the caller where the field is empty, else whom it names.

    Raises Denied, naming the field, where that is somebody else and the caller may not act for others.
    `tenant_id`: that of what is acted on, where it is known; without it only a grant for every tenant counts.
    Where nobody has to sign in, whoever the field names is believed.
    """
    if call.grants is None or user_id == call.user_id:
        return user_id or call.user_id or ""
    if not user_id:
        assert call.user_id is not None
        return call.user_id
    if not may(call, ACT_AS, tenant_id=tenant_id):
        refused = refusals.denied(ACT_AS)
        raise Denied(
            refused.reason,
            f"{field}: you may leave it empty or name yourself ({call.user_id}); to name somebody else needs the "
            f"permission {ACT_AS}.",
            metadata={**refused.metadata, "field": field},
        )
    return user_id


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
