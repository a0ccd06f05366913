"""`flowmesh.engine.v1.UserTaskService`."""

from __future__ import annotations

from dataclasses import dataclass

from flowmesh.engine.v1 import user_task_service_pb2 as pb

from engine_svc.api import messages
from engine_svc.commands import user_tasks
from engine_svc.commands.executor import InstanceExecutor
from engine_svc.commands.idempotency import request_record
from engine_svc.commands.variables import read_variables
from engine_svc.storage.commit import USER_TASK_COLUMNS
from engine_svc.storage.user_tasks import ORDER, UserTaskFilter, fetch_user_task, list_user_tasks
from mesh.db.database import Database
from mesh.ids import split_member_id
from mesh.paging import decode_page_token, encode_page_token, page_size_of

ORDER_POSITIONS = tuple(USER_TASK_COLUMNS.index(column) for column in ORDER)


@dataclass(slots=True)
class UserTaskServicer:
    """Serves UserTaskService. `max_variable_bytes`: size of one value as JSON."""

    executor: InstanceExecutor
    database: Database
    max_variable_bytes: int

    async def GetUserTask(self, request: pb.GetUserTaskRequest) -> pb.GetUserTaskResponse:
        """See the contract."""
        parts = split_member_id(request.id)
        row = await self.database.read(fetch_user_task(*parts)) if parts else None
        if row is None:
            raise user_tasks.task_missing(request.id)
        return pb.GetUserTaskResponse(user_task=messages.user_task_of_row(row))

    async def ListUserTasks(self, request: pb.ListUserTasksRequest) -> pb.ListUserTasksResponse:
        """See the contract."""
        size = page_size_of(request)
        wanted = UserTaskFilter(
            assignee=request.assignee,
            candidate_user=request.candidate_user,
            candidate_groups=tuple(request.candidate_groups),
            instance_id=request.process_instance_id,
            definition_key=request.process_definition_key,
            element_id=request.element_id,
            tenant_id=request.tenant_id,
        )
        rows = await self.database.read(list_user_tasks(wanted, decode_page_token(request, int, str, int), size + 1))
        page = rows[:size]
        last = [page[-1][position] for position in ORDER_POSITIONS] if len(rows) > size else None
        return pb.ListUserTasksResponse(
            user_tasks=[messages.user_task_of_row(row) for row in page],
            next_page_token=encode_page_token(request, last) if last else "",
        )

    async def ClaimUserTask(self, request: pb.ClaimUserTaskRequest) -> bytes:
        """See the contract."""
        return await user_tasks.claim(
            self.executor,
            request.id,
            request.user_id,
            request_record("ClaimUserTask", request.request_id, request),
            lambda row, assignee, claimed_at: pb.ClaimUserTaskResponse(
                user_task=messages.user_task_of_row(row, assignee, claimed_at)
            ),
        )

    async def UnclaimUserTask(self, request: pb.UnclaimUserTaskRequest) -> bytes:
        """See the contract."""
        return await user_tasks.unclaim(
            self.executor,
            request.id,
            request_record("UnclaimUserTask", request.request_id, request),
            lambda row, assignee, claimed_at: pb.UnclaimUserTaskResponse(
                user_task=messages.user_task_of_row(row, assignee, claimed_at)
            ),
        )

    async def CompleteUserTask(self, request: pb.CompleteUserTaskRequest) -> bytes:
        """See the contract."""
        return await user_tasks.complete(
            self.executor,
            request.id,
            read_variables(request.variables, "variables", self.max_variable_bytes),
            request_record("CompleteUserTask", request.request_id, request),
            lambda instance: pb.CompleteUserTaskResponse(
                process_instance_id=instance.id, process_instance_ended=instance.ended
            ),
        )
