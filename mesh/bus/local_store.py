"""How the local bus lies in its SQLite file, and the programs that append, read and prune messages.

A message's key is one integer: the partition's number in this file in the upper bits, the offset in the lower
40. So a partition is a range of row ids, appending goes to its end, and reading in order is a scan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import orjson

from mesh.bus.port import BusError, BusMessage, MessagePosition, ReceivedMessage, TopicSpec
from mesh.db.statements import DeleteMany, Execute, Fetch, FetchKeys, InsertMany, Program, Row

FORMAT = 1
OFFSET_BITS = 40
OFFSET_MASK = (1 << OFFSET_BITS) - 1
READ_CHUNK = 256
MAX_READ_BYTES = 8 * 1024 * 1024
"""One poll returns at most this much, plus the rest of a chunk."""
PRUNE_BATCH = 1_000

SCHEMA = (
    """CREATE TABLE topic (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        retention_seconds INTEGER NOT NULL)""",
    """CREATE TABLE topic_partition (
        id INTEGER PRIMARY KEY,
        topic_id INTEGER NOT NULL,
        number INTEGER NOT NULL,
        first_offset INTEGER NOT NULL DEFAULT 0,
        next_offset INTEGER NOT NULL DEFAULT 0,
        UNIQUE (topic_id, number))""",
    # The value comes last, so that the rest of a large row is read without it.
    """CREATE TABLE message (
        position INTEGER PRIMARY KEY,
        published_at INTEGER NOT NULL,
        message_key TEXT NOT NULL,
        headers BLOB,
        value BLOB NOT NULL)""",
    """CREATE TABLE consumer_group (
        name TEXT PRIMARY KEY,
        generation INTEGER NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE group_member (
        consumer_group TEXT NOT NULL,
        member TEXT NOT NULL,
        topics TEXT NOT NULL,
        expires_at INTEGER NOT NULL,
        PRIMARY KEY (consumer_group, member)) WITHOUT ROWID""",
    """CREATE TABLE partition_claim (
        consumer_group TEXT NOT NULL,
        partition_id INTEGER NOT NULL,
        member TEXT NOT NULL,
        PRIMARY KEY (consumer_group, partition_id)) WITHOUT ROWID""",
    """CREATE TABLE group_offset (
        consumer_group TEXT NOT NULL,
        partition_id INTEGER NOT NULL,
        next_offset INTEGER NOT NULL,
        PRIMARY KEY (consumer_group, partition_id)) WITHOUT ROWID""",
)
MESSAGE_COLUMNS = ("position", "published_at", "message_key", "headers", "value")


@dataclass(slots=True, frozen=True)
class Topic:
    """A topic of the file. `partition_ids`: by partition number."""

    id: int
    name: str
    partition_ids: tuple[int, ...]
    retention_seconds: int = 0

    def partition_of(self, key: str) -> int:
        """Return the id of the partition that takes a key.

        CRC-32 of the key's UTF-8 text, modulo the number of partitions: the same in every process and release.
        """
        return self.partition_ids[crc32(key.encode()) % len(self.partition_ids)]


@dataclass(slots=True, frozen=True)
class Cursor:
    """Where to go on reading a partition."""

    partition_id: int
    topic: str
    number: int
    next_offset: int


def create_schema() -> Program[None]:
    """Create the tables of a new file. Raises `BusError` where the file has a format of a newer release."""
    rows: list[Row] = yield Fetch("PRAGMA user_version")
    found = rows[0][0]
    if found > FORMAT:
        raise BusError(f"the bus file has format {found}, this release knows {FORMAT}: start the newer release")
    if found == 0:
        for sql in SCHEMA:
            yield Execute(sql)
        yield Execute(f"PRAGMA user_version={FORMAT}")


def load_topics() -> Program[dict[str, Topic]]:
    """Read all topics."""
    topics: list[Row] = yield Fetch("SELECT id, name, retention_seconds FROM topic")
    partitions: list[Row] = yield Fetch("SELECT topic_id, id FROM topic_partition ORDER BY topic_id, number")
    ids: dict[int, list[int]] = {}
    for topic_id, partition_id in partitions:
        ids.setdefault(topic_id, []).append(partition_id)
    return {name: Topic(topic_id, name, tuple(ids[topic_id]), retention) for topic_id, name, retention in topics}


def ensure_topics(specs: Sequence[TopicSpec]) -> Program[None]:
    """Create topics; of one that exists the retention is set, its partitions stay.

    Another number of partitions would send later messages of a key elsewhere than the earlier ones.
    """
    for spec in specs:
        found: list[Row] = yield Fetch("SELECT id FROM topic WHERE name=?", (spec.name,))
        if found:
            yield Execute("UPDATE topic SET retention_seconds=? WHERE id=?", (spec.retention_seconds, found[0][0]))
            continue
        yield InsertMany("topic", ("name", "retention_seconds"), [(spec.name, spec.retention_seconds)])
        created: list[Row] = yield Fetch("SELECT id FROM topic WHERE name=?", (spec.name,))
        rows = [(created[0][0], number) for number in range(spec.partitions)]
        yield InsertMany("topic_partition", ("topic_id", "number"), rows)


def append(messages: Mapping[int, Sequence[BusMessage]], now: int) -> Program[None]:
    """Append messages to partitions. `now`: microseconds since the Unix epoch."""
    ends: list[Row] = yield FetchKeys(
        "topic_partition", ("id", "next_offset"), ("id",), [(partition_id,) for partition_id in messages]
    )
    rows = []
    for partition_id, next_offset in ends:
        position = (partition_id << OFFSET_BITS) + next_offset
        for message in messages[partition_id]:
            headers = orjson.dumps(dict(message.headers)) if message.headers else None
            rows.append((position, now, message.key, headers, message.value))
            position += 1
    yield InsertMany("message", MESSAGE_COLUMNS, rows)
    for partition_id, next_offset in ends:
        end = next_offset + len(messages[partition_id])
        yield Execute("UPDATE topic_partition SET next_offset=? WHERE id=?", (end, partition_id))


def read(cursors: Sequence[Cursor], limit: int) -> Program[tuple[list[ReceivedMessage], dict[int, int]]]:
    """Read on from cursors, in this order. Result: messages, and by partition the offset to go on from."""
    ends: list[Row] = yield FetchKeys(
        "topic_partition",
        ("id", "first_offset", "next_offset"),
        ("id",),
        [(cursor.partition_id,) for cursor in cursors],
    )
    bounds = {partition_id: (first, end) for partition_id, first, end in ends}
    messages: list[ReceivedMessage] = []
    reached: dict[int, int] = {}
    size = 0
    for cursor in cursors:
        first, end = bounds[cursor.partition_id]
        offset = max(cursor.next_offset, first)
        base = cursor.partition_id << OFFSET_BITS
        while offset < end and len(messages) < limit and size < MAX_READ_BYTES:
            chunk = min(READ_CHUNK, limit - len(messages))
            rows: list[Row] = yield Fetch(
                "SELECT position, published_at, message_key, headers, value FROM message "
                "WHERE position>=? AND position<? ORDER BY position LIMIT ?",
                (base + offset, base + end, chunk),
            )
            for row in rows:
                messages.append(received(cursor.topic, cursor.number, row))
                size += len(row[4])
            # Fewer than asked for: what lies behind the last one was deleted.
            offset = messages[-1].offset + 1 if len(rows) == chunk else end
        if offset > cursor.next_offset:
            reached[cursor.partition_id] = offset
    return messages, reached


def first_published_at(partition_id: int, micros: int) -> Program[int]:
    """Find the offset of a partition's first message published at a time or later; else that of the next one."""
    base = partition_id << OFFSET_BITS
    bounds: list[Row] = yield Fetch("SELECT first_offset, next_offset FROM topic_partition WHERE id=?", (partition_id,))
    low: int = bounds[0][0]
    high: int = bounds[0][1]
    # Messages lie in order of their time, unless the clock was set back: then a little more comes again.
    while low < high:
        middle = (low + high) // 2
        rows: list[Row] = yield Fetch(
            "SELECT position, published_at FROM message WHERE position>=? AND position<? ORDER BY position LIMIT ?",
            (base + middle, base + high, 1),
        )
        if not rows or rows[0][1] >= micros:
            high = middle
        else:
            low = (rows[0][0] & OFFSET_MASK) + 1
    return low


def received(topic: str, number: int, row: Row) -> ReceivedMessage:
    """Turn a row of `MESSAGE_COLUMNS` into a message."""
    position, published_at, key, headers, value = row
    decoded = orjson.loads(headers) if headers else {}
    return ReceivedMessage(topic, number, position & OFFSET_MASK, key, value, decoded, published_at)


def fetch_at(positions: Sequence[MessagePosition], topics: Mapping[str, Topic]) -> Program[list[ReceivedMessage]]:
    """Read single messages; those that do not exist are left out."""
    where = {
        (topics[at.topic].partition_ids[at.partition] << OFFSET_BITS) + at.offset: at
        for at in positions
        if at.topic in topics and 0 <= at.partition < len(topics[at.topic].partition_ids)
    }
    rows: list[Row] = yield FetchKeys("message", MESSAGE_COLUMNS, ("position",), [(position,) for position in where])
    return [received(where[row[0]].topic, where[row[0]].partition, row) for row in rows]


def delete(messages: Sequence[ReceivedMessage], topics: Mapping[str, Topic]) -> Program[None]:
    """Delete single messages; their offsets stay empty."""
    keys = [
        ((topics[message.topic].partition_ids[message.partition] << OFFSET_BITS) + message.offset,)
        for message in messages
    ]
    yield DeleteMany("message", ("position",), keys)


def expired_partition(now: int) -> Program[tuple[int, int] | None]:
    """Find a partition with messages past their retention: its id and the offset up to which to prune."""
    partitions: list[Row] = yield Fetch(
        "SELECT p.id, t.retention_seconds FROM topic_partition p JOIN topic t ON t.id=p.topic_id "
        "WHERE p.next_offset>p.first_offset"
    )
    for partition_id, retention_seconds in partitions:
        base = partition_id << OFFSET_BITS
        oldest: list[Row] = yield Fetch(
            "SELECT position, published_at FROM message WHERE position>=? AND position<=? ORDER BY position LIMIT ?",
            (base, base + OFFSET_MASK, 1),
        )
        cutoff = now - retention_seconds * 1_000_000
        if oldest and oldest[0][1] < cutoff:
            batch: list[Row] = yield Fetch(
                "SELECT position, published_at FROM message "
                "WHERE position>=? AND position<=? ORDER BY position LIMIT ?",
                (base, base + OFFSET_MASK, PRUNE_BATCH),
            )
            # Only the front: what came later may be older where the clock was set back.
            last = oldest[0][0]
            for position, published_at in batch:
                if published_at >= cutoff:
                    break
                last = position
            return partition_id, (last & OFFSET_MASK) + 1
    return None


def prune(partition_id: int, up_to: int) -> Program[None]:
    """Delete the messages of a partition before an offset."""
    base = partition_id << OFFSET_BITS
    yield Execute("DELETE FROM message WHERE position>=? AND position<?", (base, base + up_to))
    yield Execute(
        "UPDATE topic_partition SET first_offset=? WHERE id=? AND first_offset<?", (up_to, partition_id, up_to)
    )
