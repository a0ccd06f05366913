"""The bus as a service has it: it may be away when the service starts, and go away while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from mesh.admin_http import Readiness
from mesh.background import end
from mesh.bus.port import (
    Bus,
    BusError,
    BusMessage,
    CommitRejected,
    Consumer,
    GroupActive,
    GroupOffset,
    MessagePosition,
    MessageRefused,
    ReceivedMessage,
    RewindTarget,
    TopicSpec,
    TopicState,
)
from mesh.logs import get_log
from mesh.resilience.breaker import BreakerMetrics, BreakerOpen, CircuitBreaker
from mesh.resilience.waiting import wait_for

ANSWER_SECONDS = 60.0
"""How long publishing may take; a client of a cluster gives up by itself before that."""
ANSWERS = (MessageRefused, CommitRejected, GroupActive)
"""What the bus says when it works."""

_log = get_log(__name__)


class ServiceBus:
    """A `Bus` that is opened in the background and raises `BusError` until it is there.

    Whoever uses a bus goes on trying after a `BusError`, so that nothing has to be started in any order. What is
    published is under a circuit breaker.
    """

    def __init__(
        self,
        open_bus: Callable[[], Awaitable[Bus]],
        *,
        metrics: BreakerMetrics | None = None,
        readiness: Readiness | None = None,
    ) -> None:
        """`open_bus` raises `BusError` or OSError while the bus is not there."""
        self._open = open_bus
        self._breaker = CircuitBreaker("bus", (BusError, TimeoutError), answers=ANSWERS, metrics=metrics)
        self._bus: Bus | None = None
        self._wanted: dict[str, TopicSpec] = {}
        self._opening: asyncio.Task[None] | None = None
        self._reason = "it is being opened"
        if readiness is not None:
            readiness.add("bus", self.check, optional=True)

    async def check(self) -> str:
        """Return how it goes, for the page of readiness. Raises `BusError`, `BreakerOpen`."""
        self._there()
        if self._breaker.state:
            raise BusError("it does not take events; they wait in the outbox")
        return "takes events"

    async def open(self) -> None:
        """Open it now. Raises `BusError`, OSError."""
        self._bus = await self._open()

    def open_later(self) -> None:
        """Open it in the background, as soon as it is there."""
        if self._opening is None or self._opening.done():
            self._opening = asyncio.create_task(self._prepare(), name="opening the bus")

    async def ensure_topics(self, topics: Sequence[TopicSpec]) -> None:
        """See `Bus.ensure_topics`; where the bus is not there, it is done once it is."""
        self._wanted |= {topic.name: topic for topic in topics}
        try:
            await self._create_wanted()
        except BusError as error:
            _log.warning("The topics are created once the bus is there", reason=str(error))
            self.open_later()

    async def publish(self, messages: Sequence[BusMessage]) -> None:
        """See `Bus.publish`."""

        async def publish() -> None:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._there().publish(messages)

        try:
            await self._breaker.run(publish)
        except BreakerOpen as error:
            raise BusError(error.message) from error
        except TimeoutError as error:
            raise BusError(f"the bus has not taken events for {ANSWER_SECONDS:g} s") from error

    async def consumer(self, group: str, topics: Sequence[str]) -> Consumer:
        """See `Bus.consumer`."""
        return await self._there().consumer(group, topics)

    async def topics(self) -> list[TopicState]:
        """See `Bus.topics`."""
        return await self._there().topics()

    async def consumer_groups(self) -> list[str]:
        """See `Bus.consumer_groups`."""
        return await self._there().consumer_groups()

    async def group_offsets(self, group: str) -> list[GroupOffset]:
        """See `Bus.group_offsets`."""
        return await self._there().group_offsets(group)

    async def rewind(self, group: str, topic: str, target: RewindTarget) -> list[GroupOffset]:
        """See `Bus.rewind`."""
        return await self._there().rewind(group, topic, target)

    async def dead_letters(self, topic: str, after: MessagePosition | None, limit: int) -> list[ReceivedMessage]:
        """See `Bus.dead_letters`."""
        return await self._there().dead_letters(topic, after, limit)

    async def replay_dead_letters(self, positions: Sequence[MessagePosition]) -> int:
        """See `Bus.replay_dead_letters`."""
        return await self._there().replay_dead_letters(positions)

    async def discard_dead_letters(self, positions: Sequence[MessagePosition]) -> int:
        """See `Bus.discard_dead_letters`."""
        return await self._there().discard_dead_letters(positions)

    async def close(self) -> None:
        """See `Bus.close`."""
        await end(self._opening)
        if self._bus is not None:
            await self._bus.close()

    def _there(self) -> Bus:
        if self._bus is None:
            raise BusError(f"the bus is not there yet: {self._reason}")
        return self._bus

    async def _prepare(self) -> None:
        await wait_for("bus", self._opened, self._passes, seconds=None)

    async def _opened(self) -> None:
        if self._bus is None:
            await self.open()
        await self._create_wanted()

    async def _create_wanted(self) -> None:
        wanted = list(self._wanted.values())
        if wanted:
            await self._there().ensure_topics(wanted)

    def _passes(self, error: Exception) -> bool:
        # Whatever it is, the service can do without the bus and must not without a try.
        self._reason = str(error)
        return True
