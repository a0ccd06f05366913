"""Changes of users and service accounts: what is the same for both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flowmesh.events.v1 import identity_pb2

from identity_svc.commands.changes import Changes
from identity_svc.commands.event_messages import profile_of, user_ref
from identity_svc.commands.giving import check_held
from identity_svc.commands.refusals import check_etag, check_owned, field_invalid, id_is_taken
from identity_svc.commands.sessions import end_and_tell
from identity_svc.commands.tenant_names import check_tenants
from identity_svc.queries.caller import Caller
from identity_svc.storage.credentials import close_credentials
from identity_svc.storage.layout import ACTIVE, DISABLED, NO_TENANT_NAME, USER
from identity_svc.storage.sessions import EndReason, open_sessions_of
from identity_svc.storage.subject_access import read_grants
from identity_svc.storage.subjects import (
    Subject,
    erase_subject,
    find_subject,
    id_taken,
    insert_subject,
    leave_groups_outside,
    owner_of_email,
    update_subject,
)
from mesh.db.statements import Program
from mesh.errors import AlreadyExists, Denied, NotFound

_NAMES = {USER: "user"}
_RESOURCES = {USER: ("user", "users")}
_OF_SERVICE_ACCOUNTS = ("serviceAccount", "serviceAccounts")


def create_subject(changes: Changes, wanted: Subject) -> Program[Subject]:
    """Make a user or service account; without tenants it belongs to the one without a name.

    Raises `AlreadyExists` (ID_TAKEN, EMAIL_TAKEN), `NotFound` (TENANT_NOT_FOUND), `Denied`.
    """
    caller = changes.caller
    tenant_ids = () if wanted.all_tenants else wanted.tenant_ids or (NO_TENANT_NAME,)
    subject = replace(wanted, tenant_ids=tuple(sorted(tenant_ids)), created_at=changes.now, updated_at=changes.now)
    _check_scope(caller, wanted)
    yield from check_tenants(caller, subject.tenant_ids)
    if (yield from id_taken(subject.id)):
        raise id_is_taken(_name(subject), subject.id)
    yield from _check_email(subject)
    yield from insert_subject(subject)
    changes.audit(_action(subject, "create"), _resource(subject), subject.tenants, {}, audited(subject))
    changes.tell(
        "user_created",
        subject.id,
        identity_pb2.UserCreated(
            user=user_ref(subject), display_name=subject.display_name, profile=profile_of(subject)
        ),
    )
    changes.subjects([subject.id])
    return subject


def update_details(changes: Changes, subject: Subject, values: Mapping[str, Any], etag: str) -> Program[Subject]:
    """Change what is known of a user or service account; `values` has the attributes of `Subject` that are given.

    Tenants that are closed to the caller stay as they are. Raises `AlreadyExists` (EMAIL_TAKEN), `NotFound`
    (TENANT_NOT_FOUND), `Denied`, `WrongState`, `Conflict`.
    """
    caller = changes.caller
    check_etag(etag, subject.revision, _name(subject), subject.id)
    values = dict(values)
    if set(values) - {"tenant_ids"}:
        check_owned(caller, subject.tenants, f"{_name(subject)} {subject.id}", _action(subject, "update"))
    changed = replace(subject, **_with_tenants(caller, subject, values))
    _check_scope(caller, changed)
    if changed == subject:
        return subject
    if not changed.all_tenants and not changed.tenant_ids and subject.tenants != frozenset():
        raise field_invalid(
            "details.tenant_ids", f"the {_name(subject)} must belong to a tenant; disable it to keep it out"
        )
    yield from check_tenants(caller, set(changed.tenant_ids) - set(subject.tenant_ids))
    yield from _check_email(changed)
    changed = replace(changed, revision=subject.revision + 1, updated_at=changes.now)
    before = yield from read_grants(subject.id, subject.tenants)
    yield from update_subject(subject, changed)
    if changed.tenants != subject.tenants:
        for group_id in (yield from leave_groups_outside(changed)):
            message = identity_pb2.GroupMemberRemoved(subject_id=changed.id, group_id=group_id)
            changes.tell("group_member_removed", changed.id, message)
        # Also of who is disabled: somebody else may let it in again.
        after = yield from read_grants(changed.id, changed.tenants)
        yield from check_held(caller, after, before)
        changes.subjects([subject.id])
    # The wall stands where the subject was as well as where it is.
    tenants = None if subject.tenants is None or changed.tenants is None else subject.tenants | changed.tenants
    was, became = audited(subject), audited(changed)
    changes.audit(_action(subject, "update"), _resource(subject), tenants, was, became)
    changes.tell(
        "user_updated",
        subject.id,
        identity_pb2.UserUpdated(
            user=user_ref(changed),
            display_name=changed.display_name,
            fields=sorted(name for name in became if became[name] != was[name]),
            profile=profile_of(changed),
        ),
    )
    return changed


def disable_subject(changes: Changes, subject: Subject, etag: str) -> Program[Subject]:
    """Let a user or service account do nothing any more. Raises `Conflict`, `Denied`."""
    check_etag(etag, subject.revision, _name(subject), subject.id)
    check_owned(changes.caller, subject.tenants, f"{_name(subject)} {subject.id}", _action(subject, "disable"))
    return (yield from _set_status(changes, subject, DISABLED))


def enable_subject(changes: Changes, subject: Subject, etag: str) -> Program[Subject]:
    """Let a disabled user or service account in again. Raises `Conflict`, `Denied`."""
    check_etag(etag, subject.revision, _name(subject), subject.id)
    check_owned(changes.caller, subject.tenants, f"{_name(subject)} {subject.id}", _action(subject, "disable"))
    enabled = yield from _set_status(changes, subject, ACTIVE)
    if enabled is not subject:
        grants = yield from read_grants(subject.id, subject.tenants)
        yield from check_held(changes.caller, grants)
    return enabled


def delete_subject(changes: Changes, subject: Subject, etag: str) -> Program[None]:
    """Delete a user or service account; its id stays taken. Raises `Conflict`, `Denied`."""
    check_etag(etag, subject.revision, _name(subject), subject.id)
    check_owned(changes.caller, subject.tenants, f"{_name(subject)} {subject.id}", _action(subject, "delete"))
    yield from _end_sessions(changes, subject)
    yield from close_credentials(subject.id)
    yield from erase_subject(subject, changes.now)
    changes.audit(_action(subject, "delete"), _resource(subject), subject.tenants, audited(subject), {})
    changes.tell("user_deleted", subject.id, identity_pb2.UserDeleted(user=user_ref(subject)))
    changes.subjects([subject.id])


def require_subject(caller: Caller, subject_id: str, kind: int, missing: NotFound) -> Program[Subject]:
    """Return a user or service account that the caller sees. Raises `missing`."""
    subject = yield from find_subject(subject_id, kind)
    if subject is None or not caller.sees(subject.tenants):
        raise missing
    return subject


def audited(subject: Subject) -> dict[str, Any]:
    """Return what the audit log has of a user or service account."""
    fields: dict[str, Any] = {
        "displayName": subject.display_name,
        "status": "STATUS_ACTIVE" if subject.status == ACTIVE else "STATUS_DISABLED",
        "tenantIds": list(subject.tenant_ids),
        "allTenants": subject.all_tenants,
    }
    if subject.kind == USER:
        return fields | {
            "email": subject.email,
            "givenName": subject.given_name,
            "familyName": subject.family_name,
            "locale": subject.locale,
            "attributes": dict(subject.attributes),
        }
    return fields | {"description": subject.description}


def _set_status(changes: Changes, subject: Subject, status: int) -> Program[Subject]:
    if subject.status == status:
        return subject
    changed = replace(subject, status=status, revision=subject.revision + 1, updated_at=changes.now)
    yield from update_subject(subject, changed)
    if status == DISABLED:
        yield from _end_sessions(changes, changed)
    action = "enable" if status == ACTIVE else "disable"
    changes.audit(_action(subject, action), _resource(subject), subject.tenants, audited(subject), audited(changed))
    if status == ACTIVE:
        changes.tell("user_enabled", subject.id, identity_pb2.UserEnabled(user=user_ref(changed)))
    else:
        changes.tell("user_disabled", subject.id, identity_pb2.UserDisabled(user=user_ref(changed)))
    changes.subjects([subject.id])
    return changed


def _end_sessions(changes: Changes, subject: Subject) -> Program[None]:
    sessions = yield from open_sessions_of([subject.id], changes.now)
    yield from end_and_tell(sessions, EndReason.SUBJECT_CLOSED, changes.caller.actor, changes.now)


def _with_tenants(caller: Caller, subject: Subject, values: dict[str, Any]) -> dict[str, Any]:
    if values.get("all_tenants"):
        if values.get("tenant_ids"):
            raise field_invalid("details.tenant_ids", "must be empty where all_tenants is set")
        return values | {"tenant_ids": ()}
    if "tenant_ids" not in values:
        return values
    closed = set(subject.tenant_ids) - set(caller.visible(subject.tenant_ids))
    belongs = tuple(sorted(closed | set(values["tenant_ids"])))
    # Who is given tenants one by one does not belong to all of them any more.
    return values | {"tenant_ids": belongs} | ({"all_tenants": False} if belongs else {})


def _check_scope(caller: Caller, subject: Subject) -> None:
    if subject.all_tenants and caller.tenants is not None:
        raise Denied(
            "ACCESS_DENIED",
            "only who may change all tenants can let somebody belong to all of them",
            metadata={"permission": _action(subject, "update")},
        )
    if subject.all_tenants and subject.tenant_ids:
        raise field_invalid("details.tenant_ids", "must be empty where all_tenants is set")


def _check_email(subject: Subject) -> Program[None]:
    if not subject.email:
        return
    owner = yield from owner_of_email(subject.email)
    if owner not in (None, subject.id):
        raise AlreadyExists("EMAIL_TAKEN", "another user has this e-mail address")


def _name(subject: Subject) -> str:
    return _NAMES.get(subject.kind, "service account")


def _action(subject: Subject, action: str) -> str:
    return f"{_RESOURCES.get(subject.kind, _OF_SERVICE_ACCOUNTS)[1]}.{action}"


def _resource(subject: Subject) -> tuple[str, str]:
    return _RESOURCES.get(subject.kind, _OF_SERVICE_ACCOUNTS)[0], subject.id
