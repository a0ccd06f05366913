"""The outbox: what a service tells the world, written in the transaction that makes it true.

A row is NEW until the relay has published it, then it is deleted; one that cannot be turned into messages ends up
FAILED and stays for people to look at. There is no row that says "sent".
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import NamedTuple

from mesh.db.statements import InsertMany

NEW = "NEW"
FAILED = "FAILED"
MAX_ERROR_LENGTH = 8_000
BUCKETS = 32
"""Each bucket has one relay at a time, so no more relays than these have work. Rows that lie in an outbox keep theirs:
the number must not be changed while there are any."""
COLUMNS = (
    "id",
    "topic",
    "partition_key",
    "kind",
    "payload",
    "created_at",
    "status",
    "bucket",
    "retry_count",
    "next_attempt_at",
)


class OutboxEntry(NamedTuple):
    """Something to tell.

    `id`: a UUIDv7; `partition_key`: entries with the same one reach the bus in order; `kind`: what the payload is,
    a number of the service's own; `created_at`: microseconds since the Unix epoch.
    """

    id: str
    topic: str
    partition_key: str
    kind: int
    payload: bytes
    created_at: int


class OutboxRow(NamedTuple):
    """An entry as the relay reads it. `seq`: its place; numbers may be missing."""

    seq: int
    id: str
    topic: str
    partition_key: str
    kind: int
    payload: bytes
    created_at: int
    retry_count: int


def outbox_insert(entries: Sequence[OutboxEntry]) -> InsertMany:
    """Return the statement that adds entries, in order, to the transaction that it is yielded in."""
    return InsertMany(
        "outbox",
        COLUMNS,
        [(*entry, NEW, bucket_of(entry.partition_key), 0, 0) for entry in entries],
    )


def bucket_of(partition_key: str) -> int:
    """Return the bucket of a key, the same in every process."""
    return zlib.crc32(partition_key.encode()) % BUCKETS
