"""Turns a job's activation from the outbox into the command for workers on the bus."""

from __future__ import annotations

from typing import Final

from flowmesh.events.v1 import event_pb2
from flowmesh.internal.v1 import stored_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from engine_svc.events.formats import UnknownRecordFormat
from mesh.bus.port import BusMessage
from mesh.event_decoding import check
from mesh.outbox import OutboxRow

FORMAT: Final = 1
JOB_ACTIVATION: Final = 2
"""Kind of outbox row: `flowmesh.internal.v1.JobActivationRecord`."""
EVENT_TYPE: Final = "workflow.job.activated.v1"
EVENT_VERSION: Final = "1.0"
SOURCE: Final = "engine"


def expand_activation(row: OutboxRow) -> list[BusMessage]:
    """Return the command, keyed by instance; its event id is that of the row.

    Raises `UnknownRecordFormat`, and `Unreadable` where the command breaks the rules of its contract.
    """
    record = stored_pb2.JobActivationRecord.FromString(row.payload)
    if record.format != FORMAT:
        raise UnknownRecordFormat(f"job activation in format {record.format}; this release reads {FORMAT}")
    time = Timestamp()
    time.FromMicroseconds(record.time_micros)
    envelope = event_pb2.EventEnvelope(
        event_id=row.id,
        event_type=EVENT_TYPE,
        event_version=EVENT_VERSION,
        timestamp=time,
        source_service=SOURCE,
        biz_id=row.partition_key,
        job_activated=record.job_activated,
    )
    headers = {
        "ce_specversion": "1.0",
        "ce_source": f"/flowmesh/{SOURCE}",
        "ce_time": time.ToJsonString(),
        "ce_id": row.id,
        "ce_type": EVENT_TYPE,
        "content-type": "application/protobuf",
    }
    check(envelope)
    return [BusMessage(row.topic, row.partition_key, envelope.SerializeToString(), headers)]
