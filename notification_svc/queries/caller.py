"""Who calls, and which tenants are open to the call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mesh.audit.operation import NOBODY, Maker
from mesh.db.select import Select
from mesh.db.statements import Program
from mesh.errors import Denied
from notification_svc.storage.directory import read_subjects

Tenants = frozenset[str] | None
"""Some tenants; None: all of them."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A call. `tenants` are open to it; `signed_in`: the caller had to sign in; `maker`: who the audit says it is."""

    id: str
    tenants: Tenants = None
    signed_in: bool = True
    maker: Maker = NOBODY

    def sees(self, tenant_id: str) -> bool:
        """Tell whether what belongs to a tenant is there for the caller."""
        return self.tenants is None or tenant_id in self.tenants

    def demand(self, tenant_id: str, permission: str) -> None:
        """Raise `Denied` where a tenant is closed to the caller."""
        if not self.sees(tenant_id):
            raise Denied(
                "ACCESS_DENIED",
                f"the tenant {tenant_id!r} is not open to you by the permission {permission}",
                metadata={"permission": permission},
            )

    def only_open(self, query: Select, column: str = "tenant_id") -> Select:
        """Keep only the rows of tenants that are open."""
        if self.tenants is None:
            return query
        tenants: Sequence[str] = sorted(self.tenants)
        return query.one_of(column, tenants) if tenants else query.where("1=0")


def own_tenants(caller: Caller) -> Program[Tenants]:
    """Return the tenants that a caller belongs to itself, None for all and where nobody has to sign in."""
    if not caller.signed_in:
        return None
    subject = (yield from read_subjects([caller.id])).get(caller.id)
    return frozenset() if subject is None else subject.tenants
