"""The bus on Kafka, by aiokafka. `docs/adr/0014-kafka-bus.md` has why it is made so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from mesh.bus import kafka_admin
from mesh.bus.drift import compare
from mesh.bus.kafka_address import KafkaAddress
from mesh.bus.kafka_consumer import KafkaConsumer
from mesh.bus.kafka_letters import KafkaLetters
from mesh.bus.kafka_logs import quieten
from mesh.bus.kafka_producer import KafkaPublisher
from mesh.bus.port import (
    BusError,
    BusMessage,
    GroupOffset,
    MessagePosition,
    ReceivedMessage,
    RewindTarget,
    TopicSpec,
    TopicState,
)

log = logging.getLogger(__name__)


class KafkaBus:
    """The bus on a Kafka cluster. Open it with `open`."""

    def __init__(self, address: KafkaAddress) -> None:
        self._address = address
        self._publisher = KafkaPublisher(address)
        self._letters = KafkaLetters(address)
        self._consumers: set[KafkaConsumer] = set()

    @classmethod
    async def open(cls, address: KafkaAddress) -> KafkaBus:
        """Open the bus. Raises `BusError` where the cluster does not answer."""
        quieten()
        await kafka_admin.check_reachable(address)
        return cls(address)

    async def ensure_topics(self, topics: Sequence[TopicSpec]) -> None:
        """See `Bus.ensure_topics`. Topics that exist are left as they are; what differs is logged."""
        await kafka_admin.ensure_topics(self._address, topics)
        copies = {"replication": self._address.replication, "min_insync_replicas": self._address.min_insync}
        for found in compare(topics, await self.topics(), **copies):
            log.warning("a topic is not as it should be: %s", found)

    async def publish(self, messages: Sequence[BusMessage]) -> None:
        """See `Bus.publish`, but a failure may leave some of the messages published, the first of each key first.

        Publishing the same messages again, from the start, keeps the order of each key.
        """
        await self._publisher.publish(messages)

    async def consumer(self, group: str, topics: Sequence[str]) -> KafkaConsumer:
        """See `Bus.consumer`. Raises `BusError` where a topic does not exist."""
        if missing := await kafka_admin.missing_topics(self._address, topics):
            raise BusError(f"there is no topic {missing[0]!r} to read from")
        consumer = KafkaConsumer(self._address, group, topics, self._consumers.discard)
        self._consumers.add(consumer)
        try:
            await consumer.join()
        except BaseException:
            await consumer.close()
            raise
        return consumer

    async def topics(self) -> list[TopicState]:
        """See `Bus.topics`."""
        return await kafka_admin.topic_states(self._address)

    async def consumer_groups(self) -> list[str]:
        """See `Bus.consumer_groups`."""
        return await kafka_admin.consumer_groups(self._address)

    async def group_offsets(self, group: str) -> list[GroupOffset]:
        """See `Bus.group_offsets`."""
        return await kafka_admin.group_offsets(self._address, group)

    async def rewind(self, group: str, topic: str, target: RewindTarget) -> list[GroupOffset]:
        """See `Bus.rewind`."""
        return await kafka_admin.rewind(self._address, group, topic, target)

    async def dead_letters(self, topic: str, after: MessagePosition | None, limit: int) -> list[ReceivedMessage]:
        """See `Bus.dead_letters`."""
        return await self._letters.page(topic, after, limit)

    async def replay_dead_letters(self, positions: Sequence[MessagePosition]) -> int:
        """See `Bus.replay_dead_letters`."""
        return await self._letters.replay(positions)

    async def discard_dead_letters(self, positions: Sequence[MessagePosition]) -> int:
        """See `Bus.discard_dead_letters`."""
        return await self._letters.discard(positions)

    async def close(self) -> None:
        """See `Bus.close`. Consumers that were not closed leave their groups."""
        closing = [consumer.close() for consumer in list(self._consumers)]
        await asyncio.gather(*closing, self._publisher.close())
