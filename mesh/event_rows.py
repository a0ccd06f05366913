"""Events that lie in an outbox as they go to the bus: one serialized envelope a row, checked before it is stored."""

from __future__ import annotations

from flowmesh.events.v1.event_pb2 import EventEnvelope

from mesh.bus.port import BusMessage
from mesh.event_decoding import check
from mesh.event_messages import event_message
from mesh.outbox import OutboxEntry, OutboxRow


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
