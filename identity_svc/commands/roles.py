"""Changes of roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from identity_svc.access.built_in_roles import built_in_roles
from identity_svc.access.grants import Grant, uncovered
from identity_svc.commands.audited_grants import audited_grant
from identity_svc.commands.changes import Changes
from identity_svc.commands.event_messages import tell_granted, tell_revoked
from identity_svc.commands.giving import check_held
from identity_svc.commands.refusals import check_etag, field_invalid, id_is_taken, role_missing
from identity_svc.commands.tenant_names import check_tenants
from identity_svc.queries.caller import Caller
from identity_svc.queries.permissions import method_names, unknown_permissions
from identity_svc.storage.roles import Role, delete_role, find_role, holders_of, role_in_use, write_role
from identity_svc.storage.security_changes import MANY_SUBJECTS
from mesh.db.statements import Program
from mesh.errors import WrongState


def create(changes: Changes, wanted: Role) -> Program[Role]:
    """Make a role. Raises `AlreadyExists`, `NotFound` (TENANT_NOT_FOUND), `Denied`, `InvalidField`."""
    check_permissions(wanted.grants, "details.grants")
    yield from check_tenants(changes.caller, wanted.tenants)
    if (yield from find_role(wanted.id)) is not None:
        raise id_is_taken("role", wanted.id)
    yield from check_held(changes.caller, wanted.grants)
    role = replace(wanted, created_at=changes.now, updated_at=changes.now)
    yield from write_role(role)
    changes.audit("roles.create", ("role", role.id), None, {}, _audited(role))
    tell_granted(changes, role.grants, role_id=role.id)
    return role


def update(changes: Changes, role_id: str, values: Mapping[str, Any], etag: str) -> Program[Role]:
    """Change a role, for all who have it. Raises `NotFound`, `WrongState` (ROLE_BUILT_IN), `Conflict`, `Denied`,
    `InvalidField`.
    """
    role = yield from _require_changeable(changes.caller, role_id)
    check_etag(etag, role.revision, "role", role_id)
    changed = replace(role, **values)
    if changed == role:
        return role
    check_permissions(changed.grants, "details.grants")
    yield from check_tenants(changes.caller, changed.tenants - role.tenants)
    yield from check_held(changes.caller, changed.grants, role.grants)
    changed = replace(changed, revision=role.revision + 1, updated_at=changes.now)
    yield from _write(changes, role, changed)
    changes.audit("roles.update", ("role", role_id), None, _audited(role), _audited(changed))
    return changed


def delete(changes: Changes, role_id: str, etag: str) -> Program[None]:
    """Delete a role that nobody has. Raises `NotFound`, `WrongState` (ROLE_BUILT_IN, ROLE_IN_USE), `Conflict`."""
    role = yield from _require_changeable(changes.caller, role_id)
    check_etag(etag, role.revision, "role", role_id)
    if (yield from role_in_use(role_id)):
        raise WrongState(
            "ROLE_IN_USE",
            f"the role {role_id} is assigned; delete its assignments first",
            metadata={"id": role_id},
        )
    yield from delete_role(role_id)
    changes.audit("roles.delete", ("role", role_id), None, _audited(role), {})
    tell_revoked(changes, role.grants, role_id=role_id)


def bring_built_in(changes: Changes) -> Program[bool]:
    """Make the roles that Flowmesh brings what this release says they are; return whether anything changed."""
    any_changed = False
    for built_in in built_in_roles(method_names()):
        stored = yield from find_role(built_in.id)
        # As it is read back: lists are kept in order.
        grants = tuple(replace(one, permissions=tuple(sorted(one.permissions))) for one in built_in.grants)
        wanted = Role(
            built_in.id,
            True,
            built_in.display_name,
            built_in.description,
            1 if stored is None else stored.revision,
            changes.now if stored is None else stored.created_at,
            changes.now if stored is None else stored.updated_at,
            grants,
        )
        if stored == wanted:
            continue
        any_changed = True
        if stored is None:
            yield from write_role(wanted)
            changes.audit("roles.create", ("role", wanted.id), None, {}, _audited(wanted))
            continue
        wanted = replace(wanted, revision=stored.revision + 1, updated_at=changes.now)
        yield from _write(changes, stored, wanted)
        changes.audit("roles.update", ("role", wanted.id), None, _audited(stored), _audited(wanted))
    return any_changed


def check_permissions(grants: Sequence[Grant], field: str) -> None:
    """Refuse permissions that do not exist. Raises `InvalidField`."""
    for number, grant in enumerate(grants):
        if unknown := unknown_permissions(grant.permissions):
            raise field_invalid(
                f"{field}[{number}].permissions",
                f"there is no permission {unknown[0]}; GET /v1/permissions lists those there are",
            )


def require_role(caller: Caller, role_id: str) -> Program[Role]:
    """Return a role that the caller sees. Raises `NotFound`."""
    role = yield from find_role(role_id)
    if role is None or not (caller.tenants is None or role.tenants <= caller.tenants):
        raise role_missing(role_id)
    return role


def _require_changeable(caller: Caller, role_id: str) -> Program[Role]:
    role = yield from require_role(caller, role_id)
    if role.built_in:
        raise WrongState(
            "ROLE_BUILT_IN",
            f"the role {role_id} belongs to Flowmesh and is not to be changed; make another one",
            metadata={"id": role_id},
        )
    return role


def _write(changes: Changes, role: Role, changed: Role) -> Program[None]:
    yield from write_role(changed)
    gained = [grant for grant in changed.grants if uncovered(grant, role.grants)]
    lost = [grant for grant in role.grants if uncovered(grant, changed.grants)]
    tell_granted(changes, gained, role_id=role.id)
    tell_revoked(changes, lost, role_id=role.id)
    if gained or lost:
        holders = yield from holders_of(role.id, MANY_SUBJECTS + 1)
        changes.subjects(holders)


def _audited(role: Role) -> dict[str, Any]:
    return {
        "displayName": role.display_name,
        "description": role.description,
        "grants": [audited_grant(grant) for grant in role.grants],
    }
