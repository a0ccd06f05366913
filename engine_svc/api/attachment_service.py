"""`flowmesh.engine.v1.AttachmentService`."""

from __future__ import annotations

from dataclasses import dataclass

from flowmesh.engine.v1 import attachment_service_pb2 as pb
from google.api import httpbody_pb2

from engine_svc.api import messages
from engine_svc.commands import task_contents
from engine_svc.commands.executor import InstanceExecutor
from engine_svc.commands.idempotency import request_record
from engine_svc.commands.task_contents import NewAttachment, Owner, instance_owner, task_owner
from engine_svc.storage.task_contents import list_attachments
from mesh.access.acting import acting_user
from mesh.call import find_call
from mesh.db.database import Database
from mesh.db.statements import Row
from mesh.errors import InvalidField, Violation
from mesh.paging import decode_page_token, encode_page_token, page_size_of

DEFAULT_CONTENT_TYPE = "application/octet-stream"


@dataclass(slots=True)
class AttachmentServicer:
    """Serves AttachmentService."""

    executor: InstanceExecutor
    database: Database

    async def CreateUserTaskAttachment(self, request: pb.CreateUserTaskAttachmentRequest) -> bytes:
        """See the contract."""
        return await task_contents.add_attachment(
            self.executor,
            task_owner(request.user_task_id),
            _new_attachment(request),
            request_record("CreateUserTaskAttachment", request.request_id, request),
            lambda row: pb.CreateUserTaskAttachmentResponse(attachment=messages.attachment_of_row(row)),
        )

    async def CreateProcessInstanceAttachment(self, request: pb.CreateProcessInstanceAttachmentRequest) -> bytes:
        """See the contract."""
        return await task_contents.add_attachment(
            self.executor,
            instance_owner(request.process_instance_id),
            _new_attachment(request),
            request_record("CreateProcessInstanceAttachment", request.request_id, request),
            lambda row: pb.CreateProcessInstanceAttachmentResponse(attachment=messages.attachment_of_row(row)),
        )

    async def ListUserTaskAttachments(
        self, request: pb.ListUserTaskAttachmentsRequest
    ) -> pb.ListUserTaskAttachmentsResponse:
        """See the contract."""
        attachments, token = await self._page(request, task_owner(request.user_task_id))
        return pb.ListUserTaskAttachmentsResponse(attachments=attachments, next_page_token=token)

    async def ListProcessInstanceAttachments(
        self, request: pb.ListProcessInstanceAttachmentsRequest
    ) -> pb.ListProcessInstanceAttachmentsResponse:
        """See the contract."""
        attachments, token = await self._page(request, instance_owner(request.process_instance_id))
        return pb.ListProcessInstanceAttachmentsResponse(attachments=attachments, next_page_token=token)

    async def _page(
        self, request: pb.ListUserTaskAttachmentsRequest | pb.ListProcessInstanceAttachmentsRequest, owner: Owner
    ) -> tuple[list[pb.Attachment], str]:
        size = page_size_of(request)
        after = decode_page_token(request, int)
        rows: list[Row] = []
        if await self.executor.opens(owner.instance_id):
            rows = await self.database.read(list_attachments(owner.instance_id, owner.task_key, after, size + 1))
        token = encode_page_token(request, rows[size - 1][1:2]) if len(rows) > size else ""
        return [messages.attachment_of_row(row) for row in rows[:size]], token

    async def GetAttachment(self, request: pb.GetAttachmentRequest) -> pb.GetAttachmentResponse:
        """See the contract."""
        row = await task_contents.read_attachment(self.executor, request.id)
        return pb.GetAttachmentResponse(attachment=messages.attachment_of_row(row))

    async def GetAttachmentContent(self, request: pb.GetAttachmentContentRequest) -> httpbody_pb2.HttpBody:
        """See the contract."""
        content_type, content = await task_contents.read_content(self.executor, request.id)
        return httpbody_pb2.HttpBody(content_type=content_type, data=content)

    async def DeleteAttachment(self, request: pb.DeleteAttachmentRequest) -> bytes:
        """See the contract."""
        return await task_contents.delete_attachment(
            self.executor,
            request.id,
            request_record("DeleteAttachment", request.request_id, request),
            pb.DeleteAttachmentResponse,
        )


def _new_attachment(
    request: pb.CreateUserTaskAttachmentRequest | pb.CreateProcessInstanceAttachmentRequest,
) -> NewAttachment:
    if bool(request.content) == bool(request.url):
        description = "give the content or its address, " + ("not both" if request.url else "one of them")
        raise InvalidField("FIELD_INVALID", description, violations=[Violation("content", description)])
    return NewAttachment(
        acting_user(find_call(), "user_id", request.user_id),
        request.name,
        request.description,
        request.content_type or (DEFAULT_CONTENT_TYPE if request.content else ""),
        request.content,
        request.url,
    )
