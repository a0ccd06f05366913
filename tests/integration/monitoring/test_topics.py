"""Topics through the real server on the real local bus."""

from __future__ import annotations

from typing import Any

from flowmesh.monitoring.v1 import topic_service_pb2 as pb

from mesh.bus.port import Bus, TopicSpec
from mesh.bus.topics import WORKFLOW_EXECUTION_EVENTS, all_topics
from tests.integration.monitoring.consuming import BOTH_BUSES

TOPIC = WORKFLOW_EXECUTION_EVENTS
NAMES = sorted(spec.name for spec in all_topics())


async def listed(topics: Any, **request: Any) -> dict[str, pb.Topic]:
    answer = await topics.ListTopics(pb.ListTopicsRequest(**request))
    assert [topic.name for topic in answer.topics] == sorted(topic.name for topic in answer.topics)
    return {topic.name: topic for topic in answer.topics}


@BOTH_BUSES
async def test_missing_topics_are_told_and_created_once(topics: Any) -> None:
    before = await listed(topics)
    assert list(before) == NAMES
    assert all(topic.drifts and not topic.HasField("actual") for topic in before.values())
    answer = await topics.EnsureTopics(pb.EnsureTopicsRequest(request_id="a"))
    assert list(answer.created) == NAMES
    assert all(topic.actual == topic.expected for topic in answer.topics)
    again = await topics.EnsureTopics(pb.EnsureTopicsRequest(request_id="a"))
    assert list(again.created) == []
    assert await listed(topics, drifted_only=True) == {}
    found = (await listed(topics))[TOPIC]
    assert (found.actual.partitions, found.actual.retention.seconds) == (12, 3 * 86_400)
    assert (found.actual.replication, found.actual.min_insync_replicas) == (1, 1)
    assert list(found.drifts) == []


async def test_what_differs_is_told_and_partitions_stay(empty_bus: Bus, topics: Any) -> None:
    await empty_bus.ensure_topics([*all_topics(), TopicSpec("of-somebody-else", 2, 60)])
    assert not (await listed(topics, drifted_only=True)).get(TOPIC)
    await empty_bus.ensure_topics([TopicSpec(TOPIC, 12, 60)])
    [drift] = (await listed(topics, drifted_only=True))[TOPIC].drifts
    assert "60" in drift
    other = (await listed(topics))["of-somebody-else"]
    assert not other.HasField("expected")
    assert other.actual.partitions == 2


@BOTH_BUSES
async def test_too_few_partitions(empty_bus: Bus, topics: Any) -> None:
    await empty_bus.ensure_topics([TopicSpec(TOPIC, 3, 3 * 86_400)])
    answer = await topics.EnsureTopics(pb.EnsureTopicsRequest())
    assert list(answer.created) == [name for name in NAMES if name != TOPIC]
    found = (await listed(topics))[TOPIC]
    assert (found.actual.partitions, found.expected.partitions) == (3, 12)
    [drift] = found.drifts
    assert "3" in drift
    assert "12" in drift
