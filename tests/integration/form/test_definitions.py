"""Definitions of forms: versions, tenants, bundles, bindings."""

from __future__ import annotations

import asyncio
import hashlib
import json

import grpc.aio
import pytest
from flowmesh.engine.v1 import deployment_pb2, deployment_service_pb2
from flowmesh.events.v1.event_pb2 import EventEnvelope
from flowmesh.form.v1 import form_definition_service_pb2 as pb
from google.api import httpbody_pb2

from mesh.access.rows import RowGrant
from mesh.bus.port import Bus
from mesh.bus.topics import FUNCTION_UNIT_EVENTS, WORKFLOW_EXECUTION_EVENTS
from mesh.event_decoding import decode
from tests.infrastructure.walls import caller
from tests.integration.engine.serving import refusal, until
from tests.integration.form.forms import ENDS, Forms, faults_of, form, model, review, text_field


async def _listed(forms: Forms, **filters: object) -> list[tuple[str, int]]:
    answer = await forms.definitions.ListFormDefinitions(pb.ListFormDefinitionsRequest(**filters))
    return [(each.key, each.version) for each in answer.form_definitions]


async def test_versions_count_up_and_are_read_byte_for_byte(forms: Forms) -> None:
    content = b" " + form("request", name="Antrag") + b"\n"
    first = await forms.create(content, request_id="a")
    assert (first.key, first.version, first.name, first.resource_name) == ("request", 1, "Antrag", "request.form")
    assert (first.size_bytes, first.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert await forms.create(content, request_id="a") == first
    # The same bytes make no version, others do, and so does force.
    assert (await forms.create(content)).id == first.id
    assert (await forms.create(form("request"))).version == 2
    assert (await forms.create(form("request"), force=True)).version == 3
    read = await forms.definitions.GetFormDefinitionSchema(pb.GetFormDefinitionSchemaRequest(id=first.id))
    assert (read.data, read.content_type) == (content, "application/json")
    assert await _listed(forms) == [("request", 3), ("request", 2), ("request", 1)]
    assert await _listed(forms, latest_only=True) == [("request", 3)]


async def test_two_writers_make_no_twins(forms: Forms) -> None:
    made = await asyncio.gather(*(forms.create(form("request", text_field(f"f{n}")), force=True) for n in range(12)))
    assert sorted(each.version for each in made) == list(range(1, 13))
    assert len(await _listed(forms, latest_only=True)) == 1


async def test_deleted_versions(forms: Forms) -> None:
    first = await forms.create(form("request"))
    second = await forms.create(form("request", text_field("b")))
    delete = pb.DeleteFormDefinitionRequest(id=second.id, request_id="d")
    await forms.definitions.DeleteFormDefinition(delete)
    await forms.definitions.DeleteFormDefinition(delete)
    assert await _listed(forms, latest_only=True) == [("request", 1)]
    refused = await refusal(forms.definitions.GetFormDefinition(pb.GetFormDefinitionRequest(id=second.id)))
    assert refused.reason == "FORM_NOT_FOUND"
    # A number is not given twice.
    assert (await forms.create(form("request", text_field("c")))).version == 3
    assert (
        await forms.definitions.GetFormDefinition(pb.GetFormDefinitionRequest(id=first.id))
    ).form_definition == first


async def test_pages(forms: Forms) -> None:
    for number in range(5):
        await forms.create(form(f"f{number}"))
    request = pb.ListFormDefinitionsRequest(page_size=2)
    keys = []
    while True:
        page = await forms.definitions.ListFormDefinitions(request)
        keys += [each.key for each in page.form_definitions]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert keys == ["f4", "f3", "f2", "f1", "f0"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"type":"default"}',
        b'{"type":"default","id":" x","components":[]}',
        json.dumps({"type": "default", "id": "x", "components": [{"type": "nope"}, {"type": "textfield"}]}).encode(),
    ],
)
async def test_schemas_that_cannot_be_used(forms: Forms, content: bytes) -> None:
    body = httpbody_pb2.HttpBody(data=content)
    told = await forms.definitions.ValidateFormDefinition(pb.ValidateFormDefinitionRequest(schema=body))
    assert not told.deployable
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await forms.create(content)
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert set(faults_of(raised.value)) == {each.path for each in told.problems}
    assert await _listed(forms) == []


async def test_tenants_are_walls(forms: Forms) -> None:
    inside, outside = caller("ann", RowGrant(frozenset({"acme"}))), caller("bob", RowGrant(frozenset({"other"})))
    made = await forms.as_(inside).create(form("request"), tenant_id="acme")
    forms.as_(outside)
    assert (await refusal(forms.create(form("request"), tenant_id="acme"))).reason == "TENANT_NOT_FOUND"
    for call, request in (
        (forms.definitions.GetFormDefinition, pb.GetFormDefinitionRequest(id=made.id)),
        (forms.definitions.GetFormDefinitionSchema, pb.GetFormDefinitionSchemaRequest(id=made.id)),
        (forms.definitions.DeleteFormDefinition, pb.DeleteFormDefinitionRequest(id=made.id)),
    ):
        assert (await refusal(call(request))).reason == "FORM_NOT_FOUND"
    assert await _listed(forms) == []
    assert (await forms.create(form("request"), tenant_id="other")).version == 1


async def test_bundle_is_taken_in(forms: Forms) -> None:
    deployment = await forms.deploy(m_bpmn=review(), request_form=form("request"), order_form=form("order"))
    await until(lambda: _listed(forms, deployment_id=deployment.id))
    assert await _listed(forms, deployment_id=deployment.id) == [("request", 1), ("order", 1)]
    assert (await forms.task_form(await forms.task())).form.key == "request"
    (found,) = (
        await forms.definitions.ListFormDefinitions(pb.ListFormDefinitionsRequest(key="request"))
    ).form_definitions
    assert (found.deployment_id, found.resource_name) == (deployment.id, "request.form")
    refused = await refusal(forms.definitions.DeleteFormDefinition(pb.DeleteFormDefinitionRequest(id=found.id)))
    assert refused.reason == "FORM_OF_DEPLOYMENT"
    await forms.engine.deployments.DeleteDeployment(
        deployment_service_pb2.DeleteDeploymentRequest(id=deployment.id, cascade=True)
    )

    async def gone() -> bool:
        return await _listed(forms) == []

    await until(gone)


async def test_a_bundle_is_told_with_its_forms(forms: Forms, bus: Bus) -> None:
    content = form("request")
    deployment = await forms.deploy(tenant_id="acme", m_bpmn=review(), request_form=content)
    read = deployment_service_pb2.GetDeploymentResourceRequest(id=deployment.id, resource_name="request.form")
    assert (await forms.engine.deployments.GetDeploymentResource(read)).data == content
    await forms.engine.deployments.DeleteDeployment(deployment_service_pb2.DeleteDeploymentRequest(id=deployment.id))
    consumer = await bus.consumer("test", [WORKFLOW_EXECUTION_EVENTS, FUNCTION_UNIT_EVENTS])
    told: list[EventEnvelope] = []
    async with asyncio.timeout(20):
        while len(told) < 4:
            told += [event for each in await consumer.poll(100, 1.0) if (event := decode(each.value)) is not None]
    await consumer.close()
    by_type = {event.event_type: event for event in told}
    assert len(by_type) == len(told) == 4
    created = by_type["workflow.deployment.created.v1"].deployment_created
    assert {file.name: file.size_bytes for file in created.resources} == {
        "m.bpmn": len(review()),
        "request.form": len(content),
    }
    deployed = by_type["deployment.forms.deployed.v1"]
    assert (deployed.biz_id, deployed.forms_deployed.deployment_id) == ("tenant:acme", deployment.id)
    assert list(deployed.forms_deployed.resource_names) == ["request.form"]
    deleted = by_type["deployment.forms.deleted.v1"]
    assert (deleted.biz_id, deleted.forms_deleted.deployment_id) == ("tenant:acme", deployment.id)
    gone = by_type["workflow.deployment.deleted.v1"].deployment_deleted
    assert sorted(gone.resource_names) == ["m.bpmn", "request.form"]


async def test_forms_alone_are_a_bundle_too(forms: Forms) -> None:
    deployment = await forms.deploy(request_form=form("request"))
    assert not deployment.process_definitions
    await until(lambda: _listed(forms))
    assert await _listed(forms, deployment_id=deployment.id) == [("request", 1)]


async def test_a_bundle_is_not_deployed_while_nobody_checks_its_forms(forms: Forms) -> None:
    await forms.service.server.stop()
    refused = await refusal(forms.deploy(m_bpmn=review(), request_form=form("request")))
    assert (refused.code, refused.reason) == ("UNAVAILABLE", "DEPENDENCY_UNAVAILABLE")
    listed = await forms.engine.deployments.ListDeployments(deployment_service_pb2.ListDeploymentsRequest())
    assert list(listed.deployments) == []


async def test_forms_of_a_bundle_are_there_at_once(forms: Forms) -> None:
    """Whoever comes before the event does not miss them, and the event takes them in no second time."""
    for number in range(5):
        await forms.deploy(m_bpmn=review(), request_form=form("request", text_field(f"n{number}")))
        assert (await forms.task_form(await forms.task())).form.version == number + 1

    async def caught_up() -> bool:
        return forms.service.consumer.counters.handled >= 5

    await until(caught_up)
    assert await _listed(forms) == [("request", number) for number in range(5, 0, -1)]


async def test_bundle_with_a_form_that_cannot_be_used(forms: Forms) -> None:
    """Nothing of it is deployed, and every problem is told: those of models with those of forms."""
    bad = json.dumps({"type": "default", "id": "x", "components": [{"type": "nope"}, {"type": "never"}]}).encode()
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await forms.deploy(m_bpmn=model("p", ENDS, "s>nowhere"), bad_form=bad)
    faults = faults_of(raised.value)
    assert {"bad.form#$.components[0].type", "bad.form#$.components[1].type"} <= set(faults)
    assert any(not fault.startswith("bad.form") for fault in faults)
    listed = await forms.engine.deployments.ListDeployments(deployment_service_pb2.ListDeploymentsRequest())
    assert list(listed.deployments) == []
    resources = [deployment_pb2.Resource(name="bad.form", content=bad)]
    told = await forms.engine.deployments.ValidateDeployment(
        deployment_service_pb2.ValidateDeploymentRequest(resources=resources)
    )
    assert not told.deployable
    assert {problem.rule for problem in told.problems} == {"FORM_INVALID"}


ZEEBE = '<zeebe:formDefinition formId="request" {}/>'


@pytest.mark.parametrize(
    ("attributes", "extension", "version"),
    [
        ('flowable:formKey="request"', "", 1),
        ('camunda:formKey="camunda-forms:deployment:request.form"', "", 1),
        ('camunda:formRef="request" camunda:formRefBinding="latest"', "", 3),
        ('camunda:formRef="request" camunda:formRefBinding="deployment"', "", 1),
        ('camunda:formRef="request" camunda:formRefBinding="version" camunda:formRefVersion="2"', "", 2),
        ("", ZEEBE.format(""), 3),
        ("", ZEEBE.format('bindingType="latest"'), 3),
        ("", ZEEBE.format('bindingType="deployment"'), 1),
        ("", ZEEBE.format('bindingType="versionTag" versionTag="stable"'), 2),
    ],
)
async def test_bindings(forms: Forms, attributes: str, extension: str, version: int) -> None:
    await forms.deploy(m_bpmn=review("review", attributes, extension), request_form=form("request"))
    task = await forms.task()
    await until(lambda: _listed(forms))
    await forms.create(form("request", text_field("b"), versionTag="stable"))
    await forms.create(form("request", text_field("c")))
    assert (await forms.task_form(task)).form.version == version


@pytest.mark.parametrize("version", ["²", "9" * 5000])
async def test_versions_that_are_no_numbers(forms: Forms, version: str) -> None:
    await forms.create(form("request"))
    binding = f'camunda:formRef="request" camunda:formRefBinding="version" camunda:formRefVersion="{version}"'
    await forms.engine.deploy(review("review", binding))
    refused = await refusal(forms.task_form(await forms.task()))
    assert (refused.code, refused.reason) == ("NOT_FOUND", "FORM_NOT_FOUND")


async def test_form_in_the_model(forms: Forms) -> None:
    key = 'zeebe:formDefinition formKey="camunda-forms:bpmn:inside"'
    process = review("review", "", f"<{key}/>").replace(
        b'isExecutable="true">',
        b'isExecutable="true"><extensionElements><zeebe:userTaskForm id="inside">'
        + form("inside").replace(b'"', b"&quot;")
        + b"</zeebe:userTaskForm></extensionElements>",
    )
    await forms.engine.deploy(process)
    task = await forms.task()
    assert (await forms.task_form(task)).form.key == "camunda-forms:bpmn:inside"
    await forms.submit(task, {"name": "a"})


async def test_start_forms(forms: Forms) -> None:
    await forms.deploy(m_bpmn=review(), order_form=form("order"), request_form=form("request"))
    (definition,) = (
        (await forms.engine.deployments.ListDeployments(deployment_service_pb2.ListDeploymentsRequest()))
        .deployments[0]
        .process_definitions
    )
    from flowmesh.form.v1 import start_form_service_pb2

    shown = await forms.starts.GetStartForm(
        start_form_service_pb2.GetStartFormRequest(process_definition_id=definition.id)
    )
    assert shown.form.key == "order"
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await forms.submit_start(definition.id, {"name": "much too long"})
    assert set(faults_of(raised.value)) == {"name"}
    forms.as_(caller("ann", RowGrant()))
    answer = await forms.submit_start(definition.id, {"name": "Bo"}, business_key="b-1", request_id="r")
    again = await forms.submit_start(definition.id, {"name": "Bo"}, business_key="b-1", request_id="r")
    assert again == answer
    instance = await forms.engine.get(answer.submission.process_instance_id)
    assert instance.business_key == "b-1"
    assert (await forms.engine.variables(instance.id))["name"] == "Bo"
    assert len(await forms.engine.user_tasks()) == 1
    outside = caller("bob", RowGrant(None, ("other",)))
    refused = await refusal(forms.as_(outside).submit_start(definition.id, {"name": "Bo"}))
    assert refused.reason == "PROCESS_DEFINITION_NOT_FOUND"
