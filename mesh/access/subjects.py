"""What subjects were granted, known in this process and kept true by what the identity service tells.

An entry is trusted for `TRUSTED_SECONDS` after it was last confirmed: when it was read, and, as long as no change was
missed, by every message of the stream. One that is not confirmed is read again; where the identity service does not
answer, calls go on with it. One that is known to be outdated is gone at once.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextvars import Context

import orjson
from flowmesh.identity.v1 import access_service_pb2

from mesh.access.grants import SubjectGrants
from mesh.access.refusals import IdentityDown
from mesh.cache.port import PERMISSION_SECONDS, Cache, Entry
from mesh.logs import get_log

TRUSTED_SECONDS = 4.0
"""With what a call may take to come through, less than the 5 s within which a change must count."""
RETRY_SECONDS = 1.0
"""How long an entry is used before the identity service is asked again, where it did not answer."""
MAX_SUBJECTS = 10_000
RECENT_SECONDS = 600.0
MAX_RECENT = 1000
"""Subjects that are read before they are asked for: after a change, and by a process that starts."""
_READERS = 4
_RECENT_KEY = "recent"

_log = get_log(__name__)

FetchAccess = Callable[[str], Awaitable[access_service_pb2.Access]]


class _Known:
    __slots__ = ("grants", "read_at", "retry_at", "used_at")

    def __init__(self, grants: SubjectGrants, read_at: float, used_at: float) -> None:
        self.grants = grants
        self.read_at = read_at
        self.retry_at = 0.0
        self.used_at = used_at


class Subjects:
    """For one event loop. `cache` is what several processes share; its entries are found by the version of all grants
    that the stream told last, so that nobody gets one that is older than that."""

    def __init__(
        self,
        fetch: FetchAccess,
        cache: Cache,
        *,
        name: str = "mesh",
        max_subjects: int = MAX_SUBJECTS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._cache = cache
        self._recent_key = f"{_RECENT_KEY}:{name}"
        self._max_subjects = max_subjects
        self._monotonic = monotonic
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._reading: dict[tuple[str, int], asyncio.Task[SubjectGrants]] = {}
        self._ahead: set[asyncio.Task[None]] = set()
        self._version = 0
        self._heard_at = -TRUSTED_SECONDS
        self._covered_since = float("inf")
        self._changes = 0

    def __len__(self) -> int:
        return len(self._known)

    def get(self, subject_id: str) -> SubjectGrants | None:
        """Return the grants of a subject where they are known and can be trusted now, else None: `read` them."""
        known = self._known.get(subject_id)
        if known is None:
            return None
        now = self._monotonic()
        read_at = known.read_at
        if (
            # No change was missed since it was read, and either of the two was lately.
            (read_at >= self._covered_since and now - max(read_at, self._heard_at) < TRUSTED_SECONDS)
            or now < known.retry_at
        ) and now - read_at < PERMISSION_SECONDS:
            known.used_at = now
            self._known.move_to_end(subject_id)
            return known.grants
        return None

    async def read(self, subject_id: str) -> SubjectGrants:
        """Ask for the grants of a subject; callers that come before the next change share one answer.

        Raises IdentityDown where the identity service does not answer and nothing is known of the subject.
        """
        what = (subject_id, self._changes)
        reading = self._reading.get(what)
        if reading is None:
            # In a context of its own: it must not end with the call that happened to come first.
            reading = asyncio.create_task(self._read(subject_id), name="grants", context=Context())
            self._reading[what] = reading
            reading.add_done_callback(lambda done: self._read_done(what, done))
        return await asyncio.shield(reading)

    def heard(self, version: int) -> None:
        """Note a sign of life of the stream: nothing has changed that it did not tell.

        `version`: of all grants, as the stream tells it; 0 where it does not.
        """
        self._heard_at = self._monotonic()
        if version != self._version:
            # It has risen, and what did that was not told.
            self._miss(version)

    def joined(self, version: int) -> None:
        """Note that a stream has begun to tell changes."""
        self._heard_at = self._monotonic()
        if not version or version != self._version or self._covered_since == float("inf"):
            self._miss(version)

    def changed(self, subject_ids: Collection[str], version: int) -> None:
        """Forget what is known of some subjects, and read again who called lately."""
        self._version = version
        self._heard_at = self._monotonic()
        self._drop(subject_ids)

    def all_changed(self, version: int) -> None:
        """The same for all subjects."""
        self.changed(list(self._known), version)

    async def keep_recent(self) -> None:
        """Tell processes to come who has called lately."""
        recent = self._recent(self._known)
        if recent:
            await self._cache.set(Entry(self._recent_key, orjson.dumps(recent)))

    async def warm_up(self) -> int:
        """Read who called lately, as far as other processes told; return how many that were."""
        kept = await self._cache.get(self._recent_key)
        try:
            subjects = orjson.loads(kept or b"[]")
        except orjson.JSONDecodeError:
            subjects = []
        wanted = [each for each in subjects if isinstance(each, str) and each not in self._known][:MAX_RECENT]
        await self._read_ahead(wanted)
        return len(wanted)

    async def close(self) -> None:
        """End what is under way."""
        tasks = [*self._reading.values(), *self._ahead]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _miss(self, version: int) -> None:
        """Note that something may have changed that was not told: what was read before is no longer covered."""
        self._version = version
        self._changes += 1
        self._covered_since = self._heard_at

    def _drop(self, subject_ids: Collection[str]) -> None:
        self._changes += 1
        recent = self._recent(subject_ids)
        for subject_id in subject_ids:
            self._known.pop(subject_id, None)
        if recent:
            task = asyncio.create_task(self._read_ahead(recent), name="grants ahead", context=Context())
            self._ahead.add(task)
            task.add_done_callback(self._ahead.discard)

    def _recent(self, subject_ids: Collection[str]) -> list[str]:
        since = self._monotonic() - RECENT_SECONDS
        found = [(self._known[each].used_at, each) for each in subject_ids if each in self._known]
        return [each for used_at, each in sorted(found, reverse=True)[:MAX_RECENT] if used_at > since]

    async def _read_ahead(self, subject_ids: Sequence[str]) -> None:
        waiting = iter(subject_ids)

        async def reader() -> None:
            for subject_id in waiting:
                await self.read(subject_id)

        try:
            await asyncio.gather(*(reader() for _ in range(_READERS)))
        except IdentityDown as error:
            _log.warning("Grants could not be read ahead; each call asks by itself", detail=error.detail)

    async def _read(self, subject_id: str) -> SubjectGrants:
        changes, begun = self._changes, self._monotonic()
        version = self._version if begun - self._heard_at < TRUSTED_SECONDS else 0

        async def fetched() -> bytes:
            return (await self._fetch(subject_id)).SerializeToString()

        try:
            if version:
                # As true as what the stream told last, and not more so.
                begun = self._heard_at
                raw = await self._cache.get_or_load(subject_id, str(version), fetched)
                assert raw is not None
            else:
                raw = await fetched()
        except IdentityDown as error:
            return self._fallback(subject_id, error)
        grants = SubjectGrants(access_service_pb2.Access.FromString(raw))
        if changes == self._changes:
            self._known[subject_id] = _Known(grants, begun, self._monotonic())
            self._known.move_to_end(subject_id)
            while len(self._known) > self._max_subjects:
                self._known.popitem(last=False)
        return grants

    def _fallback(self, subject_id: str, error: IdentityDown) -> SubjectGrants:
        known, now = self._known.get(subject_id), self._monotonic()
        if known is None or now - known.read_at >= PERMISSION_SECONDS:
            raise error
        known.retry_at = now + RETRY_SECONDS
        return known.grants

    def _read_done(self, what: tuple[str, int], done: asyncio.Task[SubjectGrants]) -> None:
        del self._reading[what]
        if not done.cancelled():
            # Whoever waited got it; where all have given up nobody else would fetch it.
            done.exception()
