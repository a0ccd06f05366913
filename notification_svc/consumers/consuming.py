"""The consumers of the bus as parts of a running service."""

from __future__ import annotations

import asyncio

from mesh.consumer import ConsumerCounters, ConsumerLoop
from mesh.logs import get_log

RESTART_SECONDS = 5.0

_log = get_log(__name__)


class KeptConsumer:
    """Keeps a `ConsumerLoop` at work until `stop`.

    The loop lives through failures of bus and database by itself. What it cannot live through is a bug: it is logged,
    makes the process degraded, and the loop begins again. It does not begin before `ready` is set.
    """

    def __init__(self, name: str, loop: ConsumerLoop, ready: asyncio.Event | None = None) -> None:
        self._name = name
        self._loop = loop
        self._ready = ready
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failure: Exception | None = None

    @property
    def counters(self) -> ConsumerCounters:
        """What was consumed since the start."""
        return self._loop.counters

    def start(self) -> None:
        """Begin to consume."""
        self._task = asyncio.create_task(self._run(), name=self._name)

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
        if self._ready is not None and not self._ready.is_set():
            raise ConnectionError("the directory has not been read yet")
        return f"{self.counters.handled} events taken in, {self.counters.dead_letters} dead letters"

    async def _run(self) -> None:
        if self._ready is not None:
            await self._first(self._ready)
        while not self._stopping.is_set():
            try:
                await self._loop.run()
            except Exception as error:  # noqa: BLE001 - a bug must not end the consumer for good
                _log.error("A consumer failed and begins again", error=error, consumer=self._name)
                self._failure = error
                await self._pause()
                self._failure = None

    async def _first(self, ready: asyncio.Event) -> None:
        waits = [asyncio.create_task(ready.wait()), asyncio.create_task(self._stopping.wait())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(RESTART_SECONDS):
                await self._stopping.wait()
        except TimeoutError:
            return
