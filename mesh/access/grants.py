"""What a subject was granted, compiled: which rows a permission opens to it."""

from __future__ import annotations

from collections.abc import Iterable

from flowmesh.auth.v1 import permission_pb2
from flowmesh.identity.v1 import access_service_pb2

from mesh.access.rows import RowGrant, Rows

ACT_AS = "users.actAs"
"""The permission to act as another user."""

_MAX_REMEMBERED = 2000


class SubjectGrants:
    """What one subject may do; see `Access` in the contract.

    Raises nothing for what it does not understand: a pattern that matches no permission grants none.
    """

    __slots__ = ("_grants", "_remembered", "active", "group_ids", "may_act_as", "no_rows", "subject_id", "version")

    def __init__(self, access: access_service_pb2.Access) -> None:
        self.subject_id = access.subject_id
        self.active = access.active
        self.version = access.version
        self.group_ids = frozenset(access.group_ids)
        self.no_rows = Rows((), self.subject_id, self.group_ids)
        tenants = None if access.all_tenants else frozenset(access.tenant_ids)
        self._grants = [
            (tuple(grant.permissions), _row_grant(grant, tenants)) for grant in access.grants if access.active
        ]
        self._remembered: dict[tuple[str, int], Rows | None] = {}
        self.may_act_as = self.rows(ACT_AS, permission_pb2.MethodPermission.ROWS_UNSPECIFIED) is not None
        """Whether it may do so everywhere."""

    def rows(self, permission: str, narrowed_by: int) -> Rows | None:
        """Return the rows that a permission opens for a method which can tell rows apart by `narrowed_by`, a value of
        `MethodPermission.Rows`.

        None where nothing is opened. Grants that are narrower than that do not count.
        """
        what = (permission, narrowed_by)
        try:
            return self._remembered[what]
        except KeyError:
            pass
        grants = [grant for grant in self._granted(permission) if _is_told_apart(grant, narrowed_by)]
        if any(grant == RowGrant() for grant in grants):
            grants = [RowGrant()]
        rows = Rows(tuple(dict.fromkeys(grants)), self.subject_id, self.group_ids) if grants else None
        # The names come from contracts, but nothing makes sure of it.
        if len(self._remembered) >= _MAX_REMEMBERED:
            self._remembered.clear()
        self._remembered[what] = rows
        return rows

    def has(self, permission: str) -> bool:
        """Tell whether a permission was granted for anything at all."""
        return bool(self._granted(permission))

    def _granted(self, permission: str) -> list[RowGrant]:
        return [
            grant
            for patterns, grant in self._grants
            # No tenant: the subject belongs to none, or to none of those that the grant is for.
            if grant.tenants != frozenset() and covers(patterns, permission)
        ]


def covers(patterns: Iterable[str], permission: str) -> bool:
    """Tell whether one of some patterns stands for a permission: its name, `<resource>.*`, or `*`."""
    return any(
        pattern in ("*", permission) or (pattern.endswith(".*") and permission.startswith(pattern[:-1]))
        for pattern in patterns
    )


def _row_grant(grant: access_service_pb2.Grant, tenants: frozenset[str] | None) -> RowGrant:
    own = frozenset(grant.tenant_ids)
    if own:
        # It narrows: nobody gets into a tenant by a grant alone.
        tenants = own if tenants is None else own & tenants
    return RowGrant(tenants, tuple(grant.process_definition_keys) or None, grant.involved_only)


def _is_told_apart(grant: RowGrant, narrowed_by: int) -> bool:
    kind = permission_pb2.MethodPermission
    if grant.involved_only:
        return narrowed_by == kind.ROWS_INVOLVEMENT
    if grant.keys is not None:
        return narrowed_by in (kind.ROWS_DEFINITION, kind.ROWS_INVOLVEMENT)
    if grant.tenants is not None:
        return narrowed_by in (kind.ROWS_TENANT, kind.ROWS_DEFINITION, kind.ROWS_INVOLVEMENT)
    return True
