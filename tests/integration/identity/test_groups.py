"""Groups and who is in them."""

from __future__ import annotations

from typing import Any

from flowmesh.identity.v1 import group_service_pb2 as pb

from identity_svc.storage.subject_access import read_access
from tests.integration.identity.directory import Directory, Grant, give, refusal, tenants, user


async def _group(caller: Any, name: str, tenant: str = "", **fields: Any) -> pb.Group:
    made: pb.Group = (await caller.CreateGroup(pb.CreateGroupRequest(id=name, tenant_id=tenant, **fields))).group
    return made


async def _add(caller: Any, group: str, *subjects: str) -> int:
    added: int = (await caller.AddGroupMembers(pb.AddGroupMembersRequest(id=group, subject_ids=subjects))).added
    return added


async def test_a_group_from_its_making_to_its_end(directory: Directory, root: Any) -> None:
    made = await _group(root, "Sales Team", details=pb.GroupDetails(display_name="Sales"))
    assert (await root.GetGroup(pb.GetGroupRequest(id="Sales Team"))).group == made
    assert (await refusal(_group(root, "Sales Team"))).kind == ("ALREADY_EXISTS", "ID_TAKEN")
    request = pb.UpdateGroupRequest(id="Sales Team", details=pb.GroupDetails(description="Sells"), etag=made.etag)
    changed = (await root.UpdateGroup(request)).group
    assert (changed.details.display_name, changed.details.description, changed.etag) == ("Sales", "Sells", "2")
    assert (await refusal(root.UpdateGroup(request))).kind == ("ABORTED", "REVISION_CONFLICT")
    await user(root, "ada")
    await _add(root, "Sales Team", "ada")
    await give(root, "worker", group="Sales Team")
    assert (await directory.database.read(read_access("ada"))).group_ids == ("Sales Team",)
    await root.DeleteGroup(pb.DeleteGroupRequest(id="Sales Team"))
    access = await directory.database.read(read_access("ada"))
    assert (access.group_ids, access.grants) == ((), ())
    for call in (
        root.GetGroup(pb.GetGroupRequest(id="Sales Team")),
        root.DeleteGroup(pb.DeleteGroupRequest(id="Sales Team")),
        root.ListGroupMembers(pb.ListGroupMembersRequest(id="Sales Team")),
    ):
        assert (await refusal(call)).kind == ("NOT_FOUND", "GROUP_NOT_FOUND")


async def test_members_come_and_go(root: Any) -> None:
    await _group(root, "staff")
    for number in range(5):
        await user(root, f"u{number}", display_name=f"User {number}")
    assert await _add(root, "staff", *[f"u{number}" for number in range(4)]) == 4
    assert await _add(root, "staff", "u3", "u4") == 1
    page = await root.ListGroupMembers(pb.ListGroupMembersRequest(id="staff", page_size=3))
    assert [member.subject_id for member in page.members] == ["u0", "u1", "u2"]
    assert page.members[0].display_name == "User 0"
    assert not page.members[0].service_account
    rest = pb.ListGroupMembersRequest(id="staff", page_size=3, page_token=page.next_page_token)
    assert [member.subject_id for member in (await root.ListGroupMembers(rest)).members] == ["u3", "u4"]
    removal = pb.RemoveGroupMembersRequest(id="staff", subject_ids=["u0", "u1", "nobody"])
    assert (await root.RemoveGroupMembers(removal)).removed == 2
    assert (await root.RemoveGroupMembers(removal)).removed == 0
    # All or none.
    assert (await refusal(_add(root, "staff", "u0", "nobody"))).kind == ("NOT_FOUND", "SUBJECT_NOT_FOUND")
    members = (await root.ListGroupMembers(pb.ListGroupMembersRequest(id="staff"))).members
    assert [member.subject_id for member in members] == ["u2", "u3", "u4"]


async def test_members_belong_to_the_tenant(root: Any) -> None:
    await tenants(root, "north", "south")
    await _group(root, "staff", "north")
    await user(root, "ada", "south")
    refused = await refusal(_add(root, "staff", "ada"))
    assert refused.kind == ("INVALID_ARGUMENT", "FIELD_INVALID")
    assert "subject_ids[0]" in refused.message
    assert await _add(root, "staff", "root") == 1


async def test_what_a_group_of_a_tenant_has_holds_there(directory: Directory, root: Any) -> None:
    await tenants(root, "north", "south")
    await user(root, "ada", "north", "south")
    await _group(root, "staff", "north")
    await _add(root, "staff", "ada")
    await give(root, "worker", group="staff")
    access = await directory.database.read(read_access("ada"))
    assert [grant.tenants for grant in access.grants] == [frozenset({"north"})]
    outside = give(root, "worker", group="staff", narrowing=Grant(tenant_ids=["south"]))
    assert "narrowing.tenant_ids" in (await refusal(outside)).message


async def test_lists_have_filters(root: Any) -> None:
    await tenants(root, "north")
    await _group(root, "a", "north")
    await _group(root, "b")
    await _group(root, "c", all_tenants=True)
    await _add(root, "b", "root")

    async def names(**filters: Any) -> list[str]:
        return [one.id for one in (await root.ListGroups(pb.ListGroupsRequest(**filters))).groups]

    assert await names() == ["a", "b", "c"]
    assert await names(tenant_id="north") == ["a", "c"]
    assert await names(tenant_id="") == ["b", "c"]
    assert await names(member_id="root") == ["b"]
    assert await names(id_prefix="c") == ["c"]
    first = await root.ListGroups(pb.ListGroupsRequest(page_size=2))
    assert await names(page_size=2, page_token=first.next_page_token) == ["c"]
