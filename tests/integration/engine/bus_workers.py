"""Workers and business systems on the bus, as foreign programs would be: they know the topics and the envelope only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from flowmesh.events.v1 import business_pb2, worker_pb2
from flowmesh.events.v1.event_pb2 import EventEnvelope

from engine_svc.relay import EngineRelay
from mesh.bus import headers
from mesh.bus.local import LocalBus
from mesh.bus.port import Bus, BusMessage, Consumer, ReceivedMessage
from mesh.bus.topics import (
    WORKFLOW_COMPLETION_ANSWERS,
    WORKFLOW_EXECUTION_EVENTS,
    WORKFLOW_WORKER_COMMANDS,
    WORKFLOW_WORKER_RESULTS,
    all_topics,
)
from mesh.db.database import Database
from mesh.ids import new_id
from mesh.json_values import from_value, to_values
from mesh.metrics import Metrics
from tests.integration.engine.serving import WAIT_SECONDS, until

Answer = (
    worker_pb2.WorkerJobCompleted
    | worker_pb2.WorkerJobFailed
    | worker_pb2.WorkerJobErrorThrown
    | business_pb2.CompletionAcknowledged
    | business_pb2.CompletionRejected
)
TYPES: dict[type, tuple[str, str, str]] = {
    worker_pb2.WorkerJobCompleted: (WORKFLOW_WORKER_RESULTS, "worker.job.completed.v1", "worker_job_completed"),
    worker_pb2.WorkerJobFailed: (WORKFLOW_WORKER_RESULTS, "worker.job.failed.v1", "worker_job_failed"),
    worker_pb2.WorkerJobErrorThrown: (
        WORKFLOW_WORKER_RESULTS,
        "worker.job.error_thrown.v1",
        "worker_job_error_thrown",
    ),
    business_pb2.CompletionAcknowledged: (
        WORKFLOW_COMPLETION_ANSWERS,
        "business.completion.acknowledged.v1",
        "completion_acknowledged",
    ),
    business_pb2.CompletionRejected: (
        WORKFLOW_COMPLETION_ANSWERS,
        "business.completion.rejected.v1",
        "completion_rejected",
    ),
}


def answer_message(answer: Answer, instance_id: str, event_id: str = "", **fields: Any) -> BusMessage:
    """An answer as it is published; `fields` replace those of the envelope."""
    topic, event_type, payload = TYPES[type(answer)]
    envelope = EventEnvelope(
        **{
            "event_id": event_id or new_id(),
            "event_type": event_type,
            "event_version": "1.0",
            "source_service": "mail-worker",
            "biz_id": instance_id,
            payload: answer,
            **fields,
        }
    )
    envelope.timestamp.GetCurrentTime()
    return BusMessage(topic, instance_id, envelope.SerializeToString())


class BusClient:
    """A program on the bus, beside the engine."""

    def __init__(self, bus: Bus, commands: Consumer, events: Consumer) -> None:
        self.bus = bus
        self._consumers = {WORKFLOW_WORKER_COMMANDS: commands, WORKFLOW_EXECUTION_EVENTS: events}
        self.seen: list[EventEnvelope] = []

    async def read(self, topic: str) -> list[EventEnvelope]:
        """Read what there is of a topic; whoever reads commits at once."""
        consumer = self._consumers[topic]
        messages = await consumer.poll(100, 0.05)
        if messages:
            await consumer.commit(messages)
        return [EventEnvelope.FromString(message.value) for message in messages]

    async def commands(self, count: int = 1) -> list[worker_pb2.JobActivated]:
        """Wait for so many commands."""
        found: list[worker_pb2.JobActivated] = []
        async with asyncio.timeout(WAIT_SECONDS):
            while len(found) < count:
                found += [event.job_activated for event in await self.read(WORKFLOW_WORKER_COMMANDS)]
        return found

    async def command(self) -> worker_pb2.JobActivated:
        """Wait for a command."""
        (found,) = await self.commands()
        return found

    async def no_command(self, seconds: float = 0.6) -> None:
        """Check that none comes for a while, which is longer than a round of the engine takes."""
        async with asyncio.timeout(WAIT_SECONDS):
            deadline = asyncio.get_running_loop().time() + seconds
            while asyncio.get_running_loop().time() < deadline:
                assert await self.read(WORKFLOW_WORKER_COMMANDS) == []

    async def event(self, payload: str, instance_id: str) -> EventEnvelope:
        """Wait for an event of the engine."""

        async def found() -> EventEnvelope | None:
            self.seen += await self.read(WORKFLOW_EXECUTION_EVENTS)
            for event in self.seen:
                if event.WhichOneof("payload") == payload and event.biz_id == instance_id:
                    self.seen.remove(event)
                    return event
            return None

        event = await until(found)
        assert event is not None
        return event

    async def answer(self, answer: Answer, instance_id: str, event_id: str = "", **fields: Any) -> None:
        """Publish an answer."""
        await self.bus.publish([answer_message(answer, instance_id, event_id, **fields)])

    async def complete(
        self, command: worker_pb2.JobActivated, variables: dict[str, Any] | None = None, event_id: str = ""
    ) -> None:
        """Answer that the work is done."""
        answer = worker_pb2.WorkerJobCompleted(
            job_id=command.job_id, lease_token=command.lease_token, variables=to_values(variables or {})
        )
        await self.answer(answer, command.process_instance.id, event_id)

    async def fail(self, command: worker_pb2.JobActivated, **fields: Any) -> None:
        """Answer that an attempt failed."""
        answer = worker_pb2.WorkerJobFailed(job_id=command.job_id, lease_token=command.lease_token, **fields)
        await self.answer(answer, command.process_instance.id)

    async def dead_letters(self, topic: str = WORKFLOW_WORKER_RESULTS, count: int = 1) -> list[ReceivedMessage]:
        """Wait for so many dead letters."""

        async def found() -> list[ReceivedMessage]:
            letters = await self.bus.dead_letters(topic, None, 100)
            return letters if len(letters) >= count else []

        letters = await until(found)
        assert len(letters) == count
        return letters

    async def reasons(self, topic: str = WORKFLOW_WORKER_RESULTS, count: int = 1) -> list[str]:
        """Wait for so many dead letters; return why they are."""
        return [letter.headers[headers.REASON] for letter in await self.dead_letters(topic, count)]


def plain(command: worker_pb2.JobActivated) -> dict[str, Any]:
    """The variables of a command."""
    return {name: from_value(value) for name, value in command.variables.items()}


@asynccontextmanager
async def local_bus(folder: Path) -> AsyncIterator[LocalBus]:
    """The bus of the embedded profile, with its topics."""
    bus = await LocalBus.open(folder / "bus.db")
    try:
        await bus.ensure_topics(all_topics())
        yield bus
    finally:
        await bus.close()


class DyingBus:
    """A bus whose consumers never get to commit: what an engine leaves that is killed before it does."""

    def __init__(self, bus: LocalBus) -> None:
        self._bus = bus
        self.uncommitted = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)

    async def consumer(self, group: str, topics: Sequence[str]) -> Any:
        """See `Bus.consumer`."""
        return _DyingConsumer(self, await self._bus.consumer(group, topics))


class _DyingConsumer:
    def __init__(self, bus: DyingBus, consumer: Consumer) -> None:
        self._bus = bus
        self._consumer = consumer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._consumer, name)

    async def commit(self, messages: Sequence[ReceivedMessage]) -> None:
        """Lose it."""
        self._bus.uncommitted += len(messages)


@asynccontextmanager
async def relaying(database: Database, bus: Bus) -> AsyncIterator[None]:
    """The engine's relay at work."""
    relay = EngineRelay(database, bus, Metrics())
    relay.start()
    try:
        yield
    finally:
        await relay.stop()


@asynccontextmanager
async def client_of(bus: Bus) -> AsyncIterator[BusClient]:
    """A worker and business system on the bus."""
    commands = await bus.consumer("mail-worker", [WORKFLOW_WORKER_COMMANDS])
    events = await bus.consumer("business", [WORKFLOW_EXECUTION_EVENTS])
    try:
        yield BusClient(bus, commands, events)
    finally:
        await commands.close()
        await events.close()
