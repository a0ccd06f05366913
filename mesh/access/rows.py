"""Which rows a call may touch: what is left of a caller's grants once the permission of the method is picked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class RowGrant:
    """Rows that one grant opens: those of its tenants, and of its definitions, and, `involved_only`, where the caller
    takes part.

    `tenants` and `keys` are None for all; a key that ends with `*` stands for all that begin with what is before it.
    """

    tenants: frozenset[str] | None = None
    keys: tuple[str, ...] | None = None
    involved_only: bool = False

    def opens(self, tenant_id: str, key: str, *, involved: bool) -> bool:
        """Tell whether a row is among them."""
        return (
            (self.tenants is None or tenant_id in self.tenants)
            and (self.keys is None or any(_matches(pattern, key) for pattern in self.keys))
            and (involved or not self.involved_only)
        )


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a call: those that at least one of `grants` opens; none without any.

    `user_id` and `group_ids` are the caller, by which involvement is told.
    """

    grants: tuple[RowGrant, ...]
    user_id: str = ""
    group_ids: frozenset[str] = frozenset()

    @property
    def unrestricted(self) -> bool:
        """Whether every row of every tenant is open."""
        return any(grant == _EVERYTHING for grant in self.grants)

    def allow(self, tenant_id: str, key: str = "", *, involved: bool = False) -> bool:
        """Tell whether a row may be touched. `key` is that of its process definition, empty where it has none."""
        return any(grant.opens(tenant_id, key, involved=involved) for grant in self.grants)

    def allow_tenant(self, tenant_id: str) -> bool:
        """Tell whether there may be open rows in a tenant at all."""
        return any(grant.tenants is None or tenant_id in grant.tenants for grant in self.grants)


def _matches(pattern: str, key: str) -> bool:
    return key.startswith(pattern[:-1]) if pattern.endswith("*") else key == pattern


_EVERYTHING = RowGrant()
ALL_ROWS: Final = Rows((_EVERYTHING,))
"""For the mesh itself, and where nobody has to sign in."""
