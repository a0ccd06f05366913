"""`flowmesh.engine.v1.UserTaskService`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from flowmesh.engine.v1 import user_task_pb2
from flowmesh.engine.v1 import user_task_service_pb2 as pb

from engine_svc.api import messages
from engine_svc.api.user_task_fields import detail_values, fields_set, filter_of, masked_fields, order_of
from engine_svc.commands import user_tasks
from engine_svc.commands.executor import InstanceExecutor
from engine_svc.commands.idempotency import request_record
from engine_svc.commands.todo_lists import TodoLists, TodoPage, is_todo_list
from engine_svc.commands.variables import check_name, read_variables
from engine_svc.commands.walls import is_task_open
from engine_svc.runtime import user_task_commands
from engine_svc.storage.user_task_lists import Order, count_user_tasks, list_user_tasks, sort_key, sort_kinds
from engine_svc.storage.user_tasks import fetch_user_task
from mesh.access.acting import acting_user
from mesh.access.rows import Rows
from mesh.call import find_call, open_rows
from mesh.db.database import Database
from mesh.db.statements import Row
from mesh.errors import InvalidField, Violation
from mesh.ids import split_member_id
from mesh.json_values import to_values
from mesh.paging import decode_page_token, encode_page_token, page_size_of

_FORMAT = b"1" + user_task_pb2.DESCRIPTOR.serialized_pb + pb.DESCRIPTOR.serialized_pb
"""Keeps apart what releases with other contracts cache. Raise the number when an answer becomes another one of the same
tasks."""
_FORMAT_DIGEST = hashlib.blake2b(_FORMAT, digest_size=16).digest()


@dataclass(slots=True)
class UserTaskServicer:
    """Serves UserTaskService. `max_variable_bytes`: size of one value as JSON."""

    executor: InstanceExecutor
    database: Database
    max_variable_bytes: int
    todo_lists: TodoLists

    async def GetUserTask(self, request: pb.GetUserTaskRequest) -> pb.GetUserTaskResponse:
        """See the contract."""
        parts = split_member_id(request.id)
        row = await self.database.read(fetch_user_task(*parts)) if parts else None
        if row is None or not is_task_open(open_rows(), row):
            raise user_tasks.task_missing(request.id)
        return pb.GetUserTaskResponse(user_task=messages.user_task_of_row(row))

    async def ListUserTasks(self, request: pb.ListUserTasksRequest) -> pb.ListUserTasksResponse | bytes:
        """See the contract."""
        wanted = filter_of(request)
        order = order_of(request.order_by, wanted)
        after = decode_page_token(request, *sort_kinds(order))
        limit = page_size_of(request) + 1
        opened = open_rows()
        if is_todo_list(wanted) and not request.include_total_size:
            page = TodoPage(_key_of(request, opened), wanted, opened, order, after, limit)
            return await self.todo_lists.read(page, lambda rows: list_answer(request, rows, order).SerializeToString())
        rows = await self.database.read(list_user_tasks(wanted, opened, order, after, limit))
        answer = list_answer(request, rows, order)
        if request.include_total_size:
            answer.total_size = await self.database.read(count_user_tasks(wanted, opened))
        return answer

    async def CreateUserTask(self, request: pb.CreateUserTaskRequest) -> bytes:
        """See the contract."""
        details = request.details
        draft = user_tasks.TaskDraft(
            detail_values(details, fields_set(details)),
            tuple(request.candidate_users),
            tuple(request.candidate_groups),
        )
        return await user_tasks.create(
            self.executor,
            draft,
            request.parent_task_id,
            request.tenant_id,
            request_record("CreateUserTask", request.request_id, request),
            lambda row: pb.CreateUserTaskResponse(user_task=messages.user_task_of_row(row)),
        )

    async def UpdateUserTask(self, request: pb.UpdateUserTaskRequest) -> bytes:
        """See the contract."""
        return await user_tasks.update(
            self.executor,
            request.id,
            detail_values(request.details, masked_fields(request)),
            request.etag,
            request_record("UpdateUserTask", request.request_id, request),
            lambda row: pb.UpdateUserTaskResponse(user_task=messages.user_task_of_row(row)),
        )

    async def DeleteUserTask(self, request: pb.DeleteUserTaskRequest) -> bytes:
        """See the contract."""
        return await user_tasks.delete(
            self.executor,
            request.id,
            request.reason,
            request_record("DeleteUserTask", request.request_id, request),
            pb.DeleteUserTaskResponse,
        )

    async def ClaimUserTask(self, request: pb.ClaimUserTaskRequest) -> bytes:
        """See the contract."""
        user_id = acting_user(find_call(), "user_id", request.user_id)
        if not user_id:
            description = "say who takes the task; no user is known who calls"
            raise InvalidField("FIELD_INVALID", description, violations=[Violation("user_id", description)])
        return await user_tasks.claim(
            self.executor,
            request.id,
            user_id,
            request_record("ClaimUserTask", request.request_id, request),
            lambda row: pb.ClaimUserTaskResponse(user_task=messages.user_task_of_row(row)),
        )

    async def UnclaimUserTask(self, request: pb.UnclaimUserTaskRequest) -> bytes:
        """See the contract."""
        return await user_tasks.assign(
            self.executor,
            request.id,
            "",
            request_record("UnclaimUserTask", request.request_id, request),
            lambda row: pb.UnclaimUserTaskResponse(user_task=messages.user_task_of_row(row)),
        )

    async def AssignUserTask(self, request: pb.AssignUserTaskRequest) -> bytes:
        """See the contract."""
        return await user_tasks.assign(
            self.executor,
            request.id,
            request.user_id,
            request_record("AssignUserTask", request.request_id, request),
            lambda row: pb.AssignUserTaskResponse(user_task=messages.user_task_of_row(row)),
        )

    async def DelegateUserTask(self, request: pb.DelegateUserTaskRequest) -> bytes:
        """See the contract."""
        return await user_tasks.delegate(
            self.executor,
            request.id,
            request.user_id,
            request_record("DelegateUserTask", request.request_id, request),
            lambda row: pb.DelegateUserTaskResponse(user_task=messages.user_task_of_row(row)),
        )

    async def ResolveUserTask(self, request: pb.ResolveUserTaskRequest) -> bytes:
        """See the contract."""
        return await user_tasks.resolve(
            self.executor,
            request.id,
            read_variables(request.variables, "variables", self.max_variable_bytes),
            request_record("ResolveUserTask", request.request_id, request),
            lambda row: pb.ResolveUserTaskResponse(user_task=messages.user_task_of_row(row)),
        )

    async def AddUserTaskCandidates(self, request: pb.AddUserTaskCandidatesRequest) -> bytes:
        """See the contract."""
        return await user_tasks.change_candidates(
            self.executor,
            request.id,
            request.users,
            request.groups,
            request_record("AddUserTaskCandidates", request.request_id, request),
            lambda row: pb.AddUserTaskCandidatesResponse(user_task=messages.user_task_of_row(row)),
            remove=False,
        )

    async def RemoveUserTaskCandidates(self, request: pb.RemoveUserTaskCandidatesRequest) -> bytes:
        """See the contract."""
        return await user_tasks.change_candidates(
            self.executor,
            request.id,
            request.users,
            request.groups,
            request_record("RemoveUserTaskCandidates", request.request_id, request),
            lambda row: pb.RemoveUserTaskCandidatesResponse(user_task=messages.user_task_of_row(row)),
            remove=True,
        )

    async def CompleteUserTask(self, request: pb.CompleteUserTaskRequest) -> bytes:
        """See the contract."""
        check_name(request.outcome_variable, "outcome_variable")
        limit = self.max_variable_bytes
        asked = user_tasks.CompletionRequest(
            variables=read_variables(request.variables, "variables", limit),
            transient_variables=read_variables(request.transient_variables, "transient_variables", limit),
            outcome=request.outcome,
            outcome_variable=request.outcome_variable,
            completed_by=acting_user(find_call(), "completed_by", request.completed_by),
        )
        return await user_tasks.complete(
            self.executor,
            request.id,
            asked,
            request_record("CompleteUserTask", request.request_id, request),
            lambda instance_id, ended: pb.CompleteUserTaskResponse(
                process_instance_id=instance_id, process_instance_ended=ended and bool(instance_id)
            ),
        )

    async def GetUserTaskVariables(self, request: pb.GetUserTaskVariablesRequest) -> pb.GetUserTaskVariablesResponse:
        """See the contract."""
        variables = await user_tasks.read_task_variables(self.executor, request.id, local=request.local)
        if request.names:
            variables = {name: variables[name] for name in request.names if name in variables}
        return pb.GetUserTaskVariablesResponse(variables=to_values(variables))

    async def UpdateUserTaskVariables(self, request: pb.UpdateUserTaskVariablesRequest) -> bytes:
        """See the contract."""
        variables = read_variables(request.variables, "variables", self.max_variable_bytes)
        return await user_tasks.change_variables(
            self.executor,
            request.id,
            lambda instance, key, now: user_task_commands.update_variables(
                instance, key, variables, (), now, local=request.local
            ),
            request_record("UpdateUserTaskVariables", request.request_id, request),
            lambda visible: pb.UpdateUserTaskVariablesResponse(variables=to_values(visible)),
        )

    async def DeleteUserTaskVariables(self, request: pb.DeleteUserTaskVariablesRequest) -> bytes:
        """See the contract."""
        return await user_tasks.change_variables(
            self.executor,
            request.id,
            lambda instance, key, now: user_task_commands.update_variables(
                instance, key, {}, request.names, now, local=request.local
            ),
            request_record("DeleteUserTaskVariables", request.request_id, request),
            lambda visible: pb.DeleteUserTaskVariablesResponse(variables=to_values(visible)),
        )


def list_answer(
    request: pb.ListUserTasksRequest, rows: Sequence[Row], order: Sequence[Order]
) -> pb.ListUserTasksResponse:
    """Return the answer of a page; `rows` has one more than the page where others follow."""
    size = page_size_of(request)
    page = rows[:size]
    return pb.ListUserTasksResponse(
        user_tasks=[messages.user_task_of_row(row) for row in page],
        next_page_token=encode_page_token(request, sort_key(page[-1], order)) if len(rows) > size else "",
    )


def _key_of(request: pb.ListUserTasksRequest, opened: Rows) -> str:
    asked = request.SerializeToString(deterministic=True)
    if not opened.unrestricted:
        # Who may see something else gets another answer, whatever the tasks are.
        rows = opened.to_json()
        asked = len(rows).to_bytes(4, "big") + rows + asked
    return hashlib.blake2b(asked, digest_size=24, key=_FORMAT_DIGEST).hexdigest()
