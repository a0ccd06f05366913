"""The directory's events in its outbox."""

from __future__ import annotations

from flowmesh.events.v1.event_pb2 import EventEnvelope

from mesh.bus.port import BusMessage
from mesh.bus.topics import USER_PERMISSION_EVENTS
from mesh.event_rows import event_row, message_of_row
from mesh.outbox import OutboxEntry, OutboxRow

SOURCE = "identity"
TRACED_ENVELOPE = 1
"""The kind of the outbox's rows, see `mesh.event_rows`."""


def outbox_entry(envelope: EventEnvelope, traceparent: str, created_at: int) -> OutboxEntry:
    """Return the row of an event. Raises `Unreadable` where it breaks the rules by which its readers check it."""
    return event_row(TRACED_ENVELOPE, USER_PERMISSION_EVENTS, envelope, traceparent, created_at)


def expand(row: OutboxRow) -> list[BusMessage]:
    """Return the event of a row as a message for the bus. Raises ValueError for a row of another release's kind."""
    if row.kind != TRACED_ENVELOPE:
        raise ValueError(f"outbox row of kind {row.kind}; this release reads {TRACED_ENVELOPE}")
    return [message_of_row(row)]
