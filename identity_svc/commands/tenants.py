"""Changes of tenants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from identity_svc.commands.changes import Changes
from identity_svc.commands.refusals import check_etag, id_is_taken, tenant_missing
from identity_svc.storage.tenants import (
    Tenant,
    delete_tenant,
    find_tenant,
    insert_tenant,
    tenant_in_use,
    update_tenant,
)
from mesh.db.statements import Program
from mesh.errors import WrongState


def create(changes: Changes, wanted: Tenant) -> Program[Tenant]:
    """Make a tenant. Raises `AlreadyExists`."""
    if (yield from find_tenant(wanted.id)) is not None:
        raise id_is_taken("tenant", wanted.id)
    tenant = replace(wanted, created_at=changes.now, updated_at=changes.now)
    yield from insert_tenant(tenant)
    changes.audit("tenants.create", ("tenant", tenant.id), frozenset((tenant.id,)), {}, _audited(tenant))
    return tenant


def update(changes: Changes, tenant_id: str, values: Mapping[str, Any], etag: str) -> Program[Tenant]:
    """Change what is known of a tenant. Raises `NotFound`, `Conflict`."""
    tenant = yield from _require(changes, tenant_id)
    check_etag(etag, tenant.revision, "tenant", tenant_id)
    changed = replace(tenant, **values)
    if changed == tenant:
        return tenant
    changed = replace(changed, revision=tenant.revision + 1, updated_at=changes.now)
    yield from update_tenant(changed)
    changes.audit("tenants.update", ("tenant", tenant_id), frozenset((tenant_id,)), _audited(tenant), _audited(changed))
    return changed


def delete(changes: Changes, tenant_id: str, etag: str) -> Program[None]:
    """Delete a tenant that nothing names. Raises `NotFound`, `Conflict`, `WrongState` (TENANT_IN_USE)."""
    tenant = yield from _require(changes, tenant_id)
    check_etag(etag, tenant.revision, "tenant", tenant_id)
    if (yield from tenant_in_use(tenant_id)):
        raise WrongState(
            "TENANT_IN_USE",
            f"users, groups, roles or role assignments name the tenant {tenant_id}",
            metadata={"id": tenant_id},
        )
    yield from delete_tenant(tenant_id)
    changes.audit("tenants.delete", ("tenant", tenant_id), frozenset((tenant_id,)), _audited(tenant), {})


def _require(changes: Changes, tenant_id: str) -> Program[Tenant]:
    tenant = yield from find_tenant(tenant_id)
    if tenant is None or not changes.caller.sees(frozenset((tenant_id,))):
        raise tenant_missing(tenant_id)
    return tenant


def _audited(tenant: Tenant) -> dict[str, Any]:
    return {"displayName": tenant.display_name, "description": tenant.description}
