"""Roles given to users, service accounts and groups, and taken away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flowmesh.events.v1 import identity_pb2

from identity_svc.access.grants import Grant, common_tenants
from identity_svc.commands.audited_grants import audited_grant
from identity_svc.commands.changes import Changes
from identity_svc.commands.event_messages import granted, tell_granted, tell_revoked
from identity_svc.commands.giving import check_held, effective
from identity_svc.commands.groups import require_group
from identity_svc.commands.refusals import assignment_missing, field_invalid, subject_missing
from identity_svc.commands.roles import check_permissions, require_role
from identity_svc.commands.tenant_names import check_tenants
from identity_svc.queries.caller import Caller, Tenants
from identity_svc.storage.groups import find_group, member_ids
from identity_svc.storage.role_assignments import (
    RoleAssignment,
    delete_assignments,
    find_assignment,
    find_twin,
    insert_assignment,
)
from identity_svc.storage.roles import find_role
from identity_svc.storage.security_changes import MANY_SUBJECTS
from identity_svc.storage.subjects import find_subject
from mesh.db.statements import Program
from mesh.errors import AlreadyExists


def create(changes: Changes, wanted: RoleAssignment) -> Program[RoleAssignment]:
    """Give a role; what a caller gives whose grants are narrowed to tenants is narrowed to these.

    Raises `NotFound`, `AlreadyExists`, `Denied` (GRANT_NOT_HELD), `InvalidField`.
    """
    caller = changes.caller
    narrowing = wanted.narrowing
    if narrowing.permissions is not None:
        check_permissions([Grant(narrowing.permissions)], "narrowing")
    role = yield from require_role(caller, wanted.role_id)
    yield from check_tenants(caller, narrowing.tenants or ())
    belongs_to = yield from _tenants_of_assignee(caller, wanted)
    if narrowing.tenants is None and caller.tenants is not None:
        # Else it would hold in tenants that who has it comes to later, and which are none of the caller's business.
        narrowing = replace(narrowing, tenants=common_tenants(belongs_to, caller.tenants))
    tenants = common_tenants(belongs_to, narrowing.tenants)
    if tenants is not None and not tenants:
        raise field_invalid("narrowing.tenant_ids", "who is to have the role belongs to none of these tenants")
    grants = effective(role, narrowing, tenants)
    yield from check_held(caller, grants)
    assignment = replace(wanted, narrowing=narrowing, created_at=changes.now, created_by=caller.actor.id)
    twin = yield from find_twin(assignment)
    if twin is not None:
        raise AlreadyExists(
            "ROLE_ASSIGNMENT_EXISTS",
            f"{wanted.assignee_id} has the role {role.id} already, narrowed in the same way",
            metadata={"id": twin},
        )
    yield from insert_assignment(assignment)
    changes.audit("roleAssignments.create", ("roleAssignment", assignment.id), tenants, {}, _audited(assignment))
    message = identity_pb2.RoleAssigned(
        role_assignment_id=assignment.id, role_id=role.id, narrowing=granted(narrowing), **_assignee(assignment)
    )
    changes.tell("role_assigned", assignment.assignee_id, message)
    tell_granted(changes, grants, **_assignee(assignment))
    yield from _tell_holders(changes, assignment)
    return assignment


def delete(changes: Changes, assignment_id: str) -> Program[None]:
    """Take a role away. Raises `NotFound`."""
    assignment, tenants = yield from require_assignment(changes.caller, assignment_id)
    role = yield from find_role(assignment.role_id)
    yield from delete_assignments([assignment_id])
    changes.audit("roleAssignments.delete", ("roleAssignment", assignment_id), tenants, _audited(assignment), {})
    message = identity_pb2.RoleUnassigned(
        role_assignment_id=assignment_id, role_id=assignment.role_id, **_assignee(assignment)
    )
    changes.tell("role_unassigned", assignment.assignee_id, message)
    if role is not None:
        tell_revoked(changes, effective(role, assignment.narrowing, tenants), **_assignee(assignment))
    yield from _tell_holders(changes, assignment)


def require_assignment(caller: Caller, assignment_id: str) -> Program[tuple[RoleAssignment, Tenants]]:
    """Return an assignment that the caller sees, with the tenants that it holds in. Raises `NotFound`."""
    assignment = yield from find_assignment(assignment_id)
    if assignment is None:
        raise assignment_missing(assignment_id)
    held_in: Tenants = frozenset()
    if assignment.to_group:
        group = yield from find_group(assignment.assignee_id)
        visible = group is not None and caller.sees(group.tenants)
        held_in = group.tenants if group is not None else held_in
    else:
        subject = yield from find_subject(assignment.assignee_id)
        visible = subject is not None and caller.sees(subject.tenants)
        held_in = subject.tenants if subject is not None else held_in
    named = assignment.narrowing.tenants
    # What it is narrowed to is told to nobody who may not see all of it.
    if not visible or not caller.owns(held_in if named is None else named):
        raise assignment_missing(assignment_id)
    return assignment, common_tenants(held_in, named)


def _tenants_of_assignee(caller: Caller, wanted: RoleAssignment) -> Program[Tenants]:
    if wanted.to_group:
        group = yield from require_group(caller, wanted.assignee_id)
        return group.tenants
    subject = yield from find_subject(wanted.assignee_id)
    if subject is None or not caller.sees(subject.tenants):
        raise subject_missing(wanted.assignee_id)
    return subject.tenants


def _tell_holders(changes: Changes, assignment: RoleAssignment) -> Program[None]:
    if assignment.to_group:
        members = yield from member_ids(assignment.assignee_id, MANY_SUBJECTS + 1)
        changes.subjects(members)
    else:
        changes.subjects([assignment.assignee_id])


def _assignee(assignment: RoleAssignment) -> dict[str, str]:
    return {"group_id" if assignment.to_group else "subject_id": assignment.assignee_id}


def _audited(assignment: RoleAssignment) -> dict[str, Any]:
    fields: dict[str, Any] = {"roleId": assignment.role_id}
    fields["groupId" if assignment.to_group else "subjectId"] = assignment.assignee_id
    if assignment.narrowing.narrows:
        fields["narrowing"] = audited_grant(assignment.narrowing)
    return fields
