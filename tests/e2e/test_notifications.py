"""Notifications in a whole mesh: from a user task to an e-mail and an inbox, over REST, with the live stream."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.infrastructure.mesh import Mesh, running_mesh
from tests.integration.notification.mail_catcher import MailCatcher, mail_catcher

MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:flowable="http://flowable.org/bpmn"
             targetNamespace="http://flowmesh/tests">
  <process id="leave" isExecutable="true">
    <startEvent id="start"/>
    <sequenceFlow id="f1" sourceRef="start" targetRef="approve"/>
    <userTask id="approve" name="Approve the leave" flowable:assignee="${manager}"/>
    <sequenceFlow id="f2" sourceRef="approve" targetRef="end"/>
    <endEvent id="end"/>
  </process>
</definitions>"""
WAIT_SECONDS = 30.0


@pytest.fixture(scope="module")
def mails() -> Iterator[MailCatcher]:
    with mail_catcher() as catcher:
        yield catcher


@pytest.fixture(scope="module")
def mesh(mails: MailCatcher, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    settings = {f"FLOWMESH_NOTIFICATION_{name.upper()}": str(value) for name, value in mails.settings().items()}
    with running_mesh(tmp_path_factory.mktemp("notifications"), settings=settings) as running:
        yield running


@pytest.fixture
async def rest(mesh: Mesh) -> AsyncIterator[httpx.AsyncClient]:
    async with mesh.rest() as client:
        yield client


async def _post(rest: httpx.AsyncClient, path: str, **body: Any) -> Any:
    answer = await rest.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_task_comes_to_its_assignee(mesh: Mesh, rest: httpx.AsyncClient, mails: MailCatcher) -> None:
    await _post(rest, "/v1/users", id="li", details={"displayName": "李", "email": "li@example.com", "locale": "zh-CN"})
    await _post(rest, "/v1/users/li:setPassword", password="a long way to the sea")
    tokens = (await _post(rest, "/v1/sessions:login", user="li", password="a long way to the sea"))["tokens"]
    own = {"authorization": f"Bearer {tokens['accessToken']}"}
    await _post(
        rest,
        "/v1/deployments",
        resources=[{"name": "leave.bpmn", "content": base64.b64encode(MODEL.encode()).decode()}],
    )
    async with httpx.AsyncClient(base_url=mesh.url, timeout=60, headers=own) as li:
        watching = asyncio.create_task(_first_notification(li, ""))
        await asyncio.sleep(0.5)
        started = await _post(rest, "/v1/processInstances", processDefinitionKey="leave", variables={"manager": "li"})
        instance = started["processInstance"]["id"]
        async with asyncio.timeout(WAIT_SECONDS):
            told, cursor = await watching
            while not mails.to("li@example.com"):
                await asyncio.sleep(0.05)
        assert told["processInstanceId"] == instance
        assert "Approve the leave" in told["title"]
        assert "任务" in mails.to("li@example.com")[0]["Subject"]
        # The stream goes on where it broke off: what came while nobody listened is told first.
        marked = await _post(li, f"/v1/notifications/{told['id']}:markRead")
        assert marked["notification"]["readTime"]
        async with asyncio.timeout(WAIT_SECONDS):
            again, _ = await _first_notification(li, cursor)
        assert (again["id"], bool(again.get("readTime"))) == (told["id"], True)
        inbox = (await li.get("/v1/notifications")).json()
        assert [one["id"] for one in inbox["notifications"]] == [told["id"]]
        assert inbox["unreadCount"] == 0
        # Nobody else's, and nothing of the administration.
        assert (await li.get("/v1/deliveries")).status_code == 403
        assert (await rest.get("/v1/notifications")).json()["notifications"] == []
    deliveries = (await rest.get("/v1/deliveries", params={"userId": "li"})).json()["deliveries"]
    assert [one["state"] for one in deliveries] == ["STATE_DELIVERED"]
    async with httpx.AsyncClient(base_url=mesh.url) as nobody:
        assert (await nobody.get("/v1/notifications")).status_code == 401
        assert (await nobody.get("/v1/notifications:watch")).status_code == 401


async def _first_notification(client: httpx.AsyncClient, cursor: str) -> tuple[Any, str]:
    """Follow the stream of server-sent events up to the first notification."""
    headers = {"accept": "text/event-stream"}
    async with client.stream("GET", "/v1/notifications:watch", params={"cursor": cursor}, headers=headers) as stream:
        assert stream.status_code == 200
        assert stream.headers["content-type"].startswith("text/event-stream")
        async for line in stream.aiter_lines():
            if line.startswith("data:"):
                message = json.loads(line.removeprefix("data:"))
                if "notification" in message:
                    return message["notification"], message["cursor"]
    raise AssertionError("the stream ended")


def test_the_mesh_says_where_it_listens(mesh: Mesh) -> None:
    assert mesh.state()["notification"]
    assert (Path(mesh.folder) / "data" / "notification.db").exists()
