"""The one stream a process has to the identity service: it tells what must count at once.

A stream that says nothing for `SILENT_SECONDS` is broken, and is made again; an attempt has `FIRST_ATTEMPT_SECONDS` to
tell what is revoked. Both together are less than the 5 s within which a revocation must count.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import aclosing
from contextvars import Context

from flowmesh.identity.v1 import access_service_pb2

from mesh.access.keys import KeySet
from mesh.access.refusals import IdentityDown
from mesh.access.source import AccessSource
from mesh.access.subjects import Subjects
from mesh.background import end
from mesh.logs import get_log

SILENT_SECONDS = 2.5
FIRST_ATTEMPT_SECONDS = 2.0
LONGEST_ATTEMPT_SECONDS = 16.0
"""An identity service that is slow gets more time with every attempt, so that one of them succeeds."""
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 1.0
KEYS_SECONDS = 60.0
"""Keys are asked for that often, besides when they are told to have changed."""
QUIET_SECONDS = 5.0
"""Processes start together: that the identity service is not there yet is nothing to warn of before."""
FORGET_SECONDS = 30.0
"""How often sessions are forgotten whose tokens have run out."""

_log = get_log(__name__)


class SecurityWatch:
    """Follows the changes that the identity service tells, from `start` to `stop`.

    `ended` is told each session that was revoked.
    """

    def __init__(
        self,
        source: AccessSource,
        subjects: Subjects,
        keys: KeySet,
        ended: Callable[[str], None],
        *,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.revoked: dict[str, float] = {}
        """Sessions whose tokens are worth nothing, and when the last of these runs out, in seconds since 1970."""
        self.complete = asyncio.Event()
        """Set once everything that is revoked was told, for the first time."""
        self._source = source
        self._subjects = subjects
        self._keys = keys
        self._ended = ended
        self._now = now
        self._monotonic = monotonic
        self._heard_at: float | None = None
        self._joined = False
        self._failing = False
        self._started_at = monotonic()
        self._keys_wanted = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def silent_seconds(self) -> float | None:
        """How long nothing was heard; None where nothing ever was."""
        return None if self._heard_at is None else self._monotonic() - self._heard_at

    @property
    def up(self) -> bool:
        """Whether the stream tells changes now."""
        silent = self.silent_seconds
        return self._joined and silent is not None and silent < SILENT_SECONDS

    def start(self) -> None:
        """Begin to follow; nothing waits for it."""
        self._tasks = [
            asyncio.create_task(self._follow(), name="security changes", context=Context()),
            asyncio.create_task(self._follow_keys(), name="keys of access tokens", context=Context()),
            asyncio.create_task(self._forget(), name="sessions to forget", context=Context()),
        ]

    async def stop(self) -> None:
        """Stop following."""
        for task in self._tasks:
            await end(task)

    async def _follow(self) -> None:
        attempt, pause = FIRST_ATTEMPT_SECONDS, FIRST_PAUSE_SECONDS
        while True:
            self._joined = orderly = False
            try:
                await self._listen(attempt)
                why, orderly = "it ended", True
            except IdentityDown as error:
                why = error.detail
            except TimeoutError:
                why = f"nothing was heard for {SILENT_SECONDS if self._joined else attempt:g} s"
            if self._joined:
                # What was told before stays true until something else is; the next attempt comes at once.
                attempt, pause = FIRST_ATTEMPT_SECONDS, FIRST_PAUSE_SECONDS
                if orderly:
                    _log.info("The identity service ended the stream of security changes, as one that stops does")
                else:
                    _log.warning("The stream of security changes was cut", detail=why)
                await asyncio.sleep(FIRST_PAUSE_SECONDS)
                continue
            if not self._failing and self._started_long_ago():
                self._failing = True
                _log.warning(
                    "The identity service does not tell security changes; calls go on with what is known", detail=why
                )
            attempt = min(attempt * 2, LONGEST_ATTEMPT_SECONDS)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - keeps processes apart, guards nothing
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _started_long_ago(self) -> bool:
        return self._monotonic() - self._started_at >= QUIET_SECONDS

    async def _listen(self, attempt_seconds: float) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(attempt_seconds) as limit, aclosing(self._source.changes()) as messages:
            async for message in messages:
                self._take(message)
                if self._joined:
                    limit.reschedule(loop.time() + SILENT_SECONDS)

    def _take(self, message: access_service_pb2.WatchSecurityChangesResponse) -> None:
        change = message.WhichOneof("change")
        version = message.access_version
        if change == "session_revoked":
            self._revoke(message.session_revoked)
        elif change == "keys_changed":
            self._keys_wanted.set()
        if not self._joined:
            if not message.complete:
                # Told at the beginning, it may be of any time before.
                if change == "subjects_changed":
                    self._subjects.all_changed(0)
                return
            self._joined = True
            self._subjects.joined(version)
            # Keys may have gone while nobody listened.
            self._keys_wanted.set()
            self.complete.set()
            if self._failing:
                _log.info("The identity service tells security changes again")
            self._failing = False
        elif change != "subjects_changed":
            self._subjects.heard(version)
        if change == "subjects_changed":
            if message.subjects_changed.all:
                self._subjects.all_changed(version)
            else:
                self._subjects.changed(message.subjects_changed.subject_ids, version)
        self._heard_at = self._monotonic()

    def _revoke(self, told: access_service_pb2.SessionRevoked) -> None:
        self.revoked[told.session_id] = told.forget_time.seconds + told.forget_time.nanos / 1e9
        self._ended(told.session_id)

    async def _follow_keys(self) -> None:
        failing = False
        while True:
            self._keys_wanted.clear()
            try:
                # What is under way may have been asked for before the change.
                await self._keys.refresh(anew=True)
                failing = False
            except IdentityDown as error:
                if not failing and self._started_long_ago():
                    failing = True
                    _log.warning("The keys of access tokens could not be read; those known go on", detail=error.detail)
                await asyncio.sleep(LONGEST_PAUSE_SECONDS)
                continue
            try:
                async with asyncio.timeout(KEYS_SECONDS):
                    await self._keys_wanted.wait()
            except TimeoutError:
                continue

    async def _forget(self) -> None:
        while True:
            await asyncio.sleep(FORGET_SECONDS)
            now = self._now()
            for session_id in [each for each, until in self.revoked.items() if until <= now]:
                del self.revoked[session_id]
