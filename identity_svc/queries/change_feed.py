"""What all services must know at once, as one process tells it: it reads the log of changes for all who listen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from identity_svc.storage.security_changes import ChangeKind, LoggedChange, SecurityChange, changes_after, log_position
from mesh.background import end
from mesh.clock import steady_seconds
from mesh.db.database import Database
from mesh.db.statements import Program
from mesh.errors import DependencyDown, Overload
from mesh.logs import get_log

POLL_SECONDS = 0.5
STALE_SECONDS = 2.0
"""After this time without an answer of the database nobody is told that nothing has changed."""
_BATCH = 500
_MOST_WAITING = 10_000

_log = get_log(__name__)


@dataclass(frozen=True, slots=True)
class TellingChange:
    """A change as it is told. `access_version`: that of what all subjects may do, with the change."""

    change: SecurityChange
    access_version: int


class Listener:
    """Who is told the changes from some point on. Made by `ChangeFeed.listening`."""

    def __init__(self, feed: ChangeFeed, access_version: int) -> None:
        self.access_version = access_version
        """The version from which on changes are told."""
        self._feed = feed
        self._waiting: asyncio.Queue[TellingChange] = asyncio.Queue()

    async def next(self, seconds: float) -> list[TellingChange]:
        """Wait for changes so many seconds at most; return them, none where there are none.

        Raises Overload where more wait than can be kept, and DependencyDown where nobody knows whether there are any.
        """
        if self._waiting.qsize() > _MOST_WAITING:
            raise Overload("BACKPRESSURE", "Too many changes wait to be told; listen anew.", retry_after_seconds=1.0)
        changes = []
        try:
            async with asyncio.timeout(seconds):
                changes.append(await self._waiting.get())
        except TimeoutError:
            if self._feed.silent_seconds > STALE_SECONDS:
                raise _unknown() from None
        while not self._waiting.empty():
            changes.append(self._waiting.get_nowait())
        return changes

    def put(self, change: TellingChange) -> None:
        """Let a change wait until it is told."""
        if self._waiting.qsize() <= _MOST_WAITING:
            self._waiting.put_nowait(change)


class ChangeFeed:
    """Reads the log for a whole process: every half second, and at once when it is woken."""

    def __init__(self, database: Database, *, keys_changed: Callable[[], Awaitable[None]]) -> None:
        """`keys_changed` is called before anybody is told; it raises `DatabaseError` where it is to be tried again."""
        self._database = database
        self._keys_changed = keys_changed
        self._last = 0
        self._access = 0
        self._answered = 0.0
        self._listeners: set[Listener] = set()
        self._woken = asyncio.Event()
        self._rounds_begun = 0
        self._rounds_done = 0
        self._round_done = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin at the end of the log. Raises `DatabaseError`."""
        self._last, self._access = await self._database.read(log_position())
        self._answered = steady_seconds()
        self._task = asyncio.create_task(self._follow(), name="security changes")

    async def stop(self) -> None:
        """End reading."""
        await end(self._task)

    async def catch_up(self) -> None:
        """Wait until the log was read that there is now, whichever process wrote it.

        Raises DependencyDown where the database does not answer.
        """
        wanted = self._rounds_begun + 1
        self.wake()
        try:
            async with asyncio.timeout(STALE_SECONDS):
                while self._rounds_done < wanted:
                    await self._round_done.wait()
        except TimeoutError:
            raise _unknown() from None

    def wake(self) -> None:
        """Look at once: something was written."""
        self._woken.set()

    @property
    def silent_seconds(self) -> float:
        """Since when the database has not told whether there are changes."""
        return steady_seconds() - self._answered

    @contextmanager
    def listening(self) -> Iterator[Listener]:
        """Tell a listener all changes from now on, as long as the block runs."""
        listener = Listener(self, _version(self._access))
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    async def _follow(self) -> None:
        failing = False
        while True:
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._woken.wait()
            except TimeoutError:
                pass
            self._woken.clear()
            self._rounds_begun = number = self._rounds_begun + 1
            begun = steady_seconds()
            try:
                changes = await self._database.read(self._read())
                if any(logged.change.kind is ChangeKind.KEYS for logged in changes):
                    await self._keys_changed()
            except Exception as error:  # noqa: BLE001 - whatever it is, nobody may be told that nothing has changed
                if not failing:
                    _log.error("Security changes could not be read; it is tried again", error=error)
                failing = True
                continue
            failing = False
            self._answered = begun
            self._tell(changes)
            if len(changes) == _BATCH:
                # It has not been read to its end.
                self._woken.set()
                continue
            self._rounds_done = number
            self._round_done.set()
            self._round_done = asyncio.Event()

    def _read(self) -> Program[list[LoggedChange]]:
        return (yield from changes_after(self._last, _BATCH))

    def _tell(self, changes: list[LoggedChange]) -> None:
        for logged in changes:
            self._last = logged.seq
            if logged.change.kind.changes_access:
                self._access = logged.seq
            told = TellingChange(logged.change, _version(self._access))
            for listener in self._listeners:
                listener.put(told)


def _unknown() -> DependencyDown:
    return DependencyDown(
        "DEPENDENCY_UNAVAILABLE",
        "The database does not answer, so that nobody knows what has changed; listen anew.",
        metadata={"dependency": "database"},
        retry_after_seconds=1.0,
    )


def _version(seq: int) -> int:
    # The contract has 0 for what is not told.
    return seq + 1
