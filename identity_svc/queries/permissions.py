"""The permissions there are: those that methods ask for, and those that are asked for within methods."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from flowmesh.auth.v1.permissions import PERMISSIONS

from identity_svc.access.grants import matches

WITHIN_METHODS: Final = ("permissions.check", "sessions.list", "sessions.revoke", "users.actAs")
"""Asked for where a call is about somebody else than the caller."""

METHODS: Final[dict[str, tuple[tuple[str, int], ...]]] = {
    name: PERMISSIONS.get(name, ()) for name in sorted({*PERMISSIONS, *WITHIN_METHODS})
}
"""By permission the methods that declare it, each with the number of `MethodPermission.Rows`."""


def method_names() -> dict[str, tuple[str, ...]]:
    """Return each permission with the names of its methods."""
    return {name: tuple(method for method, _ in methods) for name, methods in METHODS.items()}


def unknown_permissions(patterns: Iterable[str]) -> list[str]:
    """Return the patterns that stand for no permission at all."""
    return [pattern for pattern in patterns if not any(matches(pattern, name) for name in METHODS)]
