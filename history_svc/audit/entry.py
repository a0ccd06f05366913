"""An entry of the chain, and the hash that binds it to the one before."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

FIRST_HASH: Final = "0" * 64
"""Stands for the hash before the first entry."""
DOMAIN: Final = b"flowmesh.audit.entry.1\0"
"""Comes first in what is hashed: the version of `canonical`."""

OPERATION: Final = 1
REFUSAL: Final = 2
TAMPERING: Final = 3

SUCCEEDED: Final = 1
ATTEMPTED: Final = 2
FAILED: Final = 3
REFUSED: Final = 4


class Entry(NamedTuple):
    """What an entry says; the fields are columns of its table, in this order, all of them hashed.

    `tenant_id` is the tenant that it belongs to where that is one, `tenants_json` all of them; `mesh_wide`: it is
    shown only to who may see every tenant. Times in microseconds since the Unix epoch.
    """

    event_id: str
    time_micros: int
    kind: int
    service: str
    method: str
    action: str
    resource_type: str
    resource_id: str
    tenant_id: str
    tenants_json: str
    mesh_wide: int
    definition_key: str
    user_id: str
    session_id: str
    acting_for: str
    client_address: str
    correlation_id: str
    traceparent: str
    outcome: int
    reason: str
    call_count: int
    before_json: bytes
    after_json: bytes


class ChainedEntry(NamedTuple):
    """An entry with its place. `hash` is of `previous_hash` and the entry, in hexadecimal digits."""

    sequence: int
    entry: Entry
    previous_hash: str
    hash: str

    def row(self) -> tuple[Any, ...]:
        """Return the row of the table, as `CHAIN_COLUMNS`."""
        return (self.sequence, *self.entry, self.previous_hash, self.hash)

    def fits(self) -> bool:
        """Tell whether the entry is what its hash was made of."""
        return hash_of(self.previous_hash, self.entry) == self.hash


CHAIN_COLUMNS: Final = ("sequence", *Entry._fields, "previous_hash", "hash")


def chained_of(row: tuple[Any, ...]) -> ChainedEntry:
    """Return the entry of a row as `CHAIN_COLUMNS`."""
    return ChainedEntry(row[0], Entry._make(row[1:-2]), row[-2], row[-1])


def hash_of(previous_hash: str, entry: Entry) -> str:
    """Return the hash of an entry that follows another one. The place is not in it: that is what the links say."""
    # SQLite keeps values of any kind in any column, so somebody may have put what is no text there.
    previous = _encoded(previous_hash) if isinstance(previous_hash, str) else canonical((previous_hash,))
    return hashlib.sha256(DOMAIN + previous + canonical(entry)).hexdigest()


def text_of(value: Any) -> str:
    """Return a hash as it was read, empty for what cannot be one."""
    return value if isinstance(value, str) and value.isascii() else ""


def _encoded(text: str) -> bytes:
    # What was no UTF-8 was read with its bytes escaped.
    return text.encode(errors="surrogateescape")


def canonical(entry: Sequence[Any]) -> bytes:
    """Return an entry as bytes that no other entry has: each value with its kind and length before it.

    `i` and eight bytes, big endian, for a whole number; `t` for UTF-8 text and `b` for bytes, with the length in four
    bytes; `n` for what is missing; and `f` with eight bytes for other numbers, which no entry has that nobody changed.
    """
    parts: list[bytes] = []
    for value in entry:
        if isinstance(value, str):
            encoded = _encoded(value)
            parts.append(b"t" + len(encoded).to_bytes(4, "big") + encoded)
        elif isinstance(value, int):
            parts.append(b"i" + value.to_bytes(8, "big", signed=True))
        elif isinstance(value, float):
            parts.append(b"f" + struct.pack(">d", value))
        elif value is None:
            parts.append(b"n")
        else:
            parts.append(b"b" + len(value).to_bytes(4, "big") + bytes(value))
    return b"".join(parts)
