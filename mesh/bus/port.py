"""What services know of the bus: topics with partitions, ordered by key, delivered at least once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


class BusError(Exception):
    """The bus did not do what was asked; it may work later."""


class MessageRefused(BusError):
    """The message can never be published, for example because its topic does not exist."""


class CommitRejected(BusError):
    """Another member of the group has the partition now; the messages will come (or came) to it again."""


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


@dataclass(slots=True, frozen=True)
class MessagePosition:
    """Where a message lies."""

    topic: str
    partition: int
    offset: int


class Consumer(Protocol):
    """One member of a consumer group; the group's partitions are shared out among its members."""

    async def poll(self, max_messages: int, timeout_seconds: float) -> list[ReceivedMessage]:
        """Return the next messages of the assigned partitions, in order within each; empty after the time-out.

        Asking for more says that what was returned before is dealt with: a partition that another member is to have
        is given up now, and its messages that were not committed go there. Cancelling loses nothing. Raises
        `BusError`.
        """

    async def commit(self, messages: Sequence[ReceivedMessage]) -> None:
        """Note that these messages, and all before them in their partitions, are done.

        Raises `CommitRejected` where a partition has gone to another member (the rest is noted), and `BusError`.
        """

    async def close(self) -> None:
        """Leave the group."""


class Bus(Protocol):
    """The event bus."""

    async def ensure_topics(self, topics: Sequence[TopicSpec]) -> None:
        """Create the topics that do not exist yet. Idempotent."""

    async def publish(self, messages: Sequence[BusMessage]) -> None:
        """Append messages, all or none; they are durable when this returns.

        Raises `MessageRefused` for a message that will never be taken, `BusError` for failures that pass.
        """

    async def consumer(self, group: str, topics: Sequence[str]) -> Consumer:
        """Join a consumer group; it starts at the oldest message where the group has committed nothing."""

    async def dead_letters(self, topic: str, after: MessagePosition | None, limit: int) -> list[ReceivedMessage]:
        """Return what lies in the dead-letter topic of a topic, in order of partition and offset."""

    async def replay_dead_letters(self, positions: Sequence[MessagePosition]) -> int:
        """Publish dead letters once more to where they came from and remove them; return how many there were.

        They reach only the consumer group that could not deal with them.
        """

    async def discard_dead_letters(self, positions: Sequence[MessagePosition]) -> int:
        """Remove dead letters; return how many there were."""

    async def close(self) -> None:
        """Close the connections."""
