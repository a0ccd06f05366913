"""The service as a whole: events on the bus, answers by gRPC, in this process and in one of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from flowmesh.events.v1.event_pb2 import EventEnvelope
from flowmesh.history.v1 import history_service_pb2 as pb
from flowmesh.history.v1.history_pb2 import HistoricProcessInstance
from flowmesh.history.v1.history_service_pb2_grpc import HistoryServiceStub

from history_svc.consumers.consuming import WorkflowEventConsumer
from history_svc.consumers.projection import project
from history_svc.main import HistoryService
from history_svc.settings import HistorySettings
from history_svc.storage.schema import HEAD, MIGRATIONS
from mesh.admin_http import Readiness
from mesh.bus.local import LocalBus
from mesh.bus.port import Bus, BusMessage
from mesh.bus.topics import WORKFLOW_EXECUTION_EVENTS, all_topics
from mesh.db.database import Database
from mesh.db.schema import ensure_schema
from mesh.db.sqlite import SqliteDatabase
from mesh.metrics import Metrics
from mesh.startup import StartupError
from tests.infrastructure.ports import free_port
from tests.unit.history.event_histories import Life
from tests.unit.history.stored import stored

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_SECONDS = 20.0


@pytest.fixture
async def bus(tmp_path: Path) -> AsyncIterator[LocalBus]:
    opened = await LocalBus.open(tmp_path / "bus.db")
    await opened.ensure_topics(all_topics())
    yield opened
    await opened.close()


async def _publish(bus: Bus, events: Sequence[EventEnvelope]) -> None:
    await bus.publish(
        [BusMessage(WORKFLOW_EXECUTION_EVENTS, event.biz_id, event.SerializeToString()) for event in events]
    )


def _whole_life() -> Life:
    life = Life()
    life.start("ann", amount=5)
    activity = life.activity("approve")
    start = life.enter(activity)
    life.tell("user_task_created", task_id=activity.id, element_id="approve", name="Approve")
    life.commit()
    life.leave(activity, start)
    life.tell("user_task_completed", task_id=activity.id, element_id="approve", assignee="bob")
    life.end()
    return life


async def _ended(stub: Any, instance_id: str) -> HistoricProcessInstance:
    """Wait until history knows the end of an instance."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            with contextlib.suppress(grpc.aio.AioRpcError):
                answer = await stub.GetHistoricProcessInstance(pb.GetHistoricProcessInstanceRequest(id=instance_id))
                if answer.historic_process_instance.HasField("end_time"):
                    found: HistoricProcessInstance = answer.historic_process_instance
                    return found
            await asyncio.sleep(0.02)


async def test_events_on_the_bus_become_answers(history: Database, bus: LocalBus) -> None:
    metrics, readiness = Metrics(), Readiness()
    service = HistoryService(HistorySettings(port=0), history, bus, metrics)
    service.add_checks(readiness)
    port = await service.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub: Any = HistoryServiceStub(channel)
        life = _whole_life()
        await _publish(bus, life.events)
        await _publish(bus, life.events)
        assert (await _ended(stub, life.id)).initiator == "ann"
        tasks = await stub.ListHistoricTasks(pb.ListHistoricTasksRequest(process_instance_id=life.id))
        assert [task.assignee for task in tasks.historic_tasks] == ["bob"]
        ready, report = await readiness.report()
        assert ready, report
    await service.stop()
    text, _ = metrics.exposition()
    assert f"flowmesh_history_consumer_handled {float(len(life.events))}".encode() in text


async def test_events_of_the_time_it_was_down_are_caught_up(history: Database, bus: LocalBus) -> None:
    lives = [_whole_life() for _ in range(5)]
    for life in lives:
        await _publish(bus, life.events)
        service = HistoryService(HistorySettings(port=0), history, bus, Metrics())
        port = await service.start()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            await _ended(HistoryServiceStub(channel), life.id)
        await service.stop()


async def test_an_event_that_cannot_be_taken_in_holds_up_nothing(history: Database, bus: LocalBus) -> None:
    good, bad = _whole_life(), Life(ordinal=1 << 20)
    bad.start()
    await bus.publish([BusMessage(WORKFLOW_EXECUTION_EVENTS, good.id, b"no event")])
    await _publish(bus, [*bad.events, *good.events])
    service = HistoryService(HistorySettings(port=0), history, bus, Metrics())
    port = await service.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        await _ended(HistoryServiceStub(channel), good.id)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while service.consumer.counters.dead_letters < 2:
            await asyncio.sleep(0.02)
    await service.stop()
    letters = await bus.dead_letters(WORKFLOW_EXECUTION_EVENTS, None, 10)
    assert {letter.value for letter in letters} == {b"no event", bad.events[0].SerializeToString()}


async def test_a_port_in_use_is_told_and_nothing_stays_open(history: Database, bus: LocalBus) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        service = HistoryService(HistorySettings(port=port), history, bus, Metrics())
        with pytest.raises(StartupError, match=str(port)):
            await service.start()
        await service.stop()


async def test_a_bug_makes_the_consumer_begin_again(
    history: Database, bus: LocalBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    consumer = WorkflowEventConsumer(bus, history, max_batch=10, restart_seconds=0.3)
    joins = 0
    join = bus.consumer

    async def broken_once(group: str, topics: Sequence[str]) -> Any:
        nonlocal joins
        joins += 1
        if joins == 1:
            raise RuntimeError("a bug")
        return await join(group, topics)

    monkeypatch.setattr(bus, "consumer", broken_once)
    life = _whole_life()
    await _publish(bus, life.events)
    consumer.start()
    seen_failure = False
    async with asyncio.timeout(PATIENCE_SECONDS):
        while consumer.counters.handled < len(life.events):
            try:
                await consumer.check()
            except RuntimeError:
                seen_failure = True
            await asyncio.sleep(0.01)
    assert seen_failure
    assert "events taken in" in await consumer.check()
    await consumer.stop()


async def _alone(folder: Path, port: int, admin_port: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "history_svc.main",
        cwd=ROOT,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("FLOWMESH_")},
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "gen"))),
            "FLOWMESH_DATA_DIR": str(folder),
            "FLOWMESH_AUTHENTICATION": "off",
            "FLOWMESH_HISTORY_PORT": str(port),
            "FLOWMESH_HISTORY_ADMIN_PORT": str(admin_port),
        },
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )


async def _until_ready(admin_port: int) -> None:
    async with httpx.AsyncClient() as client, asyncio.timeout(PATIENCE_SECONDS):
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await client.get(f"http://127.0.0.1:{admin_port}/readyz")).status_code == 200:
                    return
            await asyncio.sleep(0.02)


async def test_alone_in_a_process(tmp_path: Path, bus: LocalBus) -> None:
    port, admin_port = free_port(), free_port()
    process = await _alone(tmp_path, port, admin_port)
    await _until_ready(admin_port)
    life = _whole_life()
    await _publish(bus, life.events)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        await _ended(HistoryServiceStub(channel), life.id)
        second = await _alone(tmp_path, port, 0)
        _, errors = await second.communicate()
        assert second.returncode == 2
        assert errors.splitlines()[-1].startswith(b"Port %d on 127.0.0.1 is in use" % port)
    process.send_signal(signal.SIGTERM)
    _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")


async def test_killed_again_and_again_it_misses_nothing(tmp_path: Path, bus: LocalBus) -> None:
    """Kill the process at different moments while events come in, then compare with a history taken in at rest."""
    lives = [_whole_life() for _ in range(600)]
    events = [event for life in lives for event in life.events]
    published = 0

    async def publish() -> None:
        nonlocal published
        while published < len(events):
            await _publish(bus, events[published : published + 40])
            published += 40
            await asyncio.sleep(0.02)

    publishing = asyncio.create_task(publish())
    for kill in range(6):
        port, admin_port = free_port(), free_port()
        process = await _alone(tmp_path, port, admin_port)
        await _until_ready(admin_port)
        await asyncio.sleep(0.03 * kill)
        process.kill()
        await process.communicate()
    await publishing
    database = SqliteDatabase(tmp_path / "history.db")
    settings = HistorySettings(port=0)
    service = HistoryService(settings, database, bus, Metrics())
    port = await service.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = HistoryServiceStub(channel)
        for life in lives:
            await _ended(stub, life.id)
    await service.stop()
    survived = await stored(database)
    await database.close()

    path = tmp_path / "at-rest.db"
    await ensure_schema(f"sqlite:///{path}", MIGRATIONS, HEAD)
    database = SqliteDatabase(path)
    await database.write(project(events))
    at_rest = await stored(database)
    await database.close()
    assert survived == at_rest
