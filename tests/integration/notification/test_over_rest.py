"""The inbox and its live stream over REST: the real gateway in front of a running service."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway_envoy.launch import EnvoyProcess
from gateway_envoy.settings import OFF, GatewaySettings
from mesh.bus.port import Bus
from mesh.db.database import Database
from tests.integration.notification.running import Running, running
from tests.integration.notification.told_events import Instance, user

DESCRIPTORS = (Path(__file__).resolve().parents[3] / "gen" / "descriptors.binpb").read_bytes()
PACKAGES = ("engine", "identity", "form", "notification", "history", "monitoring")


@contextlib.asynccontextmanager
async def over_rest(service: Running, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of a gateway; who calls is said by the correlation id, as the service of these tests takes it."""
    address = f"127.0.0.1:{service.port}"
    settings = GatewaySettings(
        backends={f"flowmesh.{name}.v1": [address] for name in PACKAGES},
        listen_host="127.0.0.1",
        listen_port=0,
        authentication=OFF,
        reflection_package="flowmesh.notification.v1",
    )
    envoy = EnvoyProcess(DESCRIPTORS, settings, folder)
    await envoy.start()
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{envoy.port}", timeout=60) as client:
            yield client
    finally:
        await envoy.stop(drain=0)


async def _told(client: httpx.AsyncClient, cursor: str, count: int, accept: str) -> tuple[list[Any], str]:
    """Follow the stream up to so many notifications; return them with the last cursor, and what kind of text it is."""
    found: list[Any] = []
    async with client.stream(
        "GET",
        "/v1/notifications:watch",
        params={"cursor": cursor},
        headers={"accept": accept, "x-correlation-id": "ada"},
    ) as stream:
        assert stream.status_code == 200
        async for line in stream.aiter_lines():
            text = line.removeprefix("data:").strip()
            if not text:
                continue
            message = json.loads(text)
            if "notification" in message:
                found.append(message)
            if len(found) == count:
                break
    return found, stream.headers["content-type"]


@pytest.mark.timeout(300)
async def test_the_inbox_and_its_stream(notification: Database, bus: Bus, tmp_path: Path) -> None:
    async with running(notification, bus) as service, over_rest(service, tmp_path) as client:
        await service.publish(user("ada", locale="en"))
        ada = {"x-correlation-id": "ada"}
        instance = Instance("i1")
        watching = asyncio.create_task(_told(client, "", 1, "text/event-stream"))
        await asyncio.sleep(1)
        await service.publish(instance.task("t1", "ada"))
        async with asyncio.timeout(60):
            [first], kind = await watching
        assert kind.startswith("text/event-stream")
        assert first["notification"]["taskId"] == "t1"
        # While nobody listens.
        await service.publish(instance.task("t2", "ada"), instance.done("t1", by="ada"))
        async with asyncio.timeout(60):
            rest, kind = await _told(client, first["cursor"], 2, "application/json")
        assert kind.startswith("application/x-ndjson")
        assert {(one["notification"]["taskId"], one["notification"]["obsolete"]) for one in rest} == {
            ("t1", True),
            ("t2", False),
        }
        listed = (await client.get("/v1/notifications", params={"read": "false"}, headers=ada)).json()
        assert [one["taskId"] for one in listed["notifications"]] == ["t2", "t1"]
        marked = await client.post(
            f"/v1/notifications/{listed['notifications'][0]['id']}:markRead", json={}, headers=ada
        )
        assert marked.json()["notification"]["readTime"]
        chosen = await client.patch(
            "/v1/preferences:own", json={"preferences": {"timeZone": "Asia/Shanghai"}}, headers=ada
        )
        assert chosen.json()["preferences"]["timeZone"] == "Asia/Shanghai"
        assert (await client.get("/v1/preferences:own", headers=ada)).json()["preferences"]["userId"] == "ada"
        refused = await client.get("/v1/webhooks", headers=ada)
        assert (refused.status_code, refused.json()["details"][0]["reason"]) == (403, "ACCESS_DENIED")
        wrong = await client.get("/v1/notifications:watch", params={"cursor": "x"}, headers=ada)
        # The head of a stream is out before its first message: what is wrong is told in its place.
        assert "NOTIFICATION_CURSOR_INVALID" in wrong.text
