"""`flowmesh.identity.v1.GroupService`."""

from __future__ import annotations

from dataclasses import dataclass

from flowmesh.identity.v1 import group_service_pb2 as pb

from identity_svc.api.callers import Callers
from identity_svc.api.mapping import group_message, member_message
from identity_svc.api.masks import masked_fields
from identity_svc.commands import groups
from identity_svc.commands.changes import Changes
from identity_svc.commands.refusals import group_missing
from identity_svc.commands.writing import DirectoryWriter
from identity_svc.queries.groups import GroupFilter, list_groups, list_members, visible_group
from identity_svc.storage.groups import Group
from mesh.db.database import Database
from mesh.db.statements import Program
from mesh.paging import decode_page_token, encode_page_token, page_size_of

_FIELDS = ("display_name", "description")


@dataclass(slots=True)
class GroupServicer:
    """Serves GroupService."""

    database: Database
    writer: DirectoryWriter
    callers: Callers

    async def CreateGroup(self, request: pb.CreateGroupRequest) -> bytes:
        """See the contract."""
        details = request.details
        wanted = Group(request.id, request.tenant_id, request.all_tenants, details.display_name, details.description)

        def work(changes: Changes) -> Program[pb.CreateGroupResponse]:
            group = yield from groups.create(changes, wanted)
            return pb.CreateGroupResponse(group=group_message(group))

        return await self.writer.change(self.callers.current(), request, work, about=request.id)

    async def GetGroup(self, request: pb.GetGroupRequest) -> pb.GetGroupResponse:
        """See the contract."""
        group = await self.database.read(visible_group(self.callers.current(), request.id))
        if group is None:
            raise group_missing(request.id)
        return pb.GetGroupResponse(group=group_message(group))

    async def ListGroups(self, request: pb.ListGroupsRequest) -> pb.ListGroupsResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, str)
        wanted = GroupFilter(
            request.tenant_id if request.HasField("tenant_id") else None, request.member_id, request.id_prefix
        )
        found = await self.database.read(
            list_groups(self.callers.current(), wanted, str(after[0]) if after else None, size + 1)
        )
        return pb.ListGroupsResponse(
            groups=map(group_message, found[:size]),
            next_page_token=encode_page_token(request, [found[size - 1].id]) if len(found) > size else "",
        )

    async def UpdateGroup(self, request: pb.UpdateGroupRequest) -> bytes:
        """See the contract."""
        fields = masked_fields(request.details, request.update_mask, _FIELDS)
        values = {field: getattr(request.details, field) for field in fields}

        def work(changes: Changes) -> Program[pb.UpdateGroupResponse]:
            group = yield from groups.update(changes, request.id, values, request.etag)
            return pb.UpdateGroupResponse(group=group_message(group))

        return await self.writer.change(self.callers.current(), request, work, about=request.id)

    async def DeleteGroup(self, request: pb.DeleteGroupRequest) -> bytes:
        """See the contract."""

        def work(changes: Changes) -> Program[pb.DeleteGroupResponse]:
            yield from groups.delete(changes, request.id, request.etag)
            return pb.DeleteGroupResponse()

        return await self.writer.change(self.callers.current(), request, work, about=request.id)

    async def AddGroupMembers(self, request: pb.AddGroupMembersRequest) -> bytes:
        """See the contract."""

        def work(changes: Changes) -> Program[pb.AddGroupMembersResponse]:
            added = yield from groups.add_members(changes, request.id, request.subject_ids)
            return pb.AddGroupMembersResponse(added=added)

        return await self.writer.change(self.callers.current(), request, work, about=request.id)

    async def RemoveGroupMembers(self, request: pb.RemoveGroupMembersRequest) -> bytes:
        """See the contract."""

        def work(changes: Changes) -> Program[pb.RemoveGroupMembersResponse]:
            removed = yield from groups.remove_members(changes, request.id, request.subject_ids)
            return pb.RemoveGroupMembersResponse(removed=removed)

        return await self.writer.change(self.callers.current(), request, work, about=request.id)

    async def ListGroupMembers(self, request: pb.ListGroupMembersRequest) -> pb.ListGroupMembersResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, str)
        found = await self.database.read(
            list_members(self.callers.current(), request.id, str(after[0]) if after else None, size + 1)
        )
        if found is None:
            raise group_missing(request.id)
        return pb.ListGroupMembersResponse(
            members=map(member_message, found[:size]),
            next_page_token=encode_page_token(request, [found[size - 1].subject_id]) if len(found) > size else "",
        )
