"""Events in the outbox: the serialized envelope as it goes to the bus, checked before it is stored."""

from __future__ import annotations

from flowmesh.events.v1.event_pb2 import EventEnvelope

from mesh.bus.port import BusMessage
from mesh.bus.topics import USER_PERMISSION_EVENTS
from mesh.event_decoding import check
from mesh.outbox import OutboxEntry, OutboxRow

SOURCE = "identity"
EVENT_VERSION = "1.0"
TRACED_ENVELOPE = 1
"""The kind of the outbox's rows: the length of a `traceparent`, the `traceparent`, and one serialized envelope."""


def outbox_entry(envelope: EventEnvelope, traceparent: str, created_at: int) -> OutboxEntry:
    """Return the row of an event. Raises `Unreadable` where it breaks the rules by which its readers check it."""
    check(envelope)
    trace = traceparent.encode()
    payload = bytes((len(trace),)) + trace + envelope.SerializeToString()
    return OutboxEntry(envelope.event_id, USER_PERMISSION_EVENTS, envelope.biz_id, TRACED_ENVELOPE, payload, created_at)


def expand(row: OutboxRow) -> list[BusMessage]:
    """Return the event of a row as a message for the bus. Raises ValueError for a row of another release's kind."""
    if row.kind != TRACED_ENVELOPE:
        raise ValueError(f"outbox row of kind {row.kind}; this release reads {TRACED_ENVELOPE}")
    begin = 1 + row.payload[0]
    value = row.payload[begin:]
    envelope = EventEnvelope.FromString(value)
    headers = {
        "ce_specversion": "1.0",
        "ce_source": f"/flowmesh/{SOURCE}",
        "ce_id": envelope.event_id,
        "ce_type": envelope.event_type,
        "ce_time": envelope.timestamp.ToJsonString(),
        "content-type": "application/protobuf",
        "correlation-id": envelope.correlation_id,
        "traceparent": row.payload[1:begin].decode(),
    }
    return [BusMessage(row.topic, row.partition_key, value, headers)]
