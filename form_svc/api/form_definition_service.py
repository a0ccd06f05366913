"""`flowmesh.form.v1.FormDefinitionService`."""

from __future__ import annotations

from dataclasses import dataclass

from flowmesh.form.v1 import form_definition_service_pb2 as pb
from google.api import httpbody_pb2

from form_svc.api.mapping import definition_message
from form_svc.commands import definitions
from form_svc.commands.form_reading import SchemaReader
from form_svc.commands.refusals import form_missing
from form_svc.commands.writing import RequestWriter
from form_svc.storage.definitions import (
    Definition,
    DefinitionFilter,
    find_definition,
    list_definitions,
    read_schema,
)
from mesh.audit.operation import maker_of
from mesh.call import current_call, open_rows
from mesh.db.database import Database
from mesh.db.statements import Program
from mesh.paging import decode_page_token, encode_page_token, page_size_of

JSON = "application/json"


@dataclass(slots=True)
class FormDefinitionServicer:
    """Serves FormDefinitionService."""

    database: Database
    writer: RequestWriter
    reader: SchemaReader

    async def CreateFormDefinition(self, request: pb.CreateFormDefinitionRequest) -> bytes:
        """See the contract."""
        opened, maker = open_rows(), maker_of(current_call())
        content = request.schema.data
        form = await self.reader.deployable(content)

        def work(now: int) -> Program[pb.CreateFormDefinitionResponse]:
            new = definitions.definition_of(
                form, request.tenant_id, request.resource_name, now, created_by=maker.user_id
            )
            stored, duplicate = yield from definitions.create(opened, new, content, maker, force=request.force)
            return pb.CreateFormDefinitionResponse(form_definition=definition_message(stored), duplicate=duplicate)

        return await self.writer.change(request, work)

    async def ValidateFormDefinition(
        self, request: pb.ValidateFormDefinitionRequest
    ) -> pb.ValidateFormDefinitionResponse:
        """See the contract."""
        # It reads nothing that is stored, so that whatever rows are open are enough.
        open_rows()
        problems = await self.reader.problems(request.schema.data)
        return pb.ValidateFormDefinitionResponse(
            deployable=not problems,
            problems=[pb.FormProblem(path=each.field, message=each.description) for each in problems],
        )

    async def GetFormDefinition(self, request: pb.GetFormDefinitionRequest) -> pb.GetFormDefinitionResponse:
        """See the contract."""
        return pb.GetFormDefinitionResponse(form_definition=definition_message(await self._read(request.id)))

    async def GetFormDefinitionSchema(self, request: pb.GetFormDefinitionSchemaRequest) -> httpbody_pb2.HttpBody:
        """See the contract."""
        await self._read(request.id)
        content = await self.database.read(read_schema(request.id))
        if content is None:
            raise form_missing(request.id)
        return httpbody_pb2.HttpBody(content_type=JSON, data=content)

    async def ListFormDefinitions(self, request: pb.ListFormDefinitionsRequest) -> pb.ListFormDefinitionsResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, str)
        wanted = DefinitionFilter(request.tenant_id, request.key, request.deployment_id, request.latest_only)
        found = await self.database.read(
            list_definitions(wanted, open_rows(), str(after[0]) if after else None, size + 1)
        )
        page = found[:size]
        return pb.ListFormDefinitionsResponse(
            form_definitions=[definition_message(each) for each in page],
            next_page_token=encode_page_token(request, (page[-1].id,)) if len(found) > size else "",
        )

    async def DeleteFormDefinition(self, request: pb.DeleteFormDefinitionRequest) -> bytes:
        """See the contract."""
        opened, maker = open_rows(), maker_of(current_call())

        def work(now: int) -> Program[pb.DeleteFormDefinitionResponse]:
            yield from definitions.delete(opened, request.id, maker, now)
            return pb.DeleteFormDefinitionResponse()

        return await self.writer.change(request, work)

    async def CheckForms(self, request: pb.CheckFormsRequest) -> pb.CheckFormsResponse:
        """See the contract."""
        answer = pb.CheckFormsResponse()
        for form in request.forms:
            for each in await self.reader.problems(form.content):
                answer.problems.add(path=each.field, message=each.description, resource_name=form.resource_name)
        return answer

    async def _read(self, definition_id: str) -> Definition:
        found = await self.database.read(find_definition(definition_id))
        if found is None or not open_rows().allow(found.tenant_id):
            raise form_missing(definition_id)
        return found
