"""What the engine tells of deployments with forms."""

from __future__ import annotations

import asyncio

from flowmesh.events.v1.event_pb2 import EventEnvelope

from form_svc.commands.bundles import Bundles
from mesh.bus.port import Bus
from mesh.bus.topics import FUNCTION_UNIT_EVENTS
from mesh.command_consumer import CommandConsumer
from mesh.consumer import ConsumerCounters
from mesh.logs import get_log

CONSUMER_GROUP = "form-service"
TYPE_TOPICS = ("deployment.forms.deployed.v1", "deployment.forms.deleted.v1")
RESTART_SECONDS = 5.0

_log = get_log(__name__)


class DeploymentConsumer:
    """Takes the forms of deployments in, in the order of a tenant's deployments, and out again.

    It keeps its loop at work until `stop`: what the loop cannot live through is a bug, which is logged.
    """

    def __init__(
        self, bus: Bus, bundles: Bundles, *, by_type: bool = False, restart_seconds: float = RESTART_SECONDS
    ) -> None:
        """`by_type`: events have a topic for each type alone."""
        self._bundles = bundles
        self._loop = _FormEvents(
            bus, CONSUMER_GROUP, TYPE_TOPICS if by_type else (FUNCTION_UNIT_EVENTS,), self._perform
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

    async def _perform(self, envelope: EventEnvelope, topic: str) -> None:
        match envelope.WhichOneof("payload"):
            case "forms_deployed":
                await self._bundles.take_in(envelope.forms_deployed.deployment_id)
            case "forms_deleted":
                await self._bundles.remove(envelope.forms_deleted.deployment_id)
            case _:
                # Others tell of function units on this topic.
                return


class _FormEvents(CommandConsumer):
    skips_unknown_types = True
