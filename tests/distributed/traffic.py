"""Calls that go on while something happens to the mesh, and a record of what was answered."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx

from tests.infrastructure.mesh import Mesh

MODEL = b"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">
  <process id="traffic" isExecutable="true">
    <startEvent id="start"/><sequenceFlow id="a" sourceRef="start" targetRef="ask"/>
    <userTask id="ask" name="Ask"/><sequenceFlow id="b" sourceRef="ask" targetRef="end"/>
    <endEvent id="end"/>
  </process>
</definitions>"""


@dataclass
class Traffic:
    """What was answered so far. `completed`: ids of instances whose end was acknowledged."""

    started: list[str] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    async def reaches(self, completed: int) -> None:
        """Wait until so many more instances are completed."""
        wanted = len(self.completed) + completed
        async with asyncio.timeout(60):
            while len(self.completed) < wanted:
                await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def traffic(mesh: Mesh, workers: int = 4) -> AsyncIterator[Traffic]:
    """Start instances of the model, look at them and complete them, over and over; at the end calls are finished."""
    record, stopping = Traffic(), asyncio.Event()
    async with mesh.rest() as client:
        tasks = [asyncio.create_task(_work(client, record, stopping)) for _ in range(workers)]
        try:
            yield record
        finally:
            stopping.set()
            await asyncio.gather(*tasks)


async def _work(client: httpx.AsyncClient, record: Traffic, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        started = await _call(client, record, "POST", "/v1/processInstances", {"processDefinitionKey": "traffic"})
        if started is None:
            continue
        instance = started["processInstance"]["id"]
        record.started.append(instance)
        tasks = await _call(client, record, "GET", f"/v1/userTasks?processInstanceId={instance}")
        if tasks is None:
            continue
        task = tasks["userTasks"][0]["id"]
        if await _call(client, record, "POST", f"/v1/userTasks/{task}:complete", {}) is not None:
            record.completed.append(instance)


async def _call(client: httpx.AsyncClient, record: Traffic, verb: str, path: str, body: object = None) -> dict | None:
    try:
        answer = await client.request(verb, path, json=body)
    except httpx.HTTPError as error:
        record.failures.append(f"{verb} {path}: {error!r}")
        return None
    if answer.status_code != 200:
        record.failures.append(f"{verb} {path}: {answer.status_code} {answer.text}")
        return None
    content: dict = answer.json()
    return content


async def deploy(client: httpx.AsyncClient) -> None:
    """Deploy the model."""
    answer = await client.post(
        "/v1/deployments:upload",
        params={"resourceName": "traffic.bpmn"},
        content=MODEL,
        headers={"content-type": "application/xml"},
    )
    assert answer.status_code == 200, answer.text
