"""Reads that wait for commits: woken by this process or by the row that another one wrote, and refused in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from flowmesh.history.v1 import history_service_pb2 as pb
from flowmesh.history.v1.history_service_pb2_grpc import HistoryServiceStub

from history_svc.consumers.projection import project
from history_svc.main import HistoryService
from history_svc.queries.commit_waits import CommitWaits
from history_svc.settings import HistorySettings
from history_svc.storage.retention_layout import GONE, NO_ARCHIVE, PURGE_COLUMNS, PURGE_TABLE
from mesh.bus.local import LocalBus
from mesh.bus.port import BusMessage
from mesh.bus.topics import WORKFLOW_EXECUTION_EVENTS, all_topics
from mesh.commit_token import encode_commit_token
from mesh.db.database import Database
from mesh.db.statements import InsertMany, Program
from mesh.errors import InvalidField, TooLate
from mesh.metrics import Metrics
from mesh.status import error_info_of, reason_of, status_of
from tests.unit.history.event_histories import Life

LONG_SECONDS = 20.0


def _life() -> Life:
    life = Life()
    life.start()
    life.set(a=1)
    return life


def _token(*lives: Life) -> str:
    return encode_commit_token([(life.id, life.revision) for life in lives])


async def test_what_is_known_is_not_waited_for(history: Database) -> None:
    life = _life()
    await history.write(project(life.events))
    hastened: list[bool] = []
    waits = CommitWaits(history, hasten=lambda: hastened.append(True), max_seconds=0.0)
    await waits.wait("")
    await waits.wait(_token(life))
    assert not hastened


async def test_a_commit_taken_in_here_wakes_its_reads_at_once(history: Database) -> None:
    lives = [_life(), _life()]
    hastened: list[bool] = []
    waits = CommitWaits(
        history, hasten=lambda: hastened.append(True), max_seconds=LONG_SECONDS, poll_seconds=LONG_SECONDS
    )
    both = asyncio.create_task(waits.wait(_token(*lives)))
    one = asyncio.create_task(waits.wait(_token(lives[0])))
    while len(hastened) < 2:
        await asyncio.sleep(0)
    waits.reached(lives[0].events[:-1])
    await asyncio.sleep(0.02)
    assert not one.done()
    waits.reached(lives[0].events[-1:])
    await one
    assert not both.done()
    waits.reached(lives[1].events)
    await both


async def test_a_commit_taken_in_elsewhere_is_noticed(history: Database) -> None:
    life = _life()
    waits = CommitWaits(history, max_seconds=LONG_SECONDS)
    waiting = asyncio.create_task(waits.wait(_token(life)))
    await asyncio.sleep(0.02)
    await history.write(project(life.events[:1]))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await history.write(project(life.events[1:]))
    started = time.monotonic()
    await waiting
    assert time.monotonic() - started < LONG_SECONDS / 4


async def test_a_later_revision_will_do(history: Database) -> None:
    life = _life()
    token = _token(life)
    life.commit()
    life.set(b=1)
    await history.write(project(life.events[-1:]))
    await CommitWaits(history, max_seconds=0.0).wait(token)


async def test_nobody_waits_for_what_is_purged(history: Database) -> None:
    life = _life()

    def purge() -> Program[None]:
        yield InsertMany(PURGE_TABLE, PURGE_COLUMNS, [(life.id, NO_ARCHIVE, GONE, 1)])

    await history.write(purge())
    await CommitWaits(history, max_seconds=0.0).wait(_token(life))


async def test_waiting_ends_in_time(history: Database) -> None:
    life = _life()
    with pytest.raises(TooLate) as late:
        await CommitWaits(history, max_seconds=0.05).wait(_token(life))
    assert late.value.metadata == {"process_instance_id": life.id, "revision": "1"}
    with pytest.raises(InvalidField):
        await CommitWaits(history).wait("nonsense")


@pytest.fixture
async def served(history: Database, tmp_path: Path) -> AsyncIterator[tuple[Any, LocalBus]]:
    bus = await LocalBus.open(tmp_path / "bus.db")
    await bus.ensure_topics(all_topics())
    service = HistoryService(HistorySettings(port=0), history, bus, Metrics())
    port = await service.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield HistoryServiceStub(channel), bus
    await service.stop()
    await bus.close()


async def test_every_read_waits(served: tuple[Any, LocalBus]) -> None:
    stub, bus = served
    life = Life()
    life.start(a=1)
    activity = life.activity("approve")
    life.enter(activity)
    life.tell("user_task_created", task_id=activity.id, element_id="approve")
    token = _token(life)
    reads = [
        stub.GetHistoricProcessInstance(
            pb.GetHistoricProcessInstanceRequest(id=life.id, after_commit_token=token), timeout=LONG_SECONDS
        ),
        stub.ListHistoricProcessInstances(pb.ListHistoricProcessInstancesRequest(after_commit_token=token)),
        stub.GetHistoricActivity(pb.GetHistoricActivityRequest(id=activity.id, after_commit_token=token)),
        stub.ListHistoricActivities(pb.ListHistoricActivitiesRequest(after_commit_token=token)),
        stub.GetHistoricTask(pb.GetHistoricTaskRequest(id=activity.id, after_commit_token=token)),
        stub.ListHistoricTasks(pb.ListHistoricTasksRequest(after_commit_token=token)),
        stub.GetHistoricVariable(pb.GetHistoricVariableRequest(id=f"{life.id}.0.a", after_commit_token=token)),
        stub.ListHistoricVariables(pb.ListHistoricVariablesRequest(after_commit_token=token)),
    ]
    await asyncio.sleep(0.1)
    assert not any(read.done() for read in reads)
    await bus.publish(
        [BusMessage(WORKFLOW_EXECUTION_EVENTS, event.biz_id, event.SerializeToString()) for event in life.events]
    )
    for answer in await asyncio.gather(*reads):
        assert answer.ByteSize()


async def test_a_read_that_waits_in_vain_is_told_when_to_come_back(served: tuple[Any, LocalBus]) -> None:
    stub, _ = served
    life = _life()
    request = pb.GetHistoricProcessInstanceRequest(id=life.id, after_commit_token=_token(life))
    with pytest.raises(grpc.aio.AioRpcError) as behind:
        await stub.GetHistoricProcessInstance(request, timeout=1.0)
    assert (behind.value.code(), reason_of(behind.value)) == (grpc.StatusCode.DEADLINE_EXCEEDED, "HISTORY_BEHIND")
    info = error_info_of(behind.value)
    assert info is not None
    assert info.metadata["process_instance_id"] == life.id
    assert any("RetryInfo" in detail.type_url for detail in status_of(behind.value).details)
    request.after_commit_token = "nonsense"
    with pytest.raises(grpc.aio.AioRpcError) as invalid:
        await stub.GetHistoricProcessInstance(request)
    assert invalid.value.code() == grpc.StatusCode.INVALID_ARGUMENT


async def test_a_page_token_goes_with_any_commit_token(served: tuple[Any, LocalBus], history: Database) -> None:
    stub, _ = served
    lives = [_life() for _ in range(3)]
    await history.write(project([event for life in lives for event in life.events]))
    request = pb.ListHistoricProcessInstancesRequest(page_size=2, after_commit_token=_token(*lives))
    first = await stub.ListHistoricProcessInstances(request)
    request.page_token = first.next_page_token
    request.ClearField("after_commit_token")
    assert len((await stub.ListHistoricProcessInstances(request)).historic_process_instances) == 1
