"""Hashes of passwords by argon2id (RFC 9106), computed beside the event loop by a few threads.

A hash takes tens of milliseconds and its memory on purpose. So only a few are computed at once, a bounded number waits,
and the others are told to come back.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import VerificationError

from mesh.errors import Overload

T = TypeVar("T")

RETRY_SECONDS = 1.0
_HASH_BYTES = 32
_SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class HashCost:
    """What a hash costs: kibibytes of memory, passes over it, lanes."""

    memory_kibibytes: int = 19 << 10
    passes: int = 2
    lanes: int = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password was right, and, where its hash has another cost than hashes have now, a new one."""

    right: bool
    new_hash: str | None = None


class PasswordHashing:
    """The threads that hash, and who waits for them. Raises Overload (BACKPRESSURE) where too many wait."""

    def __init__(self, cost: HashCost | None = None, *, threads: int = 2, waiting: int = 64) -> None:
        cost = cost or HashCost()
        self._hasher = PasswordHasher(
            time_cost=cost.passes,
            memory_cost=cost.memory_kibibytes,
            parallelism=cost.lanes,
            hash_len=_HASH_BYTES,
            salt_len=_SALT_BYTES,
            type=Type.ID,
        )
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._most = threads + waiting
        self._begun = 0
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """Return the hash of a password, with its salt and cost in it."""
        return await self._in_turn(self._hasher.hash, password)

    async def verify(self, stored: str | None, password: str) -> Verdict:
        """Tell whether a password is the one of a stored hash.

        Without a hash the answer is no, after the time that a wrong password takes: nobody can tell the two apart.
        """
        return await self._in_turn(self._verify, stored, password)

    async def prepare(self) -> None:
        """Compute what the first one who signs in would have to wait for."""
        await self._in_turn(self._hash_of_nobody)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _in_turn(self, work: Callable[..., T], *arguments: object) -> T:
        if self._begun >= self._most:
            raise Overload(
                "BACKPRESSURE",
                "Too many are signing in at once; come back later.",
                retry_after_seconds=RETRY_SECONDS,
            )
        self._begun += 1
        work_done = self._threads.submit(work, *arguments)
        # Not when the caller goes away: the thread is at work until the hash is there.
        loop = asyncio.get_running_loop()
        work_done.add_done_callback(lambda _: loop.call_soon_threadsafe(self._leave))
        return await asyncio.wrap_future(work_done)

    def _leave(self) -> None:
        self._begun -= 1

    def _verify(self, stored: str | None, password: str) -> Verdict:
        try:
            self._hasher.verify(self._hash_of_nobody() if stored is None else stored, password)
        except VerificationError:
            return Verdict(right=False)
        if stored is None:
            return Verdict(right=False)
        stale = self._hasher.check_needs_rehash(stored)
        return Verdict(right=True, new_hash=self._hasher.hash(password) if stale else None)

    def _hash_of_nobody(self) -> str:
        if self._nobodys is None:
            self._nobodys = self._hasher.hash(secrets.token_urlsafe())
        return self._nobodys
