"""A topic for each type of event."""

from __future__ import annotations

from pathlib import Path

import pytest
from flowmesh.events.v1.event_pb2 import EventEnvelope
from flowmesh.events.v1.event_types import EVENT_TYPES

from engine_svc.events.expansion import KINDS
from mesh.bus.drift import compare
from mesh.bus.opening import open_bus
from mesh.bus.port import BusMessage
from mesh.bus.topics import (
    AUDIT_EVENTS,
    DOMAIN_TOPICS,
    FUNCTION_UNIT_EVENTS,
    USER_PERMISSION_EVENTS,
    WORKFLOW_COMPLETION_ANSWERS,
    WORKFLOW_EXECUTION_EVENTS,
    WORKFLOW_WORKER_COMMANDS,
    WORKFLOW_WORKER_RESULTS,
    all_topics,
    expected_topics,
    retention_seconds,
    topic_of_type,
    type_topics,
)
from mesh.bus.typed_topics import OrderLost
from tests.bus.reading import take

COMPLETED, CREATED = "workflow.task.completed.v1", "workflow.task.created.v1"


COMMAND = "workflow.job.activated.v1"
ANSWERS = {
    "worker.job.completed.v1": WORKFLOW_WORKER_RESULTS,
    "worker.job.failed.v1": WORKFLOW_WORKER_RESULTS,
    "worker.job.error_thrown.v1": WORKFLOW_WORKER_RESULTS,
    "business.completion.acknowledged.v1": WORKFLOW_COMPLETION_ANSWERS,
    "business.completion.rejected.v1": WORKFLOW_COMPLETION_ANSWERS,
}


def event(event_type: str, number: int) -> BusMessage:
    return BusMessage(WORKFLOW_EXECUTION_EVENTS, "i", str(number).encode(), {"ce_type": event_type})


def test_the_contracts_know_the_type_of_every_event() -> None:
    payloads = [field.name for field in EventEnvelope.DESCRIPTOR.oneofs_by_name["payload"].fields]
    assert list(EVENT_TYPES) == payloads
    assert {kind.field: kind.event_type for kind in KINDS.values()}.items() <= EVENT_TYPES.items()


def test_topics_of_types_are_kept_as_long_as_their_domain() -> None:
    domain = {name for name in EVENT_TYPES.values() if topic_of_type(name) in DOMAIN_TOPICS.values()}
    assert {spec.name for spec in type_topics()} == domain
    assert {topic_of_type(name) for name in domain} == {
        WORKFLOW_EXECUTION_EVENTS,
        USER_PERMISSION_EVENTS,
        FUNCTION_UNIT_EVENTS,
        AUDIT_EVENTS,
    }
    assert retention_seconds("identity.user.created.v1") == retention_seconds(USER_PERMISSION_EVENTS)
    assert set(EVENT_TYPES.values()) - domain == {COMMAND, *ANSWERS}
    assert retention_seconds(COMPLETED) == retention_seconds(WORKFLOW_EXECUTION_EVENTS)
    with pytest.raises(KeyError):
        retention_seconds("nothing")


@pytest.mark.parametrize("mode", ["domain", "type", "both"])
async def test_where_events_go(tmp_path: Path, mode: str) -> None:
    bus = await open_bus(f"sqlite:///{tmp_path / 'bus.db'}", event_topics=mode)
    try:
        await bus.ensure_topics(all_topics())
        await bus.publish([event(COMPLETED, 1), event(CREATED, 2), event("workflow.future.thing.v9", 3)])
        assert compare(expected_topics(mode), await bus.topics()) == []
        topics = {state.name for state in await bus.topics()}
        if mode == "domain":
            assert COMPLETED not in topics
        else:
            assert {COMPLETED, COMPLETED + ".dlq", CREATED} <= topics
            assert [m.value for m in await take(await bus.consumer("foreign", [COMPLETED]), 1)] == [b"1"]
        if mode == "type":
            with pytest.raises(OrderLost, match="event_topics=both"):
                await bus.consumer("history", [WORKFLOW_EXECUTION_EVENTS])
        else:
            received = await take(await bus.consumer("history", [WORKFLOW_EXECUTION_EVENTS]), 3)
            assert [message.value for message in received] == [b"1", b"2", b"3"]
    finally:
        await bus.close()


@pytest.mark.parametrize("mode", ["domain", "type", "both"])
async def test_commands_and_answers_have_one_topic_in_every_mode(tmp_path: Path, mode: str) -> None:
    bus = await open_bus(f"sqlite:///{tmp_path / 'bus.db'}", event_topics=mode)
    try:
        await bus.ensure_topics(all_topics())
        for event_type, topic in {COMMAND: WORKFLOW_WORKER_COMMANDS, **ANSWERS}.items():
            await bus.publish([BusMessage(topic, "i", event_type.encode(), {"ce_type": event_type})])
        for topics in ((WORKFLOW_WORKER_COMMANDS,), (WORKFLOW_WORKER_RESULTS, WORKFLOW_COMPLETION_ANSWERS)):
            expected = {COMMAND} if topics == (WORKFLOW_WORKER_COMMANDS,) else set(ANSWERS)
            received = await take(await bus.consumer("engine", topics), len(expected))
            assert {message.value.decode() for message in received} == expected
        assert COMMAND not in {state.name for state in await bus.topics()}
    finally:
        await bus.close()
