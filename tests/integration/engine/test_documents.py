"""JSON and YAML definitions in a running engine: deployed, run, loaded again, exported."""

from __future__ import annotations

import json

import pytest
from flowmesh.engine.v1 import deployment_service_pb2 as pb
from flowmesh.engine.v1 import process_definition_service_pb2 as definitions_pb
from flowmesh.engine.v1.deployment_pb2 import Resource
from google.api import httpbody_pb2

from tests.arch.test_definitions_page import examples
from tests.integration.engine.serving import Engine, refusal, user_task

JSON = definitions_pb.DOCUMENT_FORMAT_JSON
YAML = definitions_pb.DOCUMENT_FORMAT_YAML
REFUND = examples()[0]


async def upload(engine: Engine, name: str, content: bytes) -> pb.UploadDeploymentResponse:
    answer: pb.UploadDeploymentResponse = await engine.deployments.UploadDeployment(
        pb.UploadDeploymentRequest(resource_name=name, file=httpbody_pb2.HttpBody(data=content))
    )
    return answer


async def exported(
    engine: Engine, definition_id: str, kind: definitions_pb.DocumentFormat = JSON
) -> httpbody_pb2.HttpBody:
    answer: httpbody_pb2.HttpBody = await engine.definitions.GetProcessDefinitionDocument(
        definitions_pb.GetProcessDefinitionDocumentRequest(id=definition_id, format=kind)
    )
    return answer


async def test_a_yaml_process_runs(engine: Engine) -> None:
    answer = await upload(engine, "refund.yaml", REFUND)
    assert not answer.warnings
    (definition,) = answer.deployment.process_definitions
    assert (definition.key, definition.name, definition.version_tag) == ("refund", "Refund", "1")
    instance = await engine.start("refund", {"customer": "Ada", "amount": 30})
    (task,) = await engine.user_tasks(process_instance_id=instance.id)
    assert (task.name, task.priority, list(task.candidate_groups)) == ("Check the claim of Ada", 70, ["support"])
    await engine.complete_task(task.id)
    job = await engine.one_job("pay-back")
    assert job.variables["account"].string_value == "Ada"
    await engine.complete_job(job)
    assert (await engine.get(instance.id)).status == type(instance).STATUS_COMPLETED
    other = await engine.start("refund", {"customer": "Ada", "amount": 0})
    (task,) = await engine.user_tasks(process_instance_id=other.id)
    await engine.complete_task(task.id)
    assert (await engine.get(other.id)).status == type(other).STATUS_COMPLETED


async def test_it_is_stored_as_it_was_written_and_loaded_again(two_engines: tuple[Engine, Engine]) -> None:
    first, second = two_engines
    deployment = (await upload(first, "refund.yml", REFUND)).deployment
    resource = await first.deployments.GetDeploymentResource(
        pb.GetDeploymentResourceRequest(id=deployment.id, resource_name="refund.yml")
    )
    assert (resource.content_type, resource.data) == ("application/yaml", REFUND)
    instance = await first.start("refund", {"customer": "Ada", "amount": 30})
    (task,) = await second.user_tasks(process_instance_id=instance.id)
    await second.complete_task(task.id)
    await second.complete_job(await second.one_job("pay-back"))
    assert (await second.get(instance.id)).status == type(instance).STATUS_COMPLETED


async def test_export_of_what_was_deployed_as_yaml(engine: Engine) -> None:
    definition_id = (await upload(engine, "refund.yaml", REFUND)).deployment.process_definitions[0].id
    as_json = await exported(engine, definition_id)
    assert as_json.content_type == "application/json"
    assert json.loads(as_json.data)["tasks"][0]["candidateGroups"] == ["support"]
    unspecified = await exported(engine, definition_id, definitions_pb.DOCUMENT_FORMAT_UNSPECIFIED)
    assert unspecified == as_json
    as_yaml = await exported(engine, definition_id, YAML)
    assert as_yaml.content_type == "application/yaml"
    again = (await upload(engine, "again.yaml", as_yaml.data)).deployment.process_definitions[0]
    assert again.version == 2
    assert (await exported(engine, again.id)).data == as_json.data
    xml = await engine.definitions.GetProcessDefinitionXml(
        definitions_pb.GetProcessDefinitionXmlRequest(id=definition_id)
    )
    assert xml.content_type == "application/xml"
    assert b'<userTask id="check"' in xml.data
    third = (await upload(engine, "third.bpmn", xml.data)).deployment.process_definitions[0]
    assert (await exported(engine, third.id)).data == as_json.data


async def test_export_of_bpmn(engine: Engine) -> None:
    deployment = await engine.deploy(user_task("review"))
    document = json.loads((await exported(engine, deployment.process_definitions[0].id)).data)
    assert document["id"] == "review"
    assert [task["type"] for task in document["tasks"]] == ["START", "END", "USER_TASK"]


async def test_what_cannot_be_exported_is_named(engine: Engine) -> None:
    deployment = await engine.deploy(user_task("review", 'flowable:category="c"'))
    definition_id = deployment.process_definitions[0].id
    refused = await refusal(exported(engine, definition_id))
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "PROCESS_DEFINITION_NOT_EXPRESSIBLE")
    assert refused.metadata == {"id": definition_id, "key": "review"}
    assert "t: the attribute of an extension category" in refused.message
    assert (await refusal(exported(engine, "nothing"))).reason == "PROCESS_DEFINITION_NOT_FOUND"


async def test_problems_name_places_in_the_document(engine: Engine) -> None:
    content = REFUND.replace(b"jobType: pay-back", b"jobTyp: pay-back").replace(b"amount > 0", b"amount >")
    refused = await refusal(upload(engine, "refund.yaml", content))
    assert refused.reason == "BPMN_INVALID"
    request = pb.ValidateDeploymentRequest(resources=[Resource(name="refund.yaml", content=content)])
    answer = await engine.deployments.ValidateDeployment(request)
    assert not answer.deployable
    lines = content.decode().splitlines()
    found = [(p.rule, p.element_id, lines[p.line - 1].strip()) for p in answer.problems]
    assert found == [
        ("DOCUMENT_PROPERTY_MISSING", "pay", "- id: pay"),
        ("DOCUMENT_PROPERTY_UNKNOWN", "pay", "jobTyp: pay-back"),
        (
            "EXPRESSION_SYNTAX",
            "_flow.granted.to.pay",
            '- {from: granted, to: pay, condition: "${amount >}"}',
        ),
    ]
    assert answer.problems[2].message.startswith("transitions[1].condition: ")


@pytest.mark.parametrize("name", ["a.yaml", "a.yml", "a.json", "A.JSON"])
async def test_endings(engine: Engine, name: str) -> None:
    content = json.dumps({"id": "p", "tasks": [{"id": "t", "type": "TASK"}], "transitions": []}).encode()
    assert (await upload(engine, name, content)).deployment.process_definitions[0].key == "p"
    refused = await refusal(upload(engine, "a.txt", content))
    assert refused.reason == "FIELD_INVALID"
    assert ".yaml" in refused.message


async def test_a_bundle_of_all_formats(engine: Engine) -> None:
    resources = [
        Resource(name="refund.yaml", content=REFUND),
        Resource(name="review.bpmn", content=user_task("review")),
    ]
    answer = await engine.deployments.CreateDeployment(pb.CreateDeploymentRequest(resources=resources, name="all"))
    assert sorted(d.key for d in answer.deployment.process_definitions) == ["refund", "review"]
    again = await engine.deployments.CreateDeployment(pb.CreateDeploymentRequest(resources=resources, name="all"))
    assert again.duplicate


async def test_image_and_start_form_of_what_was_deployed_as_yaml(engine: Engine) -> None:
    definition_id = (await upload(engine, "refund.yaml", REFUND)).deployment.process_definitions[0].id
    image = await engine.definitions.GetProcessDefinitionDiagram(
        definitions_pb.GetProcessDefinitionDiagramRequest(id=definition_id)
    )
    assert image.content_type == "image/svg+xml"
    assert b'data-element-id="check" class="userTask"' in image.data
    form = await engine.definitions.GetProcessDefinitionStartForm(
        definitions_pb.GetProcessDefinitionStartFormRequest(id=definition_id)
    )
    assert form == definitions_pb.GetProcessDefinitionStartFormResponse()
