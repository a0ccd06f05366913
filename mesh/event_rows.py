"""Events that lie in an outbox as they go to the bus: one serialized envelope a row, checked before it is stored."""

from __future__ import annotations

from flowmesh.events.v1.event_pb2 import EventEnvelope

from mesh.bus.port import BusMessage
from mesh.event_decoding import check
from mesh.outbox import OutboxEntry, OutboxRow

EVENT_VERSION = "1.0"


def event_row(kind: int, topic: str, envelope: EventEnvelope, traceparent: str, created_at: int) -> OutboxEntry:
    """Return the row of an event. Raises `Unreadable` where it breaks the rules by which its readers check it.

    `kind`: the service's own number for such rows. The payload is the length of the `traceparent`, the `traceparent`,
    and the envelope.
    """
    check(envelope)
    trace = traceparent.encode()
    payload = bytes((len(trace),)) + trace + envelope.SerializeToString()
    return OutboxEntry(envelope.event_id, topic, envelope.biz_id, kind, payload, created_at)


def message_of_row(row: OutboxRow) -> BusMessage:
    """Return the event of a row as a message for the bus."""
    begin = 1 + row.payload[0]
    envelope = EventEnvelope.FromString(row.payload[begin:])
    return event_message(row.topic, envelope, row.payload[1:begin].decode(), row.payload[begin:])


def event_message(topic: str, envelope: EventEnvelope, traceparent: str, value: bytes | None = None) -> BusMessage:
    """Return an event as a message for the bus. `value`: the envelope, where it is serialized already."""
    headers = {
        "ce_specversion": "1.0",
        "ce_source": f"/flowmesh/{envelope.source_service}",
        "ce_id": envelope.event_id,
        "ce_type": envelope.event_type,
        "ce_time": envelope.timestamp.ToJsonString(),
        "content-type": "application/protobuf",
        "correlation-id": envelope.correlation_id,
        "traceparent": traceparent,
    }
    return BusMessage(topic, envelope.biz_id, envelope.SerializeToString() if value is None else value, headers)
