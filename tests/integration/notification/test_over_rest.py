"""The inbox and its live stream over REST: the real gateway in front of a running service."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc.aio
import httpx
import pytest
from flowmesh.notification.v1 import notification_service_pb2 as pb
from flowmesh.notification.v1.notification_service_pb2_grpc import NotificationServiceStub

from gateway_envoy.launch import EnvoyProcess
from gateway_envoy.settings import OFF, GatewaySettings
from mesh.bus.port import Bus
from mesh.db.database import Database
from tests.integration.notification.cutting_proxy import cutting_proxy
from tests.integration.notification.running import Running, running
from tests.integration.notification.told_events import Instance, user

DESCRIPTORS = (Path(__file__).resolve().parents[3] / "gen" / "descriptors.binpb").read_bytes()
CUTS = 12
NOTIFICATIONS = 120
PACKAGES = ("engine", "identity", "form", "notification", "history", "monitoring")


@contextlib.asynccontextmanager
async def over_rest(service: Running, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of a gateway; who calls is said by the correlation id, as the service of these tests takes it."""
    async with (
        gateway(service, folder) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):
        yield client


@contextlib.asynccontextmanager
async def gateway(service: Running, folder: Path) -> AsyncIterator[int]:
    """Run a gateway; give its port."""
    address = f"127.0.0.1:{service.port}"
    settings = GatewaySettings(
        backends={f"flowmesh.{name}.v1": [address] for name in PACKAGES},
        listen_host="127.0.0.1",
        listen_port=0,
        authentication=OFF,
        reflection_package="flowmesh.notification.v1",
    )
    envoy = EnvoyProcess(DESCRIPTORS, settings, folder)
    # It was not ready within the usual 10 s on a machine that was busy with other work.
    await envoy.start(60)
    try:
        yield envoy.port
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


class EventSource:
    """Reads server-sent events as a browser does: an event counts once its empty line is there, and who connects again
    sends the last id."""

    def __init__(self, url: str, **query: str) -> None:
        self._url = url
        self._query = query
        self.last_id = ""
        self.events: list[tuple[str, str, Any]] = []
        self.connected = 0
        self.content_type = ""

    async def follow(self, count: int) -> None:
        """Follow until there are so many events, however often the connection breaks."""
        async with httpx.AsyncClient(timeout=60) as client:
            while len(self.events) < count:
                with contextlib.suppress(httpx.TransportError):
                    await self._connect(client, count)

    async def _connect(self, client: httpx.AsyncClient, count: int) -> None:
        headers = {"accept": "text/event-stream", "x-correlation-id": "ada"}
        if self.last_id:
            headers["last-event-id"] = self.last_id
        async with client.stream("GET", self._url, params=self._query, headers=headers) as stream:
            assert stream.status_code == 200, await stream.aread()
            self.content_type = stream.headers["content-type"]
            self.connected += 1
            fields: dict[str, str] = {}
            async for line in stream.aiter_lines():
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                    continue
                self.last_id = fields.get("id", self.last_id)
                if "data" in fields:
                    self.events.append((fields["event"], fields["id"], json.loads(fields["data"])))
                fields = {}
                if len(self.events) >= count:
                    return


@pytest.mark.timeout(600)
async def test_events_go_on_where_they_broke_off(notification: Database, bus: Bus, tmp_path: Path) -> None:
    """The connection to the gateway is cut again and again, amid events and between them."""
    dice = random.Random(7)
    async with running(notification, bus) as service, gateway(service, tmp_path) as port:
        await service.publish(user("ada", locale="en"))
        instance = Instance("i1")
        cuts = iter([dice.randint(300, 9_000) for _ in range(CUTS)])
        async with cutting_proxy(port, cuts) as proxy, asyncio.timeout(500):
            source = EventSource(f"http://127.0.0.1:{proxy.port}/v1/notifications:stream")
            following = asyncio.create_task(source.follow(NOTIFICATIONS))
            while not source.last_id:
                await asyncio.sleep(0.01)
            for number in range(NOTIFICATIONS):
                await service.publish(instance.task(f"t{number}", "ada"))
                # All that comes before the last cut is awaited, or there would be no cut.
                if number % 10 == 9:
                    await asyncio.sleep(0.3)
            await following
        assert proxy.cut >= CUTS // 2
        assert source.connected > proxy.cut // 2
        assert source.content_type == "text/event-stream"
        # Each once, in their order, with rising ids.
        assert {kind for kind, _, _ in source.events} == {"notification"}
        assert [one["taskId"] for _, _, one in source.events] == [f"t{number}" for number in range(NOTIFICATIONS)]
        numbers = [int(cursor.partition(".")[0]) for _, cursor, _ in source.events]
        assert numbers == sorted(set(numbers))
        # As the gateway writes messages: what has no presence is there although it is empty.
        assert source.events[0][2]["obsolete"] is False
        assert source.events[0][2]["eventType"] == "EVENT_TYPE_TASK_ASSIGNED"


@pytest.mark.timeout(300)
async def test_where_events_begin(notification: Database, bus: Bus, tmp_path: Path) -> None:
    async with running(notification, bus) as service, over_rest(service, tmp_path) as client:
        await service.publish(user("ada", locale="en"))
        instance = Instance("i1")
        await service.publish(instance.task("t0", "ada"))
        ada = {"x-correlation-id": "ada"}
        cursor = (await client.get("/v1/notifications", headers=ada)).json()["cursor"]
        await service.publish(instance.task("t1", "ada"), instance.task("t2", "ada"))
        url = f"{client.base_url}/v1/notifications:stream"
        async with asyncio.timeout(60):
            source = EventSource(url, cursor=cursor)
            await source.follow(1)
            assert source.events[0][2]["taskId"] == "t1"
            # The header wins: the URL is that of the first time.
            await source.follow(2)
        assert [one["taskId"] for _, _, one in source.events] == ["t1", "t2"]
        for headers in ({"last-event-id": "x"}, {"last-event-id": "999999.~"}):
            wrong = await client.get("/v1/notifications:stream", headers={**ada, **headers})
            assert "NOTIFICATION_CURSOR_INVALID" in wrong.text
            assert wrong.status_code == 400
        # Nobody's cursor leads into another's inbox.
        async with (
            asyncio.timeout(60),
            client.stream("GET", "/v1/notifications:stream", headers={"x-correlation-id": "bob"}) as stream,
        ):
            assert [line async for line in _first_lines(stream, 3)] == ["retry: 2000", "id: 0.~", ": heartbeat"]


async def _first_lines(stream: httpx.Response, count: int) -> AsyncIterator[str]:
    async for line in stream.aiter_lines():
        yield line
        count -= 1
        if not count:
            return


@pytest.mark.timeout(600)
async def test_grpc_goes_on_by_its_cursor(notification: Database, bus: Bus, tmp_path: Path) -> None:
    dice = random.Random(8)
    async with running(notification, bus) as service, gateway(service, tmp_path) as port:
        await service.publish(user("ada", locale="en"))
        instance = Instance("i1")
        cuts = iter([dice.randint(600, 6_000) for _ in range(CUTS)])
        told: list[str] = []
        cursor = ""
        broken = 0

        async def follow() -> None:
            nonlocal cursor, broken
            while len(told) < NOTIFICATIONS:
                async with grpc.aio.insecure_channel(f"127.0.0.1:{proxy.port}") as channel:
                    watch: Any = NotificationServiceStub(channel).WatchNotifications
                    try:
                        request = pb.WatchNotificationsRequest(cursor=cursor)
                        async for message in watch(request, metadata=(("x-correlation-id", "ada"),)):
                            assert not message.HasField("error"), message
                            cursor = message.cursor
                            if message.HasField("notification"):
                                told.append(message.notification.task_id)
                            if len(told) == NOTIFICATIONS:
                                break
                    except grpc.aio.AioRpcError as error:
                        assert error.code() == grpc.StatusCode.UNAVAILABLE, error
                        broken += 1

        async with cutting_proxy(port, cuts) as proxy, asyncio.timeout(500):
            following = asyncio.create_task(follow())
            while not cursor:
                await asyncio.sleep(0.01)
            for number in range(NOTIFICATIONS):
                await service.publish(instance.task(f"t{number}", "ada"))
                if number % 10 == 9:
                    await asyncio.sleep(0.3)
            await following
        assert broken >= CUTS // 2
        assert told == [f"t{number}" for number in range(NOTIFICATIONS)]
