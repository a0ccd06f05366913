"""What the tests of the bus publish, and how they read it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from mesh.bus.port import BusMessage, Consumer, MessagePosition, ReceivedMessage

PATIENCE_SECONDS = 40.0


def messages(count: int, *, keys: int = 5, start: int = 0, topic: str = "events") -> list[BusMessage]:
    """Numbered messages, their keys in turn."""
    return [BusMessage(topic, f"k{n % keys}", str(n).encode(), {"n": str(n)}) for n in range(start, start + count)]


def by_key(received: Sequence[ReceivedMessage]) -> dict[str, list[int]]:
    """The numbers of each key, in the order they came."""
    found: dict[str, list[int]] = {}
    for message in received:
        found.setdefault(message.key, []).append(int(message.value))
    return found


def at(message: ReceivedMessage) -> MessagePosition:
    """Where a message lies."""
    return MessagePosition(message.topic, message.partition, message.offset)


async def take(
    consumer: Consumer, count: int, *, commit: bool = True, max_messages: int = 100
) -> list[ReceivedMessage]:
    """Poll until there are `count` messages."""
    received: list[ReceivedMessage] = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(received) < count:
        assert time.monotonic() < deadline, f"{len(received)} of {count} messages came"
        page = await consumer.poll(max_messages, 0.5)
        received += page
        if page and commit:
            await consumer.commit(page)
    return received


async def none_more(consumer: Consumer, seconds: float = 0.5) -> None:
    """Check that nothing comes."""
    assert await consumer.poll(10, seconds) == []


async def settle(consumers: Sequence[Consumer], partitions: int) -> None:
    """Poll the members of a group until each has something and together they have all partitions."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        assert time.monotonic() < deadline, [consumer.partitions for consumer in consumers]
        for page in await asyncio.gather(*(consumer.poll(10, 0.2) for consumer in consumers)):
            assert page == []
        shares = [consumer.partitions for consumer in consumers]
        taken = sorted(place for share in shares for place in share)
        if all(shares) and taken == [("events", number) for number in range(partitions)]:
            return
