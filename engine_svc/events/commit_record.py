"""Writes a commit's events into the blob that goes to the outbox (`flowmesh.internal.v1.CommitRecord`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from flowmesh.internal.v1 import stored_pb2

from engine_svc.events.record import CompactEvent
from mesh.call import find_call

if TYPE_CHECKING:
    # The relay reads the format below, in a process that needs nothing else of the engine.
    from engine_svc.state.instance import Instance

FORMAT = 1
COMMIT_RECORD = 1
"""Kind of outbox row: `flowmesh.internal.v1.CommitRecord`."""
SINGLE_EVENT = 3
"""Kind of outbox row: one event as `mesh.event_rows` has it."""


def encode_commit(instance: Instance, events: list[CompactEvent], now: int) -> bytes:
    """Return the record of a commit. `now` in microseconds since the Unix epoch."""
    definition = instance.definition
    call = find_call()
    record = stored_pb2.CommitRecord(
        format=FORMAT,
        process_instance_id=instance.id,
        process_definition_id=definition.id,
        process_definition_key=definition.key,
        process_definition_version=definition.version,
        business_key=instance.business_key,
        tenant_id=instance.tenant_id,
        revision=instance.revision,
        time_micros=now,
        correlation_id=call.correlation_id if call else "",
        traceparent=call.traceparent if call else "",
        user_id=(call.user_id or "") if call else "",
        events_json=orjson.dumps(events),
    )
    return record.SerializeToString()
