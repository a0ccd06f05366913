"""Grants and subjects as events name them."""

from __future__ import annotations

from collections.abc import Sequence

from flowmesh.events.v1 import identity_pb2

from identity_svc.access.grants import Grant, Narrowing
from identity_svc.commands.changes import Changes
from identity_svc.storage.layout import SERVICE_ACCOUNT, USER
from identity_svc.storage.subjects import Subject


def user_ref(subject: Subject) -> identity_pb2.UserRef:
    """Return a user or service account as events name it."""
    return identity_pb2.UserRef(
        id=subject.id,
        tenant_ids=subject.tenant_ids,
        all_tenants=subject.all_tenants,
        service_account=subject.kind == SERVICE_ACCOUNT,
    )


def profile_of(subject: Subject) -> identity_pb2.UserProfile | None:
    """Return what is known of a user as events have it; None for a service account."""
    if subject.kind != USER:
        return None
    return identity_pb2.UserProfile(
        email=subject.email,
        given_name=subject.given_name,
        family_name=subject.family_name,
        locale=subject.locale,
        attributes=subject.attributes,
    )


def granted(grant: Grant | Narrowing) -> identity_pb2.GrantedPermissions:
    """Return a grant, or what narrows one, as events have it."""
    return identity_pb2.GrantedPermissions(
        permissions=grant.permissions or (),
        tenant_ids=sorted(grant.tenants or ()),
        process_definition_keys=grant.keys or (),
        involved_only=grant.involved_only,
    )


def tell_granted(changes: Changes, grants: Sequence[Grant], **holder: str) -> None:
    """Tell that a holder (`subject_id`, `group_id` or `role_id`) got grants, if it got any."""
    if grants:
        message = identity_pb2.PermissionGranted(grants=map(granted, grants), **holder)
        changes.tell("permission_granted", next(iter(holder.values())), message)


def tell_revoked(changes: Changes, grants: Sequence[Grant], **holder: str) -> None:
    """Tell that a holder (`subject_id`, `group_id` or `role_id`) lost grants, if it lost any."""
    if grants:
        message = identity_pb2.PermissionRevoked(grants=map(granted, grants), **holder)
        changes.tell("permission_revoked", next(iter(holder.values())), message)
