"""History's queries, counts, timelines and searches over REST, right after what they show."""

from __future__ import annotations

from typing import Any

import httpx

from tests.e2e.processes import call, deploy, read
from tests.integration.engine.serving import user_task


async def test_what_happened_is_found_at_once(rest: httpx.AsyncClient) -> None:
    await deploy(rest, "queries.bpmn", user_task("queries"))
    started = await call(
        rest,
        "/v1/processInstances",
        {
            "processDefinitionKey": "queries",
            "businessKey": "采购-77",
            "variables": {"amount": 1500, "note": "合同审批 pending", "approved": False},
        },
    )
    instance, token = started["processInstance"]["id"], started["commitToken"]

    async def ask(path: str, body: dict[str, Any]) -> dict[str, Any]:
        return await call(rest, path, {**body, "afterCommitToken": token})

    for filter_, found in (
        ({"variables": [{"name": "amount", "operator": "OPERATOR_GREATER", "value": 1000}]}, True),
        ({"variables": [{"name": "amount", "value": "1500"}]}, False),
        (
            {
                "variables": [
                    {"name": "approved", "value": False},
                    {"name": "nothing", "operator": "OPERATOR_NOT_EXISTS"},
                ]
            },
            True,
        ),
        ({"businessKeyLike": "采购-%", "finished": False}, True),
        ({"businessKeyLike": "采购-_"}, False),
        ({"finished": True}, False),
    ):
        filter_ = {**filter_, "processDefinitionKeys": ["queries"]}
        answer = await ask("/v1/history/processInstances:query", {"filter": filter_, "orderBy": "end_time desc"})
        assert [each["id"] for each in answer.get("historicProcessInstances", [])] == [instance] * found, filter_
        count = await ask("/v1/history/processInstances:count", {"filter": filter_})
        assert count.get("count", 0) == int(found), filter_

    hits = (await ask("/v1/history:search", {"query": "审批"})).get("searchHits", [])
    assert instance in [hit["processInstanceId"] for hit in hits]

    (task,) = (await read(rest, "/v1/userTasks", processInstanceId=instance))["userTasks"]
    done = await call(rest, f"/v1/userTasks/{task['id']}:complete", {"variables": {"amount": 7}})
    token = done["commitToken"]
    told = await read(rest, f"/v1/history/processInstances/{instance}/timeline", afterCommitToken=token, pageSize=200)
    kinds = [entry["kind"].removeprefix("KIND_") for entry in told["timelineEntries"]]
    assert kinds[0] == "INSTANCE_STARTED"
    assert kinds[-1] == "INSTANCE_COMPLETED"
    assert kinds.index("TASK_CREATED") < kinds.index("TASK_COMPLETED")
    filter_ = {"processInstanceIds": [instance], "names": ["amount"]}
    changes = await ask("/v1/history/variableChanges:query", {"filter": filter_})
    assert [each["value"] for each in changes["historicVariableChanges"]] == [1500, 7]

    refused = await rest.post("/v1/history/processInstances:query", json={"filter": {"unknown": 1}})
    assert refused.status_code == 400
    refused = await rest.post("/v1/history/processInstances:query", json={"orderBy": "colour"})
    assert refused.status_code == 400
    assert refused.json()["details"][0]["reason"] == "FIELD_INVALID"
