"""A poison event from its failure to its effect, as an operator sees it: REST through Envoy, and the commands."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway_envoy.contract import read_contract
from gateway_envoy.launch import EnvoyProcess
from gateway_envoy.settings import OFF, GatewaySettings
from mesh.bus.port import Bus
from mesh.db.database import Database
from tests.gateway.running import DESCRIPTORS
from tests.infrastructure.events import event_message
from tests.infrastructure.mariadb import create_tables
from tests.integration.monitoring.consuming import BOTH_BUSES, TOPIC, Handler, Running, until
from tests.launcher.running import flowmesh
from tests.storage.tables import METADATA


@pytest.fixture
async def store(database: Database, database_url: str) -> Database:
    await create_tables(database_url, METADATA)
    return database


@pytest.fixture
async def gateway(port: int, tmp_path: Path) -> AsyncIterator[str]:
    """URL of an Envoy before the monitoring service."""
    settings = GatewaySettings(
        # Only monitoring is asked here, but every package with REST routes needs a backend.
        backends={package: [f"127.0.0.1:{port}"] for package in read_contract(DESCRIPTORS).packages},
        listen_host="127.0.0.1",
        listen_port=0,
        authentication=OFF,
    )
    envoy = EnvoyProcess(DESCRIPTORS, settings, tmp_path / "envoy", access_log=subprocess.DEVNULL)
    await envoy.start()
    yield f"http://127.0.0.1:{envoy.port}"
    await envoy.stop(drain=0)


async def command(url: str, *arguments: str) -> Any:
    done = await asyncio.to_thread(flowmesh, *arguments, "--json", "--url", url)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@BOTH_BUSES
async def test_an_event_that_broke_its_handler_takes_effect_once_after_the_mend(
    bus: Bus, store: Database, gateway: str
) -> None:
    broken, fine = Handler("poison"), Handler()
    async with (
        httpx.AsyncClient(base_url=gateway, timeout=30) as rest,
        Running(bus, store, "billing", broken) as billing,
        Running(bus, store, "search", fine) as search,
    ):
        await bus.publish([event_message("poison", 0), event_message("good", 0)])
        await until(lambda: billing.counters.dead_letters == 1 and search.counters.handled == 2)

        listed = (await rest.get("/v1/system/deadLetters", params={"topic": TOPIC})).json()["deadLetters"]
        [seen] = await command(gateway, "dlq", "list", TOPIC)
        assert listed == [seen | {"size": str(seen["size"])}]
        assert (seen["reason"], seen["consumerGroup"], seen["key"]) == ("ValueError", "billing", "poison")
        answer = await rest.get(f"/v1/system/deadLetters/{seen['name']}")
        assert answer.status_code == 200
        letter = answer.json()["deadLetter"]
        assert letter["event"]["processInstanceSuspended"]["processInstance"]["id"] == "poison"
        assert "the handler breaks on poison" in letter["stack"]
        shown = await command(gateway, "dlq", "show", seen["name"])
        assert shown["event"]["bizId"] == "poison"

        broken.poison.clear()
        assert await command(gateway, "dlq", "replay", seen["name"]) == {"count": 1}
        await until(lambda: billing.counters.handled == 2)
        assert (await rest.get("/v1/system/deadLetters", params={"topic": TOPIC})).json()["deadLetters"] == []
        again = await rest.post("/v1/system/deadLetters:replay", json={"names": [seen["name"]]})
        assert again.json() == {"replayedCount": 0, "more": False}
        await until(lambda: search.counters.received == 3)
        group = (await rest.get("/v1/system/consumerGroups/billing")).json()["consumerGroup"]
        assert group["topics"] == [TOPIC]
    assert set(broken.effects.values()) == set(fine.effects.values()) == {1}
    assert broken.effects.keys() == fine.effects.keys()
    assert (search.counters.handled, search.counters.duplicates) == (2, 0)
