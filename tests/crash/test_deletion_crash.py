"""The whole mesh is killed while it deletes a deployment: repeated, the deletion comes to its end."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import httpx
import pytest

from tests.infrastructure.mesh import Mesh
from tests.integration.engine.serving import user_task

INSTANCES = 800
SEED = 4


async def _populated(mesh: Mesh) -> tuple[str, set[str]]:
    async with mesh.rest(60) as rest:
        deployments: list[str] = []
        for _ in range(2):
            answer = await rest.post(
                "/v1/deployments:upload",
                params={"resourceName": "crash.bpmn", "name": f"d{len(deployments)}"},
                content=user_task("crash"),
                headers={"content-type": "application/xml"},
            )
            deployments.append(answer.json()["deployment"]["id"])
        specs = [{"processDefinitionKey": "crash"}] * INSTANCES
        created = await rest.post("/v1/processInstances:batchCreate", json={"instances": specs})
        assert created.status_code == 200, created.text
        return deployments[1], {instance["id"] for instance in created.json()["processInstances"]}


async def _delete(mesh: Mesh, deployment: str) -> httpx.Response:
    async with mesh.rest(120) as rest:
        wanted = {"cascade": "true", "reason": "crash", "requestId": "delete"}
        return await rest.delete(f"/v1/deployments/{deployment}", params=wanted)


async def _left(mesh: Mesh) -> int:
    async with mesh.rest(60) as rest:
        listed = await rest.get("/v1/processInstances", params={"pageSize": 1000, "processDefinitionKey": "crash"})
        return len(listed.json()["processInstances"])


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_a_deletion_that_is_killed_goes_on(tmp_path: Path) -> None:
    seed = random.Random(SEED)
    mesh = Mesh(tmp_path).start()
    try:
        deployment, instances = await _populated(mesh)
        left = [INSTANCES]
        for _ in range(3):
            deleting = asyncio.create_task(_delete(mesh, deployment))
            await asyncio.sleep(seed.uniform(0.05, 0.3))
            await asyncio.to_thread(mesh.kill)
            await asyncio.wait([deleting])
            await asyncio.to_thread(mesh.start)
            left.append(await _left(mesh))
        assert left == sorted(left, reverse=True)
        answer = await _delete(mesh, deployment)
        assert answer.status_code == 200, answer.text
        assert (await _delete(mesh, deployment)).json() == answer.json()
        assert await _left(mesh) == 0
        async with mesh.rest(60) as rest:
            assert (await rest.get(f"/v1/deployments/{deployment}")).status_code == 404
            started = (await rest.post("/v1/processInstances", json={"processDefinitionKey": "crash"})).json()
            assert started["processInstance"]["processDefinitionVersion"] == 1
            tasks = (await rest.get("/v1/userTasks", params={"pageSize": 1000})).json()["userTasks"]
            assert [task["processInstanceId"] for task in tasks] == [started["processInstance"]["id"]]
            ended: dict[str, str] = {}
            async with asyncio.timeout(60):
                while not instances <= set(ended):
                    query = {"pageSize": 1000, "status": "STATUS_TERMINATED"}
                    found = (await rest.get("/v1/history/processInstances", params=query)).json()
                    ended = {one["id"]: one["endReason"] for one in found["historicProcessInstances"]}
            assert {ended[instance] for instance in instances} == {"crash"}
    finally:
        await asyncio.to_thread(mesh.kill)
