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
from tests.launcher.running import flowmesh

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
        watching = asyncio.create_task(_first_event(li, ""))
        await asyncio.sleep(0.5)
        started = await _post(rest, "/v1/processInstances", processDefinitionKey="leave", variables={"manager": "li"})
        instance = started["processInstance"]["id"]
        async with asyncio.timeout(WAIT_SECONDS):
            told, last_id = await watching
            while not mails.to("li@example.com"):
                await asyncio.sleep(0.05)
        assert told["processInstanceId"] == instance
        assert "Approve the leave" in told["title"]
        assert "任务" in mails.to("li@example.com")[0]["Subject"]
        # The stream goes on where it broke off: what came while nobody listened is told first.
        marked = await _post(li, f"/v1/notifications/{told['id']}:markRead")
        assert marked["notification"]["readTime"]
        async with asyncio.timeout(WAIT_SECONDS):
            again, _ = await _first_event(li, last_id)
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
        assert (await nobody.get("/v1/notifications:stream")).status_code == 401
    # And who has done what is in the audit, with the call at the gateway.
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            method = "flowmesh.notification.v1.NotificationService/MarkNotificationRead"
            records = (await rest.get("/v1/auditRecords", params={"method": method})).json()["auditRecords"]
            if records:
                break
            await asyncio.sleep(0.1)
    [record] = records
    assert (record["service"], record["userId"], record["resourceId"]) == ("notification", "li", told["id"])
    assert record["clientAddress"] == "127.0.0.1"


async def _first_event(client: httpx.AsyncClient, last_id: str) -> tuple[Any, str]:
    """Follow the server-sent events up to the first notification; return it with its id."""
    headers = {"accept": "text/event-stream", **({"last-event-id": last_id} if last_id else {})}
    async with client.stream("GET", "/v1/notifications:stream", headers=headers) as stream:
        assert stream.status_code == 200
        assert stream.headers["content-type"] == "text/event-stream"
        name = one = ""
        async for line in stream.aiter_lines():
            if line.startswith("id: "):
                one = line.removeprefix("id: ")
            elif line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: ") and name == "notification":
                return json.loads(line.removeprefix("data: ")), one
    raise AssertionError("the stream ended")


async def test_a_comment_comes_to_whom_it_names(mesh: Mesh, rest: httpx.AsyncClient, mails: MailCatcher) -> None:
    for name, locale in (("mei", "zh-CN"), ("sam", "en")):
        details = {"displayName": name.capitalize(), "email": f"{name}@example.com", "locale": locale}
        await _post(rest, "/v1/users", id=name, details=details)
    resources = [{"name": "leave.bpmn", "content": base64.b64encode(MODEL.encode()).decode()}]
    await _post(rest, "/v1/deployments", resources=resources)
    started = await _post(rest, "/v1/processInstances", processDefinitionKey="leave", variables={"manager": "mei"})
    params = {"processInstanceId": started["processInstance"]["id"]}
    async with asyncio.timeout(WAIT_SECONDS):
        while not (tasks := (await rest.get("/v1/userTasks", params=params)).json()["userTasks"]):
            await asyncio.sleep(0.05)
    await _post(rest, f"/v1/userTasks/{tasks[0]['id']}/comments", text="@sam 请看一下")
    async with asyncio.timeout(WAIT_SECONDS):
        while len(mails.to("mei@example.com")) < 2 or not mails.to("sam@example.com"):
            await asyncio.sleep(0.05)
    assert "提到了" not in mails.to("mei@example.com")[1]["Subject"]
    assert "发表了评论" in mails.to("mei@example.com")[1]["Subject"]
    [to_sam] = mails.to("sam@example.com")
    assert "mentions you: Approve the leave" in to_sam["Subject"]
    assert "请看一下" in mails.text_to("sam@example.com")


async def test_from_the_command_line(mesh: Mesh, rest: httpx.AsyncClient) -> None:
    """`flowmesh notifications …`, as the program that people start."""
    options = ("--url", mesh.url)

    async def run(*words: str, fails: bool = False) -> str:
        done = await asyncio.to_thread(flowmesh, "notifications", *words, *options)
        assert bool(done.returncode) == fails, done.stdout + done.stderr
        return done.stderr if fails else done.stdout

    refused = await run("add-webhook", "https://127.0.0.1/hook", fails=True)
    assert "none on the public internet" in refused
    words = ("https://hooks.example.com/hook", "--event", "task_assigned", "--key", "no-such-process")
    made = json.loads(await run("add-webhook", *words, "--json"))
    assert made["secret"].startswith("whsec_")
    webhook = made["webhook"]["id"]
    assert webhook in await run("webhooks")
    disabled = json.loads(await run("disable-webhook", webhook, "--json"))
    assert disabled["state"] == "STATE_DISABLED"
    assert (await run("inbox")).strip() == "There are no notifications."
    assert "DELIVERY_NOT_FOUND" in await run("resend", "nothing", fails=True)
    assert webhook in await run("delete-webhook", webhook)
    assert await run("webhooks") == "There are no webhooks.\n"


def test_the_mesh_says_where_it_listens(mesh: Mesh) -> None:
    assert mesh.state()["notification"]
    assert (Path(mesh.folder) / "data" / "notification.db").exists()
