"""Grants: what they mean together, and whether one is covered by others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

ALL_PERMISSIONS: Final = "*"
_ENDING: Final = "*"


@dataclass(frozen=True, slots=True)
class Grant:
    """Some permissions, for some rows.

    `permissions`: names, `<resource>.*` or `*`. `tenants`: None for those of the subject as long as the grant belongs
    to a role, and for all once it belongs to a subject. `keys` of process definitions: None for all; one that ends
    with `*` stands for all that begin with what is before it. `involved_only`: only what the subject takes part in.
    """

    permissions: tuple[str, ...]
    tenants: frozenset[str] | None = None
    keys: tuple[str, ...] | None = None
    involved_only: bool = False

    @property
    def everything(self) -> bool:
        """Whether it allows everything wherever it holds."""
        return self.permissions == (ALL_PERMISSIONS,) and self.unnarrowed

    @property
    def unnarrowed(self) -> bool:
        """Whether it holds for all rows of the subject's tenants."""
        return self.tenants is None and self.keys is None and not self.involved_only


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What an assignment leaves of a role's grants. None: all of it."""

    permissions: tuple[str, ...] | None = None
    tenants: frozenset[str] | None = None
    keys: tuple[str, ...] | None = None
    involved_only: bool = False

    @property
    def narrows(self) -> bool:
        """Whether it takes anything away."""
        return self != UNNARROWED


UNNARROWED: Final = Narrowing()


def matches(pattern: str, text: str) -> bool:
    """Tell whether a permission or key is one that a pattern stands for; a pattern may be covered by another one."""
    if pattern.endswith(_ENDING):
        return text.startswith(pattern[:-1])
    return pattern == text


def narrowed(grant: Grant, by: Narrowing) -> Grant | None:
    """Return what an assignment leaves of a grant, None where that is nothing."""
    permissions = _common_patterns(grant.permissions, by.permissions)
    keys = _common_patterns(grant.keys, by.keys)
    tenants = common_tenants(grant.tenants, by.tenants)
    if permissions == () or keys == () or (tenants is not None and not tenants):
        return None
    return Grant(permissions or (), tenants, keys, grant.involved_only or by.involved_only)


def within(grant: Grant, tenants: frozenset[str] | None) -> Grant | None:
    """Return what is left of a grant inside of some tenants (None: all), None where that is nothing."""
    left = common_tenants(grant.tenants, tenants)
    return None if left is not None and not left else replace(grant, tenants=left)


def common_tenants(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    """Return the tenants that are in both; None stands for all."""
    if one is None or other is None:
        return other if one is None else one
    return one & other


def uncovered(wanted: Grant, held: Sequence[Grant]) -> tuple[str, ...]:
    """Return the permissions of a grant that those held do not allow for all of its rows."""
    return tuple(name for name in wanted.permissions if not _covered(name, wanted, held))


def _covered(permission: str, wanted: Grant, held: Sequence[Grant]) -> bool:
    able = [
        grant
        for grant in held
        if any(matches(pattern, permission) for pattern in grant.permissions)
        and (wanted.involved_only or not grant.involved_only)
    ]
    tenants: Iterable[str | None] = [None] if wanted.tenants is None else wanted.tenants
    keys: Iterable[str | None] = [None] if wanted.keys is None else wanted.keys
    # Each tenant with each key must be held by one grant; several that hold all keys between them are not looked for.
    return all(any(_holds(grant, tenant, key) for grant in able) for tenant in tenants for key in keys)


def _holds(grant: Grant, tenant: str | None, key: str | None) -> bool:
    return (grant.tenants is None or tenant in grant.tenants) and (
        grant.keys is None or (key is not None and any(matches(pattern, key) for pattern in grant.keys))
    )


def _common_patterns(one: tuple[str, ...] | None, other: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if one is None or other is None:
        return other if one is None else one
    common = [narrow for pair in ((one, other), (other, one)) for narrow in pair[0] if _in_any(narrow, pair[1])]
    return tuple(dict.fromkeys(common))


def _in_any(narrow: str, patterns: tuple[str, ...]) -> bool:
    return any(matches(pattern, narrow) for pattern in patterns)
