"""What services know of the bus: topics with partitions, ordered by key, delivered at least once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


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


class ReceivedMessage(NamedTuple):
    """A message as a consumer gets it. `timestamp_micros`: when it was published, since the Unix epoch."""

    # A frozen dataclass takes three times as long to make.

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


@dataclass(slots=True, frozen=True)
class TopicState:
    """A topic as it is. `min_insync_replicas`: how many copies must have a message before it counts as published."""

    name: str
    partitions: int
    retention_seconds: int
    replication: int
    min_insync_replicas: int


@dataclass(slots=True, frozen=True)
class GroupOffset:
    """Where a consumer group stands in a partition.

    `committed`: offset of the next message it takes, None where it has never committed; `begin`, `end`: offset of the
    oldest message and of the next one to be published.
    """

    topic: str
    partition: int
    committed: int | None
    begin: int
    end: int

    @property
    def lag(self) -> int:
        """How many messages the group has left."""
        return self.end - (self.begin if self.committed is None else max(self.committed, self.begin))


@dataclass(slots=True, frozen=True)
class RewindTarget:
    """From where a consumer group is to go on: exactly one of the two is given.

    `published_at_micros`: with the first message published at that time or later, in microseconds since the Unix epoch
    (0: with the oldest); `offsets`: with these offsets by partition, the other partitions stay where they are.
    """

    published_at_micros: int | None = None
    offsets: Mapping[int, int] | None = None

    def __post_init__(self) -> None:
        if (self.published_at_micros is None) == (self.offsets is None):
            raise ValueError("a rewind needs either a time or offsets")


class GroupActive(BusError):
    """The consumer group has members; its offsets can be changed only while it has none."""


class Consumer(Protocol):
    """One member of a consumer group; the group's partitions are shared out among its members."""

    @property
    def partitions(self) -> list[tuple[str, int]]:
        """Topic and number of the partitions that it works on."""

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

    async def topics(self) -> list[TopicState]:
        """Return the topics that exist, by name."""

    async def consumer_groups(self) -> list[str]:
        """Return the consumer groups that have committed something or have members, by name."""

    async def group_offsets(self, group: str) -> list[GroupOffset]:
        """Return where a group stands in each partition of the topics it has ever read, by topic and partition."""

    async def rewind(self, group: str, topic: str, target: RewindTarget) -> list[GroupOffset]:
        """Let a group go on from somewhere else in a topic; return where it stands then.

        Raises `GroupActive` while the group has members, and `BusError`.
        """

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
