from __future__ import annotations

import asyncio

import grpc
import pytest
from flowmesh.engine.v1 import deployment_service_pb2 as pb
from flowmesh.engine.v1 import process_definition_service_pb2 as definitions_pb
from flowmesh.engine.v1.deployment_pb2 import Problem, Resource
from google.api import httpbody_pb2

from mesh.db.database import Database
from tests.integration.engine.serving import ENDS, Engine, model, refusal, user_task
from tests.unit.bpmn_models import process


def request(*models: bytes, **fields: object) -> pb.CreateDeploymentRequest:
    resources = [Resource(name=f"m{position}.bpmn", content=content) for position, content in enumerate(models)]
    return pb.CreateDeploymentRequest(resources=resources, **fields)  # type: ignore[arg-type]


async def versions(engine: Engine, key: str) -> list[int]:
    answer = await engine.definitions.ListProcessDefinitions(definitions_pb.ListProcessDefinitionsRequest(key=key))
    return sorted(definition.version for definition in answer.process_definitions)


async def test_deploy_and_read_back(engine: Engine) -> None:
    content = user_task("review").replace(b'name=""', b'name="Review a file" camunda:versionTag="v1"')
    answer = await engine.deployments.CreateDeployment(request(content, user_task("other"), name="bundle"))
    assert not answer.duplicate
    deployment = answer.deployment
    assert (deployment.name, list(deployment.resource_names)) == ("bundle", ["m0.bpmn", "m1.bpmn"])
    review = next(d for d in deployment.process_definitions if d.key == "review")
    assert (review.version, review.name, review.version_tag) == (1, "Review a file", "v1")
    got = await engine.deployments.GetDeployment(pb.GetDeploymentRequest(id=deployment.id))
    assert got.deployment == deployment
    xml = await engine.definitions.GetProcessDefinitionXml(definitions_pb.GetProcessDefinitionXmlRequest(id=review.id))
    assert (xml.content_type, xml.data) == ("application/xml", content)
    resource = await engine.deployments.GetDeploymentResource(
        pb.GetDeploymentResourceRequest(id=deployment.id, resource_name="m0.bpmn")
    )
    assert resource.data == content
    one = await engine.definitions.GetProcessDefinition(definitions_pb.GetProcessDefinitionRequest(id=review.id))
    assert one.process_definition == review


async def test_what_is_not_there(engine: Engine) -> None:
    missing = await refusal(engine.deployments.GetDeployment(pb.GetDeploymentRequest(id="nothing")))
    assert (missing.code, missing.reason, missing.metadata) == ("NOT_FOUND", "DEPLOYMENT_NOT_FOUND", {"id": "nothing"})
    resource = pb.GetDeploymentResourceRequest(id="nothing", resource_name="m.bpmn")
    assert (await refusal(engine.deployments.GetDeploymentResource(resource))).reason == "DEPLOYMENT_NOT_FOUND"
    definition = definitions_pb.GetProcessDefinitionRequest(id="nothing")
    assert (await refusal(engine.definitions.GetProcessDefinition(definition))).reason == "PROCESS_DEFINITION_NOT_FOUND"


async def test_the_same_bytes_make_no_new_version(engine: Engine) -> None:
    first = await engine.deployments.CreateDeployment(request(user_task(), name="a"))
    again = await engine.deployments.CreateDeployment(request(user_task(), name="a"))
    assert again.duplicate
    assert again.deployment == first.deployment
    forced = await engine.deployments.CreateDeployment(request(user_task(), name="a", force=True))
    assert not forced.duplicate
    other_name = await engine.deployments.CreateDeployment(request(user_task(), name="b"))
    assert not other_name.duplicate
    assert await versions(engine, "review") == [1, 2, 3]
    changed = await engine.deployments.CreateDeployment(
        request(user_task(attributes='flowable:priority="1"'), name="a")
    )
    assert not changed.duplicate
    # Only the newest deployment counts: back to the old bytes is a change.
    back = await engine.deployments.CreateDeployment(request(user_task(), name="a"))
    assert not back.duplicate
    assert await versions(engine, "review") == [1, 2, 3, 4, 5]


async def test_tenants_have_versions_of_their_own(engine: Engine) -> None:
    await engine.deploy(user_task())
    deployed = await engine.deploy(user_task(), tenant_id="acme")
    assert deployed.process_definitions[0].version == 1
    listed = await engine.deployments.ListDeployments(pb.ListDeploymentsRequest(tenant_id="acme"))
    assert [deployment.id for deployment in listed.deployments] == [deployed.id]


async def test_all_or_nothing(engine: Engine) -> None:
    bad = model("bad", ENDS + '<userTask id="t"/><scriptTask id="x"/>', "s>t", "t>x", "x>e")
    refused = await refusal(engine.deployments.CreateDeployment(request(user_task(), bad, b"<not-bpmn/>")))
    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "BPMN_INVALID")
    assert await versions(engine, "review") == []
    assert not (await engine.deployments.ListDeployments(pb.ListDeploymentsRequest())).deployments


async def test_every_problem_is_listed(engine: Engine) -> None:
    bad = process('<startEvent id="s"/><userTask id="t"/><sequenceFlow id="f" sourceRef="s" targetRef="gone"/>')
    validation = pb.ValidateDeploymentRequest(
        resources=[Resource(name="a.bpmn", content=bad), Resource(name="b.bpmn", content=b"no xml")]
    )
    answer = await engine.deployments.ValidateDeployment(validation)
    assert not answer.deployable
    assert {problem.resource_name for problem in answer.problems} == {"a.bpmn", "b.bpmn"}
    gone = next(problem for problem in answer.problems if problem.rule == "SEQUENCE_FLOW_TARGET_UNKNOWN")
    assert (gone.element_id, gone.severity) == ("f", Problem.SEVERITY_ERROR)
    assert gone.line > 0
    fine = await engine.deployments.ValidateDeployment(
        pb.ValidateDeploymentRequest(resources=[Resource(name="a.bpmn", content=user_task())])
    )
    assert fine.deployable
    assert await versions(engine, "review") == []


@pytest.mark.parametrize("name", ["model.txt", "model.xml"])
async def test_unknown_endings(engine: Engine, name: str) -> None:
    unknown = pb.CreateDeploymentRequest(resources=[Resource(name=name, content=user_task())])
    refused = await refusal(engine.deployments.CreateDeployment(unknown))
    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "FIELD_INVALID")


async def test_a_process_twice_in_a_bundle(engine: Engine) -> None:
    refused = await refusal(engine.deployments.CreateDeployment(request(user_task(), user_task())))
    assert refused.reason == "FIELD_INVALID"
    same_name = pb.CreateDeploymentRequest(
        resources=[Resource(name="a.bpmn", content=user_task("a")), Resource(name="a.bpmn", content=user_task("b"))]
    )
    assert (await refusal(engine.deployments.CreateDeployment(same_name))).reason == "FIELD_INVALID"


async def test_upload(engine: Engine) -> None:
    upload = pb.UploadDeploymentRequest(
        resource_name="order.bpmn", file=httpbody_pb2.HttpBody(content_type="application/xml", data=user_task())
    )
    answer = await engine.deployments.UploadDeployment(upload)
    assert (answer.deployment.name, list(answer.deployment.resource_names)) == ("order.bpmn", ["order.bpmn"])
    assert (await engine.deployments.UploadDeployment(upload)).duplicate
    upload.file.data = b""
    assert (await refusal(engine.deployments.UploadDeployment(upload))).reason == "FIELD_INVALID"


async def test_a_request_id_makes_one_deployment(engine: Engine, engine_database: Database) -> None:
    wanted = request(user_task(), request_id="r1", force=True)
    answers = await asyncio.gather(*[engine.deployments.CreateDeployment(wanted) for _ in range(5)])
    assert all(answer == answers[0] for answer in answers)
    restarted = await Engine.started(engine_database)
    assert await restarted.deployments.CreateDeployment(wanted) == answers[0]
    await restarted.stop()
    assert await versions(engine, "review") == [1]
    other = request(user_task("other"), request_id="r1")
    refused = await refusal(engine.deployments.CreateDeployment(other))
    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "REQUEST_ID_REUSED")


async def test_a_repeated_duplicate_is_answered_as_before(engine: Engine) -> None:
    await engine.deployments.CreateDeployment(request(user_task()))
    first = await engine.deployments.CreateDeployment(request(user_task(), request_id="r1"))
    assert first.duplicate
    assert await engine.deployments.CreateDeployment(request(user_task(), request_id="r1")) == first


async def test_concurrent_deployments_get_versions_of_their_own(two_engines: tuple[Engine, Engine]) -> None:
    models = [user_task(attributes=f'flowable:priority="{n}"') for n in range(10)]
    await asyncio.gather(*[two_engines[n % 2].deploy(content) for n, content in enumerate(models)])
    assert await versions(two_engines[0], "review") == list(range(1, 11))
    latest = definitions_pb.ListProcessDefinitionsRequest(key="review", latest_only=True)
    answer = await two_engines[1].definitions.ListProcessDefinitions(latest)
    assert [definition.version for definition in answer.process_definitions] == [10]


async def test_pages_of_deployments(engine: Engine) -> None:
    made = [(await engine.deploy(user_task(), name="x")).id for _ in range(5)]
    listing = pb.ListDeploymentsRequest(page_size=2, name="x")
    seen: list[str] = []
    while True:
        answer = await engine.deployments.ListDeployments(listing)
        seen += [deployment.id for deployment in answer.deployments]
        if not answer.next_page_token:
            break
        listing.page_token = answer.next_page_token
    assert seen == list(reversed(made))


async def test_a_resource_that_is_too_large(engine: Engine) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await engine.deployments.CreateDeployment(request(b"x" * (5 * 1024 * 1024 + 1)))
    assert refused.value.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED)


async def test_a_long_process_name(engine: Engine) -> None:
    named = model("named", ENDS, "s>e", name="n" * 300)
    answer = await engine.deployments.ValidateDeployment(
        pb.ValidateDeploymentRequest(resources=[Resource(name="a.bpmn", content=named)])
    )
    if answer.deployable:
        assert (await engine.deploy(named)).process_definitions[0].name == "n" * 300
