"""`flowmesh notifications …` as people and scripts use it, against a running service."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from launcher.cli import _parser
from launcher.client import deliveries, inbox, webhooks
from launcher.client.connection import Connection
from launcher.client.failure import CommandFailed
from launcher.client.gateway_url import GatewayUrl
from launcher.client.output import Output
from mesh.bus.port import Bus
from mesh.db.database import Database
from tests.integration.notification.running import Running, running
from tests.integration.notification.told_events import Instance, user

MODULES = {"inbox": inbox, "webhooks": webhooks, "deliveries": deliveries}


class As:
    """Signs calls as somebody; see `Access.authorize` of these tests."""

    advice = ""
    source = "the test"

    def __init__(self, name: str) -> None:
        self._name = name

    def token(self) -> str:
        return self._name

    def renewed(self, refused: str) -> str:
        return ""


async def _run(service: Running, name: str, *words: str) -> None:
    """Run a command line as somebody."""
    url = f"http://127.0.0.1:{service.port}"
    arguments = _parser().parse_args(["notifications", *words, "--url", url])
    module, _, function = arguments.run.partition(":")

    def run() -> None:
        with Connection(GatewayUrl.parse(url, None), As(name)) as connection:
            getattr(MODULES[module], function)(connection, Output(as_json=arguments.json), arguments)

    await asyncio.to_thread(run)


async def test_inbox_and_stream(notification: Database, bus: Bus, capsys: pytest.CaptureFixture[str]) -> None:
    def said() -> str:
        return capsys.readouterr().out

    async with running(notification, bus) as service:
        await service.publish(user("ada", locale="en"))
        await _run(service, "ada", "inbox")
        assert said() == "There are no notifications.\n"
        instance = Instance("i1")
        await service.publish(instance.task("t1", "ada"))
        await _run(service, "ada", "inbox")
        assert "Task t1" in said()
        await _run(service, "ada", "inbox", "--unread", "--json")
        [one] = json.loads(said())
        await _run(service, "ada", "read", one["id"])
        assert said() == "It is read.\n"
        await _run(service, "ada", "inbox", "--unread")
        assert said() == "There are no notifications.\n"
        watching = asyncio.create_task(_run(service, "ada", "watch", "--count", "1", "--json"))
        await asyncio.sleep(1)
        await service.publish(instance.task("t2", "ada"))
        async with asyncio.timeout(60):
            await watching
        told: Any = json.loads(said())
        assert told["taskId"] == "t2"
        await service.publish(instance.task("t3", "ada"))
        async with asyncio.timeout(60):
            await _run(service, "ada", "watch", "--count", "1", "--cursor", told["cursor"])
        assert "Task t3" in said()
        await _run(service, "ada", "read", "--all")
        assert said() == "2 notifications are read now.\n"
        await _run(service, "ada", "delete", one["id"])
        assert said() == "It is deleted.\n"


async def test_webhooks_and_deliveries(notification: Database, bus: Bus, capsys: pytest.CaptureFixture[str]) -> None:
    def said() -> Any:
        return json.loads(capsys.readouterr().out)

    async with running(notification, bus) as service:
        service.access.tenants["root"] = None
        target = "http://127.0.0.1:9/hook"
        await _run(service, "root", "add-webhook", target, "--event", "task.assigned", "--key", "vac*", "--json")
        made = said()
        assert made["secret"].startswith("whsec_")
        webhook = made["webhook"]["id"]
        await _run(service, "root", "rotate-webhook", webhook, "--json")
        assert said()["secret"] != made["secret"]
        for verb, state in (("disable-webhook", "STATE_DISABLED"), ("enable-webhook", "STATE_ENABLED")):
            await _run(service, "root", verb, webhook, "--json")
            assert said()["state"] == state
        with pytest.raises(CommandFailed, match="no_such is no event; there are task_assigned"):
            await _run(service, "root", "add-webhook", target, "--event", "no_such")
        await service.publish(user("ada"))
        await service.publish(Instance("i1").task("t1", "ada"))
        await service.settled()
        await _run(service, "root", "webhooks")
        assert "task_assigned" in capsys.readouterr().out
        await _run(service, "root", "deliveries", "--webhook", webhook, "--json")
        [failed] = said()
        await _run(service, "root", "delivery", failed["id"])
        assert "failed" in capsys.readouterr().out
        await _run(service, "root", "discard", failed["id"], "--json")
        assert said()["state"] == "STATE_DISCARDED"
        await _run(service, "root", "resend", failed["id"], "--json")
        assert said()["state"] == "STATE_PENDING"
        await _run(service, "root", "delete-webhook", webhook)
        assert "is deleted" in capsys.readouterr().out
        with pytest.raises(CommandFailed, match="DELIVERY_NOT_FOUND"):
            await _run(service, "root", "resend", "nothing")
