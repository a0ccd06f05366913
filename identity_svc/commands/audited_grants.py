"""Grants as the audit log has them: as the contract's JSON."""

from __future__ import annotations

from typing import Any

from identity_svc.access.grants import Grant, Narrowing


def audited_grant(grant: Grant | Narrowing) -> dict[str, Any]:
    """Return what a grant, or what narrows one, says; nothing about what it leaves open."""
    fields: dict[str, Any] = {
        "permissions": list(grant.permissions or ()),
        "tenantIds": sorted(grant.tenants or ()),
        "processDefinitionKeys": list(grant.keys or ()),
        "involvedOnly": grant.involved_only,
    }
    return {name: value for name, value in fields.items() if value}
