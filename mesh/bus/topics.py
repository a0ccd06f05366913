"""The topics of the mesh and their dead-letter topics."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from mesh.bus.port import TopicSpec

DAY_SECONDS = 86_400

WORKFLOW_EXECUTION_EVENTS = "workflow-execution-events"
USER_PERMISSION_EVENTS = "user-permission-events"
FUNCTION_UNIT_EVENTS = "function-unit-events"
SYSTEM_NOTIFICATION_EVENTS = "system-notification-events"
AUDIT_EVENTS = "audit-events"
"""Who changed what, for the audit trail of the history service."""
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
    TopicSpec(AUDIT_EVENTS, partitions=6, retention_seconds=30 * DAY_SECONDS),
    TopicSpec(WORKFLOW_WORKER_COMMANDS, partitions=12, retention_seconds=3 * DAY_SECONDS),
    TopicSpec(WORKFLOW_WORKER_RESULTS, partitions=12, retention_seconds=3 * DAY_SECONDS),
    TopicSpec(WORKFLOW_COMPLETION_ANSWERS, partitions=12, retention_seconds=3 * DAY_SECONDS),
)

DOMAIN_TOPICS = {
    "workflow": WORKFLOW_EXECUTION_EVENTS,
    "identity": USER_PERMISSION_EVENTS,
    "deployment": FUNCTION_UNIT_EVENTS,
    "audit": AUDIT_EVENTS,
}
"""The first word of an event's type, and the topic of such events."""

DIRECTED_TOPICS = {
    "workflow.job.activated.v1": WORKFLOW_WORKER_COMMANDS,
    "worker": WORKFLOW_WORKER_RESULTS,
    "business": WORKFLOW_COMPLETION_ANSWERS,
}
"""Types of events, or first words of types, that command or answer: they have this topic only, as rights hang on it."""

DEAD_LETTER_SUFFIX = ".dlq"
DEAD_LETTER_RETENTION_SECONDS = 30 * DAY_SECONDS
"""Longer than any topic's: people have to come by."""


def dead_letter_topic(topic: str) -> str:
    """Return the name of the topic that takes what a consumer of `topic` could not deal with."""
    return topic + DEAD_LETTER_SUFFIX


def topic_of_type(event_type: str) -> str:
    """Return the topic of a type of event, or of its domain. Raises KeyError for a domain that has none."""
    domain = event_type.partition(".")[0]
    return DIRECTED_TOPICS.get(event_type) or DIRECTED_TOPICS.get(domain) or DOMAIN_TOPICS[domain]


def type_topics() -> tuple[TopicSpec, ...]:
    """Return a topic for each type of event that belongs to a domain, named and kept as its type and domain."""
    domains = {spec.name: spec for spec in EVENT_TOPICS}
    # By the contracts, which a process with a topic for each domain need not load.
    from flowmesh.events.v1.event_types import EVENT_TYPES

    return tuple(
        dataclasses.replace(domains[topic], name=event_type)
        for event_type in EVENT_TYPES.values()
        if (topic := topic_of_type(event_type)) in DOMAIN_TOPICS.values()
    )


def with_dead_letters(topics: Sequence[TopicSpec]) -> tuple[TopicSpec, ...]:
    """Return topics and their dead-letter topics."""
    dead = [TopicSpec(dead_letter_topic(topic.name), 1, DEAD_LETTER_RETENTION_SECONDS) for topic in topics]
    return (*topics, *dead)


def expected_topics(event_topics: str) -> tuple[TopicSpec, ...]:
    """Return every topic that a mesh with this setting should have: `domain`, `type` or `both`."""
    typed = () if event_topics == "domain" else type_topics()
    return with_dead_letters((*EVENT_TOPICS, *typed))


def all_topics() -> tuple[TopicSpec, ...]:
    """Return the topics of the domains, with the dead-letter topics."""
    return with_dead_letters(EVENT_TOPICS)


def retention_seconds(topic: str) -> int:
    """Return how long a topic of the mesh keeps its messages. Raises KeyError for another topic."""
    for spec in (*all_topics(), *type_topics()):
        if spec.name == topic:
            return spec.retention_seconds
    raise KeyError(topic)
