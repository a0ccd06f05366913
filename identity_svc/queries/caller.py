"""Who calls, and which tenants are open to the call."""

from __future__ import annotations

from dataclasses import dataclass

from identity_svc.storage.audit import Actor

Tenants = frozenset[str] | None
"""Some tenants; None: all of them."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A call as the directory sees it.

    `tenants` are open to it. A `bound` caller gives nobody more than it holds itself; only the mesh itself is not, and
    everybody where nobody has to sign in.
    """

    actor: Actor
    tenants: Tenants = None
    bound: bool = True

    def sees(self, tenants: Tenants) -> bool:
        """Tell whether what belongs to these tenants is there for the caller."""
        return self.tenants is None or (tenants is not None and bool(self.tenants & tenants))

    def owns(self, tenants: Tenants) -> bool:
        """Tell whether what belongs to these tenants belongs to none that is closed to the caller."""
        return self.tenants is None or (tenants is not None and bool(tenants) and tenants <= self.tenants)

    def visible(self, tenant_ids: tuple[str, ...]) -> tuple[str, ...]:
        """Return those of some tenants that are open to the caller."""
        return tenant_ids if self.tenants is None else tuple(one for one in tenant_ids if one in self.tenants)


THE_MESH = Caller(Actor(), bound=False)
"""Flowmesh itself, at its start."""
