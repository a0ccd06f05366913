"""What differs between the topics as they are and as they should be."""

from __future__ import annotations

from mesh.bus.drift import MIN_INSYNC, MISSING, PARTITIONS, REPLICATION, RETENTION, TopicDrift, compare
from mesh.bus.port import Bus, TopicSpec, TopicState
from tests.bus.conftest import TOPICS


def test_every_difference_is_told() -> None:
    specs = [TopicSpec("a", 3, 60), TopicSpec("b", 3, 60), TopicSpec("c", 3, 60)]
    states = [TopicState("a", 3, 60, 3, 2), TopicState("b", 4, 61, 1, 1), TopicState("foreign", 1, 1, 1, 1)]
    found = compare(specs, states, replication=3, min_insync_replicas=2)
    assert found == [
        TopicDrift("b", PARTITIONS, 3, 4),
        TopicDrift("b", RETENTION, 60, 61),
        TopicDrift("b", REPLICATION, 3, 1),
        TopicDrift("b", MIN_INSYNC, 2, 1),
        TopicDrift("c", MISSING),
    ]
    assert [str(drift) for drift in found[-2:]] == ["b: min_insync_replicas is 1, should be 2", "c: does not exist"]


async def test_what_was_just_created_is_as_it_should_be(bus: Bus) -> None:
    assert compare(TOPICS, await bus.topics()) == []
    more = TopicSpec("events", 6, 3600)
    await bus.ensure_topics([more])
    # Told, not mended.
    assert compare([more], await bus.topics()) == [TopicDrift("events", PARTITIONS, 6, 4)]
