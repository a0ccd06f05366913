"""`flowmesh.engine.v1.CommentService`."""

from __future__ import annotations

from dataclasses import dataclass

from flowmesh.engine.v1 import comment_service_pb2 as pb

from engine_svc.api import messages
from engine_svc.commands import task_contents
from engine_svc.commands.executor import InstanceExecutor
from engine_svc.commands.idempotency import request_record
from engine_svc.commands.task_contents import Owner, instance_owner, task_owner
from engine_svc.storage.task_contents import list_comments
from mesh.access.acting import acting_user
from mesh.call import find_call
from mesh.db.database import Database
from mesh.db.statements import Row
from mesh.paging import decode_page_token, encode_page_token, page_size_of


@dataclass(slots=True)
class CommentServicer:
    """Serves CommentService."""

    executor: InstanceExecutor
    database: Database

    async def CreateUserTaskComment(self, request: pb.CreateUserTaskCommentRequest) -> bytes:
        """See the contract."""
        return await task_contents.add_comment(
            self.executor,
            task_owner(request.user_task_id),
            acting_user(find_call(), "user_id", request.user_id),
            request.text,
            request_record("CreateUserTaskComment", request.request_id, request),
            lambda row: pb.CreateUserTaskCommentResponse(comment=messages.comment_of_row(row)),
        )

    async def CreateProcessInstanceComment(self, request: pb.CreateProcessInstanceCommentRequest) -> bytes:
        """See the contract."""
        return await task_contents.add_comment(
            self.executor,
            instance_owner(request.process_instance_id),
            acting_user(find_call(), "user_id", request.user_id),
            request.text,
            request_record("CreateProcessInstanceComment", request.request_id, request),
            lambda row: pb.CreateProcessInstanceCommentResponse(comment=messages.comment_of_row(row)),
        )

    async def ListUserTaskComments(self, request: pb.ListUserTaskCommentsRequest) -> pb.ListUserTaskCommentsResponse:
        """See the contract."""
        comments, token = await self._page(request, task_owner(request.user_task_id))
        return pb.ListUserTaskCommentsResponse(comments=comments, next_page_token=token)

    async def ListProcessInstanceComments(
        self, request: pb.ListProcessInstanceCommentsRequest
    ) -> pb.ListProcessInstanceCommentsResponse:
        """See the contract."""
        comments, token = await self._page(request, instance_owner(request.process_instance_id))
        return pb.ListProcessInstanceCommentsResponse(comments=comments, next_page_token=token)

    async def _page(
        self, request: pb.ListUserTaskCommentsRequest | pb.ListProcessInstanceCommentsRequest, owner: Owner
    ) -> tuple[list[pb.Comment], str]:
        size = page_size_of(request)
        after = decode_page_token(request, int)
        rows: list[Row] = []
        if await self.executor.opens(owner.instance_id):
            rows = await self.database.read(list_comments(owner.instance_id, owner.task_key, after, size + 1))
        token = encode_page_token(request, rows[size - 1][1:2]) if len(rows) > size else ""
        return [messages.comment_of_row(row) for row in rows[:size]], token

    async def DeleteComment(self, request: pb.DeleteCommentRequest) -> bytes:
        """See the contract."""
        return await task_contents.delete_comment(
            self.executor,
            request.id,
            request_record("DeleteComment", request.request_id, request),
            pb.DeleteCommentResponse,
        )
