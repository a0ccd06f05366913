"""`flowmesh.identity.v1.TenantService`."""

from __future__ import annotations

from dataclasses import dataclass

from flowmesh.identity.v1 import tenant_service_pb2 as pb

from identity_svc.api.callers import Callers
from identity_svc.api.mapping import tenant_message
from identity_svc.api.masks import masked_fields
from identity_svc.commands import tenants
from identity_svc.commands.changes import Changes
from identity_svc.commands.refusals import tenant_missing
from identity_svc.commands.writing import DirectoryWriter
from identity_svc.queries.tenants import list_tenants, visible_tenant
from identity_svc.storage.tenants import Tenant
from mesh.db.database import Database
from mesh.db.statements import Program
from mesh.paging import decode_page_token, encode_page_token, page_size_of

_FIELDS = ("display_name", "description")


@dataclass(slots=True)
class TenantServicer:
    """Serves TenantService."""

    database: Database
    writer: DirectoryWriter
    callers: Callers

    async def CreateTenant(self, request: pb.CreateTenantRequest) -> bytes:
        """See the contract."""
        wanted = Tenant(request.id, request.details.display_name, request.details.description)

        def work(changes: Changes) -> Program[pb.CreateTenantResponse]:
            tenant = yield from tenants.create(changes, wanted)
            return pb.CreateTenantResponse(tenant=tenant_message(tenant))

        return await self.writer.change(self.callers.current(), request, work, about=request.id)

    async def GetTenant(self, request: pb.GetTenantRequest) -> pb.GetTenantResponse:
        """See the contract."""
        tenant = await self.database.read(visible_tenant(self.callers.current(), request.id))
        if tenant is None:
            raise tenant_missing(request.id)
        return pb.GetTenantResponse(tenant=tenant_message(tenant))

    async def ListTenants(self, request: pb.ListTenantsRequest) -> pb.ListTenantsResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, str)
        found = await self.database.read(
            list_tenants(self.callers.current(), request.id_prefix, str(after[0]) if after else None, size + 1)
        )
        return pb.ListTenantsResponse(
            tenants=map(tenant_message, found[:size]),
            next_page_token=encode_page_token(request, [found[size - 1].id]) if len(found) > size else "",
        )

    async def UpdateTenant(self, request: pb.UpdateTenantRequest) -> bytes:
        """See the contract."""
        fields = masked_fields(request.details, request.update_mask, _FIELDS)
        values = {field: getattr(request.details, field) for field in fields}

        def work(changes: Changes) -> Program[pb.UpdateTenantResponse]:
            tenant = yield from tenants.update(changes, request.id, values, request.etag)
            return pb.UpdateTenantResponse(tenant=tenant_message(tenant))

        return await self.writer.change(self.callers.current(), request, work, about=request.id)

    async def DeleteTenant(self, request: pb.DeleteTenantRequest) -> bytes:
        """See the contract."""

        def work(changes: Changes) -> Program[pb.DeleteTenantResponse]:
            yield from tenants.delete(changes, request.id, request.etag)
            return pb.DeleteTenantResponse()

        return await self.writer.change(self.callers.current(), request, work, about=request.id)
