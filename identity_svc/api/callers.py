"""The caller of the call that is being served."""

from __future__ import annotations

from identity_svc.queries.caller import Caller
from identity_svc.storage.audit import actor_of
from mesh.access.rows import Rows
from mesh.call import current_call


class Callers:
    """Knows whether callers have to sign in, and so may give no more than they hold."""

    def __init__(self, *, bound: bool) -> None:
        self._bound = bound

    def current(self) -> Caller:
        """Return the caller of this call, with the tenants that its rows open."""
        call = current_call()
        return Caller(actor_of(call), tenants_of(call.rows), self._bound)


def tenants_of(rows: Rows) -> frozenset[str] | None:
    """Return the tenants that rows open, None for all. Grants that are narrowed by more than tenants open none."""
    tenants: set[str] = set()
    for grant in rows.grants:
        if grant.keys is not None or grant.involved_only:
            continue
        if grant.tenants is None:
            return None
        tenants |= grant.tenants
    return frozenset(tenants)
