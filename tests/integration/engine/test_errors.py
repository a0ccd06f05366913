"""BPMN errors over gRPC: thrown by workers and by end events, caught and not."""

from __future__ import annotations

import pytest
from flowmesh.engine.v1 import incident_service_pb2
from flowmesh.engine.v1 import job_service_pb2 as pb
from flowmesh.engine.v1.process_instance_pb2 import ProcessInstance

from mesh.json_values import to_values
from tests.integration.engine.serving import ENDS, Engine, model, refusal

FORK = '<parallelGateway id="f"/><userTask id="u"/>'
JOBS = "".join(
    f'<serviceTask id="{name}" flowable:type="external-worker" flowable:topic="{name}"/>' for name in ("n", "m")
)


def guarded(end: str = '<endEvent id="x"/>') -> bytes:
    """A sub-process with a user task and two jobs at once; an error E1 in it leads to a job `amend`."""
    inside = (
        '<startEvent id="os"/>'
        + FORK
        + JOBS
        + end
        + "".join(
            f'<sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}"/>'
            for source, target in (("os", "f"), ("f", "u"), ("f", "n"), ("f", "m"), ("u", "x"))
        )
    )
    return model(
        "guarded",
        ENDS
        + f'<subProcess id="o">{inside}</subProcess><boundaryEvent id="c" attachedToRef="o">'
        + '<errorEventDefinition errorRef="E1" camunda:errorMessageVariable="why"/></boundaryEvent>'
        + '<serviceTask id="amend" flowable:type="external-worker" flowable:topic="amend"/>',
        "s>o",
        "o>e",
        "c>amend",
        "amend>e",
    )


async def test_a_caught_error_cancels_everything_inside(engine: Engine) -> None:
    await engine.deploy(guarded())
    instance = await engine.start("guarded")
    await engine.fail_job(await engine.one_job("m"), retries=0)
    assert len(await engine.open_incidents()) == 1
    job = await engine.one_job("n")
    request = pb.ThrowJobErrorRequest(
        id=job.id,
        lease_token=job.lease_token,
        error_code="E1",
        error_message="no stock",
        variables=to_values({"left": 0}),
        request_id="r",
    )
    thrown = await engine.jobs.ThrowJobError(request)
    assert thrown.caught
    assert await engine.jobs.ThrowJobError(request) == thrown
    assert await engine.user_tasks(process_instance_id=instance.id) == []
    assert await engine.open_incidents() == []
    assert (await engine.get(instance.id)).incident_count == 0
    (waiting,) = await engine.open_jobs()
    assert waiting.element_id == "amend"
    again = pb.ThrowJobErrorRequest(id=job.id, lease_token=job.lease_token, error_code="E1")
    assert (await refusal(engine.jobs.ThrowJobError(again))).reason == "JOB_NOT_FOUND"
    amend = await engine.one_job("amend")
    assert {name: value.string_value or value.number_value for name, value in amend.variables.items()} == {
        "left": 0,
        "why": "no stock",
    }
    assert (await engine.complete_job(amend)).process_instance_ended


async def test_an_error_of_another_code_is_held_as_an_incident(engine: Engine) -> None:
    await engine.deploy(guarded())
    instance = await engine.start("guarded")
    job = await engine.one_job("n")
    request = pb.ThrowJobErrorRequest(id=job.id, lease_token=job.lease_token, error_code="E2", error_message="odd")
    assert not (await engine.jobs.ThrowJobError(request)).caught
    (incident,) = await engine.open_incidents()
    assert incident.type == incident_service_pb2.Incident.TYPE_UNHANDLED_ERROR
    await engine.incidents.ResolveIncident(incident_service_pb2.ResolveIncidentRequest(id=incident.id, retries=1))
    job = await engine.one_job("n")
    request = pb.ThrowJobErrorRequest(id=job.id, lease_token=job.lease_token, error_code="E1")
    assert (await engine.jobs.ThrowJobError(request)).caught
    assert (await engine.get(instance.id)).status == ProcessInstance.STATUS_RUNNING


async def test_a_lost_lease_throws_nothing(engine: Engine) -> None:
    await engine.deploy(guarded())
    instance = await engine.start("guarded")
    job = await engine.one_job("n")
    request = pb.ThrowJobErrorRequest(id=job.id, lease_token="999", error_code="E1")
    assert (await refusal(engine.jobs.ThrowJobError(request))).reason == "JOB_LEASE_SUPERSEDED"
    assert len(await engine.user_tasks(process_instance_id=instance.id)) == 1
    await engine.complete_job(job)


@pytest.mark.parametrize("code", ["E1", "E2"])
async def test_an_error_end_event(engine: Engine, code: str) -> None:
    """Where nothing catches it, the completion fails and the task stays as it was."""
    thrown = f'<endEvent id="x"><errorEventDefinition errorRef="{code}"/></endEvent>'
    await engine.deploy(guarded(thrown))
    instance = await engine.start("guarded")
    (task,) = await engine.user_tasks(process_instance_id=instance.id)
    if code == "E1":
        assert not (await engine.complete_task(task.id)).process_instance_ended
        assert await engine.user_tasks(process_instance_id=instance.id) == []
        assert [job.element_id for job in await engine.open_jobs()] == ["amend"]
        return
    refused = await refusal(engine.complete_task(task.id))
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "BPMN_ERROR_NOT_CAUGHT")
    assert refused.metadata == {"element_id": "x", "error_code": "E2"}
    assert await engine.user_tasks(process_instance_id=instance.id) == [task]
    assert len(await engine.open_jobs()) == 2


async def test_a_terminate_end_event_ends_the_instance_with_all_its_work(engine: Engine) -> None:
    ended = '<endEvent id="x"><terminateEventDefinition flowable:terminateAll="true"/></endEvent>'
    await engine.deploy(guarded(ended))
    instance = await engine.start("guarded")
    await engine.fail_job(await engine.one_job("m"), retries=0)
    (task,) = await engine.user_tasks(process_instance_id=instance.id)
    assert (await engine.complete_task(task.id)).process_instance_ended
    assert (await engine.get(instance.id)).status == ProcessInstance.STATUS_COMPLETED
    assert await engine.open_jobs() == []
    assert await engine.open_incidents() == []
