"""The topics of the mesh and their dead-letter topics."""

from __future__ import annotations

from mesh.bus.port import TopicSpec

DAY_SECONDS = 86_400

WORKFLOW_EXECUTION_EVENTS = "workflow-execution-events"
USER_PERMISSION_EVENTS = "user-permission-events"
FUNCTION_UNIT_EVENTS = "function-unit-events"
SYSTEM_NOTIFICATION_EVENTS = "system-notification-events"
WORKFLOW_WORKER_COMMANDS = "workflow-worker-commands"
"""What the engine gives workers to do."""
WORKFLOW_WORKER_RESULTS = "workflow-worker-results"
"""What workers answer. Workers may write to no other topic."""
WORKFLOW_COMPLETION_ANSWERS = "workflow-completion-answers"
"""What business systems answer to completions. They may write to no other topic."""

EVENT_TOPICS = (
    TopicSpec(FUNCTION_UNIT_EVENTS, partitions=6, retention_seconds=7 * DAY_SECONDS),
    TopicSpec(USER_PERMISSION_EVENTS, partitions=3, retention_seconds=30 * DAY_SECONDS),
    TopicSpec(WORKFLOW_EXECUTION_EVENTS, partitions=12, retention_seconds=3 * DAY_SECONDS),
    TopicSpec(SYSTEM_NOTIFICATION_EVENTS, partitions=3, retention_seconds=1 * DAY_SECONDS),
    TopicSpec(WORKFLOW_WORKER_COMMANDS, partitions=12, retention_seconds=3 * DAY_SECONDS),
    TopicSpec(WORKFLOW_WORKER_RESULTS, partitions=12, retention_seconds=3 * DAY_SECONDS),
    TopicSpec(WORKFLOW_COMPLETION_ANSWERS, partitions=12, retention_seconds=3 * DAY_SECONDS),
)

DEAD_LETTER_SUFFIX = ".dlq"
DEAD_LETTER_RETENTION_SECONDS = 30 * DAY_SECONDS
"""Longer than any topic's: people have to come by."""


def dead_letter_topic(topic: str) -> str:
    """Return the name of the topic that takes what a consumer of `topic` could not deal with."""
    return topic + DEAD_LETTER_SUFFIX


def all_topics() -> tuple[TopicSpec, ...]:
    """Return every topic of the mesh, with the dead-letter topics."""
    dead = tuple(TopicSpec(dead_letter_topic(topic.name), 1, DEAD_LETTER_RETENTION_SECONDS) for topic in EVENT_TOPICS)
    return EVENT_TOPICS + dead


def retention_seconds(topic: str) -> int:
    """Return how long a topic of the mesh keeps its messages. Raises KeyError for another topic."""
    for spec in all_topics():
        if spec.name == topic:
            return spec.retention_seconds
    raise KeyError(topic)
