"""Errors that several commands and reads answer with."""

from __future__ import annotations

from identity_svc.queries.caller import Caller, Tenants
from mesh.errors import AlreadyExists, Conflict, Denied, DomainError, NotFound, Violation
from mesh.validation import invalid


def user_missing(user_id: str) -> NotFound:
    """Return the error for a user that does not exist, or does not for the caller."""
    return NotFound("USER_NOT_FOUND", f"there is no user {user_id}", metadata={"id": user_id})


def service_account_missing(account_id: str) -> NotFound:
    """Return the error for a service account that does not exist, or does not for the caller."""
    return NotFound(
        "SERVICE_ACCOUNT_NOT_FOUND", f"there is no service account {account_id}", metadata={"id": account_id}
    )


def subject_missing(subject_id: str) -> NotFound:
    """Return the error for a user or service account that does not exist, or does not for the caller."""
    return NotFound(
        "SUBJECT_NOT_FOUND", f"there is no user or service account {subject_id}", metadata={"id": subject_id}
    )


def group_missing(group_id: str) -> NotFound:
    """Return the error for a group that does not exist, or does not for the caller."""
    return NotFound("GROUP_NOT_FOUND", f"there is no group {group_id}", metadata={"id": group_id})


def tenant_missing(tenant_id: str) -> NotFound:
    """Return the error for a tenant that does not exist, or does not for the caller."""
    return NotFound("TENANT_NOT_FOUND", f"there is no tenant {tenant_id!r}", metadata={"id": tenant_id})


def role_missing(role_id: str) -> NotFound:
    """Return the error for a role that does not exist, or does not for the caller."""
    return NotFound("ROLE_NOT_FOUND", f"there is no role {role_id}", metadata={"id": role_id})


def assignment_missing(assignment_id: str) -> NotFound:
    """Return the error for an assignment that does not exist, or does not for the caller."""
    return NotFound(
        "ROLE_ASSIGNMENT_NOT_FOUND", f"there is no role assignment {assignment_id}", metadata={"id": assignment_id}
    )


def id_is_taken(what: str, taken: str) -> AlreadyExists:
    """Return the error for an id that cannot be given again."""
    return AlreadyExists(
        "ID_TAKEN", f"the id {taken} is taken; choose another one for the {what}", metadata={"id": taken}
    )


def field_invalid(field: str, how: str) -> DomainError:
    """Return the error for one field of a request that breaks a rule."""
    return invalid([Violation(field, how)])


def check_etag(etag: str, revision: int, what: str, resource_id: str) -> None:
    """Refuse a change of something that has changed since it was read. Raises `Conflict` (REVISION_CONFLICT)."""
    if etag and etag != str(revision):
        raise Conflict(
            "REVISION_CONFLICT",
            f"{what} {resource_id} was changed since; read it again",
            metadata={"id": resource_id},
        )


def check_owned(caller: Caller, tenants: Tenants, what: str, permission: str) -> None:
    """Refuse a change of something that others share who are none of the caller's business. Raises `Denied`."""
    if not caller.owns(tenants):
        raise Denied(
            "ACCESS_DENIED",
            f"{what} belongs to more tenants than the caller may change",
            metadata={"permission": permission},
        )
