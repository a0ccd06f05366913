"""Nobody gives more than they hold themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from identity_svc.access.grants import Grant, Narrowing, narrowed, uncovered, within
from identity_svc.queries.caller import Caller, Tenants
from identity_svc.storage.role_assignments import RoleAssignment
from identity_svc.storage.roles import Role
from identity_svc.storage.subject_access import read_access, role_grants
from mesh.db.statements import Program
from mesh.errors import Denied


def check_held(caller: Caller, given: Iterable[Grant], already: Sequence[Grant] = ()) -> Program[None]:
    """Refuse to give grants that the caller's own do not cover, nor those that the receiver has already.

    In grants that are given, `tenants` is None for all tenants. Raises `Denied` (GRANT_NOT_HELD).
    """
    if not caller.bound:
        return
    gained = [grant for grant in given if uncovered(grant, already)]
    if not gained:
        return
    own = yield from read_access(caller.actor.id)
    held = (*already, *own.grants)
    missing = dict.fromkeys(permission for grant in gained for permission in uncovered(grant, held))
    if missing:
        names = ", ".join(missing)
        raise Denied(
            "GRANT_NOT_HELD",
            f"this would give more than the caller holds for these rows: {names}",
            metadata={"permissions": ",".join(missing)},
        )


def effective(role: Role, narrowing: Narrowing, tenants: Tenants) -> list[Grant]:
    """Return what is left of a role's grants, narrowed and in the tenants of who has it."""
    return [
        grant
        for of_role in role.grants
        if (left := narrowed(of_role, narrowing)) is not None and (grant := within(left, tenants)) is not None
    ]


def effective_of_all(assignments: Sequence[RoleAssignment], tenants: Tenants) -> Program[list[Grant]]:
    """Return what somebody in these tenants has by some assignments."""
    grants = yield from role_grants(sorted({one.role_id for one in assignments}))
    found = [
        grant
        for one in assignments
        for grant in effective(Role(one.role_id, grants=tuple(grants.get(one.role_id, ()))), one.narrowing, tenants)
    ]
    return list(dict.fromkeys(found))
