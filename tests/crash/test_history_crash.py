"""History killed again and again: a rebuild comes to the same rows, and the audit has each operation once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from flowmesh.events.v1.event_pb2 import EventEnvelope
from flowmesh.history.v1 import audit_service_pb2, rebuild_service_pb2
from flowmesh.history.v1.audit_service_pb2_grpc import AuditServiceStub
from flowmesh.history.v1.rebuild_service_pb2_grpc import RebuildServiceStub

from history_svc.storage.schema import HEAD, MIGRATIONS
from mesh.audit.operation import NOBODY, Operation, operation_event
from mesh.bus.local import LocalBus
from mesh.bus.port import BusMessage
from mesh.bus.topics import AUDIT_EVENTS, all_topics
from mesh.db.database import Database
from mesh.db.migrate import migrate
from mesh.db.schema import open_database
from mesh.ids import new_id
from tests.integration.history.test_rebuild import life, publish
from tests.unit.history.stored import stored

ROOT = Path(__file__).resolve().parents[2]
KILLS = 12
PATIENCE_SECONDS = 60.0


class Process:
    """The service in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, channel: grpc.aio.Channel) -> None:
        self._process = process
        self.channel = channel
        self.rebuilds: Any = RebuildServiceStub(channel)
        self.audit: Any = AuditServiceStub(channel)

    async def kill(self) -> None:
        """End it as a power cut would."""
        os.kill(self._process.pid, signal.SIGKILL)
        await self._process.wait()


@contextlib.asynccontextmanager
async def running(database_url: str, bus: Path) -> AsyncIterator[Process]:
    said = bus.with_suffix(".said")
    with said.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.crash.history_process",
            database_url,
            str(bus),
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), PATIENCE_SECONDS)
    assert line, said.read_text()
    port = int(line)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        running_process = Process(process, channel)
        try:
            yield running_process
        finally:
            if process.returncode is None:
                await running_process.kill()


def operations(count: int) -> list[EventEnvelope]:
    return [
        operation_event(new_id(), "engine", Operation("processInstance", f"i-{number}", ("acme",)), NOBODY, number)
        for number in range(count)
    ]


async def _taken_in(bus: LocalBus, *groups: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        for group in groups:
            while True:
                offsets = await bus.group_offsets(group)
                if offsets and not any(at.lag for at in offsets):
                    break
                await asyncio.sleep(0.05)


async def _told(bus: LocalBus, events: list[EventEnvelope]) -> None:
    messages = [BusMessage(AUDIT_EVENTS, event.biz_id, event.SerializeToString()) for event in events]
    await bus.publish([*messages, *random.Random(5).sample(messages, len(messages) // 3)])


@pytest.mark.timeout(300)
async def test_a_killed_rebuild_and_a_killed_audit_lose_and_double_nothing(database_url: str, tmp_path: Path) -> None:
    await asyncio.to_thread(migrate, database_url, MIGRATIONS, HEAD)
    path = tmp_path / "bus.db"
    bus = await LocalBus.open(path)
    await bus.ensure_topics(all_topics())
    lives = [life(number, ended=number % 3 != 0) for number in range(500)]
    await publish(bus, [event for one in lives for event in one.events])
    told = operations(300)
    await _told(bus, told)
    database: Database = await open_database(database_url)
    chance = random.Random(11)
    async with running(database_url, path) as process:
        await _taken_in(bus, "history-service", "history-audit")
        before = await stored(database)
        started = (await process.rebuilds.StartRebuild(rebuild_service_pb2.StartRebuildRequest())).rebuild
        await asyncio.sleep(0.1)
        await process.kill()
    kills = 1
    done = rebuild_service_pb2.Rebuild()
    while not done.HasField("end_time"):
        more = operations(40)
        told += more
        await _told(bus, more)
        async with running(database_url, path) as process:
            if kills < KILLS:
                await asyncio.sleep(chance.uniform(0.0, 0.5))
                await process.kill()
                kills += 1
                continue
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not done.HasField("end_time"):
                    request = rebuild_service_pb2.GetRebuildRequest(id=started.id)
                    done = (await process.rebuilds.GetRebuild(request)).rebuild
                    await asyncio.sleep(0.05)
            await _taken_in(bus, "history-service", "history-audit")
            problems = []
            async for answer in process.audit.VerifyAuditRecords(audit_service_pb2.VerifyAuditRecordsRequest()):
                problems += answer.problems
            assert not problems
            assert answer.complete
            listed = await _all_records(process)
    assert rebuild_service_pb2.Rebuild.State.Name(done.state) == "STATE_SUCCEEDED", done
    assert await stored(database) == before
    # What a killed process had to say of itself is there as well: that the rebuild was begun.
    own = [record for record in listed if record.service == "engine"]
    assert sorted(record.event_id for record in own) == sorted(event.event_id for event in told)
    assert [record.sequence for record in listed] == list(range(1, len(listed) + 1))
    await database.close()
    await bus.close()


async def _all_records(process: Process) -> list[audit_service_pb2.AuditRecord]:
    found: list[audit_service_pb2.AuditRecord] = []
    request = audit_service_pb2.ListAuditRecordsRequest(page_size=1000, order_by="sequence")
    while True:
        answer = await process.audit.ListAuditRecords(request)
        found += answer.audit_records
        if not answer.next_page_token:
            return found
        request.page_token = answer.next_page_token
