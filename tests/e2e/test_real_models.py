"""Models of Flowable and Camunda as their authors wrote them."""

from __future__ import annotations

import httpx

from tests.e2e.processes import call, deploy, ended_in_history, only_task, read
from tests.unit.bpmn_models import real_model

VACATION = "flowable-vacation-request.bpmn20.xml"


async def _request_vacation(rest: httpx.AsyncClient) -> str:
    await deploy(rest, VACATION, real_model(VACATION))
    started = await call(
        rest,
        "/v1/processInstances",
        {
            "processDefinitionKey": "vacationRequest",
            "initiator": "kermit",
            "variables": {"numberOfDays": 4, "startDate": "2026-12-01", "vacationMotivation": "I'm tired"},
        },
    )
    instance_id: str = started["processInstance"]["id"]
    return instance_id


async def _elements(rest: httpx.AsyncClient, instance_id: str) -> list[str]:
    listed = await read(rest, "/v1/history/activities", processInstanceId=instance_id)
    return [activity["elementId"] for activity in listed["historicActivities"]]


async def test_vacation_request_is_approved(rest: httpx.AsyncClient) -> None:
    instance_id = await _request_vacation(rest)
    task = await only_task(rest, instance_id)
    assert task["name"] == "Handle vacation request"
    assert task["candidateGroups"] == ["management"]
    assert "kermit would like to take 4 day(s) of vacation (Motivation: I'm tired)." in task["description"]
    await call(rest, f"/v1/userTasks/{task['id']}:complete", {"variables": {"vacationApproved": "true"}})
    ended = await ended_in_history(rest, instance_id)
    assert ended["status"] == "STATUS_COMPLETED"
    assert await _elements(rest, instance_id) == [
        "request",
        "handleRequest",
        "requestApprovedDecision",
        "sendApprovalMail",
        "theEnd1",
    ]


async def test_vacation_request_is_sent_again_and_given_up(rest: httpx.AsyncClient) -> None:
    instance_id = await _request_vacation(rest)
    refusal = {"vacationApproved": "false", "managerMotivation": "We have a tight deadline!"}
    for resend in ("true", "false"):
        task = await only_task(rest, instance_id)
        await call(rest, f"/v1/userTasks/{task['id']}:complete", {"variables": refusal})
        task = await only_task(rest, instance_id)
        assert task["name"] == "Adjust vacation request"
        assert task["assignee"] == "kermit"
        assert "Reason: We have a tight deadline!" in task["description"]
        await call(rest, f"/v1/userTasks/{task['id']}:complete", {"variables": {"resendRequest": resend}})
    ended = await ended_in_history(rest, instance_id)
    assert ended["status"] == "STATUS_COMPLETED"
    assert (await _elements(rest, instance_id))[-1] == "theEnd2"


async def test_camunda_invoice_is_refused_for_its_decision_table_alone(rest: httpx.AsyncClient) -> None:
    before = await read(rest, "/v1/deployments", pageSize=1000)
    answer = await rest.post(
        "/v1/deployments:upload",
        params={"resourceName": "invoice.bpmn"},
        content=real_model("camunda7-invoice.bpmn"),
        headers={"content-type": "application/xml"},
    )
    assert answer.status_code == 400
    info, bad_request = answer.json()["details"]
    assert info["reason"] == "BPMN_INVALID"
    found = {
        (violation["field"].partition("#")[2], violation["description"].partition(", ")[2].split(":")[0].split(", ")[1])
        for violation in bad_request["fieldViolations"]
    }
    assert found == {("assignApprover", "ELEMENT_NOT_SUPPORTED")}
    assert await read(rest, "/v1/deployments", pageSize=1000) == before
