from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from google.api import annotations_pb2
from google.protobuf import descriptor_pb2

from gateway_envoy.contract import ContractError, read_contract
from gateway_envoy.openapi import openapi_json
from gateway_envoy.schemas import camel_case
from tests.gateway.running import DESCRIPTORS, ROOT

TEXT = (ROOT / "gen" / "openapi.json").read_text("utf-8")
DOCUMENT: dict[str, Any] = json.loads(TEXT)
SCHEMAS = DOCUMENT["components"]["schemas"]


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, verbs in DOCUMENT["paths"].items():
        for verb, operation in verbs.items():
            yield verb.upper(), path, operation


def test_every_method_is_there() -> None:
    expected = {(rule.verb, method.name) for method in read_contract(DESCRIPTORS).methods for rule in method.rules}
    assert {(verb, operation["operationId"]) for verb, _, operation in operations()} == expected


def test_every_reference_leads_somewhere() -> None:
    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if "$ref" in node:
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    for reference in references(DOCUMENT):
        node: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        assert node


def test_path_parameters_match_the_paths() -> None:
    for _, path, operation in operations():
        in_path = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
        assert in_path == {part.split("}")[0] for part in path.split("{")[1:]}
        assert all(p.get("required") for p in operation.get("parameters", []) if p["in"] == "path")


def test_every_operation_says_what_it_does_needs_and_answers() -> None:
    for _, _, operation in operations():
        assert operation["summary"]
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/Error"}


def test_every_operation_says_what_its_caller_needs() -> None:
    assert DOCUMENT["security"] == [{"accessToken": []}]
    assert DOCUMENT["components"]["securitySchemes"]["accessToken"]["scheme"] == "bearer"
    methods = {method.name: method for method in read_contract(DESCRIPTORS).methods}
    public = {name for name, method in methods.items() if method.public}
    assert public >= {"Login", "Refresh", "GetKeySet"}
    for _, _, operation in operations():
        method = methods[operation["operationId"]]
        assert (operation.get("security") == []) == method.public
        assert operation.get("x-permission", "") == method.permission
        refusals = {"429"} if method.public else {"401", "403", "429"}
        assert refusals == operation["responses"].keys() - {"200", "default"}
    assert "www-authenticate" in DOCUMENT["components"]["responses"]["Unauthenticated"]["headers"]
    assert "retry-after" in DOCUMENT["components"]["responses"]["RateLimited"]["headers"]


def test_methods_of_the_mesh_are_not_there() -> None:
    names = {operation["operationId"] for _, _, operation in operations()}
    assert "CheckPermission" in names
    assert not names & {"GetAccess", "WatchSecurityChanges"}


def test_rules_of_the_contract() -> None:
    request = SCHEMAS["ActivateJobsRequest"]
    assert request["required"] == ["type", "worker"]
    assert request["additionalProperties"] is False
    assert request["properties"]["type"] == {"type": "string", "minLength": 1, "maxLength": 255}
    assert request["properties"]["maxJobs"]["maximum"] == 1000
    assert "At most 60 s." in request["properties"]["requestTimeout"]["description"]
    variables = SCHEMAS["CreateProcessInstanceRequest"]["properties"]["variables"]
    assert variables["maxProperties"] == 1000
    assert variables["propertyNames"] == {"minLength": 1, "maxLength": 255}
    assert variables["additionalProperties"] == {}
    content = SCHEMAS["Resource"]["properties"]["content"]
    assert content["contentEncoding"] == "base64"
    assert content["maxLength"] == 6_990_508
    assert "additionalProperties" not in SCHEMAS["Job"]


def test_what_must_be_there() -> None:
    # Only one of a choice can be, and what is no id is refused as well as none.
    assert SCHEMAS["CreateRoleAssignmentRequest"]["required"] == ["roleId"]
    assert SCHEMAS["CreateUserRequest"]["required"] == ["id"]


def test_files_may_be_of_any_type() -> None:
    answer = DOCUMENT["paths"]["/.well-known/jwks.json"]["get"]["responses"]["200"]
    assert answer["content"] == {"*/*": {"schema": {}}}


def test_comments_reasons_and_names() -> None:
    activate = DOCUMENT["paths"]["/v1/jobs:activate"]["post"]
    assert "`maxJobs`" in activate["description"]
    complete = DOCUMENT["paths"]["/v1/jobs/{id}:complete"]["post"]
    assert complete["x-error-reasons"]["JOB_NOT_FOUND"].startswith("NOT_FOUND.")
    body = complete["requestBody"]["content"]["application/json"]["schema"]
    assert "id" not in body["properties"]
    assert body["required"] == ["leaseToken"]
    assert "- `STATE_READY`:" in SCHEMAS["Job.State"]["description"]


def test_streams_files_and_oneofs() -> None:
    stream = DOCUMENT["paths"]["/v1/jobs:stream"]["get"]
    assert set(stream["responses"]["200"]["content"]) == {"application/x-ndjson", "text/event-stream"}
    upload = DOCUMENT["paths"]["/v1/deployments:upload"]["post"]
    assert "application/xml" in upload["requestBody"]["content"]
    assert {p["name"] for p in upload["parameters"]} == {"requestId", "resourceName", "name", "tenantId"}
    xml = DOCUMENT["paths"]["/v1/processDefinitions/{id}/xml"]["get"]
    assert set(xml["responses"]["200"]["content"]) == {"*/*"}
    assert "At most one of" in SCHEMAS["StreamJobsResponse"]["description"]


def test_the_committed_document_is_that_of_the_committed_descriptors() -> None:
    # The descriptors beside it have no comments; everything else must be the same.
    def bare(node: Any) -> Any:
        if isinstance(node, dict):
            comments = {name for name in ("description", "summary") if isinstance(node.get(name), str)}
            return {name: bare(value) for name, value in node.items() if name not in {*comments, "x-error-reasons"}}
        return [bare(item) for item in node] if isinstance(node, list) else node

    generated = json.loads(openapi_json(DESCRIPTORS))
    assert bare(generated) == bare(DOCUMENT)
    assert list(generated["paths"]) == list(DOCUMENT["paths"])


def test_two_methods_of_one_name_or_path_are_refused() -> None:
    file = descriptor_pb2.FileDescriptorProto(name="a.proto", package="a.v1")
    file.message_type.add(name="Request")
    for service in ("AService", "BService"):
        method = file.service.add(name=service).method.add(
            name="Do", input_type=".a.v1.Request", output_type=".a.v1.Request"
        )
        method.options.Extensions[annotations_pb2.http].get = "/v1/a"
    with pytest.raises(ContractError, match="two methods are called Do"):
        openapi_json(descriptor_pb2.FileDescriptorSet(file=[file]).SerializeToString())
    file.service[1].method[0].name = "Other"
    with pytest.raises(ContractError, match="two methods are GET /v1/a"):
        openapi_json(descriptor_pb2.FileDescriptorSet(file=[file]).SerializeToString())


@pytest.mark.parametrize(("name", "expected"), [("id", "id"), ("process_definition_key", "processDefinitionKey")])
def test_camel_case(name: str, expected: str) -> None:
    assert camel_case(name) == expected
