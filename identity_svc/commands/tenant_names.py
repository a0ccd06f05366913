"""Tenants that a request names."""

from __future__ import annotations

from collections.abc import Iterable

from identity_svc.commands.refusals import tenant_missing
from identity_svc.queries.caller import Caller
from identity_svc.storage.tenants import missing_tenants
from mesh.db.statements import Program


def check_tenants(caller: Caller, tenant_ids: Iterable[str]) -> Program[None]:
    """Refuse tenants that do not exist or are closed to the caller, with the same words. Raises `NotFound`."""
    named = sorted(set(tenant_ids))
    missing = yield from missing_tenants(named)
    closed = [] if caller.tenants is None else [one for one in named if one not in caller.tenants]
    if absent := sorted({*missing, *closed}):
        raise tenant_missing(absent[0])
