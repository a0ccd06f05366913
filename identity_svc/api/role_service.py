"""`flowmesh.identity.v1.RoleService`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flowmesh.identity.v1 import role_service_pb2 as pb

from identity_svc.api.callers import Callers
from identity_svc.api.mapping import grants_of, role_message
from identity_svc.api.masks import masked_fields
from identity_svc.commands import roles
from identity_svc.commands.changes import Changes
from identity_svc.commands.refusals import role_missing
from identity_svc.commands.writing import DirectoryWriter
from identity_svc.queries.roles import list_roles, visible_role
from identity_svc.storage.roles import Role
from mesh.db.database import Database
from mesh.db.statements import Program
from mesh.paging import decode_page_token, encode_page_token, page_size_of

_FIELDS = ("display_name", "description", "grants")


@dataclass(slots=True)
class RoleServicer:
    """Serves RoleService."""

    database: Database
    writer: DirectoryWriter
    callers: Callers

    async def CreateRole(self, request: pb.CreateRoleRequest) -> bytes:
        """See the contract."""
        wanted = Role(request.id, **_values(request.details, _FIELDS))

        def work(changes: Changes) -> Program[pb.CreateRoleResponse]:
            role = yield from roles.create(changes, wanted)
            return pb.CreateRoleResponse(role=role_message(role))

        return await self.writer.change(self.callers.current(), request, work, about=request.id)

    async def GetRole(self, request: pb.GetRoleRequest) -> pb.GetRoleResponse:
        """See the contract."""
        role = await self.database.read(visible_role(self.callers.current(), request.id))
        if role is None:
            raise role_missing(request.id)
        return pb.GetRoleResponse(role=role_message(role))

    async def ListRoles(self, request: pb.ListRolesRequest) -> pb.ListRolesResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, str)
        built_in = request.built_in if request.HasField("built_in") else None
        found = await self.database.read(
            list_roles(self.callers.current(), request.id_prefix, built_in, str(after[0]) if after else None, size + 1)
        )
        return pb.ListRolesResponse(
            roles=map(role_message, found[:size]),
            next_page_token=encode_page_token(request, [found[size - 1].id]) if len(found) > size else "",
        )

    async def UpdateRole(self, request: pb.UpdateRoleRequest) -> bytes:
        """See the contract."""
        values = _values(request.details, masked_fields(request.details, request.update_mask, _FIELDS))

        def work(changes: Changes) -> Program[pb.UpdateRoleResponse]:
            role = yield from roles.update(changes, request.id, values, request.etag)
            return pb.UpdateRoleResponse(role=role_message(role))

        return await self.writer.change(self.callers.current(), request, work, about=request.id)

    async def DeleteRole(self, request: pb.DeleteRoleRequest) -> bytes:
        """See the contract."""

        def work(changes: Changes) -> Program[pb.DeleteRoleResponse]:
            yield from roles.delete(changes, request.id, request.etag)
            return pb.DeleteRoleResponse()

        return await self.writer.change(self.callers.current(), request, work, about=request.id)


def _values(details: pb.RoleDetails, fields: Iterable[str]) -> dict[str, Any]:
    return {field: grants_of(details.grants) if field == "grants" else getattr(details, field) for field in fields}
