"""The life of definitions over REST."""

from __future__ import annotations

import httpx

from tests.e2e.processes import call, deploy, ended_in_history, read, start
from tests.integration.engine.serving import user_task


async def test_from_deployment_to_deletion(rest: httpx.AsyncClient) -> None:
    content = user_task("lifecycle")
    deployment = await deploy(rest, "lifecycle.bpmn", content)
    definition = deployment["processDefinitions"][0]["id"]
    instance = await start(rest, "lifecycle")
    xml = await rest.get(f"/v1/processDefinitions/{definition}/xml")
    assert xml.content == content
    image = await rest.get(f"/v1/processDefinitions/{definition}/diagram", params={"highlight": ["t", "s"]})
    assert image.status_code == 200
    assert image.headers["content-type"] == "image/svg+xml"
    assert image.text.count(" highlight") == 2
    assert await read(rest, f"/v1/processDefinitions/{definition}/startForm") == {"formKey": "", "fields": []}

    suspended = await call(rest, f"/v1/processDefinitions/{definition}:suspend", {"includeInstances": True})
    assert suspended["instanceCount"] == "1"
    listed = await read(rest, "/v1/processDefinitions", key="lifecycle", suspended="true", orderBy="version desc")
    assert [found["id"] for found in listed["processDefinitions"]] == [definition]
    assert not (await read(rest, "/v1/processDefinitions", key="lifecycle", suspended="false"))["processDefinitions"]
    refused = await rest.post("/v1/processInstances", json={"processDefinitionKey": "lifecycle"})
    assert refused.status_code == 400
    assert refused.json()["details"][0]["reason"] == "PROCESS_DEFINITION_SUSPENDED"
    await call(rest, f"/v1/processDefinitions/{definition}:resume", {"includeInstances": True})
    other = await start(rest, "lifecycle")

    removed = await rest.delete(f"/v1/processInstances/{other}", params={"reason": "not wanted"})
    assert removed.status_code == 200
    assert removed.json()["processInstance"]["status"] == "STATUS_TERMINATED"
    assert (await ended_in_history(rest, other))["endReason"] == "not wanted"
    assert (await rest.get(f"/v1/processInstances/{other}")).status_code == 404

    kept = await rest.delete(f"/v1/deployments/{deployment['id']}")
    assert kept.status_code == 400
    assert kept.json()["details"][0]["reason"] == "DEPLOYMENT_IN_USE"
    wanted = {"cascade": "true", "reason": "over", "requestId": "delete-lifecycle"}
    for _ in range(2):
        gone = await rest.delete(f"/v1/deployments/{deployment['id']}", params=wanted)
        assert gone.json() == {"terminatedInstanceCount": "1"}
    assert (await ended_in_history(rest, instance))["endReason"] == "over"
    assert (await rest.get(f"/v1/deployments/{deployment['id']}")).status_code == 404
    assert (await rest.get(f"/v1/processDefinitions/{definition}/diagram")).status_code == 404
