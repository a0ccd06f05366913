"""`flowmesh.identity.v1.AuditService`."""

from __future__ import annotations

from dataclasses import dataclass

from flowmesh.identity.v1 import audit_service_pb2 as pb

from identity_svc.api.callers import Callers
from identity_svc.api.mapping import audit_message, micros_of
from identity_svc.queries.audit import AuditFilter, list_entries
from mesh.db.database import Database
from mesh.paging import decode_page_token, encode_page_token, page_size_of


@dataclass(slots=True)
class AuditServicer:
    """Serves AuditService."""

    database: Database
    callers: Callers

    async def ListAuditEntries(self, request: pb.ListAuditEntriesRequest) -> pb.ListAuditEntriesResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, int, str)
        wanted = AuditFilter(
            request.actor_id,
            request.action,
            request.resource_type,
            request.resource_id,
            micros_of(request.begin_time) if request.HasField("begin_time") else None,
            micros_of(request.end_time) if request.HasField("end_time") else None,
        )
        found = await self.database.read(list_entries(self.callers.current(), wanted, after, size + 1))
        last = found[size - 1] if len(found) > size else None
        return pb.ListAuditEntriesResponse(
            audit_entries=map(audit_message, found[:size]),
            next_page_token=encode_page_token(request, [last.created_at, last.id]) if last is not None else "",
        )
