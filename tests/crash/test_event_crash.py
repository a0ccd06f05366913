"""The whole mesh is killed while messages and those that wait for them come: each message is taken once, and what the
instances throw arrives once."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.infrastructure.mesh import Mesh
from tests.integration.engine.event_calls import message_model, signal_start

KILLS = 4
ORDERS = 400
SEED = 11
NODES = (
    '<startEvent id="s"/><intermediateCatchEvent id="c"><messageEventDefinition messageRef="paid"/>'
    '</intermediateCatchEvent><intermediateThrowEvent id="x"><signalEventDefinition signalRef="rang"/>'
    '</intermediateThrowEvent><userTask id="t"/><endEvent id="e"/>'
)


async def _deploy(mesh: Mesh) -> None:
    order = message_model("order", NODES, "s>c", "c>x", "x>t", "t>e", messages="paid:=orderId", signals="rang")
    async with mesh.rest(60) as rest:
        for name, content in (("order", order), ("counted", signal_start("counted", "rang"))):
            answer = await rest.post(
                "/v1/deployments:upload",
                params={"resourceName": f"{name}.bpmn"},
                content=content,
                headers={"content-type": "application/xml"},
            )
            assert answer.status_code == 200, answer.text


async def _until_answered(mesh: Mesh, path: str, body: dict[str, Any]) -> None:
    """Send a call with its request id until it is answered, over every restart."""
    while True:
        try:
            async with mesh.rest(5) as rest:
                answer = await rest.post(path, json=body)
        except httpx.TransportError:
            await asyncio.sleep(0.05)
            continue
        if answer.status_code == 200:
            return
        assert answer.status_code in (502, 503, 504), answer.text
        await asyncio.sleep(0.05)


async def _order(mesh: Mesh, number: int, free: asyncio.Semaphore, seed: random.Random) -> None:
    start = {
        "requestId": f"start-{number}",
        "processDefinitionKey": "order",
        "variables": {"orderId": f"k{number}"},
    }
    publish = {
        "requestId": f"publish-{number}",
        "name": "paid",
        "correlationKey": f"k{number}",
        "ttl": "600s",
        "messageId": f"m{number}",
    }
    calls = [("/v1/processInstances", start), ("/v1/messages:publish", publish)]
    seed.shuffle(calls)
    async with free:
        await asyncio.gather(*[_until_answered(mesh, path, body) for path, body in calls])


async def _tasks(mesh: Mesh, key: str) -> list[str]:
    async with mesh.rest(60) as rest:
        query: dict[str, str | int] = {"pageSize": 1000, "processDefinitionKey": key}
        listed = (await rest.get("/v1/userTasks", params=query)).json()
        return [task["processInstanceId"] for task in listed.get("userTasks", [])]


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_no_event_is_lost_or_doubled_by_kills(tmp_path: Path) -> None:
    seed = random.Random(SEED)
    mesh = Mesh(tmp_path).start()
    try:
        await _deploy(mesh)
        free = asyncio.Semaphore(6)
        load = asyncio.gather(*[_order(mesh, number, free, seed) for number in range(ORDERS)])
        for _ in range(KILLS):
            await asyncio.sleep(seed.uniform(0.1, 0.4))
            assert not load.done(), "there must be load to be killed"
            await asyncio.to_thread(mesh.kill)
            await asyncio.to_thread(mesh.start)
        await load
        async with asyncio.timeout(60):
            while len(await _tasks(mesh, "order")) < ORDERS or len(await _tasks(mesh, "counted")) < ORDERS:
                await asyncio.sleep(0.2)
        assert len(set(await _tasks(mesh, "order"))) == ORDERS
        assert len(await _tasks(mesh, "counted")) == ORDERS
        async with mesh.rest(60) as rest:
            listed = (await rest.get("/v1/messages", params={"pageSize": 1000})).json()["messages"]
            waiting = (await rest.get("/v1/eventSubscriptions", params={"name": "paid"})).json()
        assert {message["state"] for message in listed} == {"STATE_CORRELATED"}
        assert len({message["processInstanceId"] for message in listed}) == ORDERS
        assert not waiting.get("eventSubscriptions")
    finally:
        await asyncio.to_thread(mesh.kill)
