"""What a caller gets who sends something wrong: one clear error that names it, and nothing is changed."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from flowmesh.engine.v1 import process_instance_service_pb2 as instances_pb2
from flowmesh.engine.v1 import process_instance_service_pb2_grpc as instances_grpc

from tests.e2e.processes import deploy, only_task, read, start
from tests.infrastructure.mesh import Mesh
from tests.unit.bpmn_models import around, flow, process

TASK = around('<userTask id="n" name="Ask"/>')
ENTITY_BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE definitions [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p">&c;</process></definitions>"""


async def _everything(rest: httpx.AsyncClient) -> tuple[Any, Any, Any]:
    return (
        await read(rest, "/v1/deployments", pageSize=1000),
        await read(rest, "/v1/processInstances", pageSize=1000),
        await read(rest, "/v1/userTasks", pageSize=1000),
    )


def _error(answer: httpx.Response, status: int, reason: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    body: dict[str, Any] = answer.json()
    assert body["message"]
    info = body["details"][0]
    assert info["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert info["reason"] == reason, body
    return body


def _violations(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [(entry["field"], entry["description"]) for entry in body["details"][1]["fieldViolations"]]


@pytest.mark.parametrize(
    ("content", "element", "says"),
    [
        pytest.param(b"this is no XML", "", "XML_NOT_WELL_FORMED", id="not XML"),
        pytest.param(ENTITY_BOMB, "", "XML_DOCTYPE", id="entity bomb"),
        pytest.param(
            around('<businessRuleTask id="n" camunda:decisionRef="d"/>'),
            "n",
            "ELEMENT_NOT_SUPPORTED",
            id="unsupported element",
        ),
        pytest.param(
            around('<scriptTask id="n" scriptFormat="groovy"><script>1</script></scriptTask>'),
            "n",
            "SCRIPT_LANGUAGE_NOT_SUPPORTED",
            id="language of a script",
        ),
        pytest.param(around('<teleportTask id="n"/>'), "n", "ELEMENT_", id="unknown element"),
        pytest.param(
            process('<startEvent id="s"/><endEvent id="e"/>' + flow("s", "e") + flow("s", "nowhere")),
            "s_nowhere",
            "nowhere",
            id="dangling flow",
        ),
        pytest.param(
            around('<serviceTask id="n" flowable:expression="${1 +}"/>'), "n", "EXPRESSION_SYNTAX", id="bad expression"
        ),
    ],
)
async def test_model_that_cannot_run(rest: httpx.AsyncClient, content: bytes, element: str, says: str) -> None:
    before = await _everything(rest)
    answer = await rest.post(
        "/v1/deployments:upload",
        params={"resourceName": "bad.bpmn"},
        content=content,
        headers={"content-type": "application/xml"},
    )
    violations = _violations(_error(answer, 400, "BPMN_INVALID"))
    assert any(field == f"bad.bpmn#{element}" and says in description for field, description in violations), violations
    # What forbids the whole file has no line.
    assert all(description.startswith(("line ", "XML_DOCTYPE: ")) for _, description in violations)
    assert await _everything(rest) == before


async def test_all_problems_at_once(rest: httpx.AsyncClient) -> None:
    content = process(
        '<startEvent id="s"/><scriptTask id="a"/><callActivity id="b"/><endEvent id="e"/>'
        + flow("s", "a")
        + flow("a", "b")
        + flow("b", "e", "${1 +}")
        + flow("s", "gone")
    )
    answer = await rest.post(
        "/v1/deployments:upload",
        params={"resourceName": "bad.bpmn"},
        content=content,
        headers={"content-type": "application/xml"},
    )
    fields = {field for field, _ in _violations(_error(answer, 400, "BPMN_INVALID"))}
    assert {"bad.bpmn#a", "bad.bpmn#b", "bad.bpmn#b_e", "bad.bpmn#s_gone"} <= fields


async def test_file_of_50_megabytes(rest: httpx.AsyncClient, mesh: Mesh, tmp_path: Path) -> None:
    before = await _everything(rest)
    large = tmp_path / "large.bpmn"
    large.write_bytes(b" " * (50 << 20))
    # curl reads the refusal while it still sends; httpx gives up on the connection.
    url = f"{mesh.url}/v1/deployments:upload?resourceName=large.bpmn"
    curl = await asyncio.create_subprocess_exec(
        *("curl", "-s", "-w", "\n%{http_code}", "-H", "expect:"),
        *("-H", f"authorization: {mesh.auth.headers['authorization']}"),
        *("--data-binary", f"@{large}", url),
        stdout=subprocess.PIPE,
    )
    output, _ = await curl.communicate()
    body, _, status = output.decode().rpartition("\n")
    assert status == "413"
    assert json.loads(body)["details"][0]["reason"] == "MESSAGE_TOO_LARGE"
    assert await _everything(rest) == before


async def test_unknown_process_key(rest: httpx.AsyncClient) -> None:
    before = await _everything(rest)
    answer = await rest.post("/v1/processInstances", json={"processDefinitionKey": "nobodyKnows"})
    body = _error(answer, 404, "PROCESS_DEFINITION_NOT_FOUND")
    assert "nobodyKnows" in body["message"]
    assert await _everything(rest) == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({"processDefinitionKey": "p", "processDefinitionVersion": "abc"}, "Version", id="wrong type"),
        pytest.param({"processDefinitionKey": "p", "prosessDefinition": 1}, "prosessDefinition", id="unknown field"),
        pytest.param({"processDefinitionKey": "p" * 300}, "process_definition_key", id="too long"),
        pytest.param({}, "process_definition_key", id="no definition named"),
        pytest.param({"processDefinitionKey": "p", "variables": {"": 1}}, "variables", id="variable without a name"),
        pytest.param(
            {"processDefinitionKey": "p", "variables": {"execution": 1}}, "variables.execution", id="reserved name"
        ),
    ],
)
async def test_field_that_breaks_a_rule(rest: httpx.AsyncClient, body: dict[str, Any], field: str) -> None:
    await deploy(rest, "task.bpmn", TASK)
    before = await _everything(rest)
    answer = await rest.post("/v1/processInstances", json=body)
    assert answer.status_code == 400
    assert field in answer.text, answer.text
    assert await _everything(rest) == before


async def test_oversized_variable(rest: httpx.AsyncClient) -> None:
    await deploy(rest, "task.bpmn", TASK)
    before = await _everything(rest)
    answer = await rest.post(
        "/v1/processInstances", json={"processDefinitionKey": "p", "variables": {"essay": "x" * (2 << 20)}}
    )
    body = _error(answer, 400, "VARIABLE_TOO_LARGE")
    assert body["details"][0]["metadata"]["variable"] == "essay"
    assert await _everything(rest) == before


async def test_negative_page_size(rest: httpx.AsyncClient) -> None:
    answer = await rest.get("/v1/processInstances", params={"pageSize": -1})
    assert _violations(_error(answer, 400, "FIELD_INVALID"))[0][0] == "page_size"


async def test_foreign_page_token(rest: httpx.AsyncClient) -> None:
    await deploy(rest, "task.bpmn", TASK)
    for _ in range(3):
        await start(rest, "p")
    page = await read(rest, "/v1/processInstances", pageSize=1, processDefinitionKey="p")
    token = page["nextPageToken"]
    assert token
    other = await rest.get(
        "/v1/processInstances", params={"pageSize": 1, "processDefinitionKey": "other", "pageToken": token}
    )
    _error(other, 400, "PAGE_TOKEN_INVALID")
    foreign = await rest.get("/v1/userTasks", params={"pageToken": token})
    _error(foreign, 400, "PAGE_TOKEN_INVALID")
    broken = await rest.get("/v1/processInstances", params={"pageToken": "%%%"})
    _error(broken, 400, "PAGE_TOKEN_INVALID")


async def test_unknown_query_parameter(rest: httpx.AsyncClient) -> None:
    answer = await rest.get("/v1/processInstances", params={"pagesize": 1})
    assert answer.status_code == 400
    assert "pagesize" in answer.text


async def test_expired_deadline(channel: grpc.aio.Channel, rest: httpx.AsyncClient) -> None:
    await deploy(rest, "task.bpmn", TASK)
    before = await _everything(rest)
    stub = instances_grpc.ProcessInstanceServiceStub(channel)
    await channel.channel_ready()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.CreateProcessInstance(
            instances_pb2.CreateProcessInstanceRequest(process_definition_key="p"), timeout=1e-6
        )
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert await _everything(rest) == before


async def test_unknown_method(rest: httpx.AsyncClient, channel: grpc.aio.Channel) -> None:
    _error(await rest.post("/v1/processInstances/x:explode", json={}), 404, "METHOD_UNKNOWN")
    _error(await rest.delete("/v1/processInstances"), 404, "METHOD_UNKNOWN")
    unknown = channel.unary_unary("/flowmesh.engine.v1.ProcessInstanceService/Explode")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await unknown(b"")
    assert caught.value.code() in (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.NOT_FOUND)


@pytest.mark.parametrize(
    ("content_type", "content", "status"),
    [
        pytest.param("text/plain", b'{"processDefinitionKey": "p"}', 415, id="text"),
        pytest.param("application/xml", b"<p/>", 415, id="XML"),
        pytest.param("application/json", b"{not json", 400, id="broken JSON"),
        pytest.param("application/json", b"[" * 500 + b"]" * 500, 400, id="deeply nested"),
    ],
)
async def test_wrong_content(rest: httpx.AsyncClient, content_type: str, content: bytes, status: int) -> None:
    before = await _everything(rest)
    answer = await rest.post("/v1/processInstances", content=content, headers={"content-type": content_type})
    _error(answer, status, "REQUEST_MALFORMED")
    assert await _everything(rest) == before


async def test_two_completions_at_once(rest: httpx.AsyncClient) -> None:
    await deploy(rest, "task.bpmn", TASK)
    task = await only_task(rest, await start(rest, "p"))
    answers = await asyncio.gather(*(rest.post(f"/v1/userTasks/{task['id']}:complete", json={}) for _ in range(2)))
    winner, loser = sorted(answers, key=lambda answer: answer.status_code)
    assert winner.status_code == 200
    _error(loser, 400, "USER_TASK_ALREADY_COMPLETED")


async def test_same_request_id_at_once(rest: httpx.AsyncClient) -> None:
    await deploy(rest, "task.bpmn", TASK)
    request_id = f"once-{time.time_ns()}"
    body = {"requestId": request_id, "processDefinitionKey": "p", "businessKey": request_id}
    answers = await asyncio.gather(*(rest.post("/v1/processInstances", json=body) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    listed = await read(rest, "/v1/processInstances", businessKey=request_id)
    assert len(listed["processInstances"]) == 1
    reused = await rest.post("/v1/processInstances", json={**body, "businessKey": "other"})
    _error(reused, 400, "REQUEST_ID_REUSED")


async def test_no_flow_to_take(rest: httpx.AsyncClient) -> None:
    content = process(
        '<startEvent id="s"/><exclusiveGateway id="g"/><endEvent id="a"/><endEvent id="b"/>'
        + flow("s", "g")
        + flow("g", "a", "${x == 1}")
        + flow("g", "b", "${x == 2}")
    ).replace(b'id="p"', b'id="choice"')
    await deploy(rest, "choice.bpmn", content)
    before = await _everything(rest)
    answer = await rest.post("/v1/processInstances", json={"processDefinitionKey": "choice", "variables": {"x": 3}})
    assert _error(answer, 400, "NO_OUTGOING_FLOW")["details"][0]["metadata"]["element_id"] == "g"
    answer = await rest.post("/v1/processInstances", json={"processDefinitionKey": "choice"})
    assert "x" in _error(answer, 400, "EXPRESSION_FAILED")["message"]
    assert await _everything(rest) == before
