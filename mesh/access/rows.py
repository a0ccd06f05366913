"""Which rows a call may touch: what is left of a caller's grants once the permission of the method is picked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import orjson


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

    `user_id` and `group_ids` are the caller, by which involvement is told. `unrestricted` tells that every row of
    every tenant is open.
    """

    grants: tuple[RowGrant, ...]
    user_id: str = ""
    group_ids: frozenset[str] = frozenset()
    unrestricted: bool = field(init=False)

    def __post_init__(self) -> None:
        # Every call asks for it.
        object.__setattr__(self, "unrestricted", any(grant == _EVERYTHING for grant in self.grants))

    @property
    def only_involved(self) -> bool:
        """Whether no row is open in which the caller takes no part."""
        return all(grant.involved_only for grant in self.grants)

    def allow(self, tenant_id: str, key: str = "", *, involved: bool = False) -> bool:
        """Tell whether a row may be touched. `key` is that of its process definition, empty where it has none."""
        return any(grant.opens(tenant_id, key, involved=involved) for grant in self.grants)

    def allow_tenant(self, tenant_id: str) -> bool:
        """Tell whether there may be open rows in a tenant at all."""
        return any(grant.tenants is None or tenant_id in grant.tenants for grant in self.grants)

    def parts(self) -> list[Rows]:
        """Return the rows in two parts: those that are open as they are, and those open by taking part.

        Lists read each by other indexes. A part without grants is left out.
        """
        split = ([grant for grant in self.grants if grant.involved_only is one] for one in (False, True))
        return [Rows(tuple(grants), self.user_id, self.group_ids) for grants in split if grants]

    def to_json(self) -> bytes:
        """Return the rows as a text that is the same for the same rows; see `rows_from_json`."""
        grants = [
            [
                None if grant.tenants is None else sorted(grant.tenants),
                None if grant.keys is None else list(grant.keys),
                grant.involved_only,
            ]
            for grant in self.grants
        ]
        return orjson.dumps([grants, self.user_id, sorted(self.group_ids)])


def rows_from_json(text: bytes) -> Rows:
    """Return the rows that `Rows.to_json` has written."""
    grants, user_id, group_ids = orjson.loads(text)
    return Rows(
        tuple(
            RowGrant(None if tenants is None else frozenset(tenants), None if keys is None else tuple(keys), involved)
            for tenants, keys, involved in grants
        ),
        user_id,
        frozenset(group_ids),
    )


def _matches(pattern: str, key: str) -> bool:
    return key.startswith(pattern[:-1]) if pattern.endswith("*") else key == pattern


_EVERYTHING = RowGrant()
ALL_ROWS: Final = Rows((_EVERYTHING,))
"""For the mesh itself, and where nobody has to sign in."""
