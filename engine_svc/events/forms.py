"""What is told of the forms of deployments: the outbox has the event as it goes to the bus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flowmesh.events.v1 import deployment_pb2, event_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from mesh.bus.port import BusMessage
from mesh.bus.topics import FUNCTION_UNIT_EVENTS
from mesh.call import find_call
from mesh.event_decoding import check
from mesh.ids import new_id
from mesh.outbox import OutboxEntry, OutboxRow

FORMS_EVENT: Final = 3
"""Kind of outbox row: one serialized envelope."""
EVENT_VERSION: Final = "1.0"
SOURCE: Final = "engine"


def forms_deployed(
    deployment_id: str, name: str, tenant_id: str, resource_names: Sequence[str], now: int
) -> OutboxEntry:
    """Return the entry that tells of a bundle with forms. `now` in microseconds."""
    told = deployment_pb2.FormsDeployed(
        deployment_id=deployment_id, deployment_name=name, tenant_id=tenant_id, resource_names=resource_names
    )
    return _entry(
        event_pb2.EventEnvelope(event_type="deployment.forms.deployed.v1", forms_deployed=told), tenant_id, now
    )


def forms_deleted(deployment_id: str, tenant_id: str, now: int) -> OutboxEntry:
    """Return the entry that tells that a deployment with forms is gone. `now` in microseconds."""
    told = deployment_pb2.FormsDeleted(deployment_id=deployment_id, tenant_id=tenant_id)
    return _entry(event_pb2.EventEnvelope(event_type="deployment.forms.deleted.v1", forms_deleted=told), tenant_id, now)


def _entry(envelope: event_pb2.EventEnvelope, tenant_id: str, now: int) -> OutboxEntry:
    call = find_call()
    envelope.event_id = new_id()
    envelope.event_version = EVENT_VERSION
    envelope.timestamp.CopyFrom(Timestamp(seconds=now // 1_000_000, nanos=now % 1_000_000 * 1000))
    envelope.source_service = SOURCE
    # The deployments of a tenant stay in order: the versions of its forms count up by them.
    envelope.biz_id = f"tenant:{tenant_id}"
    if call is not None:
        envelope.correlation_id = call.correlation_id
        envelope.metadata.user_id = call.user_id or ""
        envelope.metadata.session_id = call.session_id
        envelope.metadata.trace_id = call.traceparent[3:35]
    check(envelope)
    return OutboxEntry(
        envelope.event_id, FUNCTION_UNIT_EVENTS, envelope.biz_id, FORMS_EVENT, envelope.SerializeToString(), now
    )


def expand_forms(row: OutboxRow) -> list[BusMessage]:
    """Return the event of a row as a message for the bus. Raises `Unreadable` where it breaks its contract."""
    envelope = event_pb2.EventEnvelope.FromString(row.payload)
    headers = {
        "ce_specversion": "1.0",
        "ce_source": f"/flowmesh/{SOURCE}",
        "ce_time": envelope.timestamp.ToJsonString(),
        "ce_id": envelope.event_id,
        "ce_type": envelope.event_type,
        "content-type": "application/protobuf",
        "correlation-id": envelope.correlation_id,
    }
    check(envelope)
    return [BusMessage(row.topic, row.partition_key, row.payload, headers)]
