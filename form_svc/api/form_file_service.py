"""`flowmesh.form.v1.FormFileService`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Any

from flowmesh.form.v1 import form_file_service_pb2 as pb
from google.api import httpbody_pb2

from form_svc.api.mapping import file_message
from form_svc.commands.refusals import file_missing
from form_svc.commands.uploads import Announced, Place, Uploads, told
from form_svc.commands.writing import RequestWriter
from form_svc.engine.host import EngineHost, actor_of
from form_svc.storage.audit import FILE, tell_operation
from form_svc.storage.files import File, delete_file, find_files
from mesh.access.rows import Rows
from mesh.audit.operation import maker_of
from mesh.call import current_call, open_rows
from mesh.db.database import Database
from mesh.db.statements import Program
from mesh.errors import InvalidField, Violation, WrongState


@dataclass(slots=True)
class FormFileServicer:
    """Serves FormFileService."""

    database: Database
    writer: RequestWriter
    engine: EngineHost
    uploads: Uploads

    async def UploadTaskFormFile(self, requests: AsyncIterator[pb.UploadTaskFormFileRequest]) -> bytes:
        """See the contract."""
        call = current_call()
        actor = actor_of(call)
        first = await _first(requests)
        host = await self.engine.task(actor, _given(first.user_task_id, "user_task_id"))
        task = host.user_task
        place = Place(
            task.tenant_id,
            task.process_definition_id,
            task.process_definition_key,
            task.process_instance_id,
            host.root_process_instance_id,
            task.id,
        )
        return await self.uploads.receive(
            maker_of(call),
            place,
            _announced("UploadTaskFormFile", first),
            _pieces(first, requests),
            lambda file: pb.UploadTaskFormFileResponse(file=file_message(file)),
        )

    async def UploadStartFormFile(self, requests: AsyncIterator[pb.UploadStartFormFileRequest]) -> bytes:
        """See the contract."""
        call = current_call()
        actor = actor_of(call)
        first = await _first(requests)
        definition_id = _given(first.process_definition_id, "process_definition_id")
        definition = (await self.engine.start(actor, definition_id)).process_definition
        return await self.uploads.receive(
            maker_of(call),
            Place(definition.tenant_id, definition.id, definition.key),
            _announced("UploadStartFormFile", first),
            _pieces(first, requests),
            lambda file: pb.UploadStartFormFileResponse(file=file_message(file)),
        )

    async def GetFormFile(self, request: pb.GetFormFileRequest) -> pb.GetFormFileResponse:
        """See the contract."""
        return pb.GetFormFileResponse(file=file_message(await self._read(request.id)))

    async def DownloadFormFile(self, request: pb.DownloadFormFileRequest) -> AsyncIterator[httpbody_pb2.HttpBody]:
        """See the contract."""
        file = await self._read(request.id)
        async for piece in self.uploads.send(file):
            yield httpbody_pb2.HttpBody(content_type=file.content_type, data=piece)

    async def DownloadTaskFormFile(
        self, request: pb.DownloadTaskFormFileRequest
    ) -> AsyncIterator[httpbody_pb2.HttpBody]:
        """See the contract."""
        host = await self.engine.task(actor_of(current_call()), request.user_task_id)
        file = (await self.database.read(find_files([request.id]))).get(request.id)
        if file is None or not _belongs(file, host.user_task.id, host.root_process_instance_id):
            raise file_missing(request.id)
        async for piece in self.uploads.send(file):
            yield httpbody_pb2.HttpBody(content_type=file.content_type, data=piece)

    async def DeleteFormFile(self, request: pb.DeleteFormFileRequest) -> bytes:
        """See the contract."""
        opened, maker = open_rows(), maker_of(current_call())

        def work(now: int) -> Program[pb.DeleteFormFileResponse]:
            file = (yield from find_files([request.id], lock=True)).get(request.id)
            if file is None or not _is_open(file, opened):
                raise file_missing(request.id)
            if file.submission_id:
                raise WrongState(
                    "FORM_FILE_IN_USE",
                    f"file {request.id} is in submission {file.submission_id}",
                    metadata={"id": request.id, "submission_id": file.submission_id},
                )
            yield from delete_file(request.id)
            yield from tell_operation(
                maker,
                now,
                FILE,
                file.id,
                file.tenant_id,
                definition_key=file.process_definition_key,
                before=told(file),
            )
            return pb.DeleteFormFileResponse()

        return await self.writer.change(request, work)

    async def _read(self, file_id: str) -> File:
        file = (await self.database.read(find_files([file_id]))).get(file_id)
        if file is None or not _is_open(file, open_rows()):
            raise file_missing(file_id)
        return file


def _is_open(file: File, opened: Rows) -> bool:
    own = bool(opened.user_id) and file.uploaded_by == opened.user_id
    return opened.allow(file.tenant_id, file.process_definition_key, involved=own)


def _belongs(file: File, task_id: str, root_id: str) -> bool:
    """Tell whether who sees a task sees a file: submitted for the same work, or uploaded for the task by the caller.

    Instances that call one another are the same work: they hand each other the variables that name the file.
    """
    if file.submission_id and root_id and file.root_process_instance_id == root_id:
        return True
    return file.user_task_id == task_id and file.uploaded_by == (current_call().user_id or "")


async def _first(requests: AsyncIterator[Any]) -> Any:
    async for first in requests:
        return first
    description = "the stream has no message; the first one says what the file is for"
    raise InvalidField("FIELD_INVALID", description, violations=[Violation("content", description)])


def _given(value: str, field: str) -> str:
    if not value:
        description = "must be given in the first message"
        raise InvalidField("FIELD_INVALID", f"{field}: {description}", violations=[Violation(field, description)])
    return value


def _announced(method: str, first: Any) -> Announced:
    return Announced(
        method, first.request_id, first.field_key, first.file_name, first.content.content_type, first.sha256
    )


async def _pieces(first: Any, requests: AsyncIterator[Any]) -> AsyncGenerator[bytes, None]:
    yield first.content.data
    async for request in requests:
        yield request.content.data
