"""History shows a change at once to who has its commit token, over REST."""

from __future__ import annotations

import time

import httpx

from tests.e2e.processes import call, deploy, read
from tests.integration.engine.serving import user_task


async def test_two_hundred_times_in_a_row(rest: httpx.AsyncClient) -> None:
    await deploy(rest, "tokens.bpmn", user_task("tokens"))
    waits = []
    for number in range(200):
        started = await call(
            rest, "/v1/processInstances", {"processDefinitionKey": "tokens", "variables": {"n": number}}
        )
        instance, token = started["processInstance"]["id"], started["commitToken"]
        begun = time.perf_counter()
        found = await read(rest, f"/v1/history/processInstances/{instance}", afterCommitToken=token)
        waits.append(time.perf_counter() - begun)
        assert found["historicProcessInstance"]["status"] == "STATUS_RUNNING"
        variable = await read(rest, "/v1/history/variables", processInstanceId=instance, afterCommitToken=token)
        assert [each["value"] for each in variable["historicVariables"]] == [number]
        (task,) = (await read(rest, "/v1/userTasks", processInstanceId=instance))["userTasks"]
        done = await call(rest, f"/v1/userTasks/{task['id']}:complete", {})
        tasks = await read(
            rest, "/v1/history/tasks", processInstanceId=instance, finished=True, afterCommitToken=done["commitToken"]
        )
        assert [each["id"] for each in tasks["historicTasks"]] == [task["id"]]
        ended = await read(rest, f"/v1/history/processInstances/{instance}")
        assert ended["historicProcessInstance"]["status"] == "STATUS_COMPLETED"
    waits.sort()
    assert waits[100] < 0.25
