"""`flowmesh topics`: what the event bus has and should have, by the mesh or straight at the bus."""

from __future__ import annotations

from argparse import Namespace

from flowmesh.monitoring.v1.topic_service_pb2 import (
    EnsureTopicsRequest,
    EnsureTopicsResponse,
    ListTopicsRequest,
    Topic,
    TopicShape,
)

from launcher.client.calls import Calls
from launcher.client.connection import new_request_id
from launcher.client.failure import CommandFailed
from launcher.client.output import Output, to_json

_DAY_SECONDS = 86_400


def list_topics(connection: Calls, output: Output, arguments: Namespace) -> None:
    """List the topics that exist or should."""
    columns = {
        "topic": lambda topic: topic.name,
        "partitions": lambda topic: str(topic.actual.partitions) if topic.HasField("actual") else "missing",
        "kept": lambda topic: _days(topic.actual) if topic.HasField("actual") else "",
        "replication": lambda topic: topic.actual.replication if topic.HasField("actual") else "",
        "min in-sync": lambda topic: topic.actual.min_insync_replicas if topic.HasField("actual") else "",
        "differs": lambda topic: "; ".join(topic.drifts),
    }
    output.messages(_listed(connection, drifted_only=False), columns, "There are no topics.")


def check(connection: Calls, output: Output, arguments: Namespace) -> None:
    """Tell what is not as it should be. Raises CommandFailed where there is anything."""
    drifted = _listed(connection, drifted_only=True)
    if output.as_json:
        output.json([to_json(topic) for topic in drifted])
    for topic in drifted:
        for drift in topic.drifts:
            output.say(f"{topic.name}: {drift}")
    if drifted:
        raise CommandFailed(
            f"{len(drifted)} topics are not as they should be; `flowmesh topics ensure` creates those that are missing."
        )
    output.say("All topics are as they should be.")


def ensure(connection: Calls, output: Output, arguments: Namespace) -> None:
    """Create the topics that are missing."""
    request = EnsureTopicsRequest(request_id=new_request_id())
    answer = connection.call(connection.topics.EnsureTopics, request)
    output.message(answer, _told(answer))


def _told(answer: EnsureTopicsResponse) -> str:
    lines = [f"{name} is created." for name in answer.created] or ["All topics are there."]
    lines += [f"{topic.name}: {drift}" for topic in answer.topics for drift in topic.drifts]
    return "\n".join(lines)


def _listed(connection: Calls, *, drifted_only: bool) -> list[Topic]:
    request = ListTopicsRequest(drifted_only=drifted_only)
    return list(connection.call(connection.topics.ListTopics, request).topics)


def _days(shape: TopicShape) -> str:
    seconds = shape.retention.seconds
    return f"{seconds / _DAY_SECONDS:g} days"
