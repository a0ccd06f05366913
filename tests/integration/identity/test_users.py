"""Users: made, read, listed, changed, disabled, deleted."""

from __future__ import annotations

from typing import Any

import pytest
from flowmesh.identity.v1 import group_service_pb2
from flowmesh.identity.v1 import user_service_pb2 as pb
from google.protobuf.field_mask_pb2 import FieldMask

from identity_svc.storage.subject_access import read_access
from tests.integration.identity.directory import Directory, give, refusal, tenants, user


async def _get(caller: Any, name: str) -> pb.User:
    found: pb.User = (await caller.GetUser(pb.GetUserRequest(id=name))).user
    return found


async def _names(caller: Any, **filters: Any) -> list[str]:
    return [one.id for one in (await caller.ListUsers(pb.ListUsersRequest(**filters))).users]


async def test_a_user_is_what_was_said(root: Any) -> None:
    made = await user(
        root, "ada", display_name="Ada", email="Ada@Example.org", given_name="Ada", family_name="L", locale="en-GB"
    )
    assert made == await _get(root, "ada")
    assert made.status == pb.User.STATUS_ACTIVE
    assert list(made.details.tenant_ids) == [""]
    assert made.details.email == "Ada@Example.org"
    assert made.etag == "1"
    assert made.create_time == made.update_time


async def test_ids_and_addresses_are_given_once(root: Any) -> None:
    await user(root, "ada", email="ada@example.org")
    assert (await refusal(user(root, "ada"))).kind == ("ALREADY_EXISTS", "ID_TAKEN")
    assert (await refusal(user(root, "bob", email="ADA@example.org"))).kind == ("ALREADY_EXISTS", "EMAIL_TAKEN")
    assert (await refusal(user(root, "bob", "nowhere"))).kind == ("NOT_FOUND", "TENANT_NOT_FOUND")
    await root.DeleteUser(pb.DeleteUserRequest(id="ada"))
    assert (await refusal(_get(root, "ada"))).kind == ("NOT_FOUND", "USER_NOT_FOUND")
    # What somebody did keeps its name; the address is free again.
    assert (await refusal(user(root, "ada"))).reason == "ID_TAKEN"
    await user(root, "bob", email="ada@example.org")


@pytest.mark.parametrize("name", ["", " ", "a/b", "-a", "a b", "x" * 65])
async def test_ids_that_are_none(root: Any, name: str) -> None:
    refused = await refusal(user(root, name))
    assert refused.kind == ("INVALID_ARGUMENT", "FIELD_INVALID")
    assert refused.message.startswith("id: ")


async def test_a_mask_says_what_changes(root: Any) -> None:
    await user(root, "ada", display_name="Ada", email="ada@example.org")
    details = pb.UserDetails(given_name="Ada", email="a@example.org")
    request = pb.UpdateUserRequest(
        id="ada", details=details, update_mask=FieldMask(paths=["given_name", "display_name"])
    )
    changed = (await root.UpdateUser(request)).user
    assert (changed.details.given_name, changed.details.display_name) == ("Ada", "")
    assert changed.details.email == "ada@example.org"
    assert changed.etag == "2"
    without_mask = (await root.UpdateUser(pb.UpdateUserRequest(id="ada", details=details))).user
    assert without_mask.details.email == "a@example.org"
    # Nothing changes, and so nothing is a new version.
    assert (await root.UpdateUser(pb.UpdateUserRequest(id="ada", details=details))).user == without_mask
    unknown = pb.UpdateUserRequest(id="ada", update_mask=FieldMask(paths=["password"]))
    assert "update_mask" in (await refusal(root.UpdateUser(unknown))).message
    assert (await refusal(root.UpdateUser(pb.UpdateUserRequest(id="ada")))).reason == "FIELD_INVALID"


async def test_an_etag_refuses_what_others_changed(root: Any) -> None:
    read = await user(root, "ada")
    first = pb.UpdateUserRequest(id="ada", details=pb.UserDetails(given_name="A"), etag=read.etag)
    await root.UpdateUser(first)
    for late in (
        root.UpdateUser(pb.UpdateUserRequest(id="ada", details=pb.UserDetails(given_name="B"), etag=read.etag)),
        root.DisableUser(pb.DisableUserRequest(id="ada", etag=read.etag)),
        root.DeleteUser(pb.DeleteUserRequest(id="ada", etag=read.etag)),
    ):
        assert (await refusal(late)).kind == ("ABORTED", "REVISION_CONFLICT")
    assert (await _get(root, "ada")).details.given_name == "A"


async def test_the_same_request_has_the_same_answer(root: Any) -> None:
    request = pb.CreateUserRequest(request_id="r1", id="ada")
    first = await root.CreateUser(request)
    assert await root.CreateUser(request) == first
    other = pb.CreateUserRequest(request_id="r1", id="bob")
    assert (await refusal(root.CreateUser(other))).kind == ("INVALID_ARGUMENT", "REQUEST_ID_REUSED")


async def test_request_ids_of_others_are_none_of_ones_business(directory: Directory, root: Any) -> None:
    await user(root, "ada")
    await give(root, "administrator", "ada")
    request = pb.DeleteUserRequest(request_id="r1", id="nobody")
    assert (await refusal(root.DeleteUser(request))).reason == "USER_NOT_FOUND"
    made = await root.CreateUser(pb.CreateUserRequest(request_id="r2", id="bob"))
    theirs = directory.as_("ada").CreateUser(pb.CreateUserRequest(request_id="r2", id="bob"))
    assert made.user.id == "bob"
    assert (await refusal(theirs)).reason in {"ID_TAKEN", "ACCESS_DENIED"}


async def test_disabled_users_may_do_nothing(directory: Directory, root: Any) -> None:
    await user(root, "ada")
    await give(root, "auditor", "ada")
    assert (await directory.database.read(read_access("ada"))).grants
    disabled = (await root.DisableUser(pb.DisableUserRequest(id="ada"))).user
    assert disabled.status == pb.User.STATUS_DISABLED
    access = await directory.database.read(read_access("ada"))
    assert (access.active, access.grants, access.group_ids) == (False, (), ())
    assert (await root.DisableUser(pb.DisableUserRequest(id="ada"))).user == disabled
    enabled = (await root.EnableUser(pb.EnableUserRequest(id="ada"))).user
    assert enabled.status == pb.User.STATUS_ACTIVE
    assert (await directory.database.read(read_access("ada"))).grants


async def test_lists_have_pages_and_filters(root: Any) -> None:
    await tenants(root, "north", "south")
    for number in range(5):
        await user(root, f"n{number}", "north", email=f"n{number}@example.org")
    await user(root, "s0", "south", "north")
    await root.CreateGroup(group_service_pb2.CreateGroupRequest(id="staff", tenant_id="north"))
    await root.AddGroupMembers(group_service_pb2.AddGroupMembersRequest(id="staff", subject_ids=["n1", "s0"]))
    await root.DisableUser(pb.DisableUserRequest(id="n2"))
    assert await _names(root) == ["n0", "n1", "n2", "n3", "n4", "root", "s0"]
    assert await _names(root, tenant_id="south") == ["root", "s0"]
    assert await _names(root, tenant_id="") == ["root"]
    assert await _names(root, group_id="staff") == ["n1", "s0"]
    assert await _names(root, email="N3@EXAMPLE.org") == ["n3"]
    assert await _names(root, id_prefix="n", status=pb.User.STATUS_ACTIVE) == ["n0", "n1", "n3", "n4"]
    assert await _names(root, status=pb.User.STATUS_DISABLED) == ["n2"]
    assert await _names(root, id_prefix="n' OR 1=1 --") == []
    seen: list[str] = []
    token = ""
    while True:
        page = await root.ListUsers(pb.ListUsersRequest(page_size=2, page_token=token, tenant_id="north"))
        seen += [one.id for one in page.users]
        assert len(page.users) <= 2
        token = page.next_page_token
        if not token:
            break
    assert seen == ["n0", "n1", "n2", "n3", "n4", "root", "s0"]
    first = await root.ListUsers(pb.ListUsersRequest(page_size=2))
    other = pb.ListUsersRequest(page_token=first.next_page_token, id_prefix="n")
    assert (await refusal(root.ListUsers(other))).reason == "PAGE_TOKEN_INVALID"


async def test_who_leaves_a_tenant_leaves_its_groups(directory: Directory, root: Any) -> None:
    await tenants(root, "north", "south")
    await user(root, "ada", "north", "south")
    for tenant in ("north", "south"):
        await root.CreateGroup(group_service_pb2.CreateGroupRequest(id=tenant, tenant_id=tenant))
        await root.AddGroupMembers(group_service_pb2.AddGroupMembersRequest(id=tenant, subject_ids=["ada"]))
    await root.UpdateUser(pb.UpdateUserRequest(id="ada", details=pb.UserDetails(tenant_ids=["south"])))
    access = await directory.database.read(read_access("ada"))
    assert (access.tenant_ids, access.group_ids) == (("south",), ("south",))
    # And does not come back to them by coming back.
    await root.UpdateUser(pb.UpdateUserRequest(id="ada", details=pb.UserDetails(tenant_ids=["north", "south"])))
    assert (await directory.database.read(read_access("ada"))).group_ids == ("south",)
    nowhere = pb.UpdateUserRequest(id="ada", update_mask=FieldMask(paths=["tenant_ids"]))
    assert "details.tenant_ids" in (await refusal(root.UpdateUser(nowhere))).message


async def test_of_all_tenants_or_of_some(root: Any) -> None:
    await tenants(root, "north")
    both = pb.UserDetails(tenant_ids=["north"], all_tenants=True)
    assert (await refusal(root.CreateUser(pb.CreateUserRequest(id="ada", details=both)))).reason == "FIELD_INVALID"
    await user(root, "ada", "north")
    everywhere = (await root.UpdateUser(pb.UpdateUserRequest(id="ada", details=pb.UserDetails(all_tenants=True)))).user
    assert everywhere.details.all_tenants
    assert not everywhere.details.tenant_ids
    some = (await root.UpdateUser(pb.UpdateUserRequest(id="ada", details=pb.UserDetails(tenant_ids=["north"])))).user
    assert (some.details.all_tenants, list(some.details.tenant_ids)) == (False, ["north"])
