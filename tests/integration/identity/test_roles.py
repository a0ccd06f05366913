"""Roles, their grants and who has them."""

from __future__ import annotations

from typing import Any

from flowmesh.identity.v1 import permission_service_pb2
from flowmesh.identity.v1 import role_assignment_service_pb2 as assignments
from flowmesh.identity.v1 import role_service_pb2 as pb
from google.protobuf.field_mask_pb2 import FieldMask

from identity_svc.access.grants import Grant as Held
from identity_svc.commands.start import prepare_directory
from identity_svc.storage.security_changes import last_change
from identity_svc.storage.subject_access import read_access
from mesh.clock import SystemClock
from mesh.db.statements import Execute, Program
from tests.integration.identity.directory import Directory, Grant, give, refusal, tenants, user

BUILT_IN = ["administrator", "auditor", "developer", "operator", "user", "worker"]


async def _role(caller: Any, name: str, *grants: Any) -> pb.Role:
    details = pb.RoleDetails(grants=grants)
    made: pb.Role = (await caller.CreateRole(pb.CreateRoleRequest(id=name, details=details))).role
    return made


async def test_the_roles_that_flowmesh_brings_stay_as_they_are(root: Any) -> None:
    listed = (await root.ListRoles(pb.ListRolesRequest(built_in=True))).roles
    assert [role.id for role in listed] == BUILT_IN
    for name in BUILT_IN:
        request = pb.UpdateRoleRequest(id=name, details=pb.RoleDetails(description="mine"))
        for call in (root.UpdateRole(request), root.DeleteRole(pb.DeleteRoleRequest(id=name))):
            assert (await refusal(call)).kind == ("FAILED_PRECONDITION", "ROLE_BUILT_IN")
    assert (await refusal(_role(root, "administrator"))).reason == "ID_TAKEN"


async def test_an_older_releases_roles_are_brought_up_to_date(directory: Directory, root: Any) -> None:
    await user(root, "ada")
    await give(root, "worker", "ada")
    before = await directory.database.read(last_change())

    def age() -> Program[None]:
        yield Execute("UPDATE role_grant SET permissions=? WHERE role_id='worker'", (b'["jobs.get"]',))

    await prepare_directory(directory.database, SystemClock())
    assert await directory.database.read(last_change()) == before
    await directory.database.write(age())
    await prepare_directory(directory.database, SystemClock())
    worker = (await root.GetRole(pb.GetRoleRequest(id="worker"))).role
    assert "jobs.work" in worker.details.grants[0].permissions
    assert worker.etag == "2"
    # Who has the role is told of.
    assert await directory.database.read(last_change()) == before + 1


async def test_a_role_from_its_making_to_its_end(directory: Directory, root: Any) -> None:
    made = await _role(root, "clerk", Grant(permissions=["userTasks.get"], process_definition_keys=["order*"]))
    assert (await root.GetRole(pb.GetRoleRequest(id="clerk"))).role == made
    await user(root, "ada")
    given = await give(root, "clerk", "ada")
    assert (await directory.database.read(read_access("ada"))).grants == (
        Held(("userTasks.get",), frozenset({""}), ("order*",)),
    )
    details = pb.RoleDetails(grants=[Grant(permissions=["userTasks.*"], involved_only=True)])
    changed = (await root.UpdateRole(pb.UpdateRoleRequest(id="clerk", details=details, etag=made.etag))).role
    assert changed.details.grants[0].involved_only
    assert (await directory.database.read(read_access("ada"))).grants == (
        Held(("userTasks.*",), frozenset({""}), None, True),
    )
    deletion = pb.DeleteRoleRequest(id="clerk")
    assert (await refusal(root.DeleteRole(deletion))).kind == ("FAILED_PRECONDITION", "ROLE_IN_USE")
    await root.DeleteRoleAssignment(assignments.DeleteRoleAssignmentRequest(id=given.id))
    assert (await directory.database.read(read_access("ada"))).grants == ()
    await root.DeleteRole(deletion)
    assert (await refusal(root.GetRole(pb.GetRoleRequest(id="clerk")))).kind == ("NOT_FOUND", "ROLE_NOT_FOUND")


async def test_grants_that_are_none(root: Any) -> None:
    for grant, field in (
        (Grant(permissions=["users.fly"]), "details.grants[0].permissions"),
        (Grant(permissions=["flights.*"]), "details.grants[0].permissions"),
        (Grant(permissions=["u*"]), "details.grants[0].permissions[0]"),
        (Grant(), "details.grants[0]"),
    ):
        refused = await refusal(_role(root, "odd", grant))
        assert refused.kind == ("INVALID_ARGUMENT", "FIELD_INVALID")
        assert field in refused.message
    nowhere = Grant(permissions=["jobs.get"], tenant_ids=["nowhere"])
    assert (await refusal(_role(root, "odd", nowhere))).reason == "TENANT_NOT_FOUND"


async def test_a_mask_empties_grants(root: Any) -> None:
    await _role(root, "clerk", Grant(permissions=["jobs.get"]))
    request = pb.UpdateRoleRequest(id="clerk", update_mask=FieldMask(paths=["grants"]))
    assert not (await root.UpdateRole(request)).role.details.grants


async def test_an_assignment_is_narrowed(directory: Directory, root: Any) -> None:
    await tenants(root, "north", "south")
    await user(root, "ada", "north", "south")
    narrowing = Grant(permissions=["jobs.*"], tenant_ids=["north"], process_definition_keys=["ship*"])
    made = await give(root, "worker", "ada", narrowing=narrowing)
    assert made.narrowing == narrowing
    assert made.creator_id == "root"
    read = await root.GetRoleAssignment(assignments.GetRoleAssignmentRequest(id=made.id))
    assert read.role_assignment == made
    assert (await directory.database.read(read_access("ada"))).grants == (
        Held(("jobs.get", "jobs.list", "jobs.work"), frozenset({"north"}), ("ship*",)),
    )
    again = await refusal(give(root, "worker", "ada", narrowing=narrowing))
    assert again.kind == ("ALREADY_EXISTS", "ROLE_ASSIGNMENT_EXISTS")
    assert again.metadata["id"] == made.id
    await give(root, "worker", "ada", narrowing=Grant(tenant_ids=["south"]))


async def test_what_an_assignment_names_must_be_there(root: Any) -> None:
    await user(root, "ada")
    for call, reason in (
        (give(root, "nobody", "ada"), "ROLE_NOT_FOUND"),
        (give(root, "worker", "nobody"), "SUBJECT_NOT_FOUND"),
        (give(root, "worker", group="nobody"), "GROUP_NOT_FOUND"),
        (give(root, "worker", "ada", narrowing=Grant(tenant_ids=["nowhere"])), "TENANT_NOT_FOUND"),
    ):
        assert (await refusal(call)).kind == ("NOT_FOUND", reason)
    fly = give(root, "worker", "ada", narrowing=Grant(permissions=["jobs.fly"]))
    assert (await refusal(fly)).kind == ("INVALID_ARGUMENT", "FIELD_INVALID")
    nothing = root.CreateRoleAssignment(assignments.CreateRoleAssignmentRequest(role_id="worker"))
    assert (await refusal(nothing)).reason == "FIELD_INVALID"
    deletion = root.DeleteRoleAssignment(assignments.DeleteRoleAssignmentRequest(id="none"))
    assert (await refusal(deletion)).kind == ("NOT_FOUND", "ROLE_ASSIGNMENT_NOT_FOUND")


async def test_lists_of_assignments_have_filters_and_pages(root: Any) -> None:
    await user(root, "ada")
    for role in ("worker", "auditor", "user"):
        await give(root, role, "ada")

    async def roles(**filters: Any) -> list[str]:
        answer = await root.ListRoleAssignments(assignments.ListRoleAssignmentsRequest(**filters))
        return [one.role_id for one in answer.role_assignments]

    assert await roles() == ["administrator", "worker", "auditor", "user"]
    assert await roles(subject_id="ada") == ["worker", "auditor", "user"]
    assert await roles(role_id="auditor") == ["auditor"]
    assert await roles(group_id="ada") == []
    first = await root.ListRoleAssignments(assignments.ListRoleAssignmentsRequest(page_size=3))
    assert await roles(page_size=3, page_token=first.next_page_token) == ["user"]


async def test_the_catalogue_names_the_methods(directory: Directory, root: Any) -> None:
    request = permission_service_pb2.ListPermissionsRequest()
    listed = {one.name: one.methods for one in (await root.ListPermissions(request)).permissions}
    assert list(listed) == sorted(listed)
    methods = [method.name for method in listed["users.create"]]
    assert methods == ["flowmesh.identity.v1.UserService/CreateUser"]
    assert not listed["users.actAs"]
    await user(root, "ada")
    assert (await refusal(directory.as_("ada").ListPermissions(request))).code == "PERMISSION_DENIED"
