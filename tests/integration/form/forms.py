"""A form service and an engine for tests, real ones on real databases, that know each other."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc
import grpc.aio
from flowmesh.engine.v1 import deployment_pb2, deployment_service_pb2
from flowmesh.form.v1 import (
    form_definition_pb2,
    form_definition_service_pb2,
    form_file_service_pb2,
    start_form_service_pb2,
    submission_pb2,
    submission_service_pb2,
    task_form_service_pb2,
)
from flowmesh.form.v1.form_definition_service_pb2_grpc import FormDefinitionServiceStub
from flowmesh.form.v1.form_file_service_pb2_grpc import FormFileServiceStub
from flowmesh.form.v1.start_form_service_pb2_grpc import StartFormServiceStub
from flowmesh.form.v1.submission_service_pb2_grpc import SubmissionServiceStub
from flowmesh.form.v1.task_form_service_pb2_grpc import TaskFormServiceStub
from google.api import httpbody_pb2
from google.rpc import error_details_pb2

from engine_svc.relay import EngineRelay
from form_svc.main import FormService
from form_svc.settings import FormSettings
from mesh.bus.port import Bus
from mesh.db.database import Database
from mesh.json_values import to_values
from mesh.metrics import Metrics
from mesh.status import status_of
from tests.infrastructure.ports import free_ports
from tests.infrastructure.walls import Caller, Door
from tests.integration.engine.serving import ENDS, Engine, TurnedClock, model

PIECE = 64 * 1024


def text_field(key: str, **more: Any) -> dict[str, Any]:
    return {"type": "textfield", "id": f"field-{key}", "key": key, "label": key.title(), **more}


def form(key: str, *components: dict[str, Any], **more: Any) -> bytes:
    """The bytes of a form; without components one text that is required."""
    fields = components or (text_field("name", validate={"required": True, "maxLength": 10}),)
    return json.dumps({"type": "default", "id": key, "schemaVersion": 16, "components": fields, **more}).encode()


def review(key: str = "review", attributes: str = 'flowable:formKey="request"', extension: str = "") -> bytes:
    """A process with a start event that has the form `order`, a task with a form, and another task behind it."""
    task = f'<userTask id="t" name="Review" {attributes}><extensionElements>{extension}</extensionElements></userTask>'
    nodes = ENDS.replace('<startEvent id="s"/>', '<startEvent id="s" flowable:formKey="order"/>')
    return model(key, nodes + task + '<userTask id="behind"/>', "s>t", "t>behind", "behind>e")


class Forms:
    """Both services, and channels to the form service."""

    def __init__(self, service: FormService, engine: Engine, relay: EngineRelay, door: Door, port: int) -> None:
        self.service = service
        self.engine = engine
        self.relay = relay
        self.door = door
        self.port = port
        self.channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}", [("grpc.max_receive_message_length", -1)])
        self.definitions: Any = FormDefinitionServiceStub(self.channel)
        self.tasks: Any = TaskFormServiceStub(self.channel)
        self.starts: Any = StartFormServiceStub(self.channel)
        self.files: Any = FormFileServiceStub(self.channel)
        self.submissions: Any = SubmissionServiceStub(self.channel)

    @classmethod
    async def started(
        cls, database: Database, engine_database: Database, bus: Bus, clock: TurnedClock, **settings: Any
    ) -> Forms:
        """Start both."""
        engine_port, form_port = free_ports(2)
        door = Door()
        engine = await Engine.started(
            engine_database, clock, form_address=f"127.0.0.1:{form_port}", **{"port": engine_port}
        )
        service = FormService(
            FormSettings(port=form_port, drain_seconds=0.5, engine_address=f"127.0.0.1:{engine_port}", **settings),
            database,
            bus,
            Metrics(),
            authorize=door.authorize,
            clock=clock,
        )
        await service.start()
        relay = EngineRelay(engine_database, bus, Metrics(), clock=clock)
        relay.start()
        return cls(service, engine, relay, door, form_port)

    async def stop(self) -> None:
        """Stop both as on SIGTERM."""
        await self.channel.close(None)
        await self.service.stop()
        await self.relay.stop()
        await self.engine.stop()

    def as_(self, caller: Caller) -> Forms:
        """Let calls come from somebody."""
        self.door.caller = caller
        return self

    # The calls that most tests make

    async def create(self, content: bytes, **fields: Any) -> form_definition_pb2.FormDefinition:
        request = form_definition_service_pb2.CreateFormDefinitionRequest(
            schema=httpbody_pb2.HttpBody(content_type="application/json", data=content), **fields
        )
        made: form_definition_pb2.FormDefinition = (
            await self.definitions.CreateFormDefinition(request)
        ).form_definition
        return made

    async def deploy(self, tenant_id: str = "", **files: bytes) -> deployment_pb2.Deployment:
        """Deploy a bundle: files by their names, `_` for the dot."""
        resources = [
            deployment_pb2.Resource(name=name.replace("_", "."), content=content) for name, content in files.items()
        ]
        request = deployment_service_pb2.CreateDeploymentRequest(resources=resources, force=True, tenant_id=tenant_id)
        deployed: deployment_pb2.Deployment = (await self.engine.deployments.CreateDeployment(request)).deployment
        return deployed

    async def task(self, key: str = "review", **fields: Any) -> str:
        """Start an instance; return the id of its task."""
        instance = await self.engine.start(key, **fields)
        (task,) = await self.engine.user_tasks(process_instance_id=instance.id)
        task_id: str = task.id
        return task_id

    async def task_form(self, task_id: str) -> task_form_service_pb2.GetTaskFormResponse:
        answer: task_form_service_pb2.GetTaskFormResponse = await self.tasks.GetTaskForm(
            task_form_service_pb2.GetTaskFormRequest(user_task_id=task_id)
        )
        return answer

    async def submit(
        self, task_id: str, data: dict[str, Any], **fields: Any
    ) -> task_form_service_pb2.SubmitTaskFormResponse:
        answer: task_form_service_pb2.SubmitTaskFormResponse = await self.tasks.SubmitTaskForm(
            task_form_service_pb2.SubmitTaskFormRequest(user_task_id=task_id, data=to_values(data), **fields)
        )
        return answer

    async def submit_start(
        self, definition_id: str, data: dict[str, Any], **fields: Any
    ) -> start_form_service_pb2.SubmitStartFormResponse:
        answer: start_form_service_pb2.SubmitStartFormResponse = await self.starts.SubmitStartForm(
            start_form_service_pb2.SubmitStartFormRequest(
                process_definition_id=definition_id, data=to_values(data), **fields
            )
        )
        return answer

    async def save_draft(self, task_id: str, data: dict[str, Any], **fields: Any) -> Any:
        request = task_form_service_pb2.SaveTaskFormDraftRequest(user_task_id=task_id, data=to_values(data), **fields)
        return (await self.tasks.SaveTaskFormDraft(request)).draft

    async def submission(self, submission_id: str) -> submission_pb2.Submission:
        request = submission_service_pb2.GetSubmissionRequest(id=submission_id)
        found: submission_pb2.Submission = (await self.submissions.GetSubmission(request)).submission
        return found

    async def list_submissions(self, **filters: Any) -> list[submission_pb2.Submission]:
        request = submission_service_pb2.ListSubmissionsRequest(**filters)
        return list((await self.submissions.ListSubmissions(request)).submissions)

    async def upload(
        self, task_id: str, content: bytes, *, content_type: str = "text/plain", **fields: Any
    ) -> form_file_service_pb2.FormFile:
        fields = {"file_name": "a.txt", "field_key": "file", **fields}
        first = form_file_service_pb2.UploadTaskFormFileRequest(user_task_id=task_id, **fields)
        answer = await self.files.UploadTaskFormFile(
            pieces(form_file_service_pb2.UploadTaskFormFileRequest, first, content, content_type)
        )
        uploaded: form_file_service_pb2.FormFile = answer.file
        return uploaded

    async def download(self, file_id: str) -> bytes:
        return await joined(self.files.DownloadFormFile(form_file_service_pb2.DownloadFormFileRequest(id=file_id)))

    async def download_for(self, task_id: str, file_id: str) -> bytes:
        request = form_file_service_pb2.DownloadTaskFormFileRequest(user_task_id=task_id, id=file_id)
        return await joined(self.files.DownloadTaskFormFile(request))


def pieces(kind: Any, first: Any, content: bytes, content_type: str = "text/plain") -> Iterator[Any]:
    """The messages of an upload."""
    first.content.content_type = first.content.content_type or content_type
    first.content.data = content[:PIECE]
    yield first
    for at in range(PIECE, len(content), PIECE):
        yield kind(content=httpbody_pb2.HttpBody(data=content[at : at + PIECE]))


async def joined(stream: AsyncIterator[httpbody_pb2.HttpBody]) -> bytes:
    return b"".join([piece.data async for piece in stream])


def faults_of(error: grpc.RpcError) -> dict[str, str]:
    """The violations of a refused call, by field."""
    return dict(listed_faults(error))


def listed_faults(error: grpc.RpcError) -> list[tuple[str, str]]:
    """The violations of a refused call as they are listed."""
    found = error_details_pb2.BadRequest()
    for detail in status_of(error).details:
        detail.Unpack(found)
    return [(each.field, each.description) for each in found.field_violations]
