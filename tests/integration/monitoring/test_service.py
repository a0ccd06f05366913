"""The service as a whole: in a process of its own, and on a bus that fails it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from flowmesh.monitoring.v1 import consumer_group_service_pb2, dead_letter_service_pb2, topic_service_pb2
from flowmesh.monitoring.v1.topic_service_pb2_grpc import TopicServiceStub

from mesh.admin_http import Readiness
from mesh.bus.port import Bus, BusError
from mesh.metrics import Metrics
from mesh.status import error_info_of, reason_of
from monitoring_svc.lag import LagSampler
from monitoring_svc.main import MonitoringService
from monitoring_svc.settings import MonitoringSettings
from tests.infrastructure.ports import free_port

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_SECONDS = 20.0

EVERY_CALL: list[tuple[str, str, Any]] = [
    ("topics", "ListTopics", topic_service_pb2.ListTopicsRequest()),
    ("topics", "EnsureTopics", topic_service_pb2.EnsureTopicsRequest()),
    ("groups", "ListConsumerGroups", consumer_group_service_pb2.ListConsumerGroupsRequest()),
    ("groups", "GetConsumerGroup", consumer_group_service_pb2.GetConsumerGroupRequest(name="g")),
    ("letters", "ListDeadLetters", dead_letter_service_pb2.ListDeadLettersRequest(topic="t")),
    ("letters", "GetDeadLetter", dead_letter_service_pb2.GetDeadLetterRequest(name="t.0.0")),
    ("letters", "ReplayDeadLetters", dead_letter_service_pb2.ReplayDeadLettersRequest(names=["t.0.0"])),
    ("letters", "DiscardDeadLetters", dead_letter_service_pb2.DiscardDeadLettersRequest(topic="t")),
]


async def _broken(*_: object, **__: object) -> Any:
    raise BusError("no broker answers")


async def _silent(*_: object, **__: object) -> Any:
    await asyncio.sleep(3_600)


@pytest.mark.parametrize(("fault", "says"), [(_broken, "no broker answers"), (_silent, "within 0.2 s")])
async def test_a_bus_that_fails_is_told_by_every_method(
    bus: Bus, monkeypatch: pytest.MonkeyPatch, fault: Callable[..., Any], says: str
) -> None:
    for method in ("topics", "consumer_groups", "group_offsets", "dead_letters", "replay_dead_letters"):
        monkeypatch.setattr(bus, method, fault)
    readiness = Readiness()
    service = MonitoringService(MonitoringSettings(port=0, drain_seconds=0, bus_timeout_seconds=0.2), bus, Metrics())
    service.add_checks(readiness)
    port = await service.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        services = {"topics": "TopicService", "groups": "ConsumerGroupService", "letters": "DeadLetterService"}
        for of, method, request in EVERY_CALL:
            call = channel.unary_unary(
                f"/flowmesh.monitoring.v1.{services[of]}/{method}", request_serializer=type(request).SerializeToString
            )
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call(request)
            assert caught.value.code() is grpc.StatusCode.UNAVAILABLE, method
            assert reason_of(caught.value) == "DEPENDENCY_UNAVAILABLE"
            info = error_info_of(caught.value)
            assert info is not None
            assert dict(info.metadata) == {"dependency": "bus"}
            assert says in str(caught.value.details())
    ready, report = await readiness.report()
    await service.stop()
    assert ready, "it can say what is wrong"
    assert report["status"] == "degraded"
    assert says in str(report)


async def test_measuring_goes_on_after_a_failure(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = Metrics()
    sampler = LagSampler(bus, metrics, 0.01, 1)
    monkeypatch.setattr(bus, "consumer_groups", _broken)
    sampler.start()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while b"flowmesh_monitoring_failures_total 2.0" not in metrics.exposition()[0]:
            await asyncio.sleep(0.01)
    await sampler.stop()


async def _alone(folder: Path, port: int, admin_port: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "monitoring_svc.main",
        cwd=ROOT,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("FLOWMESH_")},
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "gen"))),
            "FLOWMESH_DATA_DIR": str(folder),
            "FLOWMESH_AUTHENTICATION": "off",
            "FLOWMESH_MONITORING_PORT": str(port),
            "FLOWMESH_MONITORING_ADMIN_PORT": str(admin_port),
        },
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_alone_in_a_process(tmp_path: Path) -> None:
    port, admin_port = free_port(), free_port()
    process = await _alone(tmp_path, port, admin_port)
    async with httpx.AsyncClient() as client, asyncio.timeout(PATIENCE_SECONDS):
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await client.get(f"http://127.0.0.1:{admin_port}/readyz")).status_code == 200:
                    break
            await asyncio.sleep(0.02)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        await channel.channel_ready()
        stub: Any = TopicServiceStub(channel)
        created = await stub.EnsureTopics(topic_service_pb2.EnsureTopicsRequest())
        assert len(created.created) == len(created.topics)
    second = await _alone(tmp_path, port, 0)
    _, errors = await second.communicate()
    assert second.returncode == 2
    assert errors.splitlines()[-1].startswith(b"Port %d on 127.0.0.1 is in use" % port)
    process.send_signal(signal.SIGTERM)
    _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")
