"""A rebuild on a real Kafka: the log is read from its beginning, and what is no longer there is noticed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.structs import TopicPartition
from flowmesh.events.v1.event_pb2 import EventEnvelope
from flowmesh.history.v1 import rebuild_service_pb2 as pb
from flowmesh.history.v1.rebuild_service_pb2_grpc import RebuildServiceStub

from history_svc.main import HistoryService
from history_svc.settings import HistorySettings
from history_svc.storage.schema import HEAD, MIGRATIONS
from mesh.bus.kafka_address import parse_address
from mesh.bus.opening import open_bus
from mesh.bus.port import Bus, BusError, BusMessage
from mesh.bus.topics import WORKFLOW_EXECUTION_EVENTS, all_topics
from mesh.db.database import Database
from mesh.db.migrate import migrate
from mesh.db.schema import open_database
from mesh.metrics import Metrics
from mesh.status import error_info_of
from tests.integration.history.test_rebuild import life
from tests.unit.history.stored import stored

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
PATIENCE_SECONDS = 120.0


async def _publish(bus: Bus, events: list[EventEnvelope]) -> None:
    await bus.publish(
        [BusMessage(WORKFLOW_EXECUTION_EVENTS, event.biz_id, event.SerializeToString()) for event in events]
    )


async def _caught_up(bus: Bus) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            # A broker that has just started has no coordinator for the group yet.
            with contextlib.suppress(BusError):
                offsets = await bus.group_offsets("history-service")
                if offsets and not any(at.lag for at in offsets):
                    return
            await asyncio.sleep(0.2)


@contextlib.asynccontextmanager
async def _serving(database: Database, bus: Bus) -> AsyncIterator[Any]:
    service = HistoryService(HistorySettings(port=0, drain_seconds=0.5), database, bus, Metrics())
    port = await service.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            yield RebuildServiceStub(channel)
        finally:
            await service.stop()


async def _rebuilt(stub: Any, **fields: Any) -> pb.Rebuild:
    rebuild: pb.Rebuild = (await stub.StartRebuild(pb.StartRebuildRequest(**fields))).rebuild
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not rebuild.HasField("end_time"):
            await asyncio.sleep(0.2)
            rebuild = (await stub.GetRebuild(pb.GetRebuildRequest(id=rebuild.id))).rebuild
    return rebuild


async def test_a_rebuild_reads_the_topic_from_its_beginning(kafka_url: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'history.db'}"
    await asyncio.to_thread(migrate, url, MIGRATIONS, HEAD)
    database = await open_database(url)
    bus = await open_bus(kafka_url)
    try:
        await _story(database, bus, kafka_url)
    finally:
        await bus.close()
        await database.close()


async def _story(database: Database, bus: Bus, kafka_url: str) -> None:
    await bus.ensure_topics(all_topics())
    lives = [life(number, ended=number % 3 != 0) for number in range(60)]
    await _publish(bus, [event for one in lives for event in one.events])
    async with _serving(database, bus) as stub:
        await _caught_up(bus)
        before = await stored(database)
        for _ in range(2):
            done = await _rebuilt(stub)
            assert pb.Rebuild.State.Name(done.state) == "STATE_SUCCEEDED", done
            assert done.events_applied == sum(len(one.events) for one in lives)
            assert await stored(database) == before
        await _delete_records(kafka_url, bus)
        newer = [life(100 + number) for number in range(20)]
        await _publish(bus, [event for one in newer for event in one.events])
        await _caught_up(bus)
        before = await stored(database)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await _rebuilt(stub)
        info = error_info_of(refused.value)
        assert info is not None
        assert info.reason == "HISTORY_LOG_INCOMPLETE"
        kept = await _rebuilt(stub, keep_older=True)
        assert pb.Rebuild.State.Name(kept.state) == "STATE_SUCCEEDED", kept
        assert kept.rows_kept > 60
        assert await stored(database) == before


async def _delete_records(kafka_url: str, bus: Bus) -> None:
    """Delete what is in the topic, as its retention would."""
    address = parse_address(kafka_url)
    offsets = await bus.group_offsets("history-service")
    admin = AIOKafkaAdminClient(bootstrap_servers=",".join(address.servers))
    await admin.start()
    try:
        topic = address.real(WORKFLOW_EXECUTION_EVENTS)
        await admin.delete_records(
            {TopicPartition(topic, at.partition): RecordsToDelete(before_offset=at.end) for at in offsets}
        )
    finally:
        await admin.close()
