"""`flowmesh.engine.v1.IncidentService`."""

from __future__ import annotations

from dataclasses import dataclass

from flowmesh.engine.v1 import incident_service_pb2 as pb

from engine_svc.api import messages
from engine_svc.commands import incidents
from engine_svc.commands.executor import InstanceExecutor
from engine_svc.commands.idempotency import request_record
from engine_svc.storage.commit import INCIDENT_COLUMNS
from engine_svc.storage.incidents import ORDER, IncidentFilter, list_incidents
from mesh.call import open_rows
from mesh.db.database import Database
from mesh.paging import decode_page_token, encode_page_token, page_size_of

DEFAULT_RETRIES = 1
ORDER_POSITIONS = tuple(INCIDENT_COLUMNS.index(column) for column in ORDER)


@dataclass(slots=True)
class IncidentServicer:
    """Serves IncidentService."""

    executor: InstanceExecutor
    database: Database

    async def ListIncidents(self, request: pb.ListIncidentsRequest) -> pb.ListIncidentsResponse:
        """See the contract."""
        size = page_size_of(request)
        wanted = IncidentFilter(request.process_instance_id, request.process_definition_key, request.tenant_id)
        after = decode_page_token(request, int, str, int)
        rows = await self.database.read(list_incidents(wanted, open_rows(), after, size + 1))
        page = rows[:size]
        last = [page[-1][position] for position in ORDER_POSITIONS] if len(rows) > size else None
        return pb.ListIncidentsResponse(
            incidents=[messages.incident_of_row(row) for row in page],
            next_page_token=encode_page_token(request, last) if last else "",
        )

    async def ResolveIncident(self, request: pb.ResolveIncidentRequest) -> bytes:
        """See the contract."""
        return await incidents.resolve(
            self.executor,
            request.id,
            request.retries or DEFAULT_RETRIES,
            request_record("ResolveIncident", request.request_id, request),
            lambda row: pb.ResolveIncidentResponse(incident=messages.incident_of_row(row)),
        )
