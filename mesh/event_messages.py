"""Events as messages for the bus: the envelope is the value, CloudEvents 1.0 in binary mode and W3C trace context the
headers."""

from __future__ import annotations

from flowmesh.events.v1.event_pb2 import EventEnvelope

from mesh.bus.port import BusMessage

EVENT_VERSION = "1.0"


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
