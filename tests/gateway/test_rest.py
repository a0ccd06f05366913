from __future__ import annotations

import base64
import json
from random import Random
from typing import Any

import pytest
from flowmesh.engine.v1 import process_instance_pb2, process_instance_service_pb2
from google.api import httpbody_pb2
from google.protobuf.json_format import MessageToDict

from gateway_envoy.contract import HttpRule, Method, read_contract
from tests.gateway.running import DESCRIPTORS, Mesh

pytestmark = pytest.mark.asyncio(loop_scope="session")

CONTRACT = read_contract(DESCRIPTORS)
UNARY = [(method, rule) for method in CONTRACT.methods for rule in method.rules if not method.server_streaming]

NUMBERS = {"sequence"}
"""Fields in paths that are no texts."""


def filled_path(rule: HttpRule, values: dict[str, str]) -> str:
    path = rule.path
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", value)
    return path


@pytest.mark.parametrize(("method", "rule"), UNARY, ids=[f"{m.name}-{r.verb}" for m, r in UNARY])
async def test_every_route_reaches_its_method(mesh: Mesh, method: Method, rule: HttpRule) -> None:
    values = {name: "7" if name in NUMBERS else f"value-of-{name}" for name in rule.template.variables}
    body = {"content": b"<xml/>", "headers": {"content-type": "text/xml"}} if rule.body == "file" else {}
    if rule.body == "*":
        body = {"json": {}}
    answer = await mesh.http.request(rule.verb, filled_path(rule, values), **body)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    backend = next(
        one
        for one in (mesh.engine, mesh.history, mesh.monitoring, mesh.identity, mesh.form, mesh.notification)
        if one.package == method.package
    )
    called, request, _ = backend.last
    assert called == f"{method.service}/{method.name}"
    for name, value in values.items():
        assert str(getattr(request, name)) == value


VALUES: dict[str, Any] = {
    "nested": {"a": [1, None, "x", True, {}, [], {"b": {"c": [1.5, -0.25]}}]},
    "null": None,
    "list": [],
    "empty": {},
    "largest": 2**53 - 1,
    "smallest": -(2**53) + 1,
    "text": 'quote " backslash \\ newline \n 漢字 😀',
    "no": False,
    "zero": 0,
    "spaces in a name": "",
}


async def test_values_arrive_as_written(mesh: Mesh) -> None:
    def remember(request: Any, _: Any) -> Any:
        instance = process_instance_pb2.ProcessInstance(id="i1")
        return process_instance_service_pb2.CreateProcessInstanceResponse(process_instance=instance)

    mesh.engine.answers["CreateProcessInstance"] = remember
    answer = await mesh.http.post("/v1/processInstances", json={"processDefinitionKey": "k", "variables": VALUES})
    assert answer.status_code == 200
    _, request, _ = mesh.engine.last
    assert MessageToDict(request)["variables"] == VALUES

    mesh.engine.answers["GetProcessInstanceVariables"] = lambda *_: (
        process_instance_service_pb2.GetProcessInstanceVariablesResponse(variables=request.variables)
    )
    back = await mesh.http.get("/v1/processInstances/i1/variables")
    assert back.json() == {"variables": VALUES}


async def test_zero_values_enums_and_names_in_answers(mesh: Mesh) -> None:
    mesh.engine.answers["GetProcessInstance"] = lambda *_: process_instance_service_pb2.GetProcessInstanceResponse(
        process_instance=process_instance_pb2.ProcessInstance(id="i1", status="STATUS_RUNNING")
    )
    answer = await mesh.http.get("/v1/processInstances/i1")
    instance = answer.json()["processInstance"]
    assert instance["status"] == "STATUS_RUNNING"
    assert instance["incidentCount"] == 0
    assert instance["businessKey"] == ""
    assert "startTime" not in instance
    empty = await mesh.http.get("/v1/processInstances")
    assert empty.json() == {"processInstances": [], "nextPageToken": ""}


async def test_both_spellings_of_a_field(mesh: Mesh) -> None:
    for name in ("processDefinitionKey", "process_definition_key"):
        answer = await mesh.http.post("/v1/processInstances", json={name: "k"})
        assert answer.status_code == 200
        assert mesh.engine.last[1].process_definition_key == "k"


@pytest.mark.parametrize("written", ["a%3Ab", "a:b", "a%20b", "%E6%BC%A2", "a+b", "a%25b"])
async def test_path_values_are_decoded_once(mesh: Mesh, written: str) -> None:
    answer = await mesh.http.get(f"/v1/history/variables/{written}")
    assert answer.status_code == 200, answer.text
    expected = {"a%3Ab": "a:b", "a%20b": "a b", "%E6%BC%A2": "漢", "a%25b": "a%b"}.get(written, written)
    assert mesh.history.last[1].id == expected


async def test_query_parameters(mesh: Mesh) -> None:
    answer = await mesh.http.get(
        "/v1/history/processInstances",
        params={
            "pageSize": "7",
            "status": "STATUS_RUNNING",
            "startTimeFrom": "2026-01-31T09:30:00.5Z",
            "business_key": "a&b=c d",
        },
    )
    assert answer.status_code == 200, answer.text
    request = mesh.history.last[1]
    assert (request.page_size, request.status, request.business_key) == (7, 1, "a&b=c d")
    assert request.start_time_from.ToJsonString() == "2026-01-31T09:30:00.500Z"
    await mesh.http.get("/v1/userTasks?candidateGroups=a&candidateGroups=b")
    assert list(mesh.engine.last[1].candidate_groups) == ["a", "b"]


@pytest.mark.parametrize(
    "content_type", ["application/xml", "text/xml", "application/octet-stream", "application/x-www-form-urlencoded"]
)
async def test_upload(mesh: Mesh, content_type: str) -> None:
    body = b"<definitions>" + b"x" * 3_000_000 + b"</definitions>"
    answer = await mesh.http.post(
        "/v1/deployments:upload?resourceName=x.bpmn", content=body, headers={"content-type": content_type}
    )
    assert answer.status_code == 200, answer.text
    request = mesh.engine.last[1]
    assert request.resource_name == "x.bpmn"
    assert request.file.data == body
    assert request.file.content_type == content_type


async def test_download(mesh: Mesh) -> None:
    data = b"\x00\xff<definitions/>" * 300_000
    mesh.engine.answers["GetProcessDefinitionXml"] = lambda *_: httpbody_pb2.HttpBody(
        content_type="application/xml", data=data
    )
    answer = await mesh.http.get("/v1/processDefinitions/d1/xml")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/xml"
    assert answer.content == data


async def test_large_json_answer(mesh: Mesh) -> None:
    text = "x" * 5_000_000
    response = process_instance_service_pb2.GetProcessInstanceVariablesResponse()
    response.variables["text"].string_value = text
    mesh.engine.answers["GetProcessInstanceVariables"] = lambda *_: response
    mesh.engine.answers["GetProcessInstanceVariables"] = lambda *_: response
    answer = await mesh.http.get("/v1/processInstances/i1/variables")
    assert answer.json()["variables"]["text"] == text


def violations(answer: Any) -> dict[str, str]:
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/json"
    status = answer.json()
    assert status["code"] == 3
    info, bad_request = status["details"]
    assert info["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert (info["reason"], info["domain"]) == ("FIELD_INVALID", "flowmesh.gateway")
    assert bad_request["@type"] == "type.googleapis.com/google.rpc.BadRequest"
    return {violation["field"]: violation["description"] for violation in bad_request["fieldViolations"]}


START = "/v1/processInstances"
INTEGER = "must be an integer"


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (START, {"bogus": 1}, {"bogus": "no such field"}),
        (START, {"bogus": 1, "worse": {"a": [1]}}, {"bogus": "no such field", "worse": "no such field"}),
        (START, {"processDefinitionVersion": "abc"}, {"processDefinitionVersion": INTEGER}),
        (START, {"processDefinitionVersion": 1.5}, {"processDefinitionVersion": INTEGER}),
        (START, {"processDefinitionVersion": True}, {"processDefinitionVersion": "must be a number"}),
        (START, {"processDefinitionVersion": {}}, {"processDefinitionVersion": "must be a number"}),
        (START, {"processDefinitionVersion": 2**31}, {"processDefinitionVersion": "must fit into 32 bits"}),
        (START, {"processDefinitionKey": 5}, {"processDefinitionKey": "must be a string"}),
        (START, {"processDefinitionKey": ["k"]}, {"processDefinitionKey": "must be a string"}),
        (START, {"variables": [1]}, {"variables": "must be an object"}),
        (START, {"variables": "x"}, {"variables": "must be an object"}),
        (
            "/v1/processInstances:batchCreate",
            {"instances": [{}, {"tenantId": "t", "x": 1}, 5, None]},
            {
                "instances[1].x": "no such field",
                "instances[2]": "must be an object",
                "instances[3]": "must not be null",
            },
        ),
        ("/v1/processInstances:batchCreate", {"instances": {}}, {"instances": "must be a list"}),
        ("/v1/processInstances/i1:cancel", {"id": "i2"}, {"id": "is in the path already"}),
        ("/v1/jobs:activate", {"leaseDuration": 60}, {"leaseDuration": "must be a string"}),
        (
            "/v1/jobs:activate",
            {"leaseDuration": "60"},
            {"leaseDuration": 'must be a duration in seconds such as "1.5s"'},
        ),
        ("/v1/jobs:activate", {"fetchVariables": ["a", 5]}, {"fetchVariables[1]": "must be a string"}),
        ("/v1/deployments", {"force": "true"}, {"force": "must be true or false, not a string"}),
        ("/v1/deployments", {"force": 1}, {"force": "must be true or false"}),
    ],
)
async def test_strict_bodies(mesh: Mesh, path: str, body: Any, expected: dict[str, str]) -> None:
    assert violations(await mesh.http.post(path, json=body)) == expected
    assert mesh.engine.calls == []


async def test_a_field_given_twice_is_refused(mesh: Mesh) -> None:
    body = '{"businessKey":"a","business_key":"b"}'
    answer = await mesh.http.post(START, content=body, headers={"content-type": "application/json"})
    assert violations(answer) == {"business_key": "is given twice"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("bogus=1", {"bogus": "no such query parameter"}),
        ("pageSize=1&x.y=2&z", {"x.y": "no such query parameter", "z": "no such query parameter"}),
        ("pageSize=abc", {"pageSize": INTEGER}),
        ("pageSize=99999999999", {"pageSize": "must fit into 32 bits"}),
        ("pageSize.x=1", {"pageSize.x": "no such query parameter"}),
        ("%3Cscript%3E=1", {"<script>": "no such query parameter"}),
    ],
)
async def test_strict_queries(mesh: Mesh, query: str, expected: dict[str, str]) -> None:
    assert violations(await mesh.http.get(f"{START}?{query}")) == expected
    assert mesh.engine.calls == []


async def test_queries_of_methods_with_a_body_and_in_the_path(mesh: Mesh) -> None:
    answer = await mesh.http.post(f"{START}?businessKey=x", json={})
    assert violations(answer) == {"businessKey": "belongs into the body"}
    assert violations(await mesh.http.get(f"{START}/i1?id=i2")) == {"id": "is in the path already"}


DEEP = '{"variables":{"a":' + "[" * 70 + "]" * 70 + "}}"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{", "expected a member's name at byte 2"),
        ('{"variables":{"a":1,}}', "expected a member's name at byte 21"),
        ('{"variables":{"a":01}}', "without leading zeros"),
        ('{"variables":{"a":1.}}', "digits after the point"),
        ('{"variables":{"a":NaN}}', "expected a value"),
        ('{"variables":{"a":+1}}', "expected a value"),
        ("{'a':1}", "expected a member's name"),
        ('{"variables":{"a":"\\x"}}', "a known escape"),
        ('{"variables":{"a":"\\u12G4"}}', "hexadecimal"),
        ('{"variables":{"a":"line\nbreak"}}', "no control character"),
        ('{"variables":{"a":"open', "the end of the string"),
        ('{"variables":{"a":tru}}', "expected a value"),
        ("{} {}", "expected the end at byte 4"),
        ("   ", "expected an object"),
        ("hello", "expected a value"),
        (DEEP, "more than 64 levels"),
    ],
)
async def test_what_is_not_json(mesh: Mesh, body: str, message: str) -> None:
    answer = await mesh.http.post(START, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    status = answer.json()
    assert status["details"][0]["reason"] == "REQUEST_MALFORMED"
    assert message in status["message"]
    assert mesh.engine.calls == []


@pytest.mark.parametrize("body", ["[]", '"x"', "5", "null"])
async def test_bodies_must_be_objects(mesh: Mesh, body: str) -> None:
    answer = await mesh.http.post(START, content=body, headers={"content-type": "application/json"})
    assert violations(answer) == {"": "must be an object"}


async def test_invalid_utf8(mesh: Mesh) -> None:
    for body in (b'{"businessKey":"\xff"}', b'{"variables":{"a":"\xc3\x28"}}', b'{"variables":{"\xff":1}}'):
        answer = await mesh.http.post(START, content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 400, answer.text
        assert answer.json()["details"][0]["reason"] == "REQUEST_MALFORMED"
        assert mesh.engine.calls == []


async def test_empty_body_is_an_empty_message(mesh: Mesh) -> None:
    answer = await mesh.http.post(f"{START}/i1:cancel")
    assert answer.status_code == 200
    assert mesh.engine.last[1].id == "i1"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", None])
async def test_other_content_types(mesh: Mesh, content_type: str | None) -> None:
    headers = {"content-type": content_type} if content_type else {}
    answer = await mesh.http.post(START, content=b"{}", headers=headers)
    assert answer.status_code == 415
    assert answer.json()["details"][0]["reason"] == "REQUEST_MALFORMED"


async def test_json_content_type_with_parameters(mesh: Mesh) -> None:
    answer = await mesh.http.post(START, content=b"{}", headers={"content-type": "Application/JSON; charset=utf-8"})
    assert answer.status_code == 200, answer.text


async def test_the_largest_resource_fits_as_base64(mesh: Mesh) -> None:
    content = b"x" * 5 * 1024 * 1024
    body = {"name": "d", "resources": [{"name": "x.bpmn", "content": base64.b64encode(content).decode()}]}
    answer = await mesh.http.post("/v1/deployments", json=body)
    assert answer.status_code == 200, answer.text
    assert mesh.engine.last[1].resources[0].content == content


async def test_large_free_form_body(mesh: Mesh) -> None:
    body = json.dumps({"variables": {"rows": [{"n": i, "s": "x" * 40} for i in range(20_000)]}})
    answer = await mesh.http.post(START, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 200, answer.text
    assert len(mesh.engine.last[1].variables["rows"].list_value.values) == 20_000


def random_value(random: Random, depth: int = 0) -> Any:
    kinds = ["null", "bool", "int", "float", "text"] + ([] if depth > 4 else ["list", "object"])
    match random.choice(kinds):
        case "bool":
            return random.random() < 0.5
        case "int":
            return random.randint(-(2**53), 2**53)
        case "float":
            return random.uniform(-1e9, 1e9)
        case "text":
            return "".join(random.choice('ab"\\/\n\t\u0001é漢😀 {}[]:,') for _ in range(random.randint(0, 8)))
        case "list":
            return [random_value(random, depth + 1) for _ in range(random.randint(0, 4))]
        case "object":
            return {f"k{i}": random_value(random, depth + 1) for i in range(random.randint(0, 4))}
    return None


def is_json(text: str) -> bool:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        json.loads(text, parse_constant=refuse)
    except ValueError:
        return False
    return True


async def test_the_walker_agrees_with_a_json_parser(mesh: Mesh) -> None:
    random = Random(7)
    refused = 0
    for _ in range(400):
        value = random_value(random)
        variables = json.dumps({"v": value}, ensure_ascii=random.random() < 0.5)
        if random.random() < 0.7:
            place = random.randrange(len(variables) + 1)
            junk = random.choice(
                ['"', "\\", "{", "}", "[", "]", ",", ":", "0", "1", ".", "e", "-", "t", "\n", "\x02", ""]
            )
            variables = variables[:place] + junk + variables[place + random.randint(0, 1) :]
        body = '{"variables": ' + variables + "}"
        valid = is_json(body)
        answer = await mesh.http.post(START, content=body.encode(), headers={"content-type": "application/json"})
        if valid and answer.status_code == 400:
            # Damage may have left JSON that is not the map it must be, or has a field of another name.
            assert answer.json()["details"][0]["reason"] == "FIELD_INVALID", body
            continue
        assert answer.status_code == (200 if valid else 400), (body, answer.text)
        if valid:
            assert MessageToDict(mesh.engine.last[1]).get("variables", {}) == json.loads(body)["variables"]
        refused += not valid
    assert 50 < refused < 350


async def test_a_mask_names_the_fields_to_change(mesh: Mesh) -> None:
    body = {"details": {"name": "Look", "priority": 0}, "updateMask": "name,dueTime", "etag": "3"}
    answer = await mesh.http.patch("/v1/userTasks/t.1", json=body)
    assert answer.status_code == 200, answer.text
    request = mesh.engine.last[1]
    assert list(request.update_mask.paths) == ["name", "due_time"]
    assert (request.id, request.details.name, request.details.HasField("priority")) == ("t.1", "Look", True)


async def test_the_content_of_an_attachment_travels_as_it_is(mesh: Mesh) -> None:
    content = bytes(range(256)) * 4096
    body = {"name": "all bytes", "content": base64.b64encode(content).decode()}
    answer = await mesh.http.post("/v1/userTasks/t.1/attachments", json=body)
    assert answer.status_code == 200, answer.text
    assert mesh.engine.last[1].content == content
    file = httpbody_pb2.HttpBody(content_type="image/png", data=content)
    mesh.engine.answers["GetAttachmentContent"] = lambda request, context: file
    read = await mesh.http.get("/v1/attachments/t.2/content")
    assert (read.content == content, read.headers["content-type"]) == (True, "image/png")
