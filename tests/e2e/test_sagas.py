"""The completion saga over REST: a rejected completion is FAILED in the engine and in history."""

from __future__ import annotations

import httpx

from tests.e2e.processes import call, deploy, only_task, read, start
from tests.integration.engine.test_sagas import ordered


async def test_a_rejected_and_an_acknowledged_completion(rest: httpx.AsyncClient) -> None:
    await deploy(rest, "saga.bpmn", ordered("saga-order"))
    statuses = {}
    for answer, body in (("acknowledge", {}), ("reject", {"reason": "no stock"})):
        instance_id = await start(rest, "saga-order")
        task = await only_task(rest, instance_id)
        await call(rest, f"/v1/userTasks/{task['id']}:complete")
        saga_id = f"saga:process:{instance_id}"
        saga = (await read(rest, f"/v1/sagas/{saga_id}"))["saga"]
        assert (saga["id"], saga["state"]) == (saga_id, "STATE_PENDING")
        answered = await call(rest, f"/v1/sagas/{saga_id}:{answer}", body)
        steps = (await read(rest, f"/v1/sagas/{saga_id}/steps"))["steps"]
        assert [step["number"] for step in steps] == list(range(1, len(steps) + 1))
        assert steps[2]["step"] == "AWAIT_ACKNOWLEDGEMENT"
        assert steps[2]["duration"].endswith("s")
        found = await read(
            rest, f"/v1/history/processInstances/{instance_id}", afterCommitToken=answered["commitToken"]
        )
        engine = (await read(rest, f"/v1/processInstances/{instance_id}"))["processInstance"]
        instance = found["historicProcessInstance"]
        assert (instance["status"], instance["endTime"]) == (engine["status"], engine["endTime"])
        statuses[answer] = (instance["status"], instance.get("endReason", ""), answered["saga"]["state"])
    assert statuses == {
        "acknowledge": ("STATUS_COMPLETED", "", "STATE_COMPLETED"),
        "reject": ("STATUS_FAILED", "the completion was rejected: no stock", "STATE_COMPENSATED"),
    }
    sagas = await read(rest, "/v1/sagas", processDefinitionKey="saga-order", state="STATE_COMPENSATED")
    assert len(sagas["sagas"]) == 1
