"""The first level: values in the memory of this process, bounded by number, size and time."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import NamedTuple

from mesh.cache.port import LOCAL_ENTRIES, LOCAL_SECONDS, Entry

LOCAL_BYTES = 16 * 1024 * 1024
_OVERHEAD = 300
"""Bytes that an entry takes beside its texts."""


class _Kept(NamedTuple):
    entry: Entry
    until: float
    size: int


class LocalStore:
    """The least recently used entries go first. For the event loop alone."""

    def __init__(
        self,
        *,
        max_entries: int = LOCAL_ENTRIES,
        max_bytes: int = LOCAL_BYTES,
        seconds: float = LOCAL_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._monotonic = monotonic
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self.size = 0
        """Bytes held."""

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: str, version: str) -> bytes | None:
        """Return the value of a key made from this version, or None; what is outdated is dropped."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.entry.version != version or kept.until <= self._monotonic():
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return kept.entry.value

    def set(self, entry: Entry) -> None:
        """Keep a value; one that would push out more than an eighth of all is not kept."""
        self._drop(entry.key)
        size = len(entry.key) + len(entry.version) + len(entry.value) + sum(map(len, entry.tags)) + _OVERHEAD
        if size > self._max_bytes // 8:
            return
        self._kept[entry.key] = _Kept(entry, self._monotonic() + self._seconds, size)
        self.size += size
        while len(self._kept) > self._max_entries or self.size > self._max_bytes:
            self._drop(next(iter(self._kept)))

    def delete(self, keys: Collection[str], tags: Collection[str]) -> None:
        """Drop entries by key and by tag."""
        for key in keys:
            self._drop(key)
        if tags:
            wanted = set(tags)
            for key in [key for key, kept in self._kept.items() if not wanted.isdisjoint(kept.entry.tags)]:
                self._drop(key)

    def _drop(self, key: str) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self.size -= kept.size
