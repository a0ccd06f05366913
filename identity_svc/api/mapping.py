"""Rows of the directory as messages, and messages as what commands take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from flowmesh.identity.v1 import (
    access_service_pb2,
    audit_service_pb2,
    group_service_pb2,
    role_assignment_service_pb2,
    role_service_pb2,
    service_account_service_pb2,
    tenant_service_pb2,
    user_service_pb2,
)
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from identity_svc.access.grants import Grant, Narrowing
from identity_svc.queries.audit import AuditEntry
from identity_svc.queries.caller import Caller
from identity_svc.queries.groups import Member
from identity_svc.storage.groups import Group
from identity_svc.storage.role_assignments import RoleAssignment
from identity_svc.storage.roles import Role
from identity_svc.storage.subjects import Subject
from identity_svc.storage.tenants import Tenant


def timestamp(micros: int) -> Timestamp:
    """Return microseconds since the Unix epoch as a message."""
    seconds, rest = divmod(micros, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


def micros_of(time: Timestamp) -> int:
    """Return a time in microseconds; nanoseconds below one are cut off."""
    return time.seconds * 1_000_000 + time.nanos // 1000


def user_message(caller: Caller, user: Subject) -> user_service_pb2.User:
    """Return a user as the caller sees it."""
    return user_service_pb2.User(
        id=user.id,
        # The numbers are those of the contract.
        status=user.status,  # type: ignore[arg-type]
        details=user_service_pb2.UserDetails(
            display_name=user.display_name,
            email=user.email,
            given_name=user.given_name,
            family_name=user.family_name,
            locale=user.locale,
            tenant_ids=caller.visible(user.tenant_ids),
            all_tenants=user.all_tenants,
            attributes=user.attributes,
        ),
        create_time=timestamp(user.created_at),
        update_time=timestamp(user.updated_at),
        etag=str(user.revision),
    )


def service_account_message(caller: Caller, account: Subject) -> service_account_service_pb2.ServiceAccount:
    """Return a service account as the caller sees it."""
    return service_account_service_pb2.ServiceAccount(
        id=account.id,
        # The numbers are those of the contract.
        status=account.status,  # type: ignore[arg-type]
        details=service_account_service_pb2.ServiceAccountDetails(
            display_name=account.display_name,
            description=account.description,
            tenant_ids=caller.visible(account.tenant_ids),
            all_tenants=account.all_tenants,
        ),
        create_time=timestamp(account.created_at),
        update_time=timestamp(account.updated_at),
        etag=str(account.revision),
    )


def tenant_message(tenant: Tenant) -> tenant_service_pb2.Tenant:
    """Return a tenant."""
    return tenant_service_pb2.Tenant(
        id=tenant.id,
        details=tenant_service_pb2.TenantDetails(display_name=tenant.display_name, description=tenant.description),
        create_time=timestamp(tenant.created_at),
        update_time=timestamp(tenant.updated_at),
        etag=str(tenant.revision),
    )


def group_message(group: Group) -> group_service_pb2.Group:
    """Return a group."""
    return group_service_pb2.Group(
        id=group.id,
        tenant_id=group.tenant_id,
        all_tenants=group.all_tenants,
        details=group_service_pb2.GroupDetails(display_name=group.display_name, description=group.description),
        create_time=timestamp(group.created_at),
        update_time=timestamp(group.updated_at),
        etag=str(group.revision),
    )


def member_message(member: Member) -> group_service_pb2.GroupMember:
    """Return a member of a group."""
    return group_service_pb2.GroupMember(
        subject_id=member.subject_id,
        display_name=member.display_name,
        service_account=member.service_account,
        add_time=timestamp(member.added_at),
    )


def role_message(role: Role) -> role_service_pb2.Role:
    """Return a role with its grants."""
    return role_service_pb2.Role(
        id=role.id,
        built_in=role.built_in,
        details=role_service_pb2.RoleDetails(
            display_name=role.display_name,
            description=role.description,
            grants=map(grant_message, role.grants),
        ),
        create_time=timestamp(role.created_at),
        update_time=timestamp(role.updated_at),
        etag=str(role.revision),
    )


def assignment_message(assignment: RoleAssignment) -> role_assignment_service_pb2.RoleAssignment:
    """Return a role assignment."""
    message = role_assignment_service_pb2.RoleAssignment(
        id=assignment.id,
        role_id=assignment.role_id,
        create_time=timestamp(assignment.created_at),
        creator_id=assignment.created_by,
    )
    if assignment.to_group:
        message.group_id = assignment.assignee_id
    else:
        message.subject_id = assignment.assignee_id
    if assignment.narrowing.narrows:
        message.narrowing.CopyFrom(grant_message(assignment.narrowing))
    return message


def audit_message(entry: AuditEntry) -> audit_service_pb2.AuditEntry:
    """Return an entry of the audit log."""
    return audit_service_pb2.AuditEntry(
        id=entry.id,
        time=timestamp(entry.created_at),
        actor_id=entry.actor_id,
        session_id=entry.session_id,
        action=entry.action,
        resource_type=entry.resource_type,
        resource_id=entry.resource_id,
        correlation_id=entry.correlation_id,
        tenant_ids=entry.tenant_ids,
        before=_struct(orjson.loads(entry.before)),
        after=_struct(orjson.loads(entry.after)),
    )


def grant_message(grant: Grant | Narrowing) -> access_service_pb2.Grant:
    """Return a grant, or what narrows one."""
    return access_service_pb2.Grant(
        permissions=grant.permissions or (),
        tenant_ids=sorted(grant.tenants or ()),
        process_definition_keys=grant.keys or (),
        involved_only=grant.involved_only,
    )


def grants_of(messages: Iterable[access_service_pb2.Grant]) -> tuple[Grant, ...]:
    """Return the grants of a request, as they will be read back."""
    return tuple(
        Grant(
            tuple(sorted(message.permissions)),
            frozenset(message.tenant_ids) or None,
            tuple(sorted(message.process_definition_keys)) or None,
            message.involved_only,
        )
        for message in messages
    )


def narrowing_of(message: access_service_pb2.Grant) -> Narrowing:
    """Return what a request narrows a role by."""
    return Narrowing(
        tuple(sorted(message.permissions)) or None,
        frozenset(message.tenant_ids) or None,
        tuple(sorted(message.process_definition_keys)) or None,
        message.involved_only,
    )


def _struct(fields: dict[str, Any]) -> Struct:
    struct = Struct()
    struct.update(fields)
    return struct
