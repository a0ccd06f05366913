from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from flowmesh.monitoring.v1.consumer_group_service_pb2_grpc import ConsumerGroupServiceStub
from flowmesh.monitoring.v1.dead_letter_service_pb2_grpc import DeadLetterServiceStub
from flowmesh.monitoring.v1.topic_service_pb2_grpc import TopicServiceStub

from mesh.bus.local import LocalBus
from mesh.bus.topics import all_topics
from mesh.metrics import Metrics
from monitoring_svc.main import MonitoringService
from monitoring_svc.settings import MonitoringSettings


@pytest.fixture
async def bus(tmp_path: Path) -> AsyncIterator[LocalBus]:
    opened = await LocalBus.open(tmp_path / "bus.db")
    await opened.ensure_topics(all_topics())
    yield opened
    await opened.close()


@pytest.fixture
async def port(bus: LocalBus) -> AsyncIterator[int]:
    """Port of a monitoring service on the bus."""
    service = MonitoringService(MonitoringSettings(port=0, drain_seconds=0), bus, Metrics())
    yield await service.start()
    await service.stop()


@pytest.fixture
async def channel(port: int) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as opened:
        yield opened


@pytest.fixture
def topics(channel: grpc.aio.Channel) -> Any:
    return TopicServiceStub(channel)


@pytest.fixture
def groups(channel: grpc.aio.Channel) -> Any:
    return ConsumerGroupServiceStub(channel)


@pytest.fixture
def letters(channel: grpc.aio.Channel) -> Any:
    return DeadLetterServiceStub(channel)
