"""How messages lie in Kafka: keys and headers as UTF-8, dead letters under an id of their own.

Kafka removes no single record, but of a compacted topic it keeps the newest of each key, and nothing where that is a
tombstone. So a dead letter's record has a unique id as its key, and its message's key in a header.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from aiokafka.partitioner import murmur2

from mesh.bus import headers
from mesh.bus.port import BusMessage, ReceivedMessage
from mesh.bus.topics import DEAD_LETTER_SUFFIX

LETTER_KEY = "dlq-key"
"""The key of the message that became a dead letter."""
MAX_MESSAGE_BYTES = 64 * 1024 * 1024
"""Key, value and headers together. Many times what events have, as one that is refused is lost to its readers: numbers
take six times as much room in an event as in the 8 MiB of JSON that an instance may have."""
RECORD_OVERHEAD = 64
_LETTERS = uuid.UUID("3f1c9a52-64f5-5b4e-9d0c-6a1f0e9d7c31")

Record = tuple[bytes, bytes | None, Sequence[tuple[str, bytes]]]
"""Key, value and headers as Kafka has them."""


@lru_cache(maxsize=65_536)
def key_hash(key: bytes) -> int:
    """Return the number that, modulo the number of partitions, is the partition of a key: as Java clients do it."""
    hashed: int = murmur2(key)
    return hashed & 0x7FFFFFFF


def to_record(message: BusMessage) -> Record:
    """Turn a message into a record."""
    if message.topic.endswith(DEAD_LETTER_SUFFIX):
        return letter_id(message), message.value, encode_headers({**message.headers, LETTER_KEY: message.key})
    return message.key.encode(), message.value, encode_headers(message.headers)


def from_record(topic: str, record: Any) -> ReceivedMessage:
    """Turn a consumer's record into a message of a topic. `record.value` must not be None."""
    found = {name: value.decode("utf-8", "replace") for name, value in record.headers}
    key = (record.key or b"").decode("utf-8", "replace")
    if topic.endswith(DEAD_LETTER_SUFFIX):
        key = found.pop(LETTER_KEY, key)
    return ReceivedMessage(
        topic, record.partition, record.offset, key, record.value, found, max(0, record.timestamp) * 1000
    )


def encode_headers(texts: Any) -> list[tuple[str, bytes]]:
    """Return headers as Kafka has them."""
    return [(name, text.encode()) for name, text in texts.items()]


def size_of(record: Record) -> int:
    """Return about how many bytes a record takes, never less than it does."""
    key, value, pairs = record
    return RECORD_OVERHEAD + len(key) + len(value or b"") + sum(len(name) * 3 + len(text) + 10 for name, text in pairs)


def letter_id(message: BusMessage) -> bytes:
    """Return the id of a dead letter.

    Made from where the message was and which group could not deal with it: a letter that is published again, because
    its consumer was killed before it committed, is the same letter.
    """
    of = [message.headers.get(name, "") for name in (headers.GROUP, headers.ORIGINAL_TOPIC)]
    at = [message.headers.get(name, "") for name in (headers.ORIGINAL_PARTITION, headers.ORIGINAL_OFFSET)]
    known = all(at)
    return str(uuid.uuid5(_LETTERS, "\n".join(of + at)) if known else uuid.uuid4()).encode()
