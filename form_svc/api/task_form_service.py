"""`flowmesh.form.v1.TaskFormService`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from flowmesh.engine.v1 import form_host_service_pb2 as host_pb
from flowmesh.engine.v1.user_task_service_pb2 import CompleteUserTaskResponse
from flowmesh.form.v1 import task_form_service_pb2 as pb

from form_svc.api.mapping import (
    draft_message,
    put_values,
    read_values,
    rendered_message,
    submission_message,
)
from form_svc.commands import drafts
from form_svc.commands.checking import check_data
from form_svc.commands.form_lookup import FormLookup, Host
from form_svc.commands.submitting import Asked, Submitting, Wanted
from form_svc.commands.writing import content_of
from form_svc.engine.host import EngineHost, actor_of
from form_svc.storage.drafts import find_draft
from form_svc.storage.layout import TASK
from form_svc.storage.submissions import read_content
from mesh.audit.operation import maker_of
from mesh.call import current_call
from mesh.clock import Clock
from mesh.db.database import ConstraintViolated, Database
from mesh.db.served_database import write_again
from mesh.json_values import from_value


@dataclass(slots=True)
class TaskFormServicer:
    """Serves TaskFormService."""

    database: Database
    clock: Clock
    engine: EngineHost
    lookup: FormLookup
    submitting: Submitting

    async def GetTaskForm(self, request: pb.GetTaskFormRequest) -> pb.GetTaskFormResponse:
        """See the contract."""
        call = current_call()
        host = await self.engine.task(actor_of(call), request.user_task_id, with_variables=True)
        found = await self.lookup.find(_host_of(host))
        answer = pb.GetTaskFormResponse(form=rendered_message(found), user_task=host.user_task)
        for name, value in found.shown(host.variables).items():
            answer.data[name].CopyFrom(value)
        draft = await self.database.read(find_draft(request.user_task_id, call.user_id or ""))
        if draft is not None:
            answer.draft.CopyFrom(draft_message(draft))
            put_values(answer.data, orjson.loads(draft.data))
        return answer

    async def SaveTaskFormDraft(self, request: pb.SaveTaskFormDraftRequest) -> pb.SaveTaskFormDraftResponse:
        """See the contract."""
        call = current_call()
        data = orjson.dumps(read_values(request.data, "data"), option=orjson.OPT_SORT_KEYS)
        drafts.check_size(data)
        place, maker = await self._place(request.user_task_id), maker_of(call)

        def save() -> Any:
            return drafts.save(place, maker, data, sorted(request.data), request.etag, self.clock.now_micros())

        try:
            kept = await write_again(self.database, save)
        except ConstraintViolated:
            # Two windows began at the same time.
            kept = await write_again(self.database, save)
        return pb.SaveTaskFormDraftResponse(draft=draft_message(kept))

    async def DeleteTaskFormDraft(self, request: pb.DeleteTaskFormDraftRequest) -> pb.DeleteTaskFormDraftResponse:
        """See the contract."""
        call = current_call()
        place, maker = await self._place(request.user_task_id), maker_of(call)
        await write_again(self.database, lambda: drafts.throw_away(place, maker, self.clock.now_micros()))
        return pb.DeleteTaskFormDraftResponse()

    async def SubmitTaskForm(self, request: pb.SubmitTaskFormRequest) -> pb.SubmitTaskFormResponse:
        """See the contract."""
        call = current_call()
        actor = actor_of(call)
        asked = Asked("SubmitTaskForm", call.user_id or "", request.request_id, content_of(request))

        def make(request_id: str, data: Mapping[str, Any]) -> bytes:
            completion = host_pb.CompleteSubmittedTaskRequest(actor=actor)
            completion.completion.request_id = request_id
            completion.completion.id = request.user_task_id
            completion.completion.outcome = request.outcome
            completion.completion.completed_by = asked.user_id
            put_values(completion.completion.variables, dict(data))
            return content_of(completion)

        async def check() -> Wanted:
            return await self._checked(request, actor)

        kept = await self.submitting.kept(asked, check, actor.rows, make)
        submission, answered = await self.submitting.drive(kept)
        completed = CompleteUserTaskResponse.FromString(answered)
        content = await self.database.read(read_content(submission.id))
        return pb.SubmitTaskFormResponse(
            submission=submission_message(submission, content.data),
            process_instance_ended=completed.process_instance_ended,
            commit_token=completed.commit_token,
        )

    async def _place(self, user_task_id: str) -> drafts.Place:
        """Return where a draft belongs. Raises `NotFound` for tasks that the caller may not see."""
        task = (await self.engine.task(actor_of(current_call()), user_task_id)).user_task
        return drafts.Place(task.id, task.tenant_id, task.process_definition_key)

    async def _checked(self, request: pb.SubmitTaskFormRequest, actor: host_pb.FormActor) -> Wanted:
        host = await self.engine.task(actor, request.user_task_id, with_variables=True)
        found = await self.lookup.find(_host_of(host))
        files = {text: list(named.ids) for text, named in request.files.items()}
        known = await self.submitting.usable_files(
            files, actor.user_id, host.user_task.process_definition_id, host.user_task.id
        )
        variables = {name: from_value(value) for name, value in host.variables.items()}
        checked = await check_data(
            found, read_values(request.data, "data"), variables, files, known, request.language, self.clock.now_micros()
        )
        task = host.user_task
        return Wanted(
            TASK,
            task.tenant_id,
            task.process_definition_id,
            task.process_definition_key,
            task.process_instance_id,
            task.id,
            task.element_id,
            found,
            request.outcome,
            checked,
        )


def _host_of(host: host_pb.GetTaskFormHostResponse) -> Host:
    task = host.user_task
    return Host(task.id, "the task", task.tenant_id, host.deployment_id, host.form)
