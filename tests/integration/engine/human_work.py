"""The calls about people's work that tests make, one line each."""

from __future__ import annotations

from typing import Any

from flowmesh.engine.v1 import attachment_service_pb2, comment_service_pb2, user_task_pb2
from flowmesh.engine.v1 import user_task_service_pb2 as pb
from flowmesh.engine.v1.attachment_service_pb2_grpc import AttachmentServiceStub
from flowmesh.engine.v1.comment_service_pb2_grpc import CommentServiceStub
from google.protobuf.timestamp_pb2 import Timestamp

from mesh.json_values import from_value, to_values
from tests.integration.engine.serving import Engine

UserTask = user_task_pb2.UserTask


def at(text: str) -> Timestamp:
    moment = Timestamp()
    moment.FromJsonString(text)
    return moment


class HumanWork:
    """User tasks, comments and attachments of an engine."""

    def __init__(self, engine: Engine) -> None:
        self.tasks = engine.tasks
        # Typed as neither kind of stub, they may be awaited.
        self.comments: Any = CommentServiceStub(engine.channel)
        self.attachments: Any = AttachmentServiceStub(engine.channel)

    async def _task(self, method: str, task_id: str, **fields: Any) -> UserTask:
        answer = await getattr(self.tasks, method)(getattr(pb, f"{method}Request")(id=task_id, **fields))
        task: UserTask = answer.user_task
        return task

    async def get(self, task_id: str) -> UserTask:
        return await self._task("GetUserTask", task_id)

    async def claim(self, task_id: str, user: str, **fields: Any) -> UserTask:
        return await self._task("ClaimUserTask", task_id, user_id=user, **fields)

    async def assign(self, task_id: str, user: str, **fields: Any) -> UserTask:
        return await self._task("AssignUserTask", task_id, user_id=user, **fields)

    async def delegate(self, task_id: str, user: str, **fields: Any) -> UserTask:
        return await self._task("DelegateUserTask", task_id, user_id=user, **fields)

    async def resolve(self, task_id: str, variables: dict[str, Any] | None = None, **fields: Any) -> UserTask:
        return await self._task("ResolveUserTask", task_id, variables=to_values(variables or {}), **fields)

    async def update(self, task_id: str, *mask: str, etag: str = "", request_id: str = "", **details: Any) -> UserTask:
        request = pb.UpdateUserTaskRequest(
            id=task_id, etag=etag, request_id=request_id, details=pb.UserTaskDetails(**details)
        )
        request.update_mask.paths.extend(mask)
        answer = await self.tasks.UpdateUserTask(request)
        task: UserTask = answer.user_task
        return task

    async def offer(self, task_id: str, **fields: Any) -> UserTask:
        return await self._task("AddUserTaskCandidates", task_id, **fields)

    async def withdraw(self, task_id: str, **fields: Any) -> UserTask:
        return await self._task("RemoveUserTaskCandidates", task_id, **fields)

    async def create(self, parent: str = "", **details: Any) -> UserTask:
        fields = {name: details.pop(name) for name in list(details) if name in CREATE_FIELDS}
        request = pb.CreateUserTaskRequest(parent_task_id=parent, details=pb.UserTaskDetails(**details), **fields)
        answer = await self.tasks.CreateUserTask(request)
        task: UserTask = answer.user_task
        return task

    async def delete(self, task_id: str, **fields: Any) -> None:
        await self.tasks.DeleteUserTask(pb.DeleteUserTaskRequest(id=task_id, **fields))

    async def variables(self, task_id: str, *, local: bool = False) -> dict[str, Any]:
        answer = await self.tasks.GetUserTaskVariables(pb.GetUserTaskVariablesRequest(id=task_id, local=local))
        return {name: from_value(value) for name, value in answer.variables.items()}

    async def set(self, task_id: str, variables: dict[str, Any], *, local: bool = False) -> dict[str, Any]:
        request = pb.UpdateUserTaskVariablesRequest(id=task_id, variables=to_values(variables), local=local)
        answer = await self.tasks.UpdateUserTaskVariables(request)
        return {name: from_value(value) for name, value in answer.variables.items()}

    async def unset(self, task_id: str, *names: str, local: bool = False) -> dict[str, Any]:
        request = pb.DeleteUserTaskVariablesRequest(id=task_id, names=names, local=local)
        answer = await self.tasks.DeleteUserTaskVariables(request)
        return {name: from_value(value) for name, value in answer.variables.items()}

    async def comment(self, task_id: str, text: str, user: str = "") -> comment_service_pb2.Comment:
        request = comment_service_pb2.CreateUserTaskCommentRequest(user_task_id=task_id, text=text, user_id=user)
        made: comment_service_pb2.Comment = (await self.comments.CreateUserTaskComment(request)).comment
        return made

    async def task_comments(self, task_id: str) -> list[str]:
        request = comment_service_pb2.ListUserTaskCommentsRequest(user_task_id=task_id)
        return [comment.text for comment in (await self.comments.ListUserTaskComments(request)).comments]

    async def instance_comments(self, instance_id: str) -> list[str]:
        request = comment_service_pb2.ListProcessInstanceCommentsRequest(process_instance_id=instance_id)
        return [comment.text for comment in (await self.comments.ListProcessInstanceComments(request)).comments]

    async def attach(self, task_id: str, name: str, **fields: Any) -> attachment_service_pb2.Attachment:
        request = attachment_service_pb2.CreateUserTaskAttachmentRequest(user_task_id=task_id, name=name, **fields)
        made: attachment_service_pb2.Attachment = (await self.attachments.CreateUserTaskAttachment(request)).attachment
        return made


CREATE_FIELDS = ("request_id", "candidate_users", "candidate_groups", "tenant_id")
