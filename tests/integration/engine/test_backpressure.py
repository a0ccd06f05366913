"""The bus is away: the engine goes on serving until too much waits, then refuses new work first, then all that writes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from engine_svc.relay import EngineRelay
from mesh.admin_http import Readiness
from mesh.bus.local import LocalBus
from mesh.bus.port import Bus, BusError
from mesh.bus.topics import all_topics
from mesh.db.database import Database
from mesh.metrics import Metrics
from mesh.resilience.service_bus import ServiceBus
from tests.integration.engine.serving import Engine, refusal, until, user_task


async def test_the_bus_is_away_and_comes_back(engine_database: Database, tmp_path: Path) -> None:
    there = asyncio.Event()

    async def open_bus() -> Bus:
        if not there.is_set():
            raise BusError("connection refused")
        local: Any = await LocalBus.open(tmp_path / "bus.db")
        bus: Bus = local
        return bus

    engine = await Engine.started(engine_database, max_outbox_rows=20)
    readiness = Readiness()
    engine.service.add_checks(readiness)
    bus = ServiceBus(open_bus, readiness=readiness)
    bus.open_later()
    await bus.ensure_topics(all_topics())
    relay = EngineRelay(engine_database, bus, Metrics())
    relay.start()

    async def backlog() -> int:
        await engine.service.backlog.look()
        await asyncio.sleep(0.15)
        return engine.service.backlog.rows

    await engine.deploy(user_task())
    instances = [await engine.start("review") for _ in range(22)]
    ready, report = await readiness.report()
    assert (ready, report["status"]) == (True, "degraded")
    assert await backlog() >= 20
    refused = await refusal(engine.start("review"))
    assert (refused.code, refused.reason) == ("RESOURCE_EXHAUSTED", "BACKPRESSURE")
    assert "wait for the bus" in refused.message
    tasks = await engine.user_tasks()
    # What others wait for is still done.
    for task in tasks:
        if await backlog() >= 40:
            break
        await engine.complete_task(task.id)
    refused = await refusal(engine.complete_task(tasks[-1].id))
    assert refused.reason == "BACKPRESSURE"
    assert (await engine.get(instances[-1].id)).id == instances[-1].id
    there.set()

    async def drained() -> bool:
        return await backlog() == 0

    await until(drained)
    await engine.start("review")
    await engine.complete_task(tasks[-1].id)
    ready, report = await readiness.report()
    assert (ready, report["status"]) == (True, "ready")
    await relay.stop()
    await engine.stop()
    await bus.close()
