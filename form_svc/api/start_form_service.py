"""`flowmesh.form.v1.StartFormService`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flowmesh.engine.v1 import form_host_service_pb2 as host_pb
from flowmesh.engine.v1.process_instance_service_pb2 import CreateProcessInstanceResponse
from flowmesh.form.v1 import start_form_service_pb2 as pb

from form_svc.api.mapping import put_values, read_values, rendered_message, submission_message
from form_svc.commands.checking import check_data
from form_svc.commands.form_lookup import FormLookup, Host
from form_svc.commands.submitting import Asked, Submitting, Wanted
from form_svc.commands.writing import content_of
from form_svc.engine.host import EngineHost, actor_of
from form_svc.storage.layout import START
from form_svc.storage.submissions import read_content
from mesh.call import current_call
from mesh.clock import Clock
from mesh.db.database import Database


@dataclass(slots=True)
class StartFormServicer:
    """Serves StartFormService."""

    database: Database
    clock: Clock
    engine: EngineHost
    lookup: FormLookup
    submitting: Submitting

    async def GetStartForm(self, request: pb.GetStartFormRequest) -> pb.GetStartFormResponse:
        """See the contract."""
        host = await self.engine.start(actor_of(current_call()), request.process_definition_id)
        return pb.GetStartFormResponse(form=rendered_message(await self.lookup.find(_host_of(host))))

    async def SubmitStartForm(self, request: pb.SubmitStartFormRequest) -> pb.SubmitStartFormResponse:
        """See the contract."""
        call = current_call()
        actor = actor_of(call)
        asked = Asked("SubmitStartForm", call.user_id or "", request.request_id, content_of(request))

        def make(request_id: str, data: Mapping[str, Any]) -> bytes:
            begun = host_pb.StartSubmittedInstanceRequest(actor=actor)
            begun.start.request_id = request_id
            begun.start.process_definition_id = request.process_definition_id
            begun.start.business_key = request.business_key
            begun.start.initiator = asked.user_id
            put_values(begun.start.variables, dict(data))
            return content_of(begun)

        async def check() -> Wanted:
            return await self._checked(request, actor)

        kept = await self.submitting.kept(asked, check, actor.rows, make)
        submission, answered = await self.submitting.drive(kept)
        content = await self.database.read(read_content(submission.id))
        return pb.SubmitStartFormResponse(
            submission=submission_message(submission, content.data),
            commit_token=CreateProcessInstanceResponse.FromString(answered).commit_token,
        )

    async def _checked(self, request: pb.SubmitStartFormRequest, actor: host_pb.FormActor) -> Wanted:
        host = await self.engine.start(actor, request.process_definition_id)
        found = await self.lookup.find(_host_of(host))
        files = {text: list(named.ids) for text, named in request.files.items()}
        known = await self.submitting.usable_files(files, actor.user_id, host.process_definition.id)
        checked = await check_data(
            found, read_values(request.data, "data"), {}, files, known, request.language, self.clock.now_micros()
        )
        definition = host.process_definition
        return Wanted(
            START, definition.tenant_id, definition.id, definition.key, "", "", host.element_id, found, "", checked
        )


def _host_of(host: host_pb.GetStartFormHostResponse) -> Host:
    definition = host.process_definition
    return Host(
        definition.id, "the start of process definition", definition.tenant_id, definition.deployment_id, host.form
    )
