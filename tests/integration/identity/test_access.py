"""AccessService: what was granted, and word of each change to every process that listens to any other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from flowmesh.identity.v1 import (
    access_service_pb2 as pb,
)
from flowmesh.identity.v1 import (
    group_service_pb2,
    role_assignment_service_pb2,
    role_service_pb2,
    tenant_service_pb2,
    user_service_pb2,
)
from flowmesh.identity.v1.session_service_pb2 import RevokeRequest
from flowmesh.identity.v1.signing_key_service_pb2 import RotateSigningKeysRequest

from mesh.db.database import Database, DatabaseUnavailable
from tests.integration.identity.signed_in import ROOT, Identity, migrated, refused, running

TOLD_WITHIN_SECONDS = 1.5


@pytest.fixture
async def tables(database_url: str) -> str:
    return await migrated(database_url)


@pytest.fixture
async def identity(tables: str, tmp_path: Path) -> AsyncIterator[Identity]:
    async with running(tables, tmp_path) as started:
        await started.bootstrap()
        yield started


async def _access(identity: Identity, subject_id: str) -> pb.Access:
    answer = await identity.of_mesh().GetAccess(pb.GetAccessRequest(subject_id=subject_id))
    access: pb.Access = answer.access
    return access


class TestGrants:
    async def test_are_those_of_the_subject_and_its_groups(self, identity: Identity) -> None:
        root = await identity.root()
        await root.CreateTenant(tenant_service_pb2.CreateTenantRequest(id="acme"))
        await identity.add_user("ann", tenant_ids=["", "acme"], password="")
        await root.CreateGroup(group_service_pb2.CreateGroupRequest(id="desk", tenant_id="acme"))
        await root.AddGroupMembers(group_service_pb2.AddGroupMembersRequest(id="desk", subject_ids=["ann"]))
        for given in ({"subject_id": "ann", "role_id": "worker"}, {"group_id": "desk", "role_id": "auditor"}):
            await root.CreateRoleAssignment(role_assignment_service_pb2.CreateRoleAssignmentRequest(**given))
        access = await _access(identity, "ann")
        assert access.active
        assert list(access.group_ids) == ["desk"]
        assert sorted(access.tenant_ids) == ["", "acme"]
        assert not access.all_tenants
        by_tenants = {tuple(grant.tenant_ids): list(grant.permissions) for grant in access.grants}
        assert "jobs.work" in by_tenants["", "acme"]
        assert any(name.endswith(".list") for name in by_tenants["acme",])
        assert access.version > (await _access(identity, "nobody")).version - 1000

    async def test_take_the_same_statements_however_many_there_are(self, identity: Identity) -> None:
        root = await identity.root()
        await identity.add_user("few", password="")
        await identity.add_user("many", password="")
        for n in range(20):
            await root.CreateRole(
                role_service_pb2.CreateRoleRequest(
                    id=f"role-{n}",
                    details=role_service_pb2.RoleDetails(
                        grants=[pb.Grant(permissions=["userTasks.get"], process_definition_keys=[f"key-{n}"])]
                    ),
                )
            )
            await root.CreateGroup(group_service_pb2.CreateGroupRequest(id=f"group-{n}"))
            members = ["many", "few"] if n == 0 else ["many"]
            await root.AddGroupMembers(group_service_pb2.AddGroupMembersRequest(id=f"group-{n}", subject_ids=members))
            await root.CreateRoleAssignment(
                role_assignment_service_pb2.CreateRoleAssignmentRequest(group_id=f"group-{n}", role_id=f"role-{n}")
            )
        assert len((await _access(identity, "many")).grants) == 20
        counts = [await _statements(identity.database, subject) for subject in ("few", "many")]
        assert counts[0] == counts[1] <= 8

    @pytest.mark.parametrize("what", ["nobody", "disabled", "deleted"])
    async def test_nobody_has_none(self, identity: Identity, what: str) -> None:
        await identity.add_user("disabled", password="")
        await identity.add_user("deleted", password="")
        root = await identity.root()
        await root.DisableUser(user_service_pb2.DisableUserRequest(id="disabled"))
        await root.DeleteUser(user_service_pb2.DeleteUserRequest(id="deleted"))
        access = await _access(identity, what)
        assert not access.active
        assert not access.grants
        assert access.subject_id == what

    async def test_services_alone_may_ask(self, identity: Identity) -> None:
        root = await identity.root()
        assert await refused(root.GetAccess(pb.GetAccessRequest(subject_id=ROOT))) == "CREDENTIALS_INVALID"
        watch = root.WatchSecurityChanges(pb.WatchSecurityChangesRequest())
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await watch.read()
        assert error.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def _statements(database: Database, subject_id: str) -> int:
    from identity_svc.storage.subject_access import read_access

    count = 0

    def counted() -> Any:
        nonlocal count
        program = read_access(subject_id)
        outcome: Any = None
        while True:
            try:
                statement = program.send(outcome)
            except StopIteration as end:
                return end.value
            count += 1
            outcome = yield statement

    await database.read(counted())
    return count


class TestCheck:
    async def test_tells_whether_a_grant_covers_a_resource(self, identity: Identity) -> None:
        root = await identity.root()
        await root.CreateTenant(tenant_service_pb2.CreateTenantRequest(id="acme"))
        await identity.add_user("ann", tenant_ids=["acme"])
        await root.CreateRole(
            role_service_pb2.CreateRoleRequest(
                id="approver",
                details=role_service_pb2.RoleDetails(
                    grants=[
                        pb.Grant(permissions=["userTasks.*"], process_definition_keys=["order-*"], involved_only=True)
                    ]
                ),
            )
        )
        await root.CreateRoleAssignment(
            role_assignment_service_pb2.CreateRoleAssignmentRequest(subject_id="ann", role_id="approver")
        )
        ann = identity.client((await identity.login("ann")).access_token)

        async def allowed(permission: str, **resource: Any) -> bool:
            request = pb.CheckPermissionRequest(permission=permission)
            if resource:
                request.resource.CopyFrom(pb.CheckPermissionRequest.Resource(**resource))
            answers = {
                (await client.CheckPermission(request)).allowed
                for client, request in (
                    (ann, request),
                    (root, pb.CheckPermissionRequest.FromString(request.SerializeToString() + b"\x0a\x03ann")),
                )
            }
            assert len(answers) == 1
            return answers.pop()

        assert await allowed("userTasks.get")
        assert await allowed("userTasks.get", tenant_id="acme", process_definition_key="order-1", involved=True)
        assert await allowed("userTasks.get", involved=True)
        assert not await allowed("userTasks.get", tenant_id="acme", process_definition_key="order-1")
        assert not await allowed("userTasks.get", tenant_id="", involved=True)
        assert not await allowed("userTasks.get", process_definition_key="invoice", involved=True)
        assert not await allowed("userTask.get")
        assert not await allowed("users.get")

    async def test_of_others_needs_the_permission(self, identity: Identity) -> None:
        await identity.add_user("ann")
        ann = identity.client((await identity.login("ann")).access_token)
        about = pb.CheckPermissionRequest(subject_id=ROOT, permission="users.get")
        assert await refused(ann.CheckPermission(about)) == "ACCESS_DENIED"
        own = pb.CheckPermissionRequest(subject_id="ann", permission="users.get")
        assert not (await ann.CheckPermission(own)).allowed
        root = await identity.root()
        unknown = pb.CheckPermissionRequest(subject_id="nobody", permission="users.get")
        assert not (await root.CheckPermission(unknown)).allowed


class _Watching:
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def next(self) -> pb.WatchSecurityChangesResponse:
        async with asyncio.timeout(TOLD_WITHIN_SECONDS):
            message: pb.WatchSecurityChangesResponse = await self._stream.read()
        return message

    async def change(self, kind: str) -> pb.WatchSecurityChangesResponse:
        """Wait for a change of a kind; others may come before."""
        async with asyncio.timeout(TOLD_WITHIN_SECONDS):
            while True:
                message = await self.next()
                if message.WhichOneof("change") == kind:
                    return message

    async def beginning(self) -> list[pb.WatchSecurityChangesResponse]:
        messages = [await self.next()]
        while not messages[-1].complete:
            messages.append(await self.next())
        return messages


@asynccontextmanager
async def _watching(identity: Identity) -> AsyncIterator[_Watching]:
    stream = identity.of_mesh().WatchSecurityChanges(pb.WatchSecurityChangesRequest())
    try:
        yield _Watching(stream)
    finally:
        stream.cancel()


class TestWatch:
    async def test_begins_with_what_is_revoked(self, identity: Identity) -> None:
        ended, kept = await identity.login(ROOT), await identity.login(ROOT)
        await identity.client(kept.access_token).Revoke(RevokeRequest(session_id=ended.session_id))
        async with _watching(identity) as watching:
            *revoked, complete = await watching.beginning()
            assert [message.session_revoked.session_id for message in revoked] == [ended.session_id]
            assert revoked[0].session_revoked.forget_time == ended.access_expire_time
            assert complete.WhichOneof("change") is None
            assert complete.access_version > 0

    async def test_tells_of_changes_by_other_processes(self, tables: str, tmp_path: Path) -> None:
        async with running(tables, tmp_path) as one, running(tables, tmp_path) as other:
            await one.bootstrap()
            tokens = await one.login(ROOT)
            root = await one.root()
            async with _watching(one) as near, _watching(other) as far:
                version = (await near.beginning())[-1].access_version
                assert (await far.beginning())[-1].access_version == version
                await root.CreateUser(user_service_pb2.CreateUserRequest(id="ann"))
                for watching in (near, far):
                    told = await watching.change("subjects_changed")
                    assert list(told.subjects_changed.subject_ids) == ["ann"]
                    assert told.access_version > version
                await root.Revoke(RevokeRequest(session_id=tokens.session_id))
                revoked = [await watching.change("session_revoked") for watching in (near, far)]
                assert {message.session_revoked.session_id for message in revoked} == {tokens.session_id}
                # What does not change what anybody may do leaves the version as it is.
                assert {message.access_version for message in revoked} == {told.access_version}
                await root.RotateSigningKeys(RotateSigningKeysRequest())
                for watching in (near, far):
                    await watching.change("keys_changed")

    async def test_gives_a_sign_of_life(self, identity: Identity) -> None:
        async with _watching(identity) as watching:
            version = (await watching.beginning())[-1].access_version
            for _ in range(2):
                message = await watching.next()
                assert message.WhichOneof("change") is None
                assert message.access_version == version

    async def test_version_is_the_same_after_a_restart(self, tables: str, tmp_path: Path) -> None:
        from identity_svc.storage.security_changes import prune_changes

        async with running(tables, tmp_path) as identity:
            await identity.bootstrap()
            async with _watching(identity) as watching:
                before = (await watching.beginning())[-1].access_version
            await identity.root()
            # The log is forgotten after a day; the version is not.
            await identity.database.write(prune_changes(1 << 62))
        async with running(tables, tmp_path) as identity, _watching(identity) as watching:
            assert (await watching.beginning())[-1].access_version == before

    async def test_ends_where_nobody_knows_whether_there_are_changes(
        self, identity: Identity, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with _watching(identity) as watching:
            await watching.beginning()

            async def down(program: Any) -> Any:
                program.close()
                raise DatabaseUnavailable("gone")

            monkeypatch.setattr(identity.service._signing_in.feed._database, "read", down)
            with pytest.raises(grpc.aio.AioRpcError) as error:
                async with asyncio.timeout(8):
                    while True:
                        await watching._stream.read()
            assert error.value.code() is grpc.StatusCode.UNAVAILABLE

    async def test_many_watchers_cost_one_poll(self, identity: Identity) -> None:
        reads = 0
        feed = identity.service._signing_in.feed
        read = feed._database.read

        async def counted(program: Any) -> Any:
            nonlocal reads
            if getattr(program, "gi_code", None) is type(feed)._read.__code__:
                reads += 1
            return await read(program)

        feed._database.read = counted  # type: ignore[method-assign]
        try:
            async with (
                _watching(identity) as one,
                _watching(identity) as two,
                _watching(identity) as three,
                _watching(identity) as four,
            ):
                for watching in (one, two, three, four):
                    await watching.beginning()
                reads = 0
                await asyncio.sleep(2)
                assert 1 <= reads <= 6
        finally:
            del feed._database.read
