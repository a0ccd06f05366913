"""The loop that does what events on the bus ask for: each event is a command of its own, done by a coroutine.

It fits where the work has its own transactions and knows by itself what it has done (by a request id). The offsets are
committed once every event of a batch is done or is a dead letter; so a process killed at any line loses nothing, and
what comes again takes no effect again.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Sequence

from flowmesh.events.v1.event_pb2 import EventEnvelope

from mesh.bus.port import Bus, BusMessage
from mesh.call import CallContext, as_call
from mesh.consumer import (
    FIRST_RETRY_SECONDS,
    LONGEST_PAUSE_SECONDS,
    MAX_ATTEMPTS,
    MAX_BATCH,
    PASSING,
    EventLoop,
    ReadEvent,
    log,
)
from mesh.errors import Conflict, DependencyDown, DomainError, Overload, TooLate

MAX_CONCURRENT = 64
PASSING_ERRORS = (*PASSING, DependencyDown, Overload, Conflict, TooLate)
"""What is waited out, however long: nobody's fault among the events."""

Perform = Callable[[EventEnvelope, str], Awaitable[None]]
"""Does what an event, of a topic, asks for. A `DomainError` that does not pass makes it a dead letter of that reason.
It may be called again for an event that it has done."""


class _Stopped(Exception):
    """The loop was stopped while a failure was waited out."""


class CommandConsumer(EventLoop):
    """Does what events ask for: those of one key one after another, those of different keys side by side."""

    skips_unknown_types = False

    def __init__(
        self,
        bus: Bus,
        group: str,
        topics: Sequence[str],
        perform: Perform,
        *,
        max_batch: int = MAX_BATCH,
        max_concurrent: int = MAX_CONCURRENT,
    ) -> None:
        super().__init__(bus, group, topics, max_batch=max_batch)
        self._perform = perform
        self._places = asyncio.Semaphore(max_concurrent)

    async def _handle_batch(self, events: Sequence[ReadEvent]) -> bool:
        lanes: dict[tuple[str, str], list[ReadEvent]] = {}
        for event in events:
            lanes.setdefault((event.message.topic, event.message.key), []).append(event)
        outcomes = await asyncio.gather(*[self._drive(lane) for lane in lanes.values()], return_exceptions=True)
        letters: list[BusMessage] = []
        stopped = False
        for outcome in outcomes:
            if isinstance(outcome, _Stopped):
                stopped = True
            elif isinstance(outcome, BaseException):
                raise outcome
            else:
                letters += outcome
        # What is not committed comes again, and with it what would become a dead letter.
        return not stopped and (not letters or await self._bury(letters))

    async def _drive(self, lane: Sequence[ReadEvent]) -> list[BusMessage]:
        """Do the events of one key; return the dead letters among them."""
        letters = []
        for event in lane:
            async with self._places:
                letter = await self._do(event)
            if letter is not None:
                letters.append(letter)
        return letters

    async def _do(self, event: ReadEvent) -> BusMessage | None:
        pause = FIRST_RETRY_SECONDS
        attempt = 0
        envelope, message = event.envelope, event.message
        # Whom the event names as its user is not taken over: nobody has checked it.
        call = CallContext(
            envelope.correlation_id,
            traceparent=message.headers.get("traceparent", ""),
            # What the audit says was asked for.
            method=envelope.event_type,
        )
        while True:
            try:
                with as_call(call):
                    await self._perform(envelope, message.topic)
            except PASSING_ERRORS as error:
                if pause == FIRST_RETRY_SECONDS:
                    log.warning("an event cannot be dealt with now, trying again", exc_info=error)
                delay, pause = pause, min(pause * 2, LONGEST_PAUSE_SECONDS)
            except DomainError as error:
                return self._dead_letter(message, error.reason, error.message, attempt + 1)
            except Exception as error:  # noqa: BLE001 - a bug must not stop the events behind it
                attempt += 1
                if attempt == MAX_ATTEMPTS:
                    return self._dead_letter(message, type(error).__name__, traceback.format_exc(), attempt)
                delay = FIRST_RETRY_SECONDS * 2 ** (attempt - 1)
            else:
                self.counters.handled += 1
                return None
            self.counters.retries += 1
            await self._rest(delay)
            if self._stop.is_set():
                raise _Stopped
