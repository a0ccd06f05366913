"""The outbox: events are stored in the transaction that makes them true, and relayed to the bus afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mesh.db.statements import InsertMany

NEW = "NEW"
FAILED = "FAILED"

COLUMNS = ("id", "topic", "partition_key", "kind", "payload", "created_at", "status", "retry_count", "next_attempt_at")


class OutboxEntry(NamedTuple):
    """A row for the outbox. `kind` tells the relay's expansion what the payload is; `created_at` in microseconds."""

    id: str
    topic: str
    partition_key: str
    kind: str
    payload: bytes
    created_at: int


def outbox_insert(entries: Sequence[OutboxEntry]) -> InsertMany:
    """Return the statement that stores entries, to be run in the transaction that they tell of."""
    return InsertMany("outbox", COLUMNS, [(*entry, NEW, 0, 0) for entry in entries])
