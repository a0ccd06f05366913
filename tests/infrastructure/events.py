"""Events for tests."""

from __future__ import annotations

from flowmesh.events.v1.event_pb2 import EventEnvelope

from mesh.bus.port import BusMessage
from mesh.bus.topics import WORKFLOW_EXECUTION_EVENTS
from mesh.ids import new_id


def event(key: str, number: int, event_id: str | None = None) -> EventEnvelope:
    """Return a valid event of a key; `number`, from 0, comes before its revision."""
    envelope = EventEnvelope(
        event_id=event_id or new_id(),
        event_type="workflow.instance.suspended.v1",
        event_version="1.0",
        source_service="engine",
        biz_id=key,
    )
    envelope.timestamp.FromMicroseconds(1_700_000_000_000_000)
    instance = envelope.process_instance_suspended.process_instance
    instance.id = key
    instance.process_definition_id = "definition"
    instance.process_definition_key = "key"
    instance.process_definition_version = 1
    instance.revision = number + 1
    return envelope


def event_message(key: str, number: int, event_id: str | None = None) -> BusMessage:
    """Return an event as it is published."""
    return BusMessage(WORKFLOW_EXECUTION_EVENTS, key, event(key, number, event_id).SerializeToString())
