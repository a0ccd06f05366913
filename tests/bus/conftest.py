"""The buses that the contract's suite runs over (`bus_url`: `tests/infrastructure/buses.py`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from mesh.bus.opening import open_bus
from mesh.bus.port import Bus, TopicSpec

EVENTS = TopicSpec("events", 4, 3600)
OTHER = TopicSpec("other", 1, 60)
DEAD = TopicSpec("events.dlq", 1, 86_400)
TOPICS = (EVENTS, OTHER, DEAD)

OpenBus = Callable[[], Awaitable[Bus]]


@pytest.fixture
async def another(bus_url: str) -> AsyncIterator[OpenBus]:
    """Open the bus once more, as another process would."""
    opened: list[Bus] = []

    async def open_once_more() -> Bus:
        opened.append(await open_bus(bus_url))
        return opened[-1]

    yield open_once_more
    for bus in opened:
        await bus.close()


@pytest.fixture
async def bus(another: OpenBus) -> Bus:
    """An open bus with the topics of the suite."""
    opened = await another()
    await opened.ensure_topics(TOPICS)
    return opened
