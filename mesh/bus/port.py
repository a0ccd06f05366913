"""What services know of the bus: topics with partitions, ordered by key, delivered at least once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(slots=True, frozen=True)
class TopicSpec:
    """A topic as it should be. `retention_seconds`: how long its messages are kept."""

    name: str
    partitions: int
    retention_seconds: int


@dataclass(slots=True, frozen=True)
class BusMessage:
    """A message to publish. Messages with the same key stay in order."""

    topic: str
    key: str
    value: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, frozen=True)
class ReceivedMessage:
    """A message as a consumer gets it. `timestamp_micros`: when it was published, since the Unix epoch."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes
    headers: Mapping[str, str]
    timestamp_micros: int


class Consumer(Protocol):
    """One member of a consumer group; the group's partitions are shared out among its members."""

    async def poll(self, max_messages: int, timeout_seconds: float) -> list[ReceivedMessage]:
        """Return the next messages of the assigned partitions, in order within each; empty after the time-out."""

    async def commit(self, messages: Sequence[ReceivedMessage]) -> None:
        """Note that these messages, and all before them in their partitions, are done."""

    async def close(self) -> None:
        """Leave the group."""


class Bus(Protocol):
    """The event bus."""

    async def ensure_topics(self, topics: Sequence[TopicSpec]) -> None:
        """Create the topics that do not exist yet. Idempotent."""

    async def publish(self, messages: Sequence[BusMessage]) -> None:
        """Append messages; they are durable when this returns."""

    async def consumer(self, group: str, topics: Sequence[str]) -> Consumer:
        """Join a consumer group; it starts at the oldest message where the group has committed nothing."""

    async def close(self) -> None:
        """Close the connections."""
