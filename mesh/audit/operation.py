"""An operation as the audit tells it: an event with who made it, from where, and what it made of what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from flowmesh.events.v1.audit_pb2 import OperationRecorded
from flowmesh.events.v1.event_pb2 import EventEnvelope, EventMetadata
from google.protobuf.timestamp_pb2 import Timestamp

from mesh.call import CallContext
from mesh.event_messages import EVENT_VERSION
from mesh.trace_context import parse_traceparent

RECORDED: Final = "audit.operation.recorded.v1"
SUCCEEDED: Final = OperationRecorded.OUTCOME_SUCCEEDED
ATTEMPTED: Final = OperationRecorded.OUTCOME_ATTEMPTED
FAILED: Final = OperationRecorded.OUTCOME_FAILED

MAX_JSON_BYTES: Final = 8 * 1024
MAX_TEXT: Final = 500
"""Characters of a text that are kept."""
MAX_ITEMS: Final = 32
"""Entries of a list or an object that are kept."""
MAX_DEPTH: Final = 8
MAX_ID: Final = 512
MAX_NAME: Final = 128
"""Characters of ids, and of what is a key on the bus."""


@dataclass(frozen=True, slots=True)
class Maker:
    """Who makes an operation, and in which call: all empty for the mesh itself."""

    user_id: str = ""
    session_id: str = ""
    acting_for: str = ""
    client_address: str = ""
    correlation_id: str = ""
    traceparent: str = ""
    method: str = ""


NOBODY: Final = Maker()


def maker_of(call: CallContext | None) -> Maker:
    """Return who makes a call; outside of one the mesh itself is at work."""
    if call is None:
        return NOBODY
    return Maker(
        call.user_id or "",
        call.session_id,
        call.acting_for,
        call.client_address,
        call.correlation_id,
        call.traceparent,
        call.method.lstrip("/"),
    )


@dataclass(frozen=True, slots=True)
class Operation:
    """What was done to one thing.

    `tenants`: those that it belongs to; None: all of them, or none. `before` and `after`: what changed, without
    secrets and values of variables; what is long is cut.
    """

    resource_type: str
    resource_id: str
    tenants: Sequence[str] | None = None
    action: str = ""
    definition_key: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    outcome: OperationRecorded.Outcome = SUCCEEDED


def operation_event(event_id: str, source: str, operation: Operation, maker: Maker, now: int) -> EventEnvelope:
    """Return the event that tells an operation. `source`: the service; `now`: microseconds since the Unix epoch."""
    trace = parse_traceparent(maker.traceparent) if maker.traceparent else None
    return EventEnvelope(
        event_id=event_id,
        event_type=RECORDED,
        event_version=EVENT_VERSION,
        timestamp=Timestamp(seconds=now // 1_000_000, nanos=now % 1_000_000 * 1000),
        source_service=source,
        correlation_id=maker.correlation_id,
        biz_id=operation.resource_id[:MAX_NAME] or source,
        metadata=EventMetadata(
            user_id=maker.user_id, session_id=maker.session_id, trace_id=trace.trace_id if trace else ""
        ),
        operation_recorded=OperationRecorded(
            method=maker.method,
            action=operation.action[:MAX_NAME],
            resource_type=operation.resource_type,
            resource_id=operation.resource_id[:MAX_ID],
            tenant_ids=operation.tenants or (),
            mesh_wide=operation.tenants is None,
            process_definition_key=operation.definition_key,
            acting_for=maker.acting_for,
            client_address=maker.client_address,
            traceparent=maker.traceparent,
            before_json=bounded_json(operation.before),
            after_json=bounded_json(operation.after),
            outcome=operation.outcome,
        ),
    )


def bounded_json(value: Mapping[str, Any]) -> bytes:
    """Return an object as JSON of at most `MAX_JSON_BYTES`; empty for an empty one.

    Long texts, lists and objects are cut, and what is still too large is left out; `truncated` tells of it.
    """
    if not value:
        return b""
    try:
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        # Sets and the like, of which the cut makes lists.
        text = b""
    if 0 < len(text) <= MAX_TEXT:
        # Nothing in it can be too long.
        return text
    text = orjson.dumps(_cut(value), option=orjson.OPT_SORT_KEYS)
    if len(text) <= MAX_JSON_BYTES:
        return text
    kept: dict[str, Any] = {"truncated": True}
    size = len(b'{"truncated":true}')
    for name, entry in sorted(value.items()):
        piece = len(orjson.dumps({name: _cut(entry)}))
        if size + piece <= MAX_JSON_BYTES:
            kept[name] = _cut(entry)
            size += piece
    return orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)


def _cut(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else f"{value[:MAX_TEXT]}…"
    if isinstance(value, Mapping):
        if depth > MAX_DEPTH:
            return "…"
        entries = list(value.items())
        cut = {str(name)[:MAX_TEXT]: _cut(entry, depth + 1) for name, entry in entries[:MAX_ITEMS]}
        return cut if len(entries) <= MAX_ITEMS else {**cut, "…": len(entries) - MAX_ITEMS}
    if isinstance(value, list | tuple | set | frozenset):
        if depth > MAX_DEPTH:
            return "…"
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else list(value)
        cut_items = [_cut(item, depth + 1) for item in items[:MAX_ITEMS]]
        return cut_items if len(items) <= MAX_ITEMS else [*cut_items, f"… {len(items) - MAX_ITEMS} more"]
    return value
