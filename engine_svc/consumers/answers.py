"""The engine's consumer: what workers and business systems answer over the bus."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from flowmesh.events.v1.event_pb2 import EventEnvelope
from google.protobuf.empty_pb2 import Empty

from engine_svc.commands.idempotency import request_record
from engine_svc.commands.sagas import CompletionSagas
from engine_svc.consumers.job_answers import JobAnswers
from mesh.bus.port import Bus
from mesh.bus.topics import WORKFLOW_COMPLETION_ANSWERS, WORKFLOW_WORKER_RESULTS
from mesh.command_consumer import CommandConsumer
from mesh.consumer import ConsumerCounters
from mesh.errors import WrongState
from mesh.logs import get_log

CONSUMER_GROUP: Final = "engine"
RESTART_SECONDS: Final = 5.0

_log = get_log(__name__)

Perform = Callable[[EventEnvelope], Awaitable[None]]


class AnswerConsumer:
    """Keeps a `CommandConsumer` at work until `stop`; a bug that ends it is logged, and it begins again."""

    def __init__(self, bus: Bus, job_answers: JobAnswers, sagas: CompletionSagas) -> None:
        self._sagas = sagas
        self._kinds: Mapping[str, tuple[str, str, Perform]] = {
            "worker_job_completed": (
                WORKFLOW_WORKER_RESULTS,
                "worker.job.completed.v1",
                job_answers.completed,
            ),
            "worker_job_failed": (WORKFLOW_WORKER_RESULTS, "worker.job.failed.v1", job_answers.failed),
            "worker_job_error_thrown": (
                WORKFLOW_WORKER_RESULTS,
                "worker.job.error_thrown.v1",
                job_answers.error_thrown,
            ),
            "completion_acknowledged": (
                WORKFLOW_COMPLETION_ANSWERS,
                "business.completion.acknowledged.v1",
                self._acknowledged,
            ),
            "completion_rejected": (
                WORKFLOW_COMPLETION_ANSWERS,
                "business.completion.rejected.v1",
                self._rejected,
            ),
        }
        """By payload: the topic that it may stand in, its event type, and what does it."""
        topics = (WORKFLOW_WORKER_RESULTS, WORKFLOW_COMPLETION_ANSWERS)
        self._loop = CommandConsumer(bus, CONSUMER_GROUP, topics, self._perform)
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def counters(self) -> ConsumerCounters:
        """What was consumed since the start."""
        return self._loop.counters

    def start(self) -> None:
        """Begin to consume."""
        self._task = asyncio.create_task(self._run(), name=CONSUMER_GROUP)

    async def stop(self) -> None:
        """Finish the batch at work, and leave the group."""
        self._stopping.set()
        self._loop.stop()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._loop.run()
            except Exception as error:  # noqa: BLE001 - a bug must not end the consumer for good
                _log.error("The consumer of answers failed and begins again", error=error)
                try:
                    async with asyncio.timeout(RESTART_SECONDS):
                        await self._stopping.wait()
                except TimeoutError:
                    continue

    async def _perform(self, envelope: EventEnvelope, topic: str) -> None:
        kind = self._kinds.get(envelope.WhichOneof("payload") or "")
        if kind is None or kind[:2] != (topic, envelope.event_type):
            raise WrongState(
                "EVENT_MISPLACED",
                f"an event of type {envelope.event_type} with this payload is no answer that {topic} may hold",
                metadata={"event_type": envelope.event_type},
            )
        await kind[2](envelope)

    async def _acknowledged(self, envelope: EventEnvelope) -> None:
        answer = envelope.completion_acknowledged
        request = request_record(envelope.event_type, envelope.event_id, answer)
        await self._sagas.acknowledge(answer.saga_id, request, lambda _: Empty())

    async def _rejected(self, envelope: EventEnvelope) -> None:
        answer = envelope.completion_rejected
        request = request_record(envelope.event_type, envelope.event_id, answer)
        await self._sagas.reject(answer.saga_id, answer.reason, request, lambda _: Empty())
