"""What the directory tells the bus, the audit log and all services."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from flowmesh.events.v1.event_pb2 import EventEnvelope
from flowmesh.identity.v1 import audit_service_pb2
from flowmesh.identity.v1 import group_service_pb2 as groups
from flowmesh.identity.v1 import role_assignment_service_pb2 as assignments
from flowmesh.identity.v1 import role_service_pb2 as roles
from flowmesh.identity.v1 import user_service_pb2 as users
from google.protobuf.json_format import MessageToDict
from google.protobuf.timestamp_pb2 import Timestamp

from identity_svc.storage.security_changes import (
    MANY_SUBJECTS,
    ChangeKind,
    LoggedChange,
    changes_after,
    last_change,
    prune_changes,
)
from mesh.bus.port import ReceivedMessage
from mesh.bus.topics import USER_PERMISSION_EVENTS
from mesh.event_decoding import decode
from tests.integration.identity.directory import Directory, Grant, give, refusal, user

WAIT_SECONDS = 10.0


async def _events(directory: Directory, count: int) -> list[tuple[ReceivedMessage, EventEnvelope]]:
    consumer = await directory.bus.consumer("test", [USER_PERMISSION_EVENTS])
    found: list[tuple[ReceivedMessage, EventEnvelope]] = []
    async with asyncio.timeout(WAIT_SECONDS):
        while len(found) < count:
            for message in await consumer.poll(1000, 1.0):
                event = decode(message.value)
                assert event is not None
                # Those of the start are of no interest.
                if event.correlation_id:
                    found.append((message, event))
    await consumer.close()
    return sorted(found, key=lambda pair: pair[1].event_id)


async def test_everything_is_told(directory: Directory, root: Any) -> None:
    await user(root, "ada", display_name="Ada")
    await root.UpdateUser(users.UpdateUserRequest(id="ada", details=users.UserDetails(given_name="Ada")))
    await root.CreateGroup(groups.CreateGroupRequest(id="staff"))
    given = await give(root, "worker", group="staff")
    await root.AddGroupMembers(groups.AddGroupMembersRequest(id="staff", subject_ids=["ada"]))
    await root.RemoveGroupMembers(groups.RemoveGroupMembersRequest(id="staff", subject_ids=["ada"]))
    await root.DeleteRoleAssignment(assignments.DeleteRoleAssignmentRequest(id=given.id))
    await root.DisableUser(users.DisableUserRequest(id="ada"))
    await root.EnableUser(users.EnableUserRequest(id="ada"))
    await root.DeleteUser(users.DeleteUserRequest(id="ada"))
    await root.DeleteGroup(groups.DeleteGroupRequest(id="staff"))
    told = await _events(directory, 14)
    assert [event.event_type for _, event in told] == [
        "identity.user.created.v1",
        "identity.user.updated.v1",
        "identity.role.assigned.v1",
        "identity.permission.granted.v1",
        "identity.group_member.added.v1",
        "identity.permission.granted.v1",
        "identity.group_member.removed.v1",
        "identity.permission.revoked.v1",
        "identity.role.unassigned.v1",
        "identity.permission.revoked.v1",
        "identity.user.disabled.v1",
        "identity.user.enabled.v1",
        "identity.user.deleted.v1",
        "identity.group.deleted.v1",
    ]
    message, created = told[0]
    assert (created.biz_id, created.user_created.user.id, created.user_created.display_name) == ("ada", "ada", "Ada")
    assert created.metadata.user_id == "root"
    assert (message.key, message.headers["ce_type"]) == ("ada", "identity.user.created.v1")
    assert message.headers["traceparent"][3:35] == created.metadata.trace_id
    assert list(told[1][1].user_updated.fields) == ["givenName"]
    by_role, by_group = told[3][1].permission_granted, told[5][1].permission_granted
    assert (by_role.group_id, by_group.subject_id) == ("staff", "ada")
    assert "jobs.work" in by_group.grants[0].permissions
    assert told[2][1].role_assigned.role_assignment_id == told[8][1].role_unassigned.role_assignment_id == given.id


async def test_a_changed_role_tells_what_it_gives_and_takes(directory: Directory, root: Any) -> None:
    details = roles.RoleDetails(grants=[Grant(permissions=["jobs.get"]), Grant(permissions=["jobs.list"])])
    await root.CreateRole(roles.CreateRoleRequest(id="clerk", details=details))
    changed = roles.RoleDetails(grants=[Grant(permissions=["jobs.list"]), Grant(permissions=["jobs.work"])])
    await root.UpdateRole(roles.UpdateRoleRequest(id="clerk", details=changed))
    told = await _events(directory, 3)
    granted, revoked = told[1][1], told[2][1]
    assert (granted.biz_id, granted.permission_granted.role_id) == ("clerk", "clerk")
    assert [list(one.permissions) for one in granted.permission_granted.grants] == [["jobs.work"]]
    assert [list(one.permissions) for one in revoked.permission_revoked.grants] == [["jobs.get"]]


async def test_a_refused_change_leaves_nothing(directory: Directory, root: Any) -> None:
    before = await directory.database.read(last_change())
    await refusal(root.DisableUser(users.DisableUserRequest(id="root")))
    assert await directory.database.read(last_change()) == before
    request = audit_service_pb2.ListAuditEntriesRequest(action="users.disable")
    assert not (await root.ListAuditEntries(request)).audit_entries
    await user(root, "ada")
    assert [event.event_type for _, event in await _events(directory, 1)] == ["identity.user.created.v1"]


async def test_services_hear_whose_access_changed(directory: Directory, root: Any) -> None:
    async def changed(call: Any) -> list[tuple[ChangeKind, str]]:
        before = await directory.database.read(last_change())
        await call
        logged: list[LoggedChange] = await directory.database.read(changes_after(before, 1000))
        assert [one.seq for one in logged] == list(range(before + 1, before + 1 + len(logged)))
        return [(one.change.kind, one.change.subject_id) for one in logged]

    subject = ChangeKind.SUBJECT
    assert await changed(user(root, "ada")) == [(subject, "ada")]
    renamed = users.UpdateUserRequest(id="ada", details=users.UserDetails(display_name="Ada"))
    assert await changed(root.UpdateUser(renamed)) == []
    assert await changed(give(root, "worker", "ada")) == [(subject, "ada")]
    await root.CreateGroup(groups.CreateGroupRequest(id="staff"))
    await user(root, "bob")
    add = groups.AddGroupMembersRequest(id="staff", subject_ids=["ada", "bob"])
    assert await changed(root.AddGroupMembers(add)) == [(subject, "ada"), (subject, "bob")]
    details = roles.RoleDetails(grants=[Grant(permissions=["jobs.get"])])
    await root.CreateRole(roles.CreateRoleRequest(id="clerk", details=details))
    assert await changed(give(root, "clerk", group="staff")) == [(subject, "ada"), (subject, "bob")]
    wider = roles.RoleDetails(grants=[Grant(permissions=["jobs.*"])])
    update = roles.UpdateRoleRequest(id="clerk", details=wider)
    assert await changed(root.UpdateRole(update)) == [(subject, "ada"), (subject, "bob")]
    assert await changed(root.DisableUser(users.DisableUserRequest(id="ada"))) == [(subject, "ada")]
    assert await changed(root.DeleteUser(users.DeleteUserRequest(id="bob"))) == [(subject, "bob")]
    assert await changed(root.DeleteGroup(groups.DeleteGroupRequest(id="staff"))) == [(subject, "ada")]


async def test_of_many_it_is_said_that_all_changed(directory: Directory, root: Any) -> None:
    await root.CreateGroup(groups.CreateGroupRequest(id="staff"))
    names = [f"u{number:03}" for number in range(MANY_SUBJECTS + 1)]
    for name in names:
        await user(root, name)
    await root.AddGroupMembers(groups.AddGroupMembersRequest(id="staff", subject_ids=names[:100]))
    await root.AddGroupMembers(groups.AddGroupMembersRequest(id="staff", subject_ids=names[100:]))
    before = await directory.database.read(last_change())
    await give(root, "worker", group="staff")
    logged = await directory.database.read(changes_after(before, 1000))
    assert [one.change.kind for one in logged] == [ChangeKind.ALL_SUBJECTS]
    pruned = await directory.database.write(prune_changes(1 << 60))
    assert pruned == before + 1
    assert await directory.database.read(last_change()) == before + 1


async def test_the_audit_log_has_who_when_and_what(directory: Directory, root: Any) -> None:
    await user(root, "ada", display_name="Ada", email="ada@example.org")
    await root.UpdateUser(users.UpdateUserRequest(id="ada", details=users.UserDetails(display_name="A")))
    await root.DeleteUser(users.DeleteUserRequest(id="ada"))
    request = audit_service_pb2.ListAuditEntriesRequest(resource_type="user", resource_id="ada")
    deleted, updated, created = (await root.ListAuditEntries(request)).audit_entries
    assert [one.action for one in (created, updated, deleted)] == ["users.create", "users.update", "users.delete"]
    assert (created.actor_id, created.correlation_id, list(created.tenant_ids)) == ("root", "root", [""])
    assert MessageToDict(updated.before) == {"displayName": "Ada"}
    assert MessageToDict(updated.after) == {"displayName": "A"}
    assert not created.before.fields
    assert not deleted.after.fields
    assert created.after["email"] == deleted.before["email"] == "ada@example.org"
    assert created.time.ToMicroseconds() <= updated.time.ToMicroseconds() <= deleted.time.ToMicroseconds()
    begin = Timestamp()
    begin.FromMicroseconds(updated.time.ToMicroseconds())
    later = audit_service_pb2.ListAuditEntriesRequest(resource_type="user", resource_id="ada", begin_time=begin)
    assert [one.id for one in (await root.ListAuditEntries(later)).audit_entries] == [deleted.id, updated.id]
    earlier = audit_service_pb2.ListAuditEntriesRequest(resource_type="user", resource_id="ada", end_time=begin)
    assert [one.id for one in (await root.ListAuditEntries(earlier)).audit_entries] == [created.id]
    nobody = audit_service_pb2.ListAuditEntriesRequest(actor_id="nobody")
    assert not (await root.ListAuditEntries(nobody)).audit_entries
    page = await root.ListAuditEntries(audit_service_pb2.ListAuditEntriesRequest(resource_type="user", page_size=2))
    rest = audit_service_pb2.ListAuditEntriesRequest(resource_type="user", page_size=2, page_token=page.next_page_token)
    paged = [one.id for one in (*page.audit_entries, *(await root.ListAuditEntries(rest)).audit_entries)]
    everything = audit_service_pb2.ListAuditEntriesRequest(resource_type="user")
    listed = (await root.ListAuditEntries(everything)).audit_entries
    # `root` was made by the mesh itself, before.
    assert [one.id for one in listed] == paged
    assert [one.resource_id for one in listed] == ["ada", "ada", "ada", "root"]
    lonely = audit_service_pb2.ListAuditEntriesRequest(resource_id="ada")
    assert (await refusal(root.ListAuditEntries(lonely))).reason == "FIELD_INVALID"


async def test_the_audit_log_has_grants_as_the_contract_writes_them(root: Any) -> None:
    await user(root, "ada")
    given = await give(root, "worker", "ada", narrowing=Grant(process_definition_keys=["ship*"]))
    request = audit_service_pb2.ListAuditEntriesRequest(resource_type="roleAssignment", resource_id=given.id)
    (entry,) = (await root.ListAuditEntries(request)).audit_entries
    assert json.loads(json.dumps(MessageToDict(entry.after))) == {
        "roleId": "worker",
        "subjectId": "ada",
        "narrowing": {"processDefinitionKeys": ["ship*"]},
    }
