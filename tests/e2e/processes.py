"""Calls that the end-to-end tests share, over REST."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

Json = dict[str, Any]


async def deploy(rest: httpx.AsyncClient, name: str, content: bytes) -> Json:
    """Deploy a file; return its deployment."""
    answer = await rest.post(
        "/v1/deployments:upload",
        params={"resourceName": name},
        content=content,
        headers={"content-type": "application/xml"},
    )
    assert answer.status_code == 200, answer.text
    deployment: Json = answer.json()["deployment"]
    return deployment


async def call(rest: httpx.AsyncClient, path: str, body: Json | None = None) -> Json:
    """POST; return the answer, which must be a success."""
    answer = await rest.post(path, json=body or {})
    assert answer.status_code == 200, answer.text
    result: Json = answer.json()
    return result


async def start(rest: httpx.AsyncClient, key: str, **variables: Any) -> str:
    """Start an instance; return its id."""
    started = await call(rest, "/v1/processInstances", {"processDefinitionKey": key, "variables": variables})
    instance_id: str = started["processInstance"]["id"]
    return instance_id


async def read(rest: httpx.AsyncClient, path: str, **parameters: Any) -> Json:
    """GET; return the answer, which must be a success."""
    answer = await rest.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    result: Json = answer.json()
    return result


async def only_task(rest: httpx.AsyncClient, instance_id: str) -> Json:
    """Return the one open task of an instance."""
    tasks = (await read(rest, "/v1/userTasks", processInstanceId=instance_id))["userTasks"]
    assert len(tasks) == 1, tasks
    task: Json = tasks[0]
    return task


async def eventually(look: Callable[[], Awaitable[Any]], seconds: float = 20.0) -> Any:
    """Look again until what is returned is true; history is a moment behind."""
    async with asyncio.timeout(seconds):
        while not (found := await look()):
            await asyncio.sleep(0.02)
    return found


async def ended_in_history(rest: httpx.AsyncClient, instance_id: str) -> Json:
    """Wait until history shows the end of an instance; return it."""

    async def look() -> Json | None:
        answer = await rest.get(f"/v1/history/processInstances/{instance_id}")
        if answer.status_code == 404:
            return None
        instance: Json = answer.json()["historicProcessInstance"]
        return instance if "endTime" in instance else None

    instance: Json = await eventually(look)
    return instance
