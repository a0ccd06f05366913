"""What the audit is told of forms, drafts, files and submissions: each change once, and of data the names alone."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from flowmesh.engine.v1 import deployment_service_pb2
from flowmesh.events.v1.event_pb2 import EventEnvelope
from flowmesh.form.v1 import form_definition_service_pb2, form_file_service_pb2, task_form_service_pb2

from mesh.access.rows import RowGrant
from mesh.bus.port import Bus
from mesh.bus.topics import AUDIT_EVENTS
from mesh.errors import Denied
from mesh.event_decoding import decode
from tests.infrastructure.walls import Caller, caller
from tests.integration.engine.serving import TurnedClock, refusal
from tests.integration.form.forms import Forms, form, review
from tests.integration.form.test_files import PICKER

WAIT_SECONDS = 20.0
SECRET = "s3cret-word"
ANN, BOB = caller("ann", RowGrant()), caller("bob", RowGrant())


async def _events(bus: Bus, count: int) -> list[EventEnvelope]:
    """Wait until the audit was told so much by forms; return it in order, with whatever came at once besides."""
    consumer = await bus.consumer("test", [AUDIT_EVENTS])
    found: dict[str, EventEnvelope] = {}
    async with asyncio.timeout(WAIT_SECONDS):
        while len([event for event in found.values() if event.source_service == "form"]) < count:
            for message in await consumer.poll(1000, 1.0):
                event = decode(message.value)
                assert event is not None
                found[event.event_id] = event
        for message in await consumer.poll(1000, 0.3):
            event = decode(message.value)
            assert event is not None
            found[event.event_id] = event
    await consumer.close()
    return sorted(found.values(), key=lambda event: event.event_id)


def _told(events: list[EventEnvelope], service: str = "form") -> list[tuple[str, str, Any, Any]]:
    """Method or action, type, before and after."""
    return [
        (
            event.operation_recorded.method.rpartition("/")[2] or event.operation_recorded.action,
            event.operation_recorded.resource_type,
            orjson.loads(event.operation_recorded.before_json or b"{}"),
            orjson.loads(event.operation_recorded.after_json or b"{}"),
        )
        for event in events
        if event.source_service == service and event.HasField("operation_recorded")
    ]


async def test_forms_made_and_deleted(forms: Forms, bus: Bus) -> None:
    forms.as_(ANN)
    made = await forms.create(form("request"), tenant_id="acme", request_id="r")
    await forms.create(form("request"), tenant_id="acme", request_id="r")
    await forms.create(form("request"), tenant_id="acme")
    delete = form_definition_service_pb2.DeleteFormDefinitionRequest(id=made.id, request_id="d")
    await forms.definitions.DeleteFormDefinition(delete)
    await forms.definitions.DeleteFormDefinition(delete)
    again = form_definition_service_pb2.DeleteFormDefinitionRequest(id=made.id, request_id="e")
    assert (await refusal(forms.definitions.DeleteFormDefinition(again))).reason == "FORM_NOT_FOUND"
    events = await _events(bus, 2)
    about = {
        "key": "request",
        "version": 1,
        "resourceName": "request.form",
        "sizeBytes": made.size_bytes,
        "sha256": made.sha256,
    }
    assert _told(events) == [
        ("CreateFormDefinition", "form", {}, about),
        ("DeleteFormDefinition", "form", about, {}),
    ]
    for event in events:
        assert event.metadata.user_id == "ann"
        assert event.operation_recorded.client_address == "127.0.0.1"
        assert list(event.operation_recorded.tenant_ids) == ["acme"]
        assert (event.operation_recorded.resource_id, event.biz_id) == (made.id, made.id)


async def test_forms_of_a_deployment(forms: Forms, bus: Bus) -> None:
    deployment = await forms.deploy(m_bpmn=review(), request_form=form("request"))
    # Who reads a form first makes no version of it.
    await forms.as_(ANN).task_form(await forms.task())
    await forms.engine.deployments.DeleteDeployment(
        deployment_service_pb2.DeleteDeploymentRequest(id=deployment.id, cascade=True)
    )
    events = await _events(bus, 2)
    made, gone = _told(events)
    assert made[:3] == ("forms.create", "form", {})
    assert made[3]["deploymentId"] == deployment.id
    assert gone == ("forms.delete", "form", made[3], {})
    assert {event.metadata.user_id for event in events if event.source_service == "form"} == {""}


async def test_from_draft_to_completion(forms: Forms, bus: Bus) -> None:
    await forms.create(form("request"))
    await forms.engine.deploy(review())
    task = await forms.task()
    forms.as_(ANN)
    await forms.save_draft(task, {"name": SECRET, "more": [SECRET]})
    await forms.save_draft(task, {"name": SECRET, "more": [SECRET]})
    await forms.save_draft(task, {"name": "other"})
    delete = task_form_service_pb2.DeleteTaskFormDraftRequest(user_task_id=task)
    await forms.tasks.DeleteTaskFormDraft(delete)
    await forms.tasks.DeleteTaskFormDraft(delete)
    data = {"name": SECRET[:10], "strange": SECRET}
    answer = await forms.submit(task, data, outcome="approve", request_id="r")
    await forms.submit(task, data, outcome="approve", request_id="r")
    submission = answer.submission
    events = await _events(bus, 6)
    assert _told(events)[1:] == [
        ("SaveTaskFormDraft", "formDraft", {}, {"revision": 1, "fields": ["more", "name"]}),
        ("SaveTaskFormDraft", "formDraft", {"revision": 1}, {"revision": 2, "fields": ["name"]}),
        ("DeleteTaskFormDraft", "formDraft", {"revision": 2}, {}),
        (
            "SubmitTaskForm",
            "submission",
            {},
            {
                "state": "pending",
                "formKey": "request",
                "formVersion": 1,
                "formDefinitionId": submission.form_definition_id,
                "processDefinitionId": submission.process_definition_id,
                "processInstanceId": submission.process_instance_id,
                "userTaskId": task,
                "outcome": "approve",
                "fields": ["name"],
            },
        ),
        (
            "SubmitTaskForm",
            "submission",
            {"state": "pending"},
            {"state": "settled", "processInstanceId": submission.process_instance_id},
        ),
    ]
    for event in events:
        operation = event.operation_recorded
        assert SECRET[:10].encode() not in operation.before_json + operation.after_json
        if operation.resource_type in ("submission", "formDraft"):
            assert (event.metadata.user_id, operation.client_address) == ("ann", "127.0.0.1")
            assert operation.process_definition_key == "review"
    # The engine knows as well who has completed the task, and from where.
    async with asyncio.timeout(WAIT_SECONDS):
        while not (done := [each for each in events if each.operation_recorded.method.endswith(_COMPLETE)]):
            events = await _events(bus, 0)
    assert [(each.metadata.user_id, each.operation_recorded.client_address) for each in done] == [("ann", "127.0.0.1")]


_COMPLETE = "FormHostService/CompleteSubmittedTask"


async def test_what_is_refused_and_what_is_settled_later(forms: Forms, bus: Bus, clock: TurnedClock) -> None:
    await forms.create(form("request"))
    await forms.engine.deploy(review())
    first, second = await forms.task(), await forms.task()
    instance = (await forms.task_form(first)).user_task.process_instance_id
    await forms.engine.suspend(instance)
    forms.as_(ANN)
    await refusal(forms.submit(first, {"name": "a"}))
    engine, real = forms.service._engine, forms.service._engine.complete

    async def away(request: object) -> object:
        from form_svc.engine.failures import _down

        raise _down("away")

    engine.complete = away  # type: ignore[assignment,method-assign]
    await refusal(forms.submit(second, {"name": "b"}))
    engine.complete = real  # type: ignore[method-assign]
    clock.forward(120)
    events = await _events(bus, 5)
    told = [(method, before, after["state"]) for method, kind, before, after in _told(events) if kind == "submission"]
    pending = {"state": "pending"}
    assert told == [
        ("SubmitTaskForm", {}, "pending"),
        ("SubmitTaskForm", pending, "refused"),
        ("SubmitTaskForm", {}, "pending"),
        # Nobody calls any more, and it is done for the user all the same.
        ("submissions.settle", pending, "settled"),
    ]
    reasons = [after.get("reason") for *_, after in _told(events)]
    assert "PROCESS_INSTANCE_NOT_RUNNING" in reasons
    assert {event.metadata.user_id for event in events if event.operation_recorded.resource_type == "submission"} == {
        "ann"
    }


async def test_files(forms: Forms, bus: Bus) -> None:
    await forms.create(form("request", PICKER))
    await forms.engine.deploy(review())
    task = await forms.task()
    forms.as_(ANN)
    file = await forms.upload(task, b"content", file_name=f"{SECRET}.txt", request_id="r")
    await forms.upload(task, b"content", file_name=f"{SECRET}.txt", request_id="r")
    kept = await forms.upload(task, b"kept")
    await refusal(forms.upload(task, b"x", sha256="0" * 64))
    delete = form_file_service_pb2.DeleteFormFileRequest(id=file.id)
    await forms.files.DeleteFormFile(delete)
    await refusal(forms.files.DeleteFormFile(delete))
    await forms.submit(task, {"file": "files::a"}, files={"files::a": {"ids": [kept.id]}})
    events = await _events(bus, 6)
    about = {
        "fieldKey": "file",
        "contentType": "text/plain",
        "sizeBytes": 7,
        "sha256": file.sha256,
        "userTaskId": task,
        "processDefinitionId": kept.process_definition_key and _told(events)[1][3]["processDefinitionId"],
    }
    told = _told(events)
    assert told[1] == ("UploadTaskFormFile", "formFile", {}, about)
    assert told[3] == ("DeleteFormFile", "formFile", about, {})
    assert [each[0] for each in told[1:]] == [
        "UploadTaskFormFile",
        "UploadTaskFormFile",
        "DeleteFormFile",
        "SubmitTaskForm",
        "SubmitTaskForm",
    ]
    assert told[4][3]["files"] == [kept.id]
    assert all(SECRET.encode() not in event.SerializeToString() for event in events)


class _Stranger(Caller):
    """Nobody whom the door lets in."""

    def __getattribute__(self, name: str) -> Any:
        raise Denied("ACCESS_DENIED", "not you")


async def test_refused_calls(forms: Forms, bus: Bus) -> None:
    forms.door.caller = _Stranger()
    for _ in range(3):
        call = forms.definitions.ListFormDefinitions(form_definition_service_pb2.ListFormDefinitionsRequest())
        assert (await refusal(call)).code == "PERMISSION_DENIED"
    await forms.service._refusals.tell()
    (event,) = [each for each in await _events(bus, 1) if each.HasField("operation_refused")]
    refused = event.operation_refused
    assert refused.method == "flowmesh.form.v1.FormDefinitionService/ListFormDefinitions"
    assert (refused.reason, refused.count) == ("ACCESS_DENIED", 3)
