"""Administrators of one tenant: what they see, what they change, and what they can never give."""

from __future__ import annotations

from typing import Any

import pytest
from flowmesh.identity.v1 import audit_service_pb2, tenant_service_pb2
from flowmesh.identity.v1 import group_service_pb2 as groups
from flowmesh.identity.v1 import role_assignment_service_pb2 as assignments
from flowmesh.identity.v1 import role_service_pb2 as roles
from flowmesh.identity.v1 import user_service_pb2 as users

from identity_svc.storage.subject_access import read_access
from tests.integration.identity.directory import (
    Directory,
    Grant,
    administrator_of,
    give,
    refusal,
    tenants,
    user,
)


@pytest.fixture
async def north(directory: Directory, root: Any) -> Any:
    """The administrator of `north`; in `south` there are `sue`, `southern` and what they have."""
    await tenants(root, "north", "south")
    await administrator_of(root, "nora", "north")
    await user(root, "ned", "north")
    await user(root, "sue", "south")
    await user(root, "both", "north", "south")
    await root.CreateGroup(groups.CreateGroupRequest(id="northern", tenant_id="north"))
    await root.CreateGroup(groups.CreateGroupRequest(id="southern", tenant_id="south"))
    await root.CreateGroup(groups.CreateGroupRequest(id="everywhere", all_tenants=True))
    details = roles.RoleDetails(grants=[Grant(permissions=["jobs.get"], tenant_ids=["south"])])
    await root.CreateRole(roles.CreateRoleRequest(id="south-only", details=details))
    return directory.as_("nora")


async def test_of_other_tenants_there_is_nothing(north: Any) -> None:
    listed = (await north.ListUsers(users.ListUsersRequest())).users
    assert [one.id for one in listed] == ["both", "ned", "nora"]
    # Nobody learns where else somebody belongs to.
    assert list(listed[0].details.tenant_ids) == ["north"]
    assert [one.id for one in (await north.ListGroups(groups.ListGroupsRequest())).groups] == ["northern"]
    named = (await north.ListTenants(tenant_service_pb2.ListTenantsRequest())).tenants
    assert [one.id for one in named] == ["north"]
    assert "south-only" not in [one.id for one in (await north.ListRoles(roles.ListRolesRequest())).roles]


async def test_filters_tell_no_more_than_lists(root: Any, north: Any) -> None:
    await root.AddGroupMembers(groups.AddGroupMembersRequest(id="southern", subject_ids=["both"]))
    await root.AddGroupMembers(groups.AddGroupMembersRequest(id="northern", subject_ids=["root", "ned"]))
    # `both` is there; that it is elsewhere too is not told.
    assert not (await north.ListUsers(users.ListUsersRequest(tenant_id="south"))).users
    assert not (await north.ListUsers(users.ListUsersRequest(group_id="southern"))).users
    assert not (await north.ListGroups(groups.ListGroupsRequest(member_id="root"))).groups
    assert not (await north.ListUsers(users.ListUsersRequest(email="root@example.org"))).users
    members = (await north.ListGroupMembers(groups.ListGroupMembersRequest(id="northern"))).members
    assert [member.subject_id for member in members] == ["ned"]
    removal = groups.RemoveGroupMembersRequest(id="northern", subject_ids=["root"])
    assert (await north.RemoveGroupMembers(removal)).removed == 0
    assert (await root.RemoveGroupMembers(removal)).removed == 1


@pytest.mark.parametrize("name", ["sue", "root", "never-was"])
async def test_ids_of_others_are_as_if_they_never_were(north: Any, name: str) -> None:
    for call in (
        north.GetUser(users.GetUserRequest(id=name)),
        north.UpdateUser(users.UpdateUserRequest(id=name, details=users.UserDetails(display_name="x"))),
        north.DisableUser(users.DisableUserRequest(id=name)),
        north.EnableUser(users.EnableUserRequest(id=name)),
        north.DeleteUser(users.DeleteUserRequest(id=name)),
    ):
        refused = await refusal(call)
        assert refused.kind == ("NOT_FOUND", "USER_NOT_FOUND")
        assert refused.message == f"there is no user {name}"
    for call in (
        give(north, "worker", name, narrowing=Grant(tenant_ids=["north"])),
        north.AddGroupMembers(groups.AddGroupMembersRequest(id="northern", subject_ids=[name])),
    ):
        refused = await refusal(call)
        assert refused.kind == ("NOT_FOUND", "SUBJECT_NOT_FOUND")
        assert refused.message == f"there is no user or service account {name}"


@pytest.mark.parametrize("name", ["southern", "everywhere", "never-was"])
async def test_groups_of_others_are_as_if_they_never_were(north: Any, name: str) -> None:
    for call in (
        north.GetGroup(groups.GetGroupRequest(id=name)),
        north.UpdateGroup(groups.UpdateGroupRequest(id=name, details=groups.GroupDetails(description="x"))),
        north.DeleteGroup(groups.DeleteGroupRequest(id=name)),
        north.AddGroupMembers(groups.AddGroupMembersRequest(id=name, subject_ids=["ned"])),
        north.RemoveGroupMembers(groups.RemoveGroupMembersRequest(id=name, subject_ids=["ned"])),
        north.ListGroupMembers(groups.ListGroupMembersRequest(id=name)),
        give(north, "worker", group=name),
    ):
        refused = await refusal(call)
        assert refused.kind == ("NOT_FOUND", "GROUP_NOT_FOUND")
        assert refused.message == f"there is no group {name}"


async def test_tenants_of_others_are_as_if_they_never_were(north: Any) -> None:
    for name in ("south", "never-was"):
        in_it = users.UserDetails(tenant_ids=["north", name])
        for call in (
            north.GetTenant(tenant_service_pb2.GetTenantRequest(id=name)),
            user(north, "new", name),
            north.CreateGroup(groups.CreateGroupRequest(id="new", tenant_id=name)),
            north.UpdateUser(users.UpdateUserRequest(id="ned", details=in_it)),
            give(north, "worker", "ned", narrowing=Grant(tenant_ids=[name])),
        ):
            refused = await refusal(call)
            assert refused.kind == ("NOT_FOUND", "TENANT_NOT_FOUND")
            assert refused.message == f"there is no tenant {name!r}"
    # Nor is the one without a name theirs.
    assert (await refusal(user(north, "new"))).reason == "TENANT_NOT_FOUND"
    for name in ("south-only", "never-was"):
        assert (await refusal(give(north, name, "ned"))).reason == "ROLE_NOT_FOUND"


async def test_their_own_they_administer(directory: Directory, north: Any) -> None:
    await user(north, "nick", "north")
    await north.UpdateUser(users.UpdateUserRequest(id="nick", details=users.UserDetails(display_name="Nick")))
    await north.AddGroupMembers(groups.AddGroupMembersRequest(id="northern", subject_ids=["nick", "both"]))
    await give(north, "worker", group="northern")
    given = await give(north, "administrator", "nick")
    access = await directory.database.read(read_access("nick"))
    assert {grant.tenants for grant in access.grants} == {frozenset({"north"})}
    await north.DeleteRoleAssignment(assignments.DeleteRoleAssignmentRequest(id=given.id))
    await north.DisableUser(users.DisableUserRequest(id="nick"))
    await north.DeleteUser(users.DeleteUserRequest(id="nick"))


async def test_whom_they_share_with_others_they_do_not_change(north: Any) -> None:
    for call in (
        north.UpdateUser(users.UpdateUserRequest(id="both", details=users.UserDetails(display_name="x"))),
        north.DisableUser(users.DisableUserRequest(id="both")),
        north.DeleteUser(users.DeleteUserRequest(id="both")),
    ):
        assert (await refusal(call)).kind == ("PERMISSION_DENIED", "ACCESS_DENIED")
    given = await give(north, "worker", "both")
    assert list(given.narrowing.tenant_ids) == ["north"]


async def test_what_they_give_does_not_follow_into_other_tenants(directory: Directory, root: Any, north: Any) -> None:
    await give(north, "administrator", "ned")
    both = users.UserDetails(tenant_ids=["north", "south"])
    await root.UpdateUser(users.UpdateUserRequest(id="ned", details=both))
    access = await directory.database.read(read_access("ned"))
    assert {grant.tenants for grant in access.grants} == {frozenset({"north"})}


async def test_tenants_they_do_not_see_stay_when_they_change_theirs(
    directory: Directory, root: Any, north: Any
) -> None:
    await tenants(root, "east")
    request = users.UpdateUserRequest(id="both")
    request.update_mask.paths.append("tenant_ids")
    await north.UpdateUser(request)
    assert (await directory.database.read(read_access("both"))).tenant_ids == ("south",)
    assert (await refusal(north.GetUser(users.GetUserRequest(id="both")))).reason == "USER_NOT_FOUND"


async def test_everywhere_is_not_theirs_to_give(north: Any) -> None:
    everywhere = users.UserDetails(all_tenants=True)
    for call in (
        north.CreateUser(users.CreateUserRequest(id="new", details=everywhere)),
        north.UpdateUser(users.UpdateUserRequest(id="ned", details=everywhere)),
        north.CreateGroup(groups.CreateGroupRequest(id="new", all_tenants=True)),
        # Roles and tenants are the whole mesh's.
        north.CreateRole(roles.CreateRoleRequest(id="new")),
        north.CreateTenant(tenant_service_pb2.CreateTenantRequest(id="new")),
    ):
        assert (await refusal(call)).kind == ("PERMISSION_DENIED", "ACCESS_DENIED")


async def test_assignments_of_others_are_as_if_they_never_were(root: Any, north: Any) -> None:
    unseen = [
        await give(root, "worker", "sue"),
        await give(root, "worker", "both"),
        await give(root, "worker", "both", narrowing=Grant(tenant_ids=["south"])),
        await give(root, "worker", "both", narrowing=Grant(tenant_ids=["north", "south"])),
        await give(root, "worker", group="southern"),
        await give(root, "worker", group="everywhere"),
    ]
    seen = [
        await give(root, "worker", "both", narrowing=Grant(tenant_ids=["north"])),
        await give(root, "worker", "ned"),
        await give(root, "auditor", group="northern"),
    ]
    listed = (await north.ListRoleAssignments(assignments.ListRoleAssignmentsRequest())).role_assignments
    # Their own as well, which stands first.
    assert [one.id for one in listed][1:] == [one.id for one in seen]
    for one in unseen:
        for call in (
            north.GetRoleAssignment(assignments.GetRoleAssignmentRequest(id=one.id)),
            north.DeleteRoleAssignment(assignments.DeleteRoleAssignmentRequest(id=one.id)),
        ):
            assert (await refusal(call)).kind == ("NOT_FOUND", "ROLE_ASSIGNMENT_NOT_FOUND")
    for one in seen:
        await north.DeleteRoleAssignment(assignments.DeleteRoleAssignmentRequest(id=one.id))


async def test_the_audit_log_has_the_same_walls(root: Any, north: Any) -> None:
    await root.UpdateUser(users.UpdateUserRequest(id="ned", details=users.UserDetails(display_name="Ned")))
    await root.UpdateUser(users.UpdateUserRequest(id="sue", details=users.UserDetails(display_name="Sue")))
    await root.UpdateUser(users.UpdateUserRequest(id="both", details=users.UserDetails(display_name="Both")))
    request = audit_service_pb2.ListAuditEntriesRequest(resource_type="user", action="users.update")
    assert [one.resource_id for one in (await north.ListAuditEntries(request)).audit_entries] == ["ned"]
    assert [one.resource_id for one in (await root.ListAuditEntries(request)).audit_entries] == ["both", "sue", "ned"]
    everything = audit_service_pb2.ListAuditEntriesRequest(page_size=1000)
    for entry in (await north.ListAuditEntries(everything)).audit_entries:
        assert list(entry.tenant_ids) == ["north"]


async def _clerk(root: Any, directory: Directory, *permissions: str, **grant: Any) -> Any:
    """Somebody of all tenants who may administer, and besides nothing but what is said."""
    names = ["users.*", "groups.*", "roles.*", "roleAssignments.*", "tenants.*"]
    details = roles.RoleDetails(grants=[Grant(permissions=names), Grant(permissions=permissions, **grant)])
    await root.CreateRole(roles.CreateRoleRequest(id="clerk", details=details))
    await root.CreateUser(users.CreateUserRequest(id="carl", details=users.UserDetails(all_tenants=True)))
    await give(root, "clerk", "carl")
    return directory.as_("carl")


async def test_nobody_gives_more_than_they_hold(directory: Directory, root: Any) -> None:
    await user(root, "ada")
    await root.CreateGroup(groups.CreateGroupRequest(id="empty"))
    await root.CreateGroup(groups.CreateGroupRequest(id="strong"))
    await give(root, "administrator", group="strong")
    carl = await _clerk(root, directory, "jobs.get", "jobs.list")
    own = roles.RoleDetails(grants=[Grant(permissions=["jobs.get"])])
    await carl.CreateRole(roles.CreateRoleRequest(id="small", details=own))
    await give(carl, "small", "ada")
    more = roles.RoleDetails(grants=[Grant(permissions=["jobs.get"]), Grant(permissions=["jobs.work"])])
    for call, missing in (
        (give(carl, "administrator", "ada"), "*"),
        (give(carl, "administrator", "carl"), "*"),
        (give(carl, "administrator", group="empty"), "*"),
        (give(carl, "worker", "ada"), "jobs.work"),
        (carl.CreateRole(roles.CreateRoleRequest(id="large", details=more)), "jobs.work"),
        (carl.UpdateRole(roles.UpdateRoleRequest(id="small", details=more)), "jobs.work"),
        (carl.UpdateRole(roles.UpdateRoleRequest(id="clerk", details=more)), "jobs.work"),
        (carl.AddGroupMembers(groups.AddGroupMembersRequest(id="strong", subject_ids=["carl"])), "*"),
    ):
        refused = await refusal(call)
        assert refused.kind == ("PERMISSION_DENIED", "GRANT_NOT_HELD")
        assert missing in refused.metadata["permissions"].split(",")
    # Of a larger role, what is theirs.
    await give(carl, "worker", "ada", narrowing=Grant(permissions=["jobs.get", "jobs.list"]))
    await carl.AddGroupMembers(groups.AddGroupMembersRequest(id="empty", subject_ids=["ada"]))


async def test_nobody_gives_more_rows_than_they_hold(directory: Directory, root: Any) -> None:
    await user(root, "ada")
    carl = await _clerk(root, directory, "jobs.get", process_definition_keys=["order*"])
    for grant, allowed in (
        (Grant(permissions=["jobs.get"], process_definition_keys=["orders"]), True),
        (Grant(permissions=["jobs.get"], process_definition_keys=["order*"], involved_only=True), True),
        (Grant(permissions=["jobs.get"], process_definition_keys=["orders", "offers"]), False),
        (Grant(permissions=["jobs.get"]), False),
    ):
        request = roles.CreateRoleRequest(id=f"r{grant.ByteSize()}", details=roles.RoleDetails(grants=[grant]))
        if allowed:
            await carl.CreateRole(request)
        else:
            assert (await refusal(carl.CreateRole(request))).reason == "GRANT_NOT_HELD"


async def test_a_tenant_gives_what_the_users_roles_allow_there(directory: Directory, root: Any) -> None:
    await tenants(root, "north", "south")
    await user(root, "ada", "north")
    await give(root, "administrator", "ada")
    carl = await _clerk(root, directory, "jobs.get")
    wider = users.UpdateUserRequest(id="ada", details=users.UserDetails(tenant_ids=["north", "south"]))
    assert (await refusal(carl.UpdateUser(wider))).kind == ("PERMISSION_DENIED", "GRANT_NOT_HELD")
    assert (await directory.database.read(read_access("ada"))).tenant_ids == ("north",)
    await root.DisableUser(users.DisableUserRequest(id="ada"))
    enabled = carl.EnableUser(users.EnableUserRequest(id="ada"))
    assert (await refusal(enabled)).kind == ("PERMISSION_DENIED", "GRANT_NOT_HELD")
    assert not (await directory.database.read(read_access("ada"))).active
    # A disabled one is widened by nobody either, to be let in later by somebody else.
    assert (await refusal(carl.UpdateUser(wider))).reason == "GRANT_NOT_HELD"
