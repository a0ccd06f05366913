"""What is known of users by names of one's own, and the whole directory as services read it."""

from __future__ import annotations

import asyncio
from typing import Any

from flowmesh.identity.v1 import directory_service_pb2 as pb
from flowmesh.identity.v1 import group_service_pb2 as groups
from flowmesh.identity.v1 import user_service_pb2 as users
from google.protobuf.field_mask_pb2 import FieldMask

from identity_svc.api.directory_service import DirectoryServicer
from mesh.bus.topics import USER_PERMISSION_EVENTS
from mesh.clock import SystemClock
from mesh.event_decoding import decode
from tests.integration.identity.directory import Directory, refusal, tenants, user


async def test_attributes_are_kept_changed_and_told(directory: Directory, root: Any) -> None:
    made = await user(root, "ada", email="ada@example.org", attributes={"manager": "eve", "phone": "+861380"})
    assert dict(made.details.attributes) == {"manager": "eve", "phone": "+861380"}
    change = users.UpdateUserRequest(id="ada", details=users.UserDetails(attributes={"manager": "fay"}))
    changed = (await root.UpdateUser(change)).user
    assert dict(changed.details.attributes) == {"manager": "fay"}
    assert changed.details.email == "ada@example.org"
    emptied = users.UpdateUserRequest(
        id="ada", details=users.UserDetails(), update_mask=FieldMask(paths=["attributes"])
    )
    assert not (await root.UpdateUser(emptied)).user.details.attributes
    wrong = users.UpdateUserRequest(id="ada", details=users.UserDetails(attributes={"not a name": "x"}))
    assert (await refusal(root.UpdateUser(wrong))).code == "INVALID_ARGUMENT"
    told = [
        (name, dict(getattr(event, name).profile.attributes), getattr(event, name).profile.email)
        for event in await _events(directory, 3)
        if (name := str(event.WhichOneof("payload"))) in ("user_created", "user_updated")
    ]
    assert told == [
        ("user_created", {"manager": "eve", "phone": "+861380"}, "ada@example.org"),
        ("user_updated", {"manager": "fay"}, "ada@example.org"),
        ("user_updated", {}, "ada@example.org"),
    ]


async def test_who_leaves_a_tenant_leaves_its_groups_and_that_is_told(directory: Directory, root: Any) -> None:
    await tenants(root, "a", "b")
    await user(root, "ada", "a", "b")
    await root.CreateGroup(groups.CreateGroupRequest(id="staff", tenant_id="a"))
    await root.AddGroupMembers(groups.AddGroupMembersRequest(id="staff", subject_ids=["ada"]))
    await root.UpdateUser(users.UpdateUserRequest(id="ada", details=users.UserDetails(tenant_ids=["b"])))
    told = await _events(directory, 4)
    [left] = [event.group_member_removed for event in told if event.HasField("group_member_removed")]
    assert (left.group_id, left.subject_id) == ("staff", "ada")


async def test_the_whole_directory_is_read_page_by_page(directory: Directory, root: Any) -> None:
    for number in range(5):
        await user(root, f"u{number}", locale="zh-CN", attributes={"timeZone": "Asia/Shanghai"})
    await root.CreateGroup(groups.CreateGroupRequest(id="staff"))
    await root.AddGroupMembers(groups.AddGroupMembersRequest(id="staff", subject_ids=["u1", "u2"]))
    await root.DisableUser(users.DisableUserRequest(id="u3"))
    await root.DeleteUser(users.DeleteUserRequest(id="u4"))
    servicer = DirectoryServicer(directory.database, SystemClock())
    found: dict[str, pb.DirectoryEntry] = {}
    request = pb.ListDirectoryEntriesRequest(page_size=2)
    while True:
        page = await servicer.ListDirectoryEntries(request)
        found.update((entry.user.id, entry) for entry in page.entries)
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert set(found) == {"root", "u0", "u1", "u2", "u3"}
    assert [found[name].active for name in ("u0", "u3")] == [True, False]
    assert [list(found[name].group_ids) for name in ("u0", "u1")] == [[], ["staff"]]
    assert found["u0"].profile.locale == "zh-CN"
    assert dict(found["u0"].profile.attributes) == {"timeZone": "Asia/Shanghai"}


async def _events(directory: Directory, least: int) -> list[Any]:
    consumer = await directory.bus.consumer("test", [USER_PERMISSION_EVENTS])
    found: list[Any] = []
    async with asyncio.timeout(10):
        while len(found) < least:
            for message in await consumer.poll(1000, 1.0):
                event = decode(message.value)
                # Those of the start are of no interest.
                if event is not None and event.correlation_id:
                    found.append(event)
    await consumer.close()
    return sorted(found, key=lambda event: str(event.event_id))
