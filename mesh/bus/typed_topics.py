"""A topic for each type of event, instead of the topic of its domain or beside it.

Per-instance order is an order within a topic: over several topics there is none. So whoever needs the events of an
instance in their order reads the topic of the domain.
"""

from __future__ import annotations

from collections.abc import Sequence

from mesh.bus.port import (
    Bus,
    BusError,
    BusMessage,
    Consumer,
    GroupOffset,
    MessagePosition,
    ReceivedMessage,
    RewindTarget,
    TopicSpec,
    TopicState,
)
from mesh.bus.topics import DOMAIN_TOPICS, topic_of_type, type_topics, with_dead_letters

EVENT_TYPE = "ce_type"
BOTH = "both"


class OrderLost(BusError):
    """The topic of a domain is to be read, but its events go to topics of their types only."""


class TypedTopicsBus:
    """A bus that takes events to topics of their types. Everything else is the other bus's.

    `both`: they go to the topic of the domain as well.
    """

    def __init__(self, bus: Bus, *, both: bool) -> None:
        self._bus = bus
        self._both = both
        self._types = {spec.name for spec in type_topics()}

    async def ensure_topics(self, topics: Sequence[TopicSpec]) -> None:
        """See `Bus.ensure_topics`. With the topic of a domain come those of its types."""
        names = {spec.name for spec in topics}
        typed = [spec for spec in type_topics() if topic_of_type(spec.name) in names]
        await self._bus.ensure_topics([*topics, *with_dead_letters(typed)])

    async def publish(self, messages: Sequence[BusMessage]) -> None:
        """See `Bus.publish`."""
        routed: list[BusMessage] = []
        for message in messages:
            event_type = message.headers.get(EVENT_TYPE)
            if event_type not in self._types or message.topic != topic_of_type(event_type):
                routed.append(message)
                continue
            if self._both:
                routed.append(message)
            routed.append(BusMessage(event_type, message.key, message.value, message.headers))
        await self._bus.publish(routed)

    async def consumer(self, group: str, topics: Sequence[str]) -> Consumer:
        """See `Bus.consumer`. Raises `OrderLost` where nothing would ever come."""
        if not self._both and (domains := set(topics) & set(DOMAIN_TOPICS.values())):
            raise OrderLost(
                f"{group} reads {min(domains)} to have the events of an instance in their order, and "
                "event_topics=type gives that order up: set event_topics=both or event_topics=domain"
            )
        return await self._bus.consumer(group, topics)

    async def topics(self) -> list[TopicState]:
        """See `Bus.topics`."""
        return await self._bus.topics()

    async def consumer_groups(self) -> list[str]:
        """See `Bus.consumer_groups`."""
        return await self._bus.consumer_groups()

    async def group_offsets(self, group: str) -> list[GroupOffset]:
        """See `Bus.group_offsets`."""
        return await self._bus.group_offsets(group)

    async def rewind(self, group: str, topic: str, target: RewindTarget) -> list[GroupOffset]:
        """See `Bus.rewind`."""
        return await self._bus.rewind(group, topic, target)

    async def dead_letters(self, topic: str, after: MessagePosition | None, limit: int) -> list[ReceivedMessage]:
        """See `Bus.dead_letters`."""
        return await self._bus.dead_letters(topic, after, limit)

    async def replay_dead_letters(self, positions: Sequence[MessagePosition]) -> int:
        """See `Bus.replay_dead_letters`."""
        return await self._bus.replay_dead_letters(positions)

    async def discard_dead_letters(self, positions: Sequence[MessagePosition]) -> int:
        """See `Bus.discard_dead_letters`."""
        return await self._bus.discard_dead_letters(positions)

    async def close(self) -> None:
        """See `Bus.close`."""
        await self._bus.close()
