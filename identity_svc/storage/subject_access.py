"""What a subject was granted, directly and by its groups, as one consistent view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from identity_svc.access.grants import Grant, Narrowing, narrowed, within
from identity_svc.storage.grant_rows import grant_of, narrowing_of
from identity_svc.storage.layout import ACTIVE, TO_GROUP, TO_SUBJECT
from identity_svc.storage.security_changes import last_change
from mesh.db.statements import Fetch, Program, Row, placeholders

_NARROWING = "a.role_id, a.permissions, a.tenant_ids, a.definition_keys, a.involved_only"


@dataclass(frozen=True, slots=True)
class SubjectAccess:
    """A subject with what it may do.

    `grants` hold where they say: inside of the subject's tenants, and those of a group of one tenant in that tenant
    alone; `tenants` of a grant is None only for who belongs to all tenants. `version` is the last number of the log of
    changes that is in it. Who is not `active` has no grants.
    """

    subject_id: str
    version: int
    active: bool = False
    kind: int = 0
    group_ids: tuple[str, ...] = ()
    tenant_ids: tuple[str, ...] = ()
    all_tenants: bool = False
    grants: tuple[Grant, ...] = ()

    @property
    def tenants(self) -> frozenset[str] | None:
        """The tenants it belongs to, None for all."""
        return None if self.all_tenants else frozenset(self.tenant_ids)


def read_access(subject_id: str) -> Program[SubjectAccess]:
    """Return what a subject may do; one that does not exist, is disabled or was deleted may do nothing."""
    version = yield from last_change()
    subjects: list[Row] = yield Fetch("SELECT kind, status, all_tenants FROM subject WHERE id=?", (subject_id,))
    if not subjects or subjects[0][1] != ACTIVE:
        return SubjectAccess(subject_id, version)
    kind, _, all_tenants = subjects[0]
    tenant_rows: list[Row] = yield Fetch(
        "SELECT tenant_id FROM subject_tenant WHERE subject_id=? ORDER BY tenant_id", (subject_id,)
    )
    tenant_ids = tuple(row[0] for row in tenant_rows)
    tenants = None if all_tenants else frozenset(tenant_ids)
    groups = yield from _groups(subject_id, tenants)
    grants = yield from _grants(subject_id, tenants, groups)
    return SubjectAccess(subject_id, version, True, kind, tuple(groups), tenant_ids, bool(all_tenants), tuple(grants))


def read_grants(subject_id: str, tenants: frozenset[str] | None) -> Program[list[Grant]]:
    """Return what a subject of these tenants (None: all) was granted, whether it is active or not."""
    groups = yield from _groups(subject_id, tenants)
    return (yield from _grants(subject_id, tenants, groups))


def _groups(subject_id: str, tenants: frozenset[str] | None) -> Program[dict[str, frozenset[str] | None]]:
    """Return the groups of a subject, each with the tenants that it counts in (None: all)."""
    rows: list[Row] = yield Fetch(
        "SELECT g.id, g.tenant_id, g.all_tenants FROM group_member m JOIN subject_group g ON g.id=m.group_id "
        "WHERE m.subject_id=? ORDER BY g.id",
        (subject_id,),
    )
    return {
        group_id: None if everywhere else frozenset((tenant_id,))
        for group_id, tenant_id, everywhere in rows
        if everywhere or tenants is None or tenant_id in tenants
    }


def _grants(
    subject_id: str, tenants: frozenset[str] | None, groups: Mapping[str, frozenset[str] | None]
) -> Program[list[Grant]]:
    given: list[tuple[str, Narrowing, frozenset[str] | None]] = []
    rows: list[Row] = yield Fetch(
        f"SELECT {_NARROWING} FROM role_assignment a WHERE a.assignee_kind=? AND a.assignee_id=?",
        (TO_SUBJECT, subject_id),
    )
    given += [(role_id, narrowing_of(*values), tenants) for role_id, *values in rows]
    if groups:
        rows = yield Fetch(
            f"SELECT {_NARROWING}, a.assignee_id FROM group_member m JOIN role_assignment a "
            "ON a.assignee_kind=? AND a.assignee_id=m.group_id WHERE m.subject_id=?",
            (TO_GROUP, subject_id),
        )
        for role_id, *values, group_id in rows:
            if group_id in groups:
                inside = groups[group_id]
                given.append((role_id, narrowing_of(*values), tenants if inside is None else inside))
    of_roles = yield from role_grants(sorted({role_id for role_id, _, _ in given}))
    grants = [
        grant
        for role_id, narrowing, inside in given
        for of_role in of_roles.get(role_id, ())
        if (left := narrowed(of_role, narrowing)) is not None and (grant := within(left, inside)) is not None
    ]
    return list(dict.fromkeys(grants))


def role_grants(role_ids: Sequence[str]) -> Program[dict[str, list[Grant]]]:
    """Return the grants of roles, in their order."""
    if not role_ids:
        return {}
    rows: list[Row] = yield Fetch(
        "SELECT role_id, permissions, tenant_ids, definition_keys, involved_only FROM role_grant "
        f"WHERE role_id IN {placeholders(len(role_ids))} ORDER BY role_id, number",
        role_ids,
    )
    grants: dict[str, list[Grant]] = {}
    for role_id, *values in rows:
        grants.setdefault(role_id, []).append(grant_of(*values))
    return grants
