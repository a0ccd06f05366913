"""Forms through the gateway: REST and gRPC, files streamed, faults the same on both faces."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
from typing import Any
from uuid import uuid4

import grpc
import grpc.aio
import httpx
import pytest
from flowmesh.form.v1 import form_file_service_pb2, task_form_service_pb2
from flowmesh.form.v1.form_file_service_pb2_grpc import FormFileServiceStub
from flowmesh.form.v1.task_form_service_pb2_grpc import TaskFormServiceStub

from mesh.json_values import to_values
from mesh.status import status_of
from tests.infrastructure.mesh import Mesh
from tests.integration.form.forms import faults_of, form, joined, listed_faults, pieces, review, text_field
from tests.integration.form.large_form import FAULTS, FAULTY, GOOD, VARIABLES, large_form
from tests.launcher.running import flowmesh

pytestmark = pytest.mark.slow
PICKER = {"type": "filepicker", "id": "fp", "key": "file", "label": "File"}


async def _deployed(rest: httpx.AsyncClient) -> tuple[str, str]:
    """Deploy a bundle with forms; return the ids of the definition and of a task."""
    key = f"p{uuid4().hex}"
    files = {
        "review.bpmn": review(key),
        "request.form": form(
            "request",
            text_field("name", validate={"required": True, "maxLength": 10}),
            text_field("other", validate={"minLength": 3}),
            PICKER,
        ),
        "order.form": form("order"),
    }
    resources = [{"name": name, "content": base64.b64encode(content).decode()} for name, content in files.items()]
    answer = await rest.post("/v1/deployments", json={"name": key, "resources": resources})
    assert answer.status_code == 200, answer.text
    (definition,) = answer.json()["deployment"]["processDefinitions"]
    started = await rest.post("/v1/processInstances", json={"processDefinitionId": definition["id"]})
    instance = started.json()["processInstance"]["id"]
    tasks = (await rest.get("/v1/userTasks", params={"processInstanceId": instance})).json()["userTasks"]
    return definition["id"], tasks[0]["id"]


async def test_from_start_form_to_submission(rest: httpx.AsyncClient) -> None:
    definition, _ = await _deployed(rest)
    shown = await rest.get(f"/v1/processDefinitions/{definition}/form")
    assert shown.json()["form"]["schema"]["id"] == "order"
    body = {"data": {"name": "Bo"}, "requestId": uuid4().hex}
    started = await rest.post(f"/v1/processDefinitions/{definition}/form:submit", json=body)
    assert started.status_code == 200, started.text
    assert (await rest.post(f"/v1/processDefinitions/{definition}/form:submit", json=body)).json() == started.json()
    instance = started.json()["submission"]["processInstanceId"]
    tasks = (await rest.get("/v1/userTasks", params={"processInstanceId": instance})).json()["userTasks"]
    url = f"/v1/userTasks/{tasks[0]['id']}/form"
    rendered = (await rest.get(url)).json()
    assert (rendered["form"]["key"], rendered["data"]["name"]) == ("request", "Bo")
    draft = await rest.post(f"{url}:saveDraft", json={"data": {"name": "Bob"}})
    assert draft.json()["draft"]["data"] == {"name": "Bob"}
    assert (await rest.get(url)).json()["data"]["name"] == "Bob"
    schema = await rest.get(f"/v1/forms/{rendered['form']['formDefinitionId']}/schema")
    assert hashlib.sha256(schema.content).hexdigest()
    submitted = await rest.post(f"{url}:submit", json={"data": {"name": "Bob"}})
    assert submitted.json()["submission"]["state"] == "STATE_SETTLED"
    found = (await rest.get("/v1/submissions", params={"processInstanceId": instance})).json()["submissions"]
    assert [each["kind"] for each in found] == ["KIND_TASK", "KIND_START"]


async def test_forms_by_themselves(rest: httpx.AsyncClient) -> None:
    key = f"f{uuid4().hex}"
    content = b"\n" + form(key)
    made = await rest.post("/v1/forms", content=content, headers={"content-type": "application/json"})
    assert made.status_code == 200, made.text
    definition = made.json()["formDefinition"]
    read = await rest.get(f"/v1/forms/{definition['id']}/schema")
    assert (read.content, read.headers["content-type"]) == (content, "application/json")
    listed = (await rest.get("/v1/forms", params={"key": key})).json()["formDefinitions"]
    assert [each["id"] for each in listed] == [definition["id"]]
    bad = await rest.post("/v1/forms:validate", content=b'{"type":"default","components":[{"type":"x"}]}')
    assert not bad.json()["deployable"]
    assert (await rest.delete(f"/v1/forms/{definition['id']}")).status_code == 200
    assert (await rest.get(f"/v1/forms/{definition['id']}")).status_code == 404


async def test_the_same_faults_on_both_faces(rest: httpx.AsyncClient, channel: grpc.aio.Channel) -> None:
    _, task = await _deployed(rest)
    data = {"name": "much too long a name", "other": "x"}
    refused = await rest.post(f"/v1/userTasks/{task}/form:submit", json={"data": data, "language": "zh"})
    assert refused.status_code == 400
    by_type = {detail["@type"].rpartition(".")[2]: detail for detail in refused.json()["details"]}
    over_rest = {each["field"]: each["description"] for each in by_type["BadRequest"]["fieldViolations"]}
    stub: object = TaskFormServiceStub(channel)
    request = task_form_service_pb2.SubmitTaskFormRequest(user_task_id=task, data=to_values(data), language="zh")
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await stub.SubmitTaskForm(request)  # type: ignore[attr-defined]
    assert faults_of(raised.value) == over_rest
    assert set(over_rest) == {"name", "other"}
    assert by_type["ErrorInfo"]["reason"] == "FORM_DATA_INVALID"
    assert refused.json()["message"] == status_of(raised.value).message


async def test_forty_fields_with_fifteen_faults_on_both_faces(
    rest: httpx.AsyncClient, channel: grpc.aio.Channel
) -> None:
    task = await _large_task(rest)
    stub: object = TaskFormServiceStub(channel)
    said = {}
    for language in ("en", "zh"):
        body = {"data": FAULTY, "language": language}
        refused = await rest.post(f"/v1/userTasks/{task}/form:submit", json=body)
        assert refused.status_code == 400, refused.text
        by_type = {detail["@type"].rpartition(".")[2]: detail for detail in refused.json()["details"]}
        over_rest = [(each["field"], each["description"]) for each in by_type["BadRequest"]["fieldViolations"]]
        assert by_type["ErrorInfo"]["reason"] == "FORM_DATA_INVALID"
        request = task_form_service_pb2.SubmitTaskFormRequest(
            user_task_id=task, data=to_values(FAULTY), language=language
        )
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await stub.SubmitTaskForm(request)  # type: ignore[attr-defined]
        assert listed_faults(raised.value) == over_rest
        assert tuple(path for path, _ in over_rest) == FAULTS
        assert "violations_omitted" not in by_type["ErrorInfo"]["metadata"]
        said[language] = over_rest
    for (_, english), (_, chinese) in zip(said["en"], said["zh"], strict=True):
        assert english.isascii()
        assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese)
    taken = await rest.post(f"/v1/userTasks/{task}/form:submit", json={"data": GOOD})
    assert taken.status_code == 200, taken.text
    data = taken.json()["submission"]["data"]
    assert {name: data[name] for name in GOOD} == GOOD


async def _large_task(rest: httpx.AsyncClient) -> str:
    """Deploy the form of 40 fields; return the id of a task that has it."""
    key = f"p{uuid4().hex}"
    files = {"large.bpmn": review(key), "request.form": large_form(), "order.form": form("order")}
    resources = [{"name": name, "content": base64.b64encode(content).decode()} for name, content in files.items()]
    answer = await rest.post("/v1/deployments", json={"name": key, "resources": resources})
    assert answer.status_code == 200, answer.text
    started = await rest.post("/v1/processInstances", json={"processDefinitionKey": key, "variables": VARIABLES})
    instance = started.json()["processInstance"]["id"]
    (task,) = (await rest.get("/v1/userTasks", params={"processInstanceId": instance})).json()["userTasks"]
    return str(task["id"])


async def test_the_audit_has_it(mesh: Mesh, rest: httpx.AsyncClient) -> None:
    """From the call at the gateway to the command that lists the audit, by user and from where."""
    _, task = await _deployed(rest)
    file = await rest.post(
        f"/v1/userTasks/{task}/form/files:upload", params={"fileName": "secret-name", "fieldKey": "file"}, content=b"x"
    )
    assert file.status_code == 200, file.text
    body = {
        "data": {"name": "secret-7", "other": "xyz", "file": "files::1"},
        "files": {"files::1": {"ids": [file.json()["file"]["id"]]}},
        "requestId": uuid4().hex,
    }
    for _ in range(2):
        submitted = await rest.post(f"/v1/userTasks/{task}/form:submit", json=body)
        assert submitted.status_code == 200, submitted.text
    submission = submitted.json()["submission"]
    options = ("--url", mesh.url, "--json")
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(60):
        while len(found) < 2:
            await asyncio.sleep(0.2)
            done = await asyncio.to_thread(flowmesh, "audit", "list", "--resource", submission["id"], *options)
            assert done.returncode == 0, done.stderr
            found = json.loads(done.stdout)
    assert len(found) == 2
    states = {each["after"]["state"] for each in found}
    assert states == {"pending", "settled"}
    (kept,) = [each for each in found if each["after"]["state"] == "pending"]
    assert kept["method"] == "flowmesh.form.v1.TaskFormService/SubmitTaskForm"
    assert (kept["service"], kept["resourceType"]) == ("form", "submission")
    assert (kept["clientAddress"], kept["userId"]) == ("127.0.0.1", submission["submittedBy"])
    assert kept["after"]["fields"] == ["file", "name", "other"]
    (upload,) = await _audited(rest, file.json()["file"]["id"], 1)
    assert upload["method"] == "flowmesh.form.v1.FormFileService/UploadTaskFormFile"
    assert "secret" not in json.dumps([found, upload])
    by_engine = await _audited(rest, submission["processInstanceId"], 2)
    (completed,) = [each for each in by_engine if each["method"].endswith("CompleteSubmittedTask")]
    assert (completed["userId"], completed["clientAddress"]) == (kept["userId"], "127.0.0.1")
    assert completed["sessionId"] == kept["sessionId"]


async def _audited(rest: httpx.AsyncClient, resource_id: str, count: int) -> list[dict[str, Any]]:
    """Wait until the audit has so many entries of something."""
    async with asyncio.timeout(60):
        while True:
            answer = await rest.get("/v1/auditRecords", params={"resourceId": resource_id})
            found: list[dict[str, Any]] = answer.json().get("auditRecords", [])
            if len(found) >= count:
                return found
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("size", [0, 5, 3_000_000, 12_000_000])
async def test_files_over_rest(rest: httpx.AsyncClient, size: int) -> None:
    """Larger ones than any other request may be, as they are streamed."""
    _, task = await _deployed(rest)
    content = os.urandom(size)
    digest = hashlib.sha256(content).hexdigest()
    uploaded = await rest.post(
        f"/v1/userTasks/{task}/form/files:upload",
        params={"fileName": "报告 1.bin", "fieldKey": "file", "sha256": digest, "requestId": uuid4().hex},
        content=content,
        headers={"content-type": "application/x-thing"},
    )
    assert uploaded.status_code == 200, uploaded.text
    file = uploaded.json()["file"]
    assert (file["name"], file["contentType"], int(file["sizeBytes"]), file["sha256"]) == (
        "报告 1.bin",
        "application/x-thing",
        size,
        digest,
    )
    read = await rest.get(f"/v1/formFiles/{file['id']}/content")
    assert (read.status_code, read.headers["content-type"]) == (200, "application/x-thing")
    assert read.content == content
    body = {"data": {"name": "a", "other": "xyz", "file": "files::1"}, "files": {"files::1": {"ids": [file["id"]]}}}
    submitted = await rest.post(f"/v1/userTasks/{task}/form:submit", json=body)
    assert submitted.status_code == 200, submitted.text
    assert submitted.json()["submission"]["data"]["file"][0]["sha256"] == digest


async def test_files_over_grpc(rest: httpx.AsyncClient, channel: grpc.aio.Channel) -> None:
    _, task = await _deployed(rest)
    content = os.urandom(3_000_000)
    stub: object = FormFileServiceStub(channel)
    kind = form_file_service_pb2.UploadTaskFormFileRequest
    first = kind(user_task_id=task, file_name="a.bin", field_key="file")
    file = (await stub.UploadTaskFormFile(pieces(kind, first, content, "image/png"))).file  # type: ignore[attr-defined]
    request = form_file_service_pb2.DownloadTaskFormFileRequest(user_task_id=task, id=file.id)
    assert await joined(stub.DownloadTaskFormFile(request)) == content  # type: ignore[attr-defined]
    read = await rest.get(f"/v1/userTasks/{task}/form/files/{file.id}/content")
    assert (read.content, read.headers["content-type"]) == (content, "image/png")


async def test_bad_uploads_over_rest(rest: httpx.AsyncClient) -> None:
    _, task = await _deployed(rest)
    url = f"/v1/userTasks/{task}/form/files:upload"
    too_large = await rest.post(url, params={"fileName": "a"}, content=b"x" * (21 << 20))
    assert too_large.status_code == 400, too_large.text
    assert too_large.json()["details"][0]["reason"] == "FORM_FILE_TOO_LARGE"
    assert (await rest.post(url, content=b"x")).status_code == 400
    damaged = await rest.post(url, params={"fileName": "a", "sha256": "0" * 64}, content=b"x")
    assert (damaged.status_code, damaged.json()["details"][0]["reason"]) == (400, "FORM_FILE_DAMAGED")
    untyped = await rest.post(url, params={"fileName": "a"}, content=b"x", headers={"content-type": "no type"})
    assert untyped.status_code == 400, untyped.text
    unknown = await rest.post(url, params={"fileName": "a", "what": "b"}, content=b"x")
    assert unknown.status_code == 400
    never = task[:-1] + "9"
    missing = await rest.post(f"/v1/userTasks/{never}/form/files:upload", params={"fileName": "a"}, content=b"x")
    assert missing.status_code == 404, missing.text


async def test_nobody_without_a_token(mesh: Mesh, rest: httpx.AsyncClient) -> None:
    _, task = await _deployed(rest)
    async with httpx.AsyncClient(base_url=mesh.url) as nobody:
        for method, path in (
            ("GET", f"/v1/userTasks/{task}/form"),
            ("POST", f"/v1/userTasks/{task}/form/files:upload?fileName=a"),
            ("GET", "/v1/forms"),
        ):
            assert (await nobody.request(method, path, content=b"x" * 10)).status_code == 401
