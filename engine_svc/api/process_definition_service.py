"""`flowmesh.engine.v1.ProcessDefinitionService`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from flowmesh.engine.v1 import process_definition_service_pb2 as pb
from google.api import httpbody_pb2

from engine_svc.api import messages
from engine_svc.compile.load import bpmn_of
from engine_svc.storage.definitions import DEFINITION_COLUMNS, list_definitions, read_definitions
from mesh.db.database import Database
from mesh.db.statements import Row
from mesh.errors import NotFound, Violation, WrongState
from mesh.paging import decode_page_token, encode_page_token, page_size_of

_KEY = DEFINITION_COLUMNS.index("definition_key")
_RESOURCE_NAME = DEFINITION_COLUMNS.index("resource_name")


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
        row, content = await self._read(request.id)
        bpmn = await asyncio.to_thread(bpmn_of, row[_RESOURCE_NAME], content)
        return httpbody_pb2.HttpBody(content_type="application/xml", data=bpmn)

    async def GetProcessDefinitionDocument(
        self, request: pb.GetProcessDefinitionDocumentRequest
    ) -> httpbody_pb2.HttpBody:
        """See the contract."""
        row, content = await self._read(request.id)
        is_json = request.format != pb.DOCUMENT_FORMAT_YAML
        document = await asyncio.to_thread(_exported, row, content, is_json=is_json)
        return httpbody_pb2.HttpBody(content_type="application/json" if is_json else "application/yaml", data=document)

    async def _read(self, definition_id: str) -> tuple[Row, bytes]:
        found = await self.database.read(read_definitions([definition_id]))
        if not found:
            raise NotFound(
                "PROCESS_DEFINITION_NOT_FOUND",
                f"there is no process definition {definition_id}",
                metadata={"id": definition_id},
            )
        return found[0]


def _exported(row: Row, content: bytes, *, is_json: bool) -> bytes:
    # Not needed by an engine that only runs.
    from engine_svc.model.documents.export import export
    from engine_svc.model.documents.from_bpmn import NotExpressibleError

    try:
        return export(bpmn_of(row[_RESOURCE_NAME], content), row[_KEY], is_json=is_json)
    except NotExpressibleError as error:
        raise _not_expressible(row, error.reasons) from error


def _not_expressible(row: Row, reasons: Sequence[tuple[str, str]]) -> WrongState:
    count = len(reasons)
    element, what = reasons[0]
    return WrongState(
        "PROCESS_DEFINITION_NOT_EXPRESSIBLE",
        f"process {row[_KEY]} holds what a JSON or YAML definition cannot express, {count} "
        f"thing{'s' if count > 1 else ''}, each listed in the details. The first: {element}: {what}",
        metadata={"id": row[0], "key": row[_KEY]},
        violations=[Violation(element_id, what) for element_id, what in reasons],
    )
