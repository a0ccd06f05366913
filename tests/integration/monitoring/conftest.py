from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from flowmesh.monitoring.v1.consumer_group_service_pb2_grpc import ConsumerGroupServiceStub
from flowmesh.monitoring.v1.dead_letter_service_pb2_grpc import DeadLetterServiceStub
from flowmesh.monitoring.v1.topic_service_pb2_grpc import TopicServiceStub

from mesh.bus.opening import open_bus
from mesh.bus.port import Bus
from mesh.bus.topics import all_topics
from mesh.metrics import Metrics
from monitoring_svc.main import MonitoringService
from monitoring_svc.settings import MonitoringSettings


@pytest.fixture
async def empty_bus(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bus]:
    """A bus without topics: in a file, and on Kafka where a test asks for both (`BOTH_BUSES`)."""
    on_kafka = getattr(request, "param", "local") == "kafka"
    opened = await open_bus(request.getfixturevalue("kafka_url") if on_kafka else f"sqlite:///{tmp_path / 'bus.db'}")
    yield opened
    await opened.close()


@pytest.fixture
async def bus(empty_bus: Bus) -> Bus:
    await empty_bus.ensure_topics(all_topics())
    return empty_bus


@pytest.fixture
async def port(empty_bus: Bus) -> AsyncIterator[int]:
    """Port of a monitoring service on the bus."""
    # A busy machine's Kafka may take longer than a caller would wait.
    settings = MonitoringSettings(port=0, drain_seconds=0, bus_timeout_seconds=60)
    service = MonitoringService(settings, empty_bus, Metrics())
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
