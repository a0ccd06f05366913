"""Tells the search server what changes in history, and builds its indexes, in one process of all.

The database is the truth. What is to be told lies in a table until the server has it, and how far a build is stands
in the index's row; so whoever comes after a process that was killed goes on where it was, and tells some of it twice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from history_svc.indexing.documents import Record, changed_records, documents_of, records_behind
from history_svc.indexing.server import IndexMissing, SearchServer, SearchServerAway
from history_svc.storage import search_index
from history_svc.storage.rebuilds import following, lock_state, set_indexing
from history_svc.storage.record_kinds import KINDS
from history_svc.storage.search_index import Indexes, IndexState, SearchIndex
from mesh.background import end
from mesh.clock import Clock, steady_seconds
from mesh.db.database import Database, DatabaseError, OutcomeUnknown, TransientFailure
from mesh.db.statements import Program
from mesh.lease import FencedOff, Leases
from mesh.logs import get_log
from mesh.periodic import Periodic

LEASE_NAME: Final = "history search"
LEASE_SECONDS: Final = 10.0
BATCH: Final = 500
"""Records that are sent at once; where texts are long fewer, and no more than twice the last ones are measured."""
STEP_SECONDS: Final = 2.0
"""How long one kind of work goes on before the others have their turn."""
WAITING_COUNTED: Final = 10_000
FORGET_PAUSE_SECONDS: Final = 0.05
LATER_SECONDS: Final = 1.0

_log = get_log(__name__)


@dataclass(slots=True)
class IndexingCounters:
    """What was done since the start."""

    told: int = 0
    built: int = 0
    refused: int = 0


class SearchIndexing:
    """One process's part of it: all of it where it holds the lease, else nothing."""

    def __init__(
        self,
        database: Database,
        server: SearchServer,
        clock: Clock,
        *,
        interval_seconds: float,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._database = database
        self._server = server
        self._clock = clock
        self._leases = Leases(database, LEASE_NAME, 1, seconds=lease_seconds)
        self._lease_work = Periodic("history search lease", lease_seconds / 4, self.renew)
        self._work = Periodic("history search", interval_seconds, self.round)
        self._made: set[str] = set()
        self._failure: Exception | None = None
        self.counters = IndexingCounters()

    def start(self) -> None:
        """Begin."""
        self._lease_work.start()
        self._work.start()

    async def stop(self) -> None:
        """End, and leave the rest to others."""
        await self._work.stop()
        await self._lease_work.stop()
        try:
            await self._leases.release()
        except (DatabaseError, OutcomeUnknown) as error:
            _log.warning("The lease of the search could not be given up and runs out by itself", error=error)

    async def check(self) -> str:
        """Return how it goes, for the readiness page. Raises what the last attempt failed by."""
        if self._failure is not None:
            raise self._failure
        waiting = await self._database.read(search_index.count_changes(WAITING_COUNTED))
        return f"{waiting}{'' if waiting < WAITING_COUNTED else ' or more'} changes are to be told to the search server"

    async def renew(self) -> bool:
        """Take the lease, or keep it; there is never more to do at once."""
        try:
            await self._leases.renew()
        except (DatabaseError, OutcomeUnknown) as error:
            _log.warning("The lease of the search could not be renewed and will be tried again", error=error)
        return False

    async def round(self) -> bool:
        """Do some of the work; say whether there is more to do at once."""
        holder = self._leases.holder
        if holder is None or not self._leases.numbers:
            return False
        try:
            more = await self._go_on(holder)
        except (FencedOff, TransientFailure) as error:
            # Others have the lease, or had the locks: nothing is lost.
            _log.info("The search server is told later", error=error)
            return False
        except SearchServerAway as error:
            if self._failure is None:
                _log.warning("The search server cannot be told what changes, trying again", error=error)
            self._failure = error
            return False
        self._failure = None
        return more

    async def _go_on(self, holder: str) -> bool:
        indexes = await self._database.read(search_index.read_indexes())
        building, serving = indexes.in_state(IndexState.BUILDING), indexes.in_state(IndexState.SERVING)
        for index in building:
            if index.generation != indexes.generation:
                # History was built anew meanwhile: half of the index would be of the rows before.
                await self._write(holder, _leave(index, IndexState.REMOVING, self._clock.now_micros()))
                return True
        if not building and (not serving or serving[-1].generation != indexes.generation):
            await self._begin(holder)
            return True
        for index in building:
            # Where something was sent already an index that is not there was lost: made anew it would lack that.
            if not index.cursor_kind and index.name not in self._made:
                await self._server.create(index.name)
                self._made.add(index.name)
        more = await self._tell_changes(holder, indexes)
        for index in building:
            more |= await self._build(holder, index)
        for index in indexes.in_state(IndexState.REMOVING):
            await self._server.remove(index.name)
            await self._write(holder, _leave(index, IndexState.REMOVED, self._clock.now_micros()))
        return more

    async def _begin(self, holder: str) -> None:
        wanted = search_index.new_index(self._server.address.index, "", "", self._clock.now_micros())

        def begin() -> Program[bool]:
            yield from search_index.begin_index(wanted)
            return True

        await self._write(holder, begin())

    async def _tell_changes(self, holder: str, indexes: Indexes) -> bool:
        """Tell every living index what has changed; False where there is nothing more."""
        until = steady_seconds() + STEP_SECONDS
        limit = BATCH
        while True:
            read_at = time.monotonic()
            waiting = await self._database.read(search_index.next_changes(limit))
            if not waiting:
                return False
            generation, changes, records = await self._database.read(changed_records(waiting))
            for index in indexes.live:
                # Rows of an older generation are not for an index of a later one.
                if generation >= index.generation:
                    await self._send(holder, index, records, read_at)
            await self._write(holder, _done(search_index.forget_changes(changes)))
            self.counters.told += len(changes)
            if len(changes) == len(waiting) < limit:
                return False
            limit = min(BATCH, 2 * len(changes))
            if steady_seconds() > until:
                return True

    async def _build(self, holder: str, index: SearchIndex) -> bool:
        """Send what lies behind the cursor of an index; say that there is more to do."""
        until = steady_seconds() + STEP_SECONDS
        kind, record_id = index.cursor_kind or KINDS[0], index.cursor_id
        limit = BATCH
        while True:
            read_at = time.monotonic()
            generation, records = await self._database.read(records_behind(kind, record_id, limit))
            if generation != index.generation:
                return True
            if records:
                limit = min(BATCH, 2 * len(records))
                found = [record for record in records if any(record.texts)]
                if not await self._send(holder, index, found, read_at):
                    return True
                record_id = records[-1].record_id
                await self._write(holder, _done(search_index.note_cursor(index.id, kind, record_id, len(found))))
                self.counters.built += len(found)
            elif kind == KINDS[-1]:
                await self._server.refresh(index.name)
                await self._write(holder, search_index.serve(index.id, self._clock.now_micros()))
                _log.info("A search index is built and answers", index=index.name)
                return True
            else:
                kind, record_id = KINDS[KINDS.index(kind) + 1], ""
                await self._write(holder, _done(search_index.note_cursor(index.id, kind, record_id, 0)))
            if steady_seconds() > until:
                return True

    async def _send(self, holder: str, index: SearchIndex, records: Sequence[Record], read_at: float) -> bool:
        """Send records to an index; say whether it is there."""
        try:
            self.counters.refused += await self._server.send(index.name, await documents_of(records), read_at)
        except IndexMissing:
            # The next round builds another one, and until then the database answers.
            _log.warning("The search server has lost an index", index=index.name)
            await self._write(holder, _leave(index, IndexState.REMOVED, self._clock.now_micros()))
            return False
        return True

    async def _write(self, holder: str, program: Program[bool]) -> bool:
        def fenced() -> Program[bool]:
            yield from Leases.fence(holder)
            return (yield from program)

        return await self._database.write(fenced())


class WithoutSearchServer:
    """What a process does that has no search server: an index that others have left is given up.

    Nothing is noted for it any more, and what was noted is forgotten. A process that has a search server builds another
    one.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="history search")

    async def stop(self) -> None:
        """End."""
        await end(self._task)

    async def _run(self) -> None:
        more = True
        while more:
            try:
                if (await self._database.read(following())).indexing:
                    await self._database.write(_give_up())
                    _log.warning("There is no search server any more: the database answers searches")
                more = await self._database.write(_forget_some())
                pause = FORGET_PAUSE_SECONDS
            except (DatabaseError, OutcomeUnknown) as error:
                _log.info("What a search server was to be told is forgotten later", error=error)
                pause = LATER_SECONDS
            await asyncio.sleep(pause)


def _done(program: Program[None]) -> Program[bool]:
    yield from program
    return True


def _leave(index: SearchIndex, state: IndexState, now: int) -> Program[bool]:
    end_micros = index.end_micros or now
    return (
        yield from search_index.change_index(index.id, IndexState(index.state), state=int(state), end_micros=end_micros)
    )


def _give_up() -> Program[None]:
    yield from lock_state()
    yield from set_indexing(False)
    yield from search_index.leave_all()


def _forget_some() -> Program[bool]:
    if (yield from following()).indexing:
        return False
    changes = yield from search_index.next_changes(BATCH)
    if changes:
        yield from search_index.forget_changes(changes)
    return len(changes) == BATCH
