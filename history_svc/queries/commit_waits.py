"""Reads that wait until history has taken in the commits behind a token."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

from flowmesh.events.v1.event_pb2 import EventEnvelope

from history_svc.storage.layout import PROGRESS_COLUMNS, PROGRESS_TABLE
from history_svc.storage.retention_layout import PURGE_TABLE
from mesh.call import find_call
from mesh.commit_token import decode_commit_token
from mesh.db.database import Database, DatabaseError
from mesh.db.statements import FetchKeys, Program, Row
from mesh.errors import TooLate

MAX_SECONDS = 5.0
DEADLINE_SHARE = 0.9
"""Of the time that the caller gives, so that it still hears why."""
POLL_SECONDS = 0.05
"""How often the database is asked for what other processes took in; what this one does wakes its reads at once."""
RETRY_SECONDS = 0.5
_ALL = 1 << 62
"""A revision behind every other."""

log = logging.getLogger(__name__)


class _Wait:
    """A read that waits: what is still missing, by instance."""

    __slots__ = ("done", "missing")

    def __init__(self, missing: dict[str, int]) -> None:
        self.missing = missing
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class CommitWaits:
    """Lets reads wait for commits; one for a process.

    `hasten` is called when a read begins to wait: whoever brings events in this process need not sleep any longer.
    """

    def __init__(
        self,
        database: Database,
        *,
        hasten: Callable[[], None] | None = None,
        max_seconds: float = MAX_SECONDS,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._database = database
        self._hasten = hasten
        self._max_seconds = max_seconds
        self._poll_seconds = poll_seconds
        self._waits: dict[str, list[_Wait]] = {}
        self._polling: asyncio.Task[None] | None = None

    async def wait(self, token: str) -> None:
        """Return once the commits behind a token were taken in; at once where the token is empty.

        Waits 5 s at most, or nearly as long as the call may take. Raises `InvalidField` (COMMIT_TOKEN_INVALID),
        `TooLate` (HISTORY_BEHIND), `DatabaseError`.
        """
        if not token:
            return
        wait = _Wait(decode_commit_token(token))
        names = list(wait.missing)
        for name in names:
            self._waits.setdefault(name, []).append(wait)
        try:
            # Only now: what comes while the database is read is not missed.
            self._note(await self._database.read(_progress(names)))
            if not wait.done.done():
                self._note(await self._database.read(_purged(names)))
            if not wait.done.done():
                await self._pause(wait)
        finally:
            for name in names:
                waits = self._waits[name]
                waits.remove(wait)
                if not waits:
                    del self._waits[name]

    def reached(self, events: Sequence[EventEnvelope]) -> None:
        """Note events that were taken in."""
        if not self._waits:
            return
        for event in events:
            if event.biz_id in self._waits:
                reference = getattr(event, event.WhichOneof("payload") or "").process_instance
                if reference.last_in_commit:
                    self._note([(reference.id, reference.revision)])

    async def _pause(self, wait: _Wait) -> None:
        if self._hasten is not None:
            self._hasten()
        if self._polling is None:
            self._polling = asyncio.create_task(self._poll(), name="waiting history reads")
        call = find_call()
        if call is None:
            await asyncio.wait((wait.done,), timeout=self._max_seconds)
        else:
            left = call.seconds_left()
            limit = self._max_seconds if left is None else min(self._max_seconds, left * DEADLINE_SHARE)
            stopping = asyncio.create_task(call.draining.wait())
            try:
                with call.idle():
                    await asyncio.wait((wait.done, stopping), timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            finally:
                stopping.cancel()
        if not wait.done.done():
            raise _behind(wait.missing)

    def _note(self, reached: Sequence[Row]) -> None:
        for name, revision in reached:
            for wait in self._waits.get(name, ()):
                if wait.missing.get(name, 0) <= revision:
                    wait.missing.pop(name, None)
                    if not wait.missing and not wait.done.done():
                        wait.done.set_result(None)

    async def _poll(self) -> None:
        try:
            while True:
                await asyncio.sleep(self._poll_seconds)
                if not self._waits:
                    return
                try:
                    self._note(await self._database.read(_progress(list(self._waits))))
                except DatabaseError as error:
                    log.warning("the database does not say how far history is, asking again", exc_info=error)
        finally:
            self._polling = None


def _progress(names: Sequence[str]) -> Program[list[Row]]:
    rows: list[Row] = yield FetchKeys(PROGRESS_TABLE, PROGRESS_COLUMNS, ("id",), [(name,) for name in names])
    return rows


def _purged(names: Sequence[str]) -> Program[list[Row]]:
    """What comes for instances that are purged is passed over: there is nothing to wait for."""
    keys = [(name,) for name in names]
    rows: list[Row] = yield FetchKeys(PURGE_TABLE, ("process_instance_id",), ("process_instance_id",), keys)
    return [(name, _ALL) for (name,) in rows]


def _behind(missing: Mapping[str, int]) -> TooLate:
    name, revision = next(iter(missing.items()))
    return TooLate(
        "HISTORY_BEHIND",
        f"History has not taken in revision {revision} of process instance {name} yet; ask again.",
        metadata={"process_instance_id": name, "revision": str(revision)},
        retry_after_seconds=RETRY_SECONDS,
    )
