"""Operations in the outbox of the service that does them."""

from __future__ import annotations

from mesh.audit.operation import Maker, Operation, operation_event
from mesh.bus.topics import AUDIT_EVENTS
from mesh.event_rows import event_row
from mesh.outbox import OutboxEntry


def operation_row(event_id: str, kind: int, source: str, operation: Operation, maker: Maker, now: int) -> OutboxEntry:
    """Return the row of an outbox that tells an operation, for the transaction that does it; see `event_row`."""
    envelope = operation_event(event_id, source, operation, maker, now)
    return event_row(kind, AUDIT_EVENTS, envelope, maker.traceparent, now)
