"""Publishing to Kafka: durable when it returns, and in order per key whatever fails in between.

A partition is given its next batch only after the one before has been taken, and nothing else waits in the client. So
a batch that fails has nothing behind it that could get in before it, and whoever publishes again, from the start, puts
the whole behind what is there: a prefix repeats, nothing new comes before something old.

The producer is idempotent: within itself it tries again without duplicates. A batch whose fate is open when the
time is up stays its responsibility; until it is settled, the partition takes nothing else. A batch that was refused
leaves a gap in the producer's numbers, so another producer takes its place.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    InvalidTopicError,
    MessageSizeTooLargeError,
    ProducerClosed,
    RecordListTooLargeError,
    for_code,
)

from mesh.bus.kafka_address import KafkaAddress
from mesh.bus.kafka_errors import bus_errors
from mesh.bus.kafka_records import MAX_MESSAGE_BYTES, Record, key_hash, size_of, to_record
from mesh.bus.port import BusError, BusMessage, MessageRefused

DELIVERY_SECONDS = 30.0
"""How long one call of `publish` tries."""
BATCH_BYTES = 128 * 1024
STOP_SECONDS = 5.0
UNKNOWN_TOPIC = 3
UNKNOWN_TOPIC_ASKED = 3
UNKNOWN_TOPIC_PAUSE_SECONDS = 0.3
REFUSED = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidTopicError)
SLICE = 256
"""How many messages are encoded before other tasks of the process get a turn."""

log = logging.getLogger(__name__)

Place = tuple[str, int]
"""Topic, as the cluster calls it, and partition."""


class KafkaPublisher:
    """The publishing half of the bus. Any number of tasks may call `publish`."""

    def __init__(self, address: KafkaAddress, *, delivery_seconds: float = DELIVERY_SECONDS) -> None:
        self._address = address
        self._delivery_seconds = delivery_seconds
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()
        self._open: dict[Place, asyncio.Future[None]] = {}
        self._batches: dict[AIOKafkaProducer, int] = {}
        self._ending: set[asyncio.Task[None]] = set()

    async def publish(self, messages: Sequence[BusMessage]) -> None:
        """See `Bus.publish`. Where it raises, some of the messages may be published."""
        if not messages:
            return
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._delivery_seconds
        with bus_errors(f"{len(messages)} messages could not be published"):
            async with asyncio.timeout_at(deadline):
                producer = await self._ready()
                by_place = await self._by_place(producer, messages)
            # Put in one after the other without a pause, so that one request takes what is for one broker.
            deliveries = [
                loop.create_task(self._deliver(producer, place, records, deadline))
                for place, records in by_place.items()
            ]
            try:
                await asyncio.wait(deliveries)
            except asyncio.CancelledError:
                for delivery in deliveries:
                    delivery.cancel()
                await asyncio.gather(*deliveries, return_exceptions=True)
                raise
        failures = [error for delivery in deliveries if (error := delivery.exception()) is not None]
        for failure in failures:
            if not isinstance(failure, MessageRefused):
                raise failure
        # Only where it is the sole trouble: who finds the one that is refused publishes again.
        if failures:
            raise failures[0]

    async def close(self) -> None:
        """Close the connections; waits a moment for batches that are on their way."""
        if self._producer is not None:
            self._retire(self._producer)
        for producer in list(self._batches):
            self._end(producer)
        if self._ending:
            await asyncio.wait(self._ending)

    async def _ready(self) -> AIOKafkaProducer:
        if self._producer is None:
            async with self._starting:
                if self._producer is None:
                    self._producer = await self._started()
        return self._producer

    async def _started(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            **self._address.client_options(), acks="all", enable_idempotence=True, max_batch_size=BATCH_BYTES
        )
        try:
            await producer.start()
        except BaseException:
            await stop_producer(producer)
            raise
        self._batches[producer] = 0
        return producer

    async def _by_place(
        self, producer: AIOKafkaProducer, messages: Sequence[BusMessage]
    ) -> dict[Place, list[tuple[Record, int]]]:
        counts: dict[str, tuple[str, int]] = {}
        for topic in {message.topic for message in messages}:
            name = self._address.real(topic)
            counts[topic] = (name, await self._partitions(producer, topic, name))
        by_place: dict[Place, list[tuple[Record, int]]] = {}
        for number, message in enumerate(messages):
            if number % SLICE == SLICE - 1:
                await asyncio.sleep(0)
            record = to_record(message)
            if (size := size_of(record)) > MAX_MESSAGE_BYTES:
                raise MessageRefused(f"a message to {message.topic} has {size} bytes, {MAX_MESSAGE_BYTES} are allowed")
            name, count = counts[message.topic]
            by_place.setdefault((name, key_hash(message.key.encode()) % count), []).append((record, size))
        return by_place

    async def _partitions(self, producer: AIOKafkaProducer, topic: str, name: str) -> int:
        known = producer.client.cluster.partitions_for_topic(name)
        if known is None:
            if not await self._surely_exists(name):
                raise MessageRefused(f"the topic {topic!r} does not exist")
            known = await producer.partitions_for(name)
        return len(known)

    async def _surely_exists(self, name: str) -> bool:
        """Ask more than once: a broker that has just begun may not know all topics, and a refusal is for good."""
        for _ in range(UNKNOWN_TOPIC_ASKED):
            if await topic_exists(self._address, name):
                return True
            await asyncio.sleep(UNKNOWN_TOPIC_PAUSE_SECONDS)
        return False

    async def _deliver(
        self, producer: AIOKafkaProducer, place: Place, records: Iterable[tuple[Record, int]], deadline: float
    ) -> None:
        topic, partition = place
        with bus_errors(f"{topic}/{partition} did not take its messages"):
            async with asyncio.timeout_at(deadline):
                for batch in _batches(producer, records):
                    while (before := self._open.get(place)) is not None:
                        await asyncio.wait((before,))
                    taken = await self._hand_over(producer, place, batch)
                    await asyncio.wait((taken,))
                    try:
                        taken.result()
                    except REFUSED as error:
                        raise MessageRefused(f"{topic} does not take a message: {error!r}") from error

    async def _hand_over(self, producer: AIOKafkaProducer, place: Place, batch: Any) -> asyncio.Future[Any]:
        """Give the producer a batch. Result: done when the batch is published or has failed for good."""
        if producer not in self._batches:
            raise BusError("the producer has ended, because another batch of it failed")
        settled = self._open[place] = asyncio.get_running_loop().create_future()
        # From now on, so that nobody ends the producer while it waits to take the batch.
        self._batches[producer] += 1

        def settle(taken: asyncio.Future[Any] | None) -> None:
            del self._open[place]
            settled.set_result(None)
            if producer in self._batches:
                self._batches[producer] -= 1
            if taken is not None and (taken.cancelled() or taken.exception() is not None):
                self._retire(producer)
            elif producer is not self._producer:
                self._end_if_idle(producer)

        try:
            taken: asyncio.Future[Any] = await producer.send_batch(batch, place[0], partition=place[1])
        except BaseException:
            settle(None)
            raise
        taken.add_done_callback(settle)
        return taken

    def _retire(self, producer: AIOKafkaProducer) -> None:
        """Use another producer from now on; this one ends when its last batch is settled."""
        if producer is self._producer:
            self._producer = None
        self._end_if_idle(producer)

    def _end_if_idle(self, producer: AIOKafkaProducer) -> None:
        if self._batches.get(producer) == 0:
            self._end(producer)

    def _end(self, producer: AIOKafkaProducer) -> None:
        del self._batches[producer]
        task = asyncio.get_running_loop().create_task(stop_producer(producer))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


async def stop_producer(producer: AIOKafkaProducer) -> None:
    """End a producer; what it has not sent after a moment is given up."""
    stopping = asyncio.create_task(producer.stop())
    done, _ = await asyncio.wait((stopping,), timeout=STOP_SECONDS)
    if not done:
        # It would try for ever.
        producer._message_accumulator.fail_all(ProducerClosed())
        await producer.client.close()
        done, _ = await asyncio.wait((stopping,), timeout=STOP_SECONDS)
    if not done:
        stopping.cancel()
    if error := (await asyncio.gather(stopping, return_exceptions=True))[0]:
        log.warning("a producer of Kafka could not end in order: %r", error)


async def topic_exists(address: KafkaAddress, name: str) -> bool:
    """Ask the cluster whether it has a topic, by the cluster's name. Raises what aiokafka raises."""
    admin = AIOKafkaAdminClient(**address.client_options())
    try:
        await admin.start()
        described = await admin.describe_topics([name])
    finally:
        await admin.close()
    code = described[0]["error_code"]
    if code not in (0, UNKNOWN_TOPIC) and not for_code(code).retriable:
        raise BusError(f"the topic {name} cannot be used: {for_code(code).__name__}")
    return bool(code != UNKNOWN_TOPIC)


def _batches(producer: AIOKafkaProducer, records: Iterable[tuple[Record, int]]) -> Iterator[Any]:
    """Pack records into batches of `BATCH_BYTES`; a larger record has one to itself."""
    batch = None
    for (key, value, pairs), _ in records:
        if batch is not None and batch.append(timestamp=None, key=key, value=value, headers=pairs) is not None:
            continue
        if batch is not None:
            yield batch
        batch = producer.create_batch()
        batch.append(timestamp=None, key=key, value=value, headers=pairs)
    if batch is not None:
        batch.close()
        yield batch
