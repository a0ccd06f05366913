"""What services tell the audit, as entries of the chain."""

from __future__ import annotations

import orjson
from flowmesh.events.v1.event_pb2 import EventEnvelope

from history_svc.audit.entry import OPERATION, REFUSAL, REFUSED, Entry


def entry_of(event: EventEnvelope) -> Entry | None:
    """Return the entry that an event makes; None for an event that tells nothing to the audit.

    What is longer than its column is cut.
    """
    name = event.WhichOneof("payload")
    metadata = event.metadata
    if name == "operation_recorded":
        operation = event.operation_recorded
        tenants = list(operation.tenant_ids)
        return Entry(
            event_id=event.event_id,
            time_micros=event.timestamp.ToMicroseconds(),
            kind=OPERATION,
            service=event.source_service[:64],
            method=operation.method,
            action=operation.action,
            resource_type=operation.resource_type,
            resource_id=operation.resource_id,
            tenant_id=tenants[0][:64] if len(tenants) == 1 and not operation.mesh_wide else "",
            tenants_json=orjson.dumps(tenants).decode(),
            # Of several tenants nobody sees the entry who sees only some of them.
            mesh_wide=int(operation.mesh_wide or len(tenants) != 1),
            definition_key=operation.process_definition_key[:255],
            user_id=metadata.user_id[:255],
            session_id=metadata.session_id[:64],
            acting_for=operation.acting_for[:255],
            client_address=operation.client_address[:128],
            correlation_id=event.correlation_id,
            traceparent=operation.traceparent[:255],
            outcome=operation.outcome,
            reason="",
            call_count=1,
            before_json=operation.before_json,
            after_json=operation.after_json,
        )
    if name == "operation_refused":
        refused = event.operation_refused
        between = {"firstTime": refused.first_time.ToJsonString(), "lastTime": refused.last_time.ToJsonString()}
        return Entry(
            event_id=event.event_id,
            time_micros=event.timestamp.ToMicroseconds(),
            kind=REFUSAL,
            service=event.source_service[:64],
            method=refused.method,
            action="",
            resource_type="",
            resource_id="",
            tenant_id="",
            tenants_json="[]",
            mesh_wide=1,
            definition_key="",
            user_id=metadata.user_id[:255],
            session_id=metadata.session_id[:64],
            acting_for="",
            client_address=refused.client_address[:128],
            correlation_id="",
            traceparent="",
            outcome=REFUSED,
            reason=refused.reason,
            call_count=refused.count,
            before_json=b"",
            after_json=orjson.dumps(between),
        )
    return None
