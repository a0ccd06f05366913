"""`flowmesh.engine.v1.ProcessDefinitionService`."""

from __future__ import annotations

from dataclasses import dataclass

from flowmesh.engine.v1 import process_definition_service_pb2 as pb
from google.api import httpbody_pb2

from engine_svc.api import messages
from engine_svc.storage.definitions import list_definitions, read_definitions
from mesh.db.database import Database
from mesh.db.statements import Row
from mesh.errors import NotFound
from mesh.paging import decode_page_token, encode_page_token, page_size_of


@dataclass(slots=True)
class ProcessDefinitionServicer:
    """Serves ProcessDefinitionService."""

    database: Database

    async def GetProcessDefinition(self, request: pb.GetProcessDefinitionRequest) -> pb.GetProcessDefinitionResponse:
        """See the contract."""
        row, _ = await self._read(request.id)
        return pb.GetProcessDefinitionResponse(process_definition=messages.definition_of_row(row))

    async def ListProcessDefinitions(
        self, request: pb.ListProcessDefinitionsRequest
    ) -> pb.ListProcessDefinitionsResponse:
        """See the contract."""
        size = page_size_of(request)
        rows = await self.database.read(
            list_definitions(
                request.tenant_id,
                request.key,
                decode_page_token(request, str),
                size + 1,
                latest_only=request.latest_only,
            )
        )
        page = rows[:size]
        return pb.ListProcessDefinitionsResponse(
            process_definitions=[messages.definition_of_row(row) for row in page],
            next_page_token=encode_page_token(request, page[-1][:1]) if len(rows) > size else "",
        )

    async def GetProcessDefinitionXml(self, request: pb.GetProcessDefinitionXmlRequest) -> httpbody_pb2.HttpBody:
        """See the contract."""
        _, content = await self._read(request.id)
        return httpbody_pb2.HttpBody(content_type="application/xml", data=content)

    async def _read(self, definition_id: str) -> tuple[Row, bytes]:
        found = await self.database.read(read_definitions([definition_id]))
        if not found:
            raise NotFound(
                "PROCESS_DEFINITION_NOT_FOUND",
                f"there is no process definition {definition_id}",
                metadata={"id": definition_id},
            )
        return found[0]
