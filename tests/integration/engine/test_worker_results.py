"""What workers say of their work: results that the model names, failures that it maps to BPMN errors."""

from __future__ import annotations

from flowmesh.engine.v1 import job_pb2
from google.protobuf.struct_pb2 import Value

from tests.integration.engine.serving import ENDS, Engine, definitions, flow, model

RETRY = '<userTask id="ok"/><userTask id="handled"/>'


def delegate(mappings: str, caught: str = "E1") -> bytes:
    """A class delegate with mapped exceptions and a boundary event for one error code."""
    nodes = (
        f'<serviceTask id="a" flowable:class="org.Work"><extensionElements>{mappings}</extensionElements></serviceTask>'
        f'<boundaryEvent id="b" attachedToRef="a"><errorEventDefinition errorRef="err"/></boundaryEvent>'
    )
    flows = "".join(flow(*ends) for ends in (("s", "a"), ("a", "ok"), ("b", "handled"), ("ok", "e"), ("handled", "e")))
    return definitions(
        f'<error id="err" errorCode="{caught}"/><process id="p" isExecutable="true">{ENDS}{RETRY}{nodes}{flows}</process>'
    )


async def open_elements(engine: Engine) -> list[str]:
    return [task.element_id for task in await engine.user_tasks()]


async def test_a_mapped_failure_is_thrown_as_a_bpmn_error(engine: Engine) -> None:
    await engine.deploy(delegate('<flowable:mapException errorCode="E1">org.Broken</flowable:mapException>'))
    await engine.start("p")
    job = await engine.one_job("org.Work")
    from flowmesh.engine.v1 import job_service_pb2

    answer = await engine.jobs.FailJob(
        job_service_pb2.FailJobRequest(
            id=job.id, lease_token=job.lease_token, error_code="org.Broken", error_message="no"
        )
    )
    assert answer.caught
    assert not answer.HasField("job")
    assert await open_elements(engine) == ["handled"]
    assert await engine.open_jobs() == []


async def test_another_failure_is_tried_again(engine: Engine) -> None:
    await engine.deploy(delegate('<flowable:mapException errorCode="E1">org.Broken</flowable:mapException>'))
    await engine.start("p")
    job = await engine.one_job("org.Work")
    failed = await engine.fail_job(job, error_code="org.Other", error_message="no")
    assert (failed.state, failed.retries) == (job_pb2.Job.STATE_BACKOFF, 2)
    assert await open_elements(engine) == []


async def test_a_mapped_failure_that_nothing_catches_is_an_incident(engine: Engine) -> None:
    await engine.deploy(delegate('<flowable:mapException errorCode="E2"/>', caught="E1"))
    await engine.start("p")
    job = await engine.one_job("org.Work")
    failed = await engine.fail_job(job, error_code="org.Any", error_message="no")
    assert failed.state == job_pb2.Job.STATE_FAILED
    (incident,) = await engine.open_incidents()
    assert "E2" in incident.message


async def test_a_condition_chooses_the_mapping(engine: Engine) -> None:
    nodes = (
        '<serviceTask id="a" camunda:type="external" camunda:topic="work"><extensionElements>'
        '<camunda:errorEventDefinition errorRef="err" expression="${externalTask.errorMessage == \'sold out\'}"/>'
        '</extensionElements></serviceTask><boundaryEvent id="b" attachedToRef="a">'
        '<errorEventDefinition errorRef="err"/></boundaryEvent>'
    )
    flows = "".join(flow(*ends) for ends in (("s", "a"), ("a", "ok"), ("b", "handled"), ("ok", "e"), ("handled", "e")))
    await engine.deploy(
        definitions(
            f'<error id="err" errorCode="E1"/><process id="p" isExecutable="true">{ENDS}{RETRY}{nodes}{flows}</process>'
        )
    )
    await engine.start("p")
    job = await engine.one_job()
    await engine.fail_job(job, error_message="busy", retry_backoff={})
    assert await open_elements(engine) == []
    job = await engine.one_job()
    await engine.fail_job(job, error_message="sold out")
    assert await open_elements(engine) == ["handled"]


async def test_the_result_goes_into_the_variable_that_the_model_names(engine: Engine) -> None:
    nodes = '<serviceTask id="a" flowable:expression="${prices.of(item)}" flowable:resultVariable="price"/>'
    await engine.deploy(model("p", ENDS + RETRY + nodes, "s>a", "a>ok", "ok>e", "handled>e"))
    instance = await engine.start("p", {"item": "book"})
    (job,) = await engine.open_jobs()
    leased = await engine.one_job(job.type)
    await engine.complete_job(leased, {"checked": True}, result=Value(number_value=12.5))
    assert await engine.variables(instance.id) == {"item": "book", "checked": True, "price": 12.5}
