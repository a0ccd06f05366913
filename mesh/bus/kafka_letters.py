"""Dead letters on Kafka: listed, replayed, discarded one by one.

A dead-letter topic is compacted: the newest record of each letter's id counts, and a tombstone removes it. Which
letters are left is known after reading the topic once; that is remembered, and later calls read only what is new. In
memory that is an offset and an id for each letter, not the letter.

A replay is a transaction: the messages go out and the tombstones go in together, or not at all. All replays and
discards of a mesh use one transactional id, so the broker lets one at a time through: who comes second sees the
tombstones of the first, and a process that was killed in the middle is undone.
"""

from __future__ import annotations

import asyncio
import bisect
import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import IllegalOperation, KafkaError

from mesh.bus import headers
from mesh.bus.kafka_address import KafkaAddress
from mesh.bus.kafka_admin import reader
from mesh.bus.kafka_errors import bus_errors
from mesh.bus.kafka_producer import BATCH_BYTES, stop_producer, topic_exists
from mesh.bus.kafka_records import MAX_MESSAGE_BYTES, from_record, key_hash, to_record
from mesh.bus.port import BusError, BusMessage, MessagePosition, MessageRefused, ReceivedMessage
from mesh.bus.topics import DEAD_LETTER_SUFFIX, dead_letter_topic

TRANSACTIONAL_ID = "flowmesh-dead-letters"
TRANSACTION_MS = 10_000
"""When the broker undoes a replay whose process was killed. Until then its topics are read up to it only."""
OPERATION_SECONDS = 60.0
ABORT_SECONDS = 5.0
READ_MS = 50
CHUNK = 1_000
MAX_PAGE_BYTES = 32 * 1024 * 1024


@dataclass(slots=True)
class _Letters:
    """The letters of one partition, as far as it was read."""

    next_offset: int = 0
    by_offset: dict[int, bytes] = field(default_factory=dict)
    """Rising, as the topic is read in order."""
    by_id: dict[bytes, int] = field(default_factory=dict)

    def take(self, offset: int, letter: bytes, *, tombstone: bool) -> None:
        """Note a record."""
        if (older := self.by_id.pop(letter, None)) is not None:
            del self.by_offset[older]
        if not tombstone:
            self.by_id[letter] = offset
            self.by_offset[offset] = letter

    def forget(self, offset: int) -> None:
        """Drop a letter whose record is gone."""
        del self.by_id[self.by_offset.pop(offset)]


class KafkaLetters:
    """The dead letters of a mesh."""

    def __init__(self, address: KafkaAddress) -> None:
        self._address = address
        self._partitions: dict[tuple[str, int], _Letters] = {}
        self._lock = asyncio.Lock()

    async def page(self, topic: str, after: MessagePosition | None, limit: int) -> list[ReceivedMessage]:
        """See `Bus.dead_letters`."""
        name = dead_letter_topic(topic)
        with bus_errors(f"the dead letters of {topic} could not be read"):
            async with asyncio.timeout(OPERATION_SECONDS), self._lock:
                if not await topic_exists(self._address, self._address.real(name)):
                    return []
                async with reader(self._address) as consumer:
                    await self._catch_up(consumer, [name])
                    found: list[ReceivedMessage] = []
                    for number in sorted(number for of, number in self._partitions if of == name):
                        if after is not None and number < after.partition:
                            continue
                        first = after.offset + 1 if after is not None and number == after.partition else 0
                        offsets = list(self._partitions[name, number].by_offset)
                        wanted = offsets[bisect.bisect_left(offsets, first) :]
                        found += await self._read(consumer, name, number, wanted, limit - len(found))
                        if len(found) >= limit:
                            break
                    return found

    async def replay(self, positions: Sequence[MessagePosition]) -> int:
        """See `Bus.replay_dead_letters`. A replay happens once, whole, even where it is cut off."""
        return await self._remove(positions, again=True)

    async def discard(self, positions: Sequence[MessagePosition]) -> int:
        """See `Bus.discard_dead_letters`."""
        return await self._remove(positions, again=False)

    async def _remove(self, positions: Sequence[MessagePosition], *, again: bool) -> int:
        wanted = {at for at in positions if at.topic.endswith(DEAD_LETTER_SUFFIX)}
        with bus_errors("the dead letters could not be changed; another process may be at it"):
            async with asyncio.timeout(OPERATION_SECONDS), self._lock:
                topics = [
                    topic
                    for topic in sorted({at.topic for at in wanted})
                    if await topic_exists(self._address, self._address.real(topic))
                ]
                if not topics:
                    return 0
                # Fences off whoever is at it, and has the broker finish or undo what that one began.
                producer = AIOKafkaProducer(
                    **self._address.client_options(),
                    acks="all",
                    transactional_id=self._address.real(TRANSACTIONAL_ID),
                    transaction_timeout_ms=TRANSACTION_MS,
                    max_batch_size=BATCH_BYTES,
                    max_request_size=2 * MAX_MESSAGE_BYTES,
                )
                try:
                    await producer.start()
                    letters = await self._letters(topics, wanted)
                    if letters:
                        try:
                            await self._transact(producer, letters, again=again)
                        except (AssertionError, IllegalOperation) as error:
                            # How aiokafka says that the producer is not the one that may any more.
                            raise BusError("another process replays or discards dead letters: try again") from error
                        # The tombstones can be read a moment after they are committed.
                        for _, message in letters:
                            self._partitions[message.topic, message.partition].forget(message.offset)
                finally:
                    await stop_producer(producer)
                return len(letters)

    async def _letters(
        self, topics: Sequence[str], wanted: Iterable[MessagePosition]
    ) -> list[tuple[bytes, ReceivedMessage]]:
        """Read the letters at positions, with their ids; those that are gone are left out."""
        by_place: dict[tuple[str, int], list[int]] = {}
        async with reader(self._address) as consumer:
            await self._catch_up(consumer, topics)
            for at in wanted:
                letters = self._partitions.get((at.topic, at.partition))
                if letters is not None and at.offset in letters.by_offset:
                    by_place.setdefault((at.topic, at.partition), []).append(at.offset)
            found = []
            for (topic, number), offsets in sorted(by_place.items()):
                ids = self._partitions[topic, number].by_offset
                of = {offset: ids[offset] for offset in offsets}
                messages = await self._read(consumer, topic, number, sorted(offsets), len(offsets), max_bytes=None)
                found += [(of[message.offset], message) for message in messages]
        return found

    async def _transact(
        self, producer: AIOKafkaProducer, letters: Sequence[tuple[bytes, ReceivedMessage]], *, again: bool
    ) -> None:
        await producer.begin_transaction()
        sent = []
        try:
            for letter, message in letters:
                if again:
                    sent.append(await self._send_again(producer, message))
                place = {"topic": self._address.real(message.topic), "partition": message.partition}
                sent.append(await producer.send(**place, key=letter, value=None))
            await asyncio.gather(*sent)
        except BaseException:
            for future in sent:
                if not future.cancel() and not future.cancelled():
                    # Looked at, so that nobody is told about it once more.
                    future.exception()
            # Else it is undone when its time is up, and holds readers up until then.
            with contextlib.suppress(KafkaError, OSError, TimeoutError, AssertionError, IllegalOperation):
                async with asyncio.timeout(ABORT_SECONDS):
                    await producer.abort_transaction()
            raise
        await producer.commit_transaction()

    async def _send_again(self, producer: AIOKafkaProducer, message: ReceivedMessage) -> Any:
        topic = message.headers.get(headers.ORIGINAL_TOPIC) or message.topic.removesuffix(DEAD_LETTER_SUFFIX)
        name = self._address.real(topic)
        if producer.client.cluster.partitions_for_topic(name) is None and not await topic_exists(self._address, name):
            raise MessageRefused(f"the topic {topic!r}, where the dead letter came from, does not exist")
        again = BusMessage(topic, message.key, message.value, headers.replayed(message.headers))
        key, value, pairs = to_record(again)
        partition = key_hash(key) % len(await producer.partitions_for(name))
        return await producer.send(name, key=key, value=value, headers=pairs, partition=partition)

    async def _catch_up(self, consumer: AIOKafkaConsumer, topics: Sequence[str]) -> None:
        """Read what came since the last time."""
        places: dict[Any, _Letters] = {}
        for topic in topics:
            name = self._address.real(topic)
            for number in await consumer._client._wait_on_metadata(name):
                letters = self._partitions.setdefault((topic, number), _Letters())
                places[TopicPartition(name, number)] = letters
        begin = await consumer.beginning_offsets(list(places))
        end = await consumer.end_offsets(list(places))
        for place, letters in places.items():
            if letters.next_offset > end[place]:
                # Another topic of the same name.
                letters = places[place] = _Letters()
                self._partitions[self._address.ours(place.topic) or "", place.partition] = letters
            for offset in list(letters.by_offset):
                if offset >= begin[place]:
                    break
                letters.forget(offset)
            letters.next_offset = max(letters.next_offset, begin[place])
        consumer.assign(list(places))
        for place, letters in places.items():
            consumer.seek(place, letters.next_offset)
        behind = {place for place, letters in places.items() if letters.next_offset < end[place]}
        while behind:
            found = await consumer.getmany(*behind, timeout_ms=READ_MS, max_records=CHUNK)
            for place, records in found.items():
                for record in records:
                    places[place].take(record.offset, record.key or b"", tombstone=record.value is None)
            for place in list(behind):
                # Markers of transactions have offsets too, but are never seen.
                places[place].next_offset = await consumer.position(place)
                if places[place].next_offset >= end[place]:
                    behind.discard(place)

    async def _read(
        self,
        consumer: AIOKafkaConsumer,
        topic: str,
        number: int,
        wanted: Sequence[int],
        limit: int,
        *,
        max_bytes: int | None = MAX_PAGE_BYTES,
    ) -> list[ReceivedMessage]:
        """Read the first of the wanted offsets, rising, up to a number and a size."""
        place = TopicPartition(self._address.real(topic), number)
        messages: list[ReceivedMessage] = []
        size = 0
        next_wanted = 0
        position = -CHUNK
        while next_wanted < len(wanted) and len(messages) < limit and (max_bytes is None or size < max_bytes):
            if not 0 <= wanted[next_wanted] - position < CHUNK:
                position = wanted[next_wanted]
                consumer.seek(place, position)
            records = (await consumer.getmany(place, timeout_ms=READ_MS, max_records=CHUNK)).get(place, [])
            if not records and position >= (await consumer.end_offsets([place]))[place]:
                break
            for record in records:
                position = record.offset + 1
                while next_wanted < len(wanted) and wanted[next_wanted] < record.offset:
                    next_wanted += 1
                if next_wanted == len(wanted) or len(messages) == limit:
                    break
                if wanted[next_wanted] == record.offset and record.value is not None:
                    messages.append(from_record(topic, record))
                    size += len(record.value)
                    next_wanted += 1
            else:
                position = await consumer.position(place)
        return messages
