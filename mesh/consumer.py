"""The loops that take events off the bus.

What all of them share is `EventLoop`: it reads batches, tells the bus when one is done, and puts what cannot be read
or handled into the dead-letter topic. `ConsumerLoop` takes events into a service's own database, each once: a batch is
one transaction, in which the inbox says which events are new.
"""

from __future__ import annotations

import asyncio
import logging
import random
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from flowmesh.events.v1.event_pb2 import EventEnvelope

from mesh.bus import headers
from mesh.bus.port import Bus, BusError, BusMessage, CommitRejected, Consumer, ReceivedMessage
from mesh.bus.topics import dead_letter_topic, retention_seconds
from mesh.clock import Clock, SystemClock
from mesh.db.database import (
    Database,
    DatabaseError,
    DatabaseUnavailable,
    OutcomeUnknown,
    TransactionTooLong,
    TransientFailure,
)
from mesh.db.statements import Program
from mesh.event_decoding import Unreadable, decode
from mesh.inbox import inbox_insert, prune_inbox, unseen

MAX_BATCH = 500
POLL_SECONDS = 5.0
MAX_ATTEMPTS = 3
FIRST_RETRY_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
PRUNE_SECONDS = 60.0
SLICE = 64
"""How many events are decoded before other tasks of the process get a turn."""
MAX_STACK_LENGTH = 8_000
PASSING = (DatabaseUnavailable, TransientFailure, OutcomeUnknown)
"""Failures that are nobody's fault among the events: waited out, however long."""

log = logging.getLogger(__name__)

Handle = Callable[[Sequence[EventEnvelope]], Program[None]]
"""Turns events, in order of their partitions, into the statements of their transaction. May be called again.

Where several events are too much for one transaction it raises `BatchTooLarge`.
"""


class BatchTooLarge(Exception):
    """Some events come to more than one transaction should hold: they are taken in with fewer in each."""


@dataclass(slots=True)
class ConsumerCounters:
    """What the loop has done since it was made."""

    received: int = 0
    handled: int = 0
    duplicates: int = 0
    unknown_types: int = 0
    retries: int = 0
    dead_letters: int = 0
    bus_failures: int = 0


class ReadEvent(NamedTuple):
    """A message with the event that was found in it."""

    message: ReceivedMessage
    envelope: EventEnvelope


class EventLoop(ABC):
    """One consumer of a service. `run` works until `stop`; any number of processes may run one for a group."""

    skips_unknown_types = True
    """Whether events that only a newer release knows are passed over, rather than made dead letters."""

    def __init__(
        self, bus: Bus, group: str, topics: Sequence[str], *, clock: Clock | None = None, max_batch: int = MAX_BATCH
    ) -> None:
        self._bus = bus
        self._group = group
        self._topics = tuple(topics)
        self._clock = clock or SystemClock()
        self._max_batch = max_batch
        self._stop = asyncio.Event()
        self.counters = ConsumerCounters()

    @abstractmethod
    async def _handle_batch(self, events: Sequence[ReadEvent]) -> bool:
        """Do what the events ask for, or bury them; False where the loop was stopped before it was done."""

    def stop(self) -> None:
        """Let `run` end after the batch that it is in."""
        self._stop.set()

    async def run(self) -> None:
        """Consume until `stop`, through failures of database and bus, then leave the group."""
        pause = FIRST_RETRY_SECONDS
        while not self._stop.is_set():
            try:
                consumer = await self._bus.consumer(self._group, self._topics)
                pause = FIRST_RETRY_SECONDS
                try:
                    await self._consume(consumer)
                finally:
                    await consumer.close()
            except BusError as error:
                self.counters.bus_failures += 1
                log.warning("the bus does not answer the consumer %s", self._group, exc_info=error)
                await self._rest(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _consume(self, consumer: Consumer) -> None:
        stopped = asyncio.create_task(self._stop.wait())
        try:
            while not self._stop.is_set():
                messages = await self._poll(consumer, stopped)
                if messages and await self._take_in(messages):
                    try:
                        await consumer.commit(messages)
                    except CommitRejected as error:
                        # What comes to the other member takes no effect again: it is known by its event id.
                        log.info("%s", error)
        finally:
            stopped.cancel()

    async def _poll(self, consumer: Consumer, stopped: asyncio.Task[bool]) -> list[ReceivedMessage]:
        poll = asyncio.create_task(consumer.poll(self._max_batch, POLL_SECONDS))
        try:
            await asyncio.wait((poll, stopped), return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not poll.done():
                poll.cancel()
                await asyncio.gather(poll, return_exceptions=True)
        return [] if poll.cancelled() else poll.result()

    async def _take_in(self, messages: Sequence[ReceivedMessage]) -> bool:
        """Handle a batch; False where the loop was stopped before it was done."""
        self.counters.received += len(messages)
        events: list[ReadEvent] = []
        unreadable: list[BusMessage] = []
        for number, message in enumerate(messages):
            if number % SLICE == SLICE - 1:
                await asyncio.sleep(0)
            if message.headers.get(headers.REPLAY_FOR, self._group) != self._group:
                continue
            try:
                envelope = decode(message.value)
            except Unreadable as error:
                unreadable.append(self._dead_letter(message, error.reason, str(error), 1))
                continue
            if envelope is None:
                self.counters.unknown_types += 1
                if not self.skips_unknown_types:
                    text = "the type of the event is not known to this release"
                    unreadable.append(self._dead_letter(message, "UNKNOWN_EVENT_TYPE", text, 1))
                continue
            events.append(ReadEvent(message, envelope))
        if unreadable and not await self._bury(unreadable):
            return False
        return await self._handle_batch(events) if events else True

    def _dead_letter(self, message: ReceivedMessage, reason: str, stack: str, attempts: int) -> BusMessage:
        log.error(
            "an event becomes a dead letter: %s/%s offset %s, %s: %s",
            message.topic,
            message.partition,
            message.offset,
            reason,
            stack,
        )
        return BusMessage(
            dead_letter_topic(message.topic),
            message.key,
            message.value,
            {
                **message.headers,
                headers.REASON: reason,
                headers.STACK: stack[-MAX_STACK_LENGTH:],
                headers.ATTEMPTS: str(attempts),
                headers.GROUP: self._group,
                headers.ORIGINAL_TOPIC: message.topic,
                headers.ORIGINAL_PARTITION: str(message.partition),
                headers.ORIGINAL_OFFSET: str(message.offset),
                headers.FAILED_AT: str(self._clock.now_micros()),
            },
        )

    async def _bury(self, letters: Sequence[BusMessage]) -> bool:
        """Publish dead letters; waits for the bus. False where the loop was stopped before it did."""
        pause = FIRST_RETRY_SECONDS
        while True:
            try:
                await self._bus.publish(letters)
            except BusError as error:
                self.counters.bus_failures += 1
                log.warning("the bus does not take dead letters, trying again", exc_info=error)
                await self._rest(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                if self._stop.is_set():
                    return False
            else:
                self.counters.dead_letters += len(letters)
                return True

    async def _rest(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return


class ConsumerLoop(EventLoop):
    """Takes events into a service's database, each once."""

    def __init__(
        self,
        bus: Bus,
        database: Database,
        group: str,
        topics: Sequence[str],
        handle: Handle,
        *,
        clock: Clock | None = None,
        max_batch: int = MAX_BATCH,
        inbox_retention_seconds: int | None = None,
        applied: Callable[[Sequence[EventEnvelope]], None] | None = None,
    ) -> None:
        """`applied` is called with the events whose transaction is over, those seen before among them."""
        super().__init__(bus, group, topics, clock=clock, max_batch=max_batch)
        self._database = database
        self._handle = handle
        # A message may be delivered up to its retention after it was published; double covers clocks and pauses.
        self._inbox_retention_seconds = inbox_retention_seconds or 2 * max(map(retention_seconds, topics))
        self._applied = applied
        self._at_once = max_batch

    async def run(self) -> None:
        """See `EventLoop.run`."""
        pruning = asyncio.create_task(self._prune(), name=f"{self._group}-inbox-pruning")
        try:
            await super().run()
        finally:
            pruning.cancel()
            await asyncio.gather(pruning, return_exceptions=True)

    async def _handle_batch(self, events: Sequence[ReadEvent]) -> bool:
        try:
            if await self._write(events):
                return True
        except Exception as error:
            log.warning("a batch of %s events failed, taking them one by one", len(events), exc_info=error)
        else:
            return False
        for event in events:
            if not await self._take_in_single(event):
                return False
        return True

    async def _take_in_single(self, event: ReadEvent) -> bool:
        """Handle one event, or make it a dead letter; False where the loop was stopped."""
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._write([event])
            except Exception as error:  # noqa: BLE001 - the handler's
                stack = traceback.format_exc()
                if attempt == MAX_ATTEMPTS:
                    letter = self._dead_letter(event.message, type(error).__name__, stack, attempt)
                    return await self._bury([letter])
            self.counters.retries += 1
            await self._rest(FIRST_RETRY_SECONDS * 2 ** (attempt - 1))
            if self._stop.is_set():
                return False

    async def _write(self, events: Sequence[ReadEvent]) -> bool:
        """Write a batch: in one transaction, or in several of fewer events each while one would take too long.

        Waits out what passes. False where the loop was stopped, or raises what is final.
        """
        done = 0
        while done < len(events):
            part = events[done : done + self._at_once]
            try:
                if not await self._transact(part):
                    return False
            except (BatchTooLarge, TransactionTooLong) as error:
                if len(part) == 1:
                    raise
                self._at_once = len(part) // 2
                level = logging.WARNING if isinstance(error, TransactionTooLong) else logging.INFO
                log.log(level, "%s events are too much for one transaction of %s: %s", len(part), self._group, error)
            else:
                done += len(part)
                # Events differ: those to come may be smaller.
                self._at_once = min(self._max_batch, self._at_once + self._at_once // 8 + 1)
        return True

    async def _transact(self, events: Sequence[ReadEvent]) -> bool:
        """Run one transaction, as `_write`. Raises `BatchTooLarge`, `TransactionTooLong` where fewer events may do."""
        pause = FIRST_RETRY_SECONDS
        while not self._stop.is_set() or pause == FIRST_RETRY_SECONDS:
            try:
                fresh = await self._database.write(self._transaction(events))
            except PASSING as error:
                if isinstance(error, TransactionTooLong) and len(events) > 1:
                    raise
                if pause == FIRST_RETRY_SECONDS:
                    log.warning("the database does not take events, trying again", exc_info=error)
                await self._rest(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            else:
                self.counters.handled += fresh
                self.counters.duplicates += len(events) - fresh
                if self._applied is not None:
                    self._applied([event.envelope for event in events])
                return True
        return False

    def _transaction(self, events: Sequence[ReadEvent]) -> Program[int]:
        envelopes: dict[str, EventEnvelope] = {}
        for event in events:
            envelopes.setdefault(event.envelope.event_id, event.envelope)
        new = yield from unseen(self._group, list(envelopes))
        fresh = [envelope for event_id, envelope in envelopes.items() if event_id in new]
        if fresh:
            yield inbox_insert(self._group, [envelope.event_id for envelope in fresh], self._clock.now_micros())
            yield from self._handle(fresh)
        return len(fresh)

    async def _prune(self) -> None:
        while True:
            # At different times in processes that were started together.
            await asyncio.sleep(PRUNE_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
            try:
                await self.prune()
            except (DatabaseError, OutcomeUnknown) as error:
                log.warning("the inbox could not be pruned", exc_info=error)

    async def prune(self) -> int:
        """Delete what is past its time from the inbox, in small transactions; return how many rows.

        Happens by itself every minute. Raises `DatabaseError`, `OutcomeUnknown`.
        """
        before = self._clock.now_micros() - self._inbox_retention_seconds * 1_000_000
        pruned = 0
        while count := await self._database.write(prune_inbox(before)):
            pruned += count
        return pruned
