"""Changes of groups and memberships."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flowmesh.events.v1 import identity_pb2

from identity_svc.access.grants import Grant
from identity_svc.commands.changes import Changes
from identity_svc.commands.event_messages import tell_granted, tell_revoked
from identity_svc.commands.giving import check_held, effective_of_all
from identity_svc.commands.refusals import (
    check_etag,
    field_invalid,
    group_missing,
    id_is_taken,
    subject_missing,
)
from identity_svc.commands.tenant_names import check_tenants
from identity_svc.queries.caller import Caller
from identity_svc.storage.groups import (
    Group,
    delete_group,
    delete_members,
    find_group,
    insert_group,
    insert_members,
    member_ids,
    those_in_group,
    update_group,
)
from identity_svc.storage.layout import TO_GROUP
from identity_svc.storage.role_assignments import assignments_to
from identity_svc.storage.security_changes import MANY_SUBJECTS
from identity_svc.storage.subjects import read_subjects
from mesh.db.statements import Program
from mesh.errors import Denied


def create(changes: Changes, wanted: Group) -> Program[Group]:
    """Make a group. Raises `AlreadyExists`, `NotFound` (TENANT_NOT_FOUND), `Denied`."""
    if wanted.all_tenants:
        if wanted.tenant_id:
            raise field_invalid("tenant_id", "must be empty where all_tenants is set")
        if changes.caller.tenants is not None:
            raise Denied(
                "ACCESS_DENIED",
                "only who may change all tenants can make a group of all of them",
                metadata={"permission": "groups.create"},
            )
    else:
        yield from check_tenants(changes.caller, [wanted.tenant_id])
    if (yield from find_group(wanted.id)) is not None:
        raise id_is_taken("group", wanted.id)
    group = replace(wanted, created_at=changes.now, updated_at=changes.now)
    yield from insert_group(group)
    changes.audit("groups.create", ("group", group.id), group.tenants, {}, _audited(group))
    return group


def update(changes: Changes, group_id: str, values: Mapping[str, Any], etag: str) -> Program[Group]:
    """Change what is known of a group. Raises `NotFound`, `Conflict`."""
    group = yield from require_group(changes.caller, group_id)
    check_etag(etag, group.revision, "group", group_id)
    changed = replace(group, **values)
    if changed == group:
        return group
    changed = replace(changed, revision=group.revision + 1, updated_at=changes.now)
    yield from update_group(changed)
    changes.audit("groups.update", ("group", group_id), group.tenants, _audited(group), _audited(changed))
    return changed


def delete(changes: Changes, group_id: str, etag: str) -> Program[None]:
    """Delete a group with its memberships and roles. Raises `NotFound`, `Conflict`."""
    group = yield from require_group(changes.caller, group_id)
    check_etag(etag, group.revision, "group", group_id)
    members = yield from member_ids(group_id, MANY_SUBJECTS + 1)
    yield from delete_group(group_id)
    changes.audit("groups.delete", ("group", group_id), group.tenants, _audited(group), {})
    changes.tell("group_deleted", group_id, identity_pb2.GroupDeleted(group_id=group_id))
    changes.subjects(members)


def add_members(changes: Changes, group_id: str, subject_ids: Sequence[str]) -> Program[int]:
    """Take users and service accounts into a group; return how many were not in it. Raises `NotFound`, `Denied`."""
    group = yield from require_group(changes.caller, group_id)
    yield from _check_subjects(changes.caller, group, subject_ids)
    there = yield from those_in_group(group_id, subject_ids)
    added = [one for one in subject_ids if one not in there]
    if not added:
        return 0
    grants = yield from _grants_of(group)
    yield from check_held(changes.caller, grants)
    yield from insert_members(group_id, added, changes.now)
    changes.audit("groups.addMembers", ("group", group_id), group.tenants, {}, {"subjectIds": added})
    for subject_id in added:
        message = identity_pb2.GroupMemberAdded(subject_id=subject_id, group_id=group_id)
        changes.tell("group_member_added", subject_id, message)
        tell_granted(changes, grants, subject_id=subject_id)
    changes.subjects(added)
    return len(added)


def remove_members(changes: Changes, group_id: str, subject_ids: Sequence[str]) -> Program[int]:
    """Take users and service accounts out of a group; return how many were in it. Raises `NotFound`."""
    group = yield from require_group(changes.caller, group_id)
    there = yield from those_in_group(group_id, subject_ids)
    found = yield from read_subjects(sorted(there))
    seen = {one for one in there if changes.caller.sees(found[one].tenants)}
    removed = [one for one in subject_ids if one in seen]
    if not removed:
        return 0
    grants = yield from _grants_of(group)
    yield from delete_members(group_id, removed)
    changes.audit("groups.removeMembers", ("group", group_id), group.tenants, {"subjectIds": removed}, {})
    for subject_id in removed:
        message = identity_pb2.GroupMemberRemoved(subject_id=subject_id, group_id=group_id)
        changes.tell("group_member_removed", subject_id, message)
        tell_revoked(changes, grants, subject_id=subject_id)
    changes.subjects(removed)
    return len(removed)


def require_group(caller: Caller, group_id: str) -> Program[Group]:
    """Return a group that the caller sees. Raises `NotFound`."""
    group = yield from find_group(group_id)
    if group is None or not caller.sees(group.tenants):
        raise group_missing(group_id)
    return group


def _check_subjects(caller: Caller, group: Group, subject_ids: Sequence[str]) -> Program[None]:
    found = yield from read_subjects(subject_ids)
    for number, subject_id in enumerate(subject_ids):
        subject = found.get(subject_id)
        if subject is None or not caller.sees(subject.tenants):
            raise subject_missing(subject_id)
        if group.tenants is not None and subject.tenants is not None and not group.tenants <= subject.tenants:
            raise field_invalid(
                f"subject_ids[{number}]", f"{subject_id} does not belong to the tenant {group.tenant_id!r} of the group"
            )


def _grants_of(group: Group) -> Program[list[Grant]]:
    assignments = yield from assignments_to(TO_GROUP, group.id)
    return (yield from effective_of_all(assignments, group.tenants))


def _audited(group: Group) -> dict[str, Any]:
    return {
        "displayName": group.display_name,
        "description": group.description,
        "tenantId": group.tenant_id,
        "allTenants": group.all_tenants,
    }
