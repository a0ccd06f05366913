"""The consumer of workflow events as a part of a running service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from flowmesh.events.v1.event_pb2 import EventEnvelope

from history_svc.consumers.both_generations import project_on_both
from mesh.bus.port import Bus
from mesh.bus.topics import WORKFLOW_EXECUTION_EVENTS
from mesh.consumer import ConsumerCounters, ConsumerLoop
from mesh.db.database import Database
from mesh.logs import get_log

CONSUMER_GROUP = "history-service"
RESTART_SECONDS = 5.0
INBOX_SECONDS = 3_600
"""The projection takes an event twice without harm, so the inbox only saves work and may be short."""

_log = get_log(__name__)


class WorkflowEventConsumer:
    """Keeps a `ConsumerLoop` at work until `stop`.

    The loop lives through failures of bus and database by itself. What it cannot live through is a bug: it is
    logged, makes the process unready, and the loop begins again.
    """

    def __init__(
        self,
        bus: Bus,
        database: Database,
        *,
        max_batch: int,
        restart_seconds: float = RESTART_SECONDS,
        applied: Callable[[Sequence[EventEnvelope]], None] | None = None,
    ) -> None:
        self._loop = ConsumerLoop(
            bus,
            database,
            CONSUMER_GROUP,
            (WORKFLOW_EXECUTION_EVENTS,),
            project_on_both,
            max_batch=max_batch,
            inbox_retention_seconds=INBOX_SECONDS,
            applied=applied,
        )
        self._restart_seconds = restart_seconds
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failure: Exception | None = None

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

    async def check(self) -> str:
        """Return how it goes, for the readiness page. Raises what stopped the loop."""
        if self._failure is not None:
            raise self._failure
        return f"{self.counters.handled} events taken in, {self.counters.dead_letters} dead letters"

    async def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._loop.run()
            except Exception as error:  # noqa: BLE001 - a bug must not end the consumer for good
                _log.error("The consumer failed and begins again", error=error)
                self._failure = error
                await self._pause()
                self._failure = None

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._restart_seconds):
                await self._stopping.wait()
        except TimeoutError:
            return
