"""The durable bus of the embedded profile: a log in a SQLite file of its own, shared by the processes of a machine.

Published messages are on disk before `publish` returns. They are kept for their topic's retention, whether read
or not, as on Kafka. `mesh.bus.local_store` has the layout, `mesh.bus.local_groups` the consumer groups.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path

from mesh.bus import headers, local_groups, local_store
from mesh.bus.local_consumer import LocalConsumer
from mesh.bus.local_store import Cursor, Topic
from mesh.bus.port import (
    BusError,
    BusMessage,
    GroupActive,
    GroupOffset,
    MessagePosition,
    MessageRefused,
    ReceivedMessage,
    RewindTarget,
    TopicSpec,
    TopicState,
)
from mesh.bus.topics import DEAD_LETTER_SUFFIX, dead_letter_topic
from mesh.clock import Clock, SystemClock
from mesh.db.database import DatabaseError
from mesh.db.sqlite import SqliteDatabase
from mesh.db.statements import Program

HEARTBEAT_SECONDS = 1.0
PRUNE_SECONDS = 60.0

log = logging.getLogger(__name__)


class LocalBus:
    """The bus in a SQLite file. Open it with `open`."""

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._topics: dict[str, Topic] = {}
        self._consumers: set[LocalConsumer] = set()
        self._arrival: asyncio.Future[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def open(cls, path: Path, *, clock: Clock | None = None) -> LocalBus:
        """Open the file, or create it. Raises `DatabaseUnavailable`, `BusError` for a newer release's file."""
        database = SqliteDatabase(path)
        bus = cls(database, clock or SystemClock())
        try:
            await database.write(local_store.create_schema())
            await bus._reload_topics()
        except BaseException:
            await database.close()
            raise
        bus._tasks = [
            asyncio.create_task(bus._beat(), name="bus-heartbeat"),
            asyncio.create_task(bus._prune(), name="bus-retention"),
        ]
        return bus

    @property
    def known_topics(self) -> Mapping[str, Topic]:
        """The topics of the file by name, as last read."""
        return self._topics

    async def topics(self) -> list[TopicState]:
        """See `Bus.topics`. There is one copy, in the file."""
        await self._reload_topics()
        return [
            TopicState(topic.name, len(topic.partition_ids), topic.retention_seconds, 1, 1)
            for _, topic in sorted(self._topics.items())
        ]

    async def ensure_topics(self, topics: Sequence[TopicSpec]) -> None:
        """See `Bus.ensure_topics`. The number of partitions of a topic that exists is not changed."""
        with _bus_errors():
            await self._database.write(local_store.ensure_topics(topics))
            await self._reload_topics()

    async def publish(self, messages: Sequence[BusMessage]) -> None:
        """See `Bus.publish`. Raises `MessageRefused` where a topic does not exist."""
        if not messages:
            return
        if any(message.topic not in self._topics for message in messages):
            await self._reload_topics()
        by_partition: dict[int, list[BusMessage]] = {}
        for message in messages:
            topic = self._topics.get(message.topic)
            if topic is None:
                raise MessageRefused(f"the topic {message.topic!r} does not exist")
            by_partition.setdefault(topic.partition_of(message.key), []).append(message)
        with _bus_errors():
            await self._database.write(local_store.append(by_partition, self._clock.now_micros()))
        self._announce()

    async def consumer(self, group: str, topics: Sequence[str]) -> LocalConsumer:
        """See `Bus.consumer`. Raises `BusError` where a topic does not exist."""
        await self._reload_topics()
        if missing := [topic for topic in topics if topic not in self._topics]:
            raise BusError(f"there is no topic {missing[0]!r} to read from")
        consumer = LocalConsumer(
            self, self._database, self._clock, group, {name: self._topics[name] for name in topics}
        )
        self._consumers.add(consumer)
        try:
            await consumer.join()
        except BaseException:
            self._consumers.discard(consumer)
            raise
        return consumer

    async def consumer_groups(self) -> list[str]:
        """See `Bus.consumer_groups`."""
        with _bus_errors():
            return await self._database.read(local_groups.groups())

    async def group_offsets(self, group: str) -> list[GroupOffset]:
        """See `Bus.group_offsets`."""
        with _bus_errors():
            return await self._database.read(local_groups.offsets(group))

    async def rewind(self, group: str, topic: str, target: RewindTarget) -> list[GroupOffset]:
        """See `Bus.rewind`."""
        await self._reload_topics()
        if (found := self._topics.get(topic)) is None:
            raise BusError(f"there is no topic {topic!r}")
        if target.offsets is not None and any(
            number not in range(len(found.partition_ids)) for number in target.offsets
        ):
            raise BusError(f"the topic {topic!r} has partitions 0 to {len(found.partition_ids) - 1}")
        with _bus_errors():
            moved = await self._database.write(local_groups.rewind(group, found, target, self._clock.now_micros()))
        if not moved:
            raise GroupActive(f"the consumer group {group} has members: stop them first")
        return [offset for offset in await self.group_offsets(group) if offset.topic == topic]

    async def dead_letters(self, topic: str, after: MessagePosition | None, limit: int) -> list[ReceivedMessage]:
        """See `Bus.dead_letters`."""
        name = dead_letter_topic(topic)
        if name not in self._topics:
            await self._reload_topics()
        found = self._topics.get(name)
        if found is None:
            return []
        cursors = []
        for number, partition_id in enumerate(found.partition_ids):
            if after is None or number > after.partition:
                cursors.append(Cursor(partition_id, name, number, 0))
            elif number == after.partition:
                cursors.append(Cursor(partition_id, name, number, after.offset + 1))
        with _bus_errors():
            messages, _ = await self._database.read(local_store.read(cursors, limit))
        return messages

    async def replay_dead_letters(self, positions: Sequence[MessagePosition]) -> int:
        """See `Bus.replay_dead_letters`. A replay happens once, whole, even where it is cut off."""
        await self._reload_topics()
        with _bus_errors():
            count = await self._database.write(self._replay(positions))
        self._announce()
        return count

    async def discard_dead_letters(self, positions: Sequence[MessagePosition]) -> int:
        """See `Bus.discard_dead_letters`."""
        await self._reload_topics()
        with _bus_errors():
            return await self._database.write(self._discard(positions))

    async def close(self) -> None:
        """See `Bus.close`. Consumers that were not closed leave their groups."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for consumer in list(self._consumers):
            await consumer.close()
        await self._database.close()

    def arrival(self) -> asyncio.Future[None]:
        """Return a future that is done when this process publishes the next message."""
        if self._arrival is None:
            self._arrival = asyncio.get_running_loop().create_future()
        return self._arrival

    def forget(self, consumer: LocalConsumer) -> None:
        """Stop the heartbeats of a consumer that leaves."""
        self._consumers.discard(consumer)

    def _announce(self) -> None:
        if self._arrival is not None:
            self._arrival.set_result(None)
            self._arrival = None

    async def _reload_topics(self) -> None:
        with _bus_errors():
            self._topics = await self._database.read(local_store.load_topics())

    def _replay(self, positions: Sequence[MessagePosition]) -> Program[int]:
        dead = yield from self._dead(positions)
        by_partition: dict[int, list[BusMessage]] = {}
        for message in dead:
            name = message.headers.get(headers.ORIGINAL_TOPIC) or message.topic.removesuffix(DEAD_LETTER_SUFFIX)
            topic = self._topics.get(name)
            if topic is None:
                raise MessageRefused(f"the topic {name!r}, where the dead letter came from, does not exist")
            again = BusMessage(name, message.key, message.value, headers.replayed(message.headers))
            by_partition.setdefault(topic.partition_of(message.key), []).append(again)
        yield from local_store.append(by_partition, self._clock.now_micros())
        yield from local_store.delete(dead, self._topics)
        return len(dead)

    def _discard(self, positions: Sequence[MessagePosition]) -> Program[int]:
        dead = yield from self._dead(positions)
        yield from local_store.delete(dead, self._topics)
        return len(dead)

    def _dead(self, positions: Sequence[MessagePosition]) -> Program[list[ReceivedMessage]]:
        wanted = [at for at in positions if at.topic.endswith(DEAD_LETTER_SUFFIX)]
        messages = yield from local_store.fetch_at(wanted, self._topics)
        return messages

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            members = {consumer.member: consumer for consumer in self._consumers}
            if not members:
                continue
            try:
                names = [(consumer.group, member) for member, consumer in members.items()]
                lost = await self._database.write(local_groups.heartbeat(names, self._clock.now_micros()))
            except DatabaseError as error:
                log.warning("the bus took no heartbeat", exc_info=error)
                continue
            for member in lost:
                members[member].expelled(member)

    async def _prune(self) -> None:
        while True:
            await asyncio.sleep(PRUNE_SECONDS)
            try:
                await self.prune()
            except DatabaseError as error:
                log.warning("messages past their retention could not be deleted", exc_info=error)

    async def prune(self) -> int:
        """Delete the messages past their topics' retention, in small transactions; return how many batches it took.

        Happens by itself every minute. Raises `DatabaseError`.
        """
        batches = 0
        while (found := await self._database.read(local_store.expired_partition(self._clock.now_micros()))) is not None:
            await self._database.write(local_store.prune(*found))
            batches += 1
        return batches


@contextlib.contextmanager
def _bus_errors() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        raise BusError(f"the bus's file could not be used: {error}") from error


@contextlib.asynccontextmanager
async def opened(path: Path) -> AsyncIterator[LocalBus]:
    """Open the bus for the length of a block."""
    bus = await LocalBus.open(path)
    try:
        yield bus
    finally:
        await bus.close()
