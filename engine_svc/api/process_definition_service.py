"""`flowmesh.engine.v1.ProcessDefinitionService`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from flowmesh.engine.v1 import process_definition_service_pb2 as pb
from google.api import httpbody_pb2

from engine_svc.api import messages
from engine_svc.commands.definition_contents import DefinitionContents
from engine_svc.commands.definition_suspension import resume_definition, suspend_definition
from engine_svc.commands.executor import InstanceExecutor
from engine_svc.commands.idempotency import request_record
from engine_svc.commands.start_forms import read_start_form
from engine_svc.compile.load import bpmn_of
from engine_svc.storage.definition_suspension import definition_missing
from engine_svc.storage.definitions import (
    DEFINITION_COLUMNS,
    DefinitionFilter,
    list_definitions,
    read_definition,
)
from mesh.call import open_rows
from mesh.db.database import Database
from mesh.db.statements import Row
from mesh.errors import Violation, WrongState
from mesh.paging import decode_page_token, encode_page_token, page_size_of

KEY, TENANT_ID = DEFINITION_COLUMNS.index("definition_key"), DEFINITION_COLUMNS.index("tenant_id")
ORDERS: dict[str, tuple[str, type[str] | type[int]]] = {
    "key": ("definition_key", str),
    "name": ("name", str),
    "version": ("version", int),
    "create_time": ("id", str),
}
"""What a list can be ordered by: the column, and the type of its values."""
RESOURCE_NAME = DEFINITION_COLUMNS.index("resource_name")


@dataclass(slots=True)
class ProcessDefinitionServicer:
    """Serves ProcessDefinitionService."""

    executor: InstanceExecutor
    database: Database
    contents: DefinitionContents

    async def GetProcessDefinition(self, request: pb.GetProcessDefinitionRequest) -> pb.GetProcessDefinitionResponse:
        """See the contract."""
        row = await self._read_row(request.id)
        return pb.GetProcessDefinitionResponse(process_definition=messages.definition_of_row(row))

    async def ListProcessDefinitions(
        self, request: pb.ListProcessDefinitionsRequest
    ) -> pb.ListProcessDefinitionsResponse:
        """See the contract."""
        size = page_size_of(request)
        # Newest first: ids are in the order of time.
        named, _, direction = (request.order_by or "create_time desc").partition(" ")
        column, kind = ORDERS[named]
        order = (column, "id") if column != "id" else ("id",)
        kinds = (kind, str) if column != "id" else (str,)
        wanted = DefinitionFilter(
            key=request.key,
            key_contains=request.key_contains,
            name=request.name,
            name_contains=request.name_contains,
            version=request.version,
            version_tag=request.version_tag,
            tenant_id=request.tenant_id,
            deployment_id=request.deployment_id,
            resource_name=request.resource_name,
            latest_only=request.latest_only,
            suspended=request.suspended if request.HasField("suspended") else None,
        )
        after = decode_page_token(request, *kinds)
        rows = await self.database.read(
            list_definitions(wanted, open_rows(), order, after, size + 1, descending=direction == "desc")
        )
        page = rows[:size]
        last = [page[-1][DEFINITION_COLUMNS.index(name)] for name in order] if page else []
        return pb.ListProcessDefinitionsResponse(
            process_definitions=[messages.definition_of_row(row) for row in page],
            next_page_token=encode_page_token(request, last) if len(rows) > size else "",
        )

    async def GetProcessDefinitionXml(self, request: pb.GetProcessDefinitionXmlRequest) -> httpbody_pb2.HttpBody:
        """See the contract."""
        _, bpmn = await self._read_bpmn(request.id)
        return httpbody_pb2.HttpBody(content_type="application/xml", data=bpmn)

    async def GetProcessDefinitionDocument(
        self, request: pb.GetProcessDefinitionDocumentRequest
    ) -> httpbody_pb2.HttpBody:
        """See the contract."""
        row, content = await self._read(request.id)
        is_json = request.format != pb.DOCUMENT_FORMAT_YAML
        document = await asyncio.to_thread(_exported, row, content, is_json=is_json)
        return httpbody_pb2.HttpBody(content_type="application/json" if is_json else "application/yaml", data=document)

    async def GetProcessDefinitionDiagram(
        self, request: pb.GetProcessDefinitionDiagramRequest
    ) -> httpbody_pb2.HttpBody:
        """See the contract."""
        # Taken in by the first call: it would cost every start 10 ms.
        from engine_svc.diagram.draw import MAX_ITEMS, DiagramTooLargeError, draw

        row, bpmn = await self._read_bpmn(request.id)
        try:
            image = await asyncio.to_thread(draw, bpmn, row[KEY], frozenset(request.highlight))
        except DiagramTooLargeError as error:
            raise WrongState(
                "DIAGRAM_TOO_LARGE",
                f"the diagram of process definition {request.id} has {error.count} shapes and lines, more than the "
                f"{MAX_ITEMS} that are drawn; read its XML instead",
                metadata={"id": request.id, "count": str(error.count), "limit": str(MAX_ITEMS)},
            ) from error
        return httpbody_pb2.HttpBody(content_type="image/svg+xml", data=image)

    async def GetProcessDefinitionStartForm(
        self, request: pb.GetProcessDefinitionStartFormRequest
    ) -> pb.GetProcessDefinitionStartFormResponse:
        """See the contract."""
        row, bpmn = await self._read_bpmn(request.id)
        form = await asyncio.to_thread(read_start_form, bpmn, row[KEY])
        fields = [
            pb.FormField(
                id=field.id, name=field.name, type=field.type, required=field.required, default_value=field.default
            )
            for field in form.fields
        ]
        return pb.GetProcessDefinitionStartFormResponse(form_key=form.key, fields=fields)

    async def SuspendProcessDefinition(self, request: pb.SuspendProcessDefinitionRequest) -> bytes:
        """See the contract."""
        await self._require_open(request.id)
        return await suspend_definition(
            self.executor,
            request.id,
            request_record("SuspendProcessDefinition", request.request_id, request),
            lambda row, count: pb.SuspendProcessDefinitionResponse(
                process_definition=messages.definition_of_row(row), instance_count=count
            ),
            include_instances=request.include_instances,
        )

    async def ResumeProcessDefinition(self, request: pb.ResumeProcessDefinitionRequest) -> bytes:
        """See the contract."""
        await self._require_open(request.id)
        return await resume_definition(
            self.executor,
            request.id,
            request_record("ResumeProcessDefinition", request.request_id, request),
            lambda row, count: pb.ResumeProcessDefinitionResponse(
                process_definition=messages.definition_of_row(row), instance_count=count
            ),
            include_instances=request.include_instances,
        )

    async def _read_row(self, definition_id: str) -> Row:
        row = await self.database.read(read_definition(definition_id))
        if row is None or not open_rows().allow(row[TENANT_ID], row[KEY]):
            raise definition_missing(definition_id)
        return row

    async def _require_open(self, definition_id: str) -> None:
        # What is not there any more may be a repeated request's.
        opened = open_rows()
        if opened.unrestricted:
            return
        row = await self.database.read(read_definition(definition_id))
        if row is not None and not opened.allow(row[TENANT_ID], row[KEY]):
            raise definition_missing(definition_id)

    async def _read(self, definition_id: str) -> tuple[Row, bytes]:
        # Whether it is there and may be started changes; its file does not.
        row = await self._read_row(definition_id)
        found = await self.contents.read([definition_id])
        if not found:
            raise definition_missing(definition_id)
        return row, found[0][1]

    async def _read_bpmn(self, definition_id: str) -> tuple[Row, bytes]:
        row, content = await self._read(definition_id)
        return row, await asyncio.to_thread(bpmn_of, row[RESOURCE_NAME], content)


def _exported(row: Row, content: bytes, *, is_json: bool) -> bytes:
    # Not needed by an engine that only runs.
    from engine_svc.model.documents.export import export
    from engine_svc.model.documents.from_bpmn import NotExpressibleError

    try:
        return export(bpmn_of(row[RESOURCE_NAME], content), row[KEY], is_json=is_json)
    except NotExpressibleError as error:
        raise _not_expressible(row, error.reasons) from error


def _not_expressible(row: Row, reasons: Sequence[tuple[str, str]]) -> WrongState:
    count = len(reasons)
    element, what = reasons[0]
    return WrongState(
        "PROCESS_DEFINITION_NOT_EXPRESSIBLE",
        f"process {row[KEY]} holds what a JSON or YAML definition cannot express, {count} "
        f"thing{'s' if count > 1 else ''}, each listed in the details. The first: {element}: {what}",
        metadata={"id": row[0], "key": row[KEY]},
        violations=[Violation(element_id, what) for element_id, what in reasons],
    )
