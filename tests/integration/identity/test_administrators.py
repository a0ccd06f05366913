"""There is always somebody left who may administer everything."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import grpc.aio
import pytest
from flowmesh.identity.v1 import group_service_pb2 as groups
from flowmesh.identity.v1 import role_assignment_service_pb2 as assignments
from flowmesh.identity.v1 import role_service_pb2 as roles
from flowmesh.identity.v1 import user_service_pb2 as users

from identity_svc.storage.administrators import administrator_exists
from mesh.bus.port import Bus
from mesh.db.database import Database
from mesh.db.schema import open_database
from tests.integration.identity.directory import Directory, Grant, give, refusal, start, tenants, user


async def _first_assignment(caller: Any, name: str) -> str:
    request = assignments.ListRoleAssignmentsRequest(subject_id=name)
    return str((await caller.ListRoleAssignments(request)).role_assignments[0].id)


async def test_the_last_one_stays(directory: Directory, root: Any) -> None:
    await tenants(root, "north")
    assignment = await _first_assignment(root, "root")
    for call in (
        root.DeleteUser(users.DeleteUserRequest(id="root")),
        root.DisableUser(users.DisableUserRequest(id="root")),
        root.UpdateUser(users.UpdateUserRequest(id="root", details=users.UserDetails(tenant_ids=["north"]))),
        root.DeleteRoleAssignment(assignments.DeleteRoleAssignmentRequest(id=assignment)),
    ):
        assert (await refusal(call)).kind == ("FAILED_PRECONDITION", "LAST_ADMINISTRATOR")
    assert await directory.database.read(administrator_exists())
    read = (await root.GetUser(users.GetUserRequest(id="root"))).user
    assert (read.etag, read.details.all_tenants) == ("1", True)


async def test_who_is_no_administrator_does_not_count(directory: Directory, root: Any) -> None:
    await tenants(root, "north")
    # One of a tenant, one whose role is narrowed, one who is disabled.
    await user(root, "nora", "north")
    await give(root, "administrator", "nora")
    for name in ("narrow", "away"):
        await root.CreateUser(users.CreateUserRequest(id=name, details=users.UserDetails(all_tenants=True)))
    await give(root, "administrator", "narrow", narrowing=Grant(permissions=["users.*"]))
    await give(root, "administrator", "away")
    await root.DisableUser(users.DisableUserRequest(id="away"))
    request = users.DisableUserRequest(id="root")
    assert (await refusal(root.DisableUser(request))).reason == "LAST_ADMINISTRATOR"
    await root.EnableUser(users.EnableUserRequest(id="away"))
    await root.DisableUser(request)
    refused = await refusal(directory.as_("away").DeleteUser(users.DeleteUserRequest(id="away")))
    assert refused.reason == "LAST_ADMINISTRATOR"


async def test_by_a_group_or_a_role_of_ones_own(directory: Directory, root: Any) -> None:
    await root.CreateUser(users.CreateUserRequest(id="ada", details=users.UserDetails(all_tenants=True)))
    await root.CreateGroup(groups.CreateGroupRequest(id="admins", all_tenants=True))
    await root.AddGroupMembers(groups.AddGroupMembersRequest(id="admins", subject_ids=["ada"]))
    details = roles.RoleDetails(grants=[Grant(permissions=["*"])])
    await root.CreateRole(roles.CreateRoleRequest(id="boss", details=details))
    given = await give(root, "boss", group="admins")
    await root.DeleteUser(users.DeleteUserRequest(id="root"))
    ada = directory.as_("ada")
    less = roles.RoleDetails(grants=[Grant(permissions=["users.*"])])
    for call in (
        ada.DeleteGroup(groups.DeleteGroupRequest(id="admins")),
        ada.RemoveGroupMembers(groups.RemoveGroupMembersRequest(id="admins", subject_ids=["ada"])),
        ada.UpdateRole(roles.UpdateRoleRequest(id="boss", details=less)),
        ada.DeleteRoleAssignment(assignments.DeleteRoleAssignmentRequest(id=given.id)),
        ada.DeleteUser(users.DeleteUserRequest(id="ada")),
    ):
        assert (await refusal(call)).kind == ("FAILED_PRECONDITION", "LAST_ADMINISTRATOR")
    members = (await ada.ListGroupMembers(groups.ListGroupMembersRequest(id="admins"))).members
    assert [member.subject_id for member in members] == ["ada"]


Strip = Callable[[Any, str], Awaitable[Any]]


async def _delete(caller: Any, name: str) -> None:
    await caller.DeleteUser(users.DeleteUserRequest(id=name))


async def _disable(caller: Any, name: str) -> None:
    await caller.DisableUser(users.DisableUserRequest(id=name))


async def _unassign(caller: Any, name: str) -> None:
    assignment = await _first_assignment(caller, name)
    await caller.DeleteRoleAssignment(assignments.DeleteRoleAssignmentRequest(id=assignment))


@pytest.mark.parametrize("strip", [_delete, _disable, _unassign])
async def test_two_who_strip_each_other(
    identity: Database, directory: Directory, database_url: str, bus: Bus, root: Any, strip: Strip
) -> None:
    """On two services with connections of their own: one of them wins, whoever it is."""
    second_database = await open_database(database_url)
    second = await start(second_database, bus)
    try:
        for number in range(10):
            names = (f"a{number}", f"b{number}")
            for name in names:
                details = users.UserDetails(all_tenants=True)
                await root.CreateUser(users.CreateUserRequest(id=name, details=details))
                await give(root, "administrator", name)
            # Only these two are left.
            await directory.as_(names[0]).DisableUser(users.DisableUserRequest(id="root"))
            ends = await asyncio.gather(
                strip(directory.as_(names[0]), names[1]),
                strip(second.as_(names[1]), names[0]),
                return_exceptions=True,
            )
            won = [end for end in ends if end is None]
            assert len(won) == 1, ends
            assert all(end is None or isinstance(end, grpc.aio.AioRpcError) for end in ends)
            assert await identity.read(administrator_exists())
            left = names[0] if ends[0] is None else names[1]
            await directory.as_(left).EnableUser(users.EnableUserRequest(id="root"))
            await root.DeleteUser(users.DeleteUserRequest(id=left))
    finally:
        await second.close()
        await second_database.close()
