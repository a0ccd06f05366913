"""The caller of the call that is being served."""

from __future__ import annotations

from mesh.access.rows import Rows
from mesh.audit.operation import maker_of
from mesh.call import current_call
from notification_svc.queries.caller import Caller, Tenants


def own() -> Caller:
    """Return the caller of a method that touches nothing but what is its own."""
    call = current_call()
    return Caller(call.user_id or "", frozenset(), call.grants is not None, maker_of(call))


def administering() -> Caller:
    """Return the caller of a method that needs a permission, with the tenants that its rows open."""
    call = current_call()
    return Caller(call.user_id or "", _tenants_of(call.rows), call.grants is not None, maker_of(call))


def _tenants_of(rows: Rows) -> Tenants:
    """Return the tenants that rows open, None for all. Grants that are narrowed by more than tenants open none."""
    tenants: set[str] = set()
    for grant in rows.grants:
        if grant.keys is not None or grant.involved_only:
            continue
        if grant.tenants is None:
            return None
        tenants |= grant.tenants
    return frozenset(tenants)
