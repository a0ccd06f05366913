"""The cache port: values under keys, each made from one version of what it stands for.

No answer depends on an invalidation having arrived. Who reads names the version that holds now, as its own database
says within the same call, and gets a value made from that version or none. So a cache that lost a message, comes back
with what it held an hour ago, or serves two meshes by mistake costs time and never gives a wrong answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

LOCAL_ENTRIES = 1000
LOCAL_SECONDS = 60.0
DEFINITION_SECONDS = 3600
TODO_LIST_SECONDS = 600
PERMISSION_SECONDS = 7200
"""How long what a user may do is kept; its version is a number that every change of grants raises."""


@dataclass(slots=True, frozen=True)
class Entry:
    """A value to keep. `version` is empty where what the key names never changes; `tags` name groups of entries that
    are deleted together, named without control characters."""

    key: str
    value: bytes
    version: str = ""
    tags: tuple[str, ...] = ()


class Cache(Protocol):
    """Values of one kind. No method raises because a cache cannot be reached."""

    async def get(self, key: str, version: str = "") -> bytes | None:
        """Return the value of a key made from this version, or None."""

    async def get_many(self, keys: Sequence[str], version: str = "") -> dict[str, bytes]:
        """Return the values that are there, by key."""

    async def get_or_load(self, key: str, version: str, load: Callable[[], Awaitable[bytes | None]]) -> bytes | None:
        """Return the value, from `load` where it is not there; callers in this process that want the same share one.

        `load` must make its value from this very version, or return None, which nobody keeps. Raises what `load` does.
        """

    async def set(self, *entries: Entry) -> None:
        """Keep values, in place of those of other versions."""

    async def delete(self, *, keys: Sequence[str] = (), tags: Sequence[str] = ()) -> None:
        """Drop entries by key and by tag, here and, as far as they can be reached, everywhere else."""


class RemoteStore(Protocol):
    """What several processes share. Each call takes a bounded time; none raises because the store is not there."""

    async def get_many(self, cache: str, keys: Sequence[str]) -> list[bytes | None] | None:
        """Return what is under each key; None where the store cannot be asked."""

    async def set_many(self, cache: str, entries: Sequence[Entry], seconds: int) -> None:
        """Keep entries for some seconds. Their versions are not looked at."""

    async def delete(self, cache: str, keys: Sequence[str], tags: Sequence[str]) -> None:
        """Drop entries here and tell the other processes."""
