"""A cache of two levels: the memory of this process over a store that several processes share."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from mesh.cache.local import LocalStore
from mesh.cache.measures import CacheMeasures
from mesh.cache.port import Entry, RemoteStore

_DIGEST_BYTES = 16


class TwoLevelCache:
    """See `Cache`. Without a store it is the first level alone.

    What lies in the store begins with a digest over key, version and content: a value of another version, a damaged one
    or somebody else's is none.
    """

    def __init__(
        self, name: str, seconds: int, local: LocalStore, remote: RemoteStore | None, measures: CacheMeasures
    ) -> None:
        self._name = name
        self._seconds = seconds
        self._local = local
        self._remote = remote
        self._measures = measures
        self._loading: dict[tuple[str, str], asyncio.Task[bytes | None]] = {}

    async def get(self, key: str, version: str = "") -> bytes | None:
        """See `Cache.get`."""
        value = self._nearby(key, version)
        if value is not None:
            return value
        return (await self._shared([key], version)).get(key)

    async def get_many(self, keys: Sequence[str], version: str = "") -> dict[str, bytes]:
        """See `Cache.get_many`."""
        found = {key: value for key in keys if (value := self._nearby(key, version)) is not None}
        missing = [key for key in keys if key not in found]
        return {**found, **await self._shared(missing, version)} if missing else found

    async def get_or_load(self, key: str, version: str, load: Callable[[], Awaitable[bytes | None]]) -> bytes | None:
        """See `Cache.get_or_load`."""
        value = self._nearby(key, version)
        if value is not None:
            return value
        # The version is part of what is shared: a load that began before a change never answers who came after it.
        what = (key, version)
        loading = self._loading.get(what)
        if loading is None:
            loading = asyncio.create_task(self._load(key, version, load), name=f"cache {self._name}")
            self._loading[what] = loading
            loading.add_done_callback(lambda done: self._loaded(what, done))
        # A caller that gives up must not take the value from the others.
        return await asyncio.shield(loading)

    async def set(self, *entries: Entry) -> None:
        """See `Cache.set`."""
        for entry in entries:
            self._keep_nearby(entry)
        if self._remote is not None:
            sealed = [replace(entry, value=self._sealed(entry)) for entry in entries]
            await self._remote.set_many(self._name, sealed, self._seconds)

    async def delete(self, *, keys: Sequence[str] = (), tags: Sequence[str] = ()) -> None:
        """See `Cache.delete`."""
        self.forget(keys, tags)
        if self._remote is not None:
            await self._remote.delete(self._name, keys, tags)

    def forget(self, keys: Sequence[str], tags: Sequence[str]) -> None:
        """Drop entries from the memory of this process."""
        self._local.delete(keys, tags)
        self._measures.held(len(self._local), self._local.size)

    async def close(self) -> None:
        """End the loads that are under way."""
        loading = list(self._loading.values())
        for task in loading:
            task.cancel()
        await asyncio.gather(*loading, return_exceptions=True)

    def _nearby(self, key: str, version: str) -> bytes | None:
        value = self._local.get(key, version)
        (self._measures.local_misses if value is None else self._measures.local_hits).add()
        return value

    async def _shared(self, keys: Sequence[str], version: str) -> dict[str, bytes]:
        answers = None if self._remote is None else await self._remote.get_many(self._name, keys)
        if answers is None:
            return {}
        found: dict[str, bytes] = {}
        for key, answer in zip(keys, answers, strict=True):
            entry = None if answer is None else self._opened(key, version, answer)
            if entry is None:
                self._measures.remote_misses.add()
            else:
                self._measures.remote_hits.add()
                found[key] = entry.value
                self._keep_nearby(entry)
        return found

    async def _load(self, key: str, version: str, load: Callable[[], Awaitable[bytes | None]]) -> bytes | None:
        found = await self._shared([key], version)
        if key in found:
            return found[key]
        value = await load()
        if value is not None:
            await self.set(Entry(key, value, version))
        return value

    def _loaded(self, what: tuple[str, str], done: asyncio.Task[bytes | None]) -> None:
        del self._loading[what]
        if not done.cancelled():
            # Whoever waited got it; where all have given up nobody else would fetch it.
            done.exception()

    def _keep_nearby(self, entry: Entry) -> None:
        self._local.set(entry)
        self._measures.held(len(self._local), self._local.size)

    def _sealed(self, entry: Entry) -> bytes:
        content = "\0".join(entry.tags).encode() + b"\n" + entry.value
        return self._digest(entry.key, entry.version, content) + content

    def _opened(self, key: str, version: str, sealed: bytes) -> Entry | None:
        content = sealed[_DIGEST_BYTES:]
        if sealed[:_DIGEST_BYTES] != self._digest(key, version, content):
            return None
        tags, _, value = content.partition(b"\n")
        return Entry(key, value, version, tuple(tags.decode().split("\0")) if tags else ())

    def _digest(self, key: str, version: str, content: bytes) -> bytes:
        digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
        for part in (self._name.encode(), key.encode(), version.encode(), content):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        return digest.digest()
