"""How fast history is built again while new events come, and how long a read takes meanwhile:

    python -m bench.history_rebuild [--instances N]

On SQLite and the embedded bus. Prints events a second and the times of a listed page before and during it.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

import grpc
from flowmesh.events.v1.event_pb2 import EventEnvelope
from flowmesh.history.v1 import history_service_pb2, rebuild_service_pb2
from flowmesh.history.v1.history_service_pb2_grpc import HistoryServiceStub
from flowmesh.history.v1.rebuild_service_pb2_grpc import RebuildServiceStub

from history_svc.main import HistoryService
from history_svc.settings import HistorySettings
from history_svc.storage.schema import HEAD, MIGRATIONS
from mesh.bus.local import LocalBus
from mesh.bus.topics import all_topics
from mesh.db.migrate import migrate
from mesh.db.sqlite import SqliteDatabase
from mesh.metrics import Metrics
from tests.integration.history.test_rebuild import life, publish

LIMIT_SECONDS = 55.0


async def main(instances: int) -> None:
    """Measure, and print what came of it."""
    with tempfile.TemporaryDirectory(prefix="flowmesh-bench-") as folder:
        path = Path(folder)
        migrate(f"sqlite:///{path / 'history.db'}", MIGRATIONS, HEAD)
        database = SqliteDatabase(path / "history.db")
        bus = await LocalBus.open(path / "bus.db")
        await bus.ensure_topics(all_topics())
        events: list[EventEnvelope] = [event for number in range(instances) for event in life(number).events]
        await publish(bus, events)
        service = HistoryService(HistorySettings(port=0, drain_seconds=0.5), database, bus, Metrics())
        begun = time.monotonic()
        port = await service.start()
        while service.consumer.counters.handled < len(events):  # noqa: ASYNC110 - as anybody outside would look
            await asyncio.sleep(0.05)
        print(f"consumed {len(events) / (time.monotonic() - begun):.0f} events a second")
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            await _rebuild(channel, bus, len(events))
        await service.stop()
        await bus.close()
        await database.close()


async def _rebuild(channel: grpc.aio.Channel, bus: LocalBus, count: int) -> None:
    history, rebuilds = HistoryServiceStub(channel), RebuildServiceStub(channel)
    request = history_service_pb2.ListHistoricProcessInstancesRequest(page_size=50)

    async def read() -> float:
        begun = time.monotonic()
        await history.ListHistoricProcessInstances(request)
        return time.monotonic() - begun

    quiet = sorted([await read() for _ in range(50)])
    begun = time.monotonic()
    answer = await rebuilds.StartRebuild(rebuild_service_pb2.StartRebuildRequest())
    rebuild = answer.rebuild
    times: list[float] = []
    published = 0
    while not rebuild.HasField("end_time") and time.monotonic() - begun < LIMIT_SECONDS:
        told = life(1_000_000 + published).events
        await publish(bus, told)
        published += len(told)
        times.append(await read())
        await asyncio.sleep(0.02)
        asked = rebuild_service_pb2.GetRebuildRequest(id=rebuild.id)
        rebuild = (await rebuilds.GetRebuild(asked)).rebuild
    took = time.monotonic() - begun
    state = rebuild_service_pb2.Rebuild.State.Name(rebuild.state)
    print(
        f"{state} in {took:.1f} s: {rebuild.events_applied / took:.0f} events a second, {published} new ones meanwhile"
    )
    times.sort()
    print(f"a page before: p50 {quiet[25] * 1e3:.0f} ms, most {quiet[-1] * 1e3:.0f} ms; during it: ", end="")
    print(f"p50 {times[len(times) // 2] * 1e3:.0f} ms, p99 {times[int(len(times) * 0.99)] * 1e3:.0f} ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=1_500)
    asyncio.run(main(parser.parse_args().instances))
