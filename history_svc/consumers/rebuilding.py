"""Builds history again from the event log, beside the present one.

While the log is read from its beginning, whoever takes new events in writes them into both generations of the tables.
So the next one has all that the present one has once two things are true: the log was read up to where it ended when
that began, and the present one has taken in what was in the log then. Both are remembered in the database and on the
bus, so that another process goes on where one was killed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Container, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar

import orjson
from flowmesh.events.v1.event_pb2 import EventEnvelope

from history_svc.consumers.both_generations import project_on_next
from history_svc.consumers.consuming import CONSUMER_GROUP as PRESENT_GROUP
from history_svc.consumers.purged import without_forgotten
from history_svc.queries.event_log import REBUILD_GROUP, TOPIC, LogIncomplete, log_begins, require_complete
from history_svc.storage.generations import (
    GENERATION_TABLE,
    Tables,
    next_of,
    present_generation,
)
from history_svc.storage.projection_tables import INSTANCE_ID_LENGTH, PROJECTION_TABLES, ProjectionTable
from history_svc.storage.purging import anything_claimed, purges
from history_svc.storage.rebuilds import (
    BEGUN_TABLE,
    NEXT_NAMES,
    SEEN_TABLE,
    Progressed,
    Rebuild,
    State,
    add_progress,
    begun_among,
    change,
    find,
    find_unfinished,
    lock_state,
    note_begun,
    set_filling,
)
from mesh.bus import headers
from mesh.bus.port import Bus, CommitRejected, Consumer, GroupActive, GroupOffset, ReceivedMessage
from mesh.clock import Clock, SystemClock
from mesh.db.database import (
    ConstraintViolated,
    Database,
    DatabaseError,
    DatabaseUnavailable,
    OutcomeUnknown,
    TransientFailure,
)
from mesh.db.statements import Fetch, Program, Row, UpsertMany
from mesh.event_decoding import Unreadable, decode
from mesh.lease import FencedOff, Leases
from mesh.logs import get_log

T = TypeVar("T")

BATCH: Final = 500
COPY_ROWS: Final = 500
LEASE_SECONDS: Final = 5.0
IDLE_SECONDS: Final = 1.0
POLL_SECONDS: Final = 0.5
LOOK_POLLS: Final = 100
LOOK_SECONDS: Final = 0.5
FIRST_PAUSE_SECONDS: Final = 0.05
LONGEST_PAUSE_SECONDS: Final = 2.0
MAX_ATTEMPTS: Final = 3
SLICE: Final = 64
PURGED: Final = "instances were purged from history, which statistics still count; build it again with keep_older"
_AGAIN: Final = (TransientFailure, ConstraintViolated, DatabaseUnavailable, OutcomeUnknown)

_log = get_log(__name__)


class _Stopped(Exception):
    """The process stops, or another one has the work."""


class RebuildWorker:
    """Does what rebuilds there are to do, in one process at a time, until `stop`."""

    def __init__(
        self,
        bus: Bus,
        database: Database,
        *,
        sqlite: bool,
        clock: Clock | None = None,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._bus = bus
        self._database = database
        self._tables = Tables(sqlite=sqlite)
        self._clock = clock or SystemClock()
        self._leases = Leases(database, "history-rebuild", 1, seconds=lease_seconds)
        self._leasing = False
        self._stopping = asyncio.Event()
        self._waking = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failure: Exception | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="history rebuild")

    def wake(self) -> None:
        """Look for work at once."""
        self._waking.set()

    async def stop(self) -> None:
        """End after the transaction at work; another process, or the next start, goes on."""
        self._stopping.set()
        self._waking.set()
        if self._task is not None:
            await self._task
        if self._leasing:
            with contextlib.suppress(DatabaseError, OutcomeUnknown):
                await self._leases.release()

    async def check(self) -> str:
        """Return how it goes, for the readiness page. Raises what the last attempt failed by."""
        if self._failure is not None:
            raise self._failure
        return "no rebuild is in trouble"

    async def _run(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            try:
                rebuild = await self._database.read(find_unfinished())
                if rebuild is None:
                    await self._give_up_lease()
                    await self._rest(IDLE_SECONDS, wakeable=True)
                elif await self._have_lease():
                    await self._go_on(rebuild)
                    pause = FIRST_PAUSE_SECONDS
                else:
                    await self._rest(LOOK_SECONDS, wakeable=False)
                self._failure = None
            except _Stopped:
                continue
            except Exception as error:  # noqa: BLE001 - what passes is tried again, and a bug must be seen and not end it
                self._failure = error
                if pause == FIRST_PAUSE_SECONDS:
                    _log.warning("The rebuild of history is held up and tried again", error=error)
                await self._rest(pause, wakeable=False)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _rest(self, seconds: float, *, wakeable: bool) -> None:
        event = self._waking if wakeable else self._stopping
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), seconds)
        if not self._stopping.is_set():
            self._waking.clear()

    async def _have_lease(self) -> bool:
        self._leasing = True
        await self._leases.renew()
        return 0 in self._leases.numbers

    async def _give_up_lease(self) -> None:
        if self._leasing:
            self._leasing = False
            await self._leases.release()

    async def _go_on(self, rebuild: Rebuild) -> None:
        """Do the next step of a rebuild; it is kept alive meanwhile."""
        keeping = asyncio.create_task(self._keep_lease(), name="rebuild lease")
        try:
            await self._step(rebuild)
        except FencedOff as error:
            self._leases.distrust()
            raise _Stopped from error
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    async def _keep_lease(self) -> None:
        while True:
            await asyncio.sleep(self._leases.interval)
            try:
                await self._leases.renew()
            except (DatabaseError, OutcomeUnknown) as error:
                _log.warning("The lease of the rebuild could not be renewed, trying again", error=error)

    async def _step(self, rebuild: Rebuild) -> None:
        match State(rebuild.state):
            case State.PREPARING:
                await self._prepare(rebuild)
            case State.REPLAYING:
                await self._replay(rebuild)
            case State.WAITING:
                await self._await_present(rebuild)
            case State.KEEPING:
                await self._keep_rows(rebuild)
            case State.SWITCHING:
                await self._switch(rebuild)
            case _:
                await self._clean(rebuild)

    # Transactions

    def _holder(self) -> str:
        holder = self._leases.holder
        if holder is None or self._stopping.is_set():
            raise _Stopped
        return holder

    async def _write(self, make: Callable[[], Program[T]]) -> T:
        """Run a program while the lease is held, made anew where it met others. Raises `_Stopped`, `FencedOff`."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            holder = self._holder()

            def fenced(holder: str = holder) -> Program[T]:
                yield from Leases.fence(holder)
                return (yield from make())

            try:
                return await self._database.write(fenced())
            except _AGAIN as error:
                if isinstance(error, DatabaseUnavailable | OutcomeUnknown) and pause == FIRST_PAUSE_SECONDS:
                    _log.warning("The database does not take the rebuild, trying again", error=error)
            await self._rest(pause, wakeable=False)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _define(self, program: Callable[[], Program[T]]) -> T:
        """Run what changes tables. On MariaDB each statement is a transaction of its own, which the lease cannot fence.

        So each can be repeated.
        """
        self._holder()
        return await self._database.write(program())

    async def _move(self, rebuild: Rebuild, to: State, **columns: object) -> None:
        def move() -> Program[None]:
            yield from change(rebuild.id, [rebuild.state], state=int(to), **columns)

        await self._write(move)

    # Steps

    async def _prepare(self, rebuild: Rebuild) -> None:
        """Make the tables of the next generation, empty; let events go into both."""
        if await self._database.read(anything_claimed()):
            # Retention ends what it has begun, and begins nothing more: what it takes out must not be built again.
            await self._rest(LOOK_SECONDS, wakeable=False)
            return
        if not rebuild.keep_older and (await self._database.read(purges())).any:
            await self._move(rebuild, State.FAILED, problem=PURGED, end_micros=self._clock.now_micros())
            return
        await self._remove_next()
        for table in (*PROJECTION_TABLES, ProjectionTable(GENERATION_TABLE, "")):
            await self._define(partial(self._tables.make_next, table.name, rebuild.generation))
        try:
            offsets = await log_begins(self._bus)
        except GroupActive:
            # A process that died, or lost the lease, is still a member for some seconds.
            await self._rest(LOOK_SECONDS, wakeable=False)
            return
        if not rebuild.keep_older:
            try:
                require_complete(offsets)
            except LogIncomplete as error:
                await self._move(rebuild, State.FAILED, problem=str(error), end_micros=self._clock.now_micros())
                return

        def fill() -> Program[None]:
            yield from lock_state()
            if (yield from change(rebuild.id, [State.PREPARING], state=int(State.REPLAYING))):
                yield from self._tables.set_generation(rebuild.generation)
                yield from set_filling(True)

        await self._write(fill)

    async def _replay(self, rebuild: Rebuild) -> None:
        """Read the log from where it was read last, up to where it ended when events began to go into both."""
        if not rebuild.ends:
            # Only now: what is published from here on goes into both.
            offsets = await self._bus.group_offsets(REBUILD_GROUP)
            ends = {at.partition: at.end for at in offsets if at.topic == TOPIC}
            total = sum(at.end - at.begin for at in offsets if at.topic == TOPIC)

            def set_ends() -> Program[None]:
                text = orjson.dumps({str(partition): end for partition, end in ends.items()}).decode()
                yield from change(rebuild.id, [State.REPLAYING], ends_json=text, events_total=total)

            await self._write(set_ends)
            return
        ends = rebuild.ends
        consumer = await self._bus.consumer(REBUILD_GROUP, (TOPIC,))
        try:
            await self._read_log(rebuild, consumer, ends)
        except LogIncomplete as error:
            await self._fail(rebuild, f"{error}, and what came after the events that were read is lost")
            return
        finally:
            await consumer.close()
        offsets = await self._bus.group_offsets(REBUILD_GROUP)
        if not rebuild.keep_older:
            try:
                require_complete([at for at in offsets if at.topic == TOPIC])
            except LogIncomplete as error:
                await self._fail(rebuild, str(error))
                return
        await self._move(rebuild, State.WAITING)

    async def _read_log(self, rebuild: Rebuild, consumer: Consumer, ends: dict[int, int]) -> None:
        """Raises LogIncomplete where events that follow those that were read are not there any more.

        Their instances would be half built. Of a partition that nothing was read of yet none is.
        """
        offsets = await self._log_offsets()
        # How much of which partition was read before, nobody knows.
        begun = {at.partition for at in offsets} if rebuild.events_read else set[int]()
        reached = _reached(offsets, {}, ends, begun)
        polls = 0
        while not all(reached.get(partition, 0) >= end for partition, end in ends.items()):
            self._holder()
            current = await self._database.read(find(rebuild.id))
            if current is None or current.state != State.REPLAYING:
                raise _Stopped
            messages = await consumer.poll(BATCH, POLL_SECONDS)
            polls += 1
            if messages:
                if any(message.offset > reached.get(message.partition, 0) for message in messages):
                    _reached(await self._log_offsets(), reached, ends, begun)
                # What lies behind the ends goes into both by whoever takes it in.
                await self._take(rebuild, [one for one in messages if one.offset < ends.get(one.partition, 0)])
                with contextlib.suppress(CommitRejected):
                    await consumer.commit(messages)
                for message in messages:
                    begun.add(message.partition)
                    reached[message.partition] = max(reached.get(message.partition, 0), message.offset + 1)
            if not messages or polls % LOOK_POLLS == 0:
                # What was to be read may be past its time meanwhile.
                reached = _reached(await self._log_offsets(), reached, ends, begun)
            await asyncio.sleep(0)

    async def _log_offsets(self) -> list[GroupOffset]:
        return [at for at in await self._bus.group_offsets(REBUILD_GROUP) if at.topic == TOPIC]

    async def _take(self, rebuild: Rebuild, messages: Sequence[ReceivedMessage]) -> None:
        """Take messages of the log into the next generation: all at once, or one by one where one cannot be."""
        events: list[EventEnvelope] = []
        skipped = 0
        for number, message in enumerate(messages):
            if number % SLICE == SLICE - 1:
                await asyncio.sleep(0)
            # What was given back to history alone is history's.
            if message.headers.get(headers.REPLAY_FOR, PRESENT_GROUP) != PRESENT_GROUP:
                continue
            try:
                event = decode(message.value)
            except Unreadable:
                skipped += 1
                continue
            if event is not None:
                events.append(event)
        try:
            await self._apply(rebuild, events, Progressed(len(messages), 0, skipped))
        except (_Stopped, FencedOff):
            raise
        except Exception as error:  # noqa: BLE001 - the projection's
            _log.warning("A batch of the log failed, taking its events one by one", events=len(events), error=error)
        else:
            return
        await self._apply(rebuild, [], Progressed(len(messages), 0, skipped))
        for event in events:
            await self._take_single(rebuild, event)

    async def _take_single(self, rebuild: Rebuild, event: EventEnvelope) -> None:
        for attempt in range(MAX_ATTEMPTS):
            try:
                await self._apply(rebuild, [event], Progressed())
            except (_Stopped, FencedOff):
                raise
            except Exception as error:  # noqa: BLE001 - the projection's; the event is a dead letter of history as well
                if attempt == MAX_ATTEMPTS - 1:
                    _log.error("An event of the log cannot be taken in", event=event.event_id, error=error)
            else:
                return
        await self._apply(rebuild, [], Progressed(0, 0, 1))

    async def _apply(self, rebuild: Rebuild, events: Sequence[EventEnvelope], counted: Progressed) -> None:
        def apply() -> Program[None]:
            applied = 0
            known = (yield from without_forgotten(events)) if rebuild.keep_older else events
            if known:
                applied = yield from project_on_next(known)
                if rebuild.keep_older:
                    yield from note_begun([event.biz_id for event in known if _begins(event)])
            yield from add_progress(rebuild.id, Progressed(counted.read, applied, counted.skipped))

        await self._write(apply)

    async def _await_present(self, rebuild: Rebuild) -> None:
        """Wait until the present history has taken in what was in the log when events began to go into both."""
        ends = rebuild.ends
        offsets = {at.partition: at for at in await self._bus.group_offsets(PRESENT_GROUP) if at.topic == TOPIC}
        for partition, end in ends.items():
            at = offsets.get(partition)
            if at is None or max(at.begin, at.committed or 0) < end:
                await self._rest(LOOK_SECONDS, wakeable=False)
                return
        await self._move(rebuild, State.KEEPING if rebuild.keep_older else State.SWITCHING)

    async def _keep_rows(self, rebuild: Rebuild) -> None:
        """Copy the rows of what the log does not tell from its beginning: the present history knows more of it."""
        owned = [table for table in PROJECTION_TABLES if table.owner]
        cursor = orjson.loads(rebuild.cursor_json)
        place = next((number for number, table in enumerate(owned) if cursor and table.name == cursor[0]), 0)
        after: Row | None = tuple(cursor[1:]) if cursor else None
        for table in owned[place:]:
            columns, key = await self._database.read(self._tables.columns(table.name))
            if not key:
                await self._fail(rebuild, f"{table.name} has no primary key, by which its rows could be kept")
                return
            while True:
                after = await self._write(partial(self._copy_some, rebuild, table, columns, key, after))
                if after is None:
                    break
                await asyncio.sleep(0)
        await self._move(rebuild, State.SWITCHING)

    def _copy_some(
        self,
        rebuild: Rebuild,
        table: ProjectionTable,
        columns: tuple[str, ...],
        key: tuple[str, ...],
        after: Row | None,
    ) -> Program[Row | None]:
        current = yield from find(rebuild.id)
        if current is None or current.state != State.KEEPING:
            raise _Stopped
        where, parameters = ("", ()) if after is None else _behind(key, after)
        rows: list[Row] = yield Fetch(
            f"SELECT {','.join(columns)} FROM {table.name}{where} ORDER BY {','.join(key)} LIMIT {COPY_ROWS}",
            parameters,
            # So that nobody changes one of them before it is there as well.
            lock=True,
        )
        if not rows:
            return None
        owner = columns.index(table.owner)
        owners = {row[owner][:INSTANCE_ID_LENGTH] for row in rows}
        begun = yield from begun_among(sorted(owners))
        kept = [row for row in rows if row[owner][:INSTANCE_ID_LENGTH] not in begun]
        if kept:
            rest = tuple(column for column in columns if column not in key)
            yield UpsertMany(next_of(table.name), columns, key, rest, kept)
        last = tuple(rows[-1][columns.index(column)] for column in key)
        text = orjson.dumps([table.name, *last]).decode()
        yield from change(rebuild.id, [State.KEEPING], cursor_json=text, rows_kept=current.rows_kept + len(kept))
        return last

    async def _switch(self, rebuild: Rebuild) -> None:
        """Put the next generation into the place of the present one. It is told by the table that changes along."""
        if await self._database.read(present_generation()) != rebuild.generation:
            tables = [table.name for table in PROJECTION_TABLES if table.owner or not rebuild.keep_older]
            await self._define(lambda: self._tables.swap([*tables, GENERATION_TABLE]))
            if await self._database.read(present_generation()) != rebuild.generation:
                raise DatabaseError("the next generation of history did not take the place of the present one")
            _log.info("History was rebuilt", rebuild=rebuild.id, generation=rebuild.generation)

        def switched() -> Program[None]:
            yield from lock_state()
            yield from change(rebuild.id, [State.SWITCHING], state=int(State.CLEANING))
            yield from set_filling(False)

        await self._write(switched)

    async def _fail(self, rebuild: Rebuild, problem: str) -> None:
        def fail() -> Program[None]:
            yield from lock_state()
            yield from change(
                rebuild.id,
                [rebuild.state],
                state=int(State.FAILED),
                problem=problem,
                end_micros=self._clock.now_micros(),
            )
            yield from set_filling(False)

        await self._write(fail)

    async def _clean(self, rebuild: Rebuild) -> None:
        """Remove what is not needed any more, in small pieces. Nobody writes into it now."""
        await self._remove_next()
        columns: dict[str, object] = {"cleaned": 1}
        state = State(rebuild.state)
        if state is State.CLEANING:
            columns |= {"state": int(State.SUCCEEDED), "end_micros": self._clock.now_micros()}

        def end() -> Program[None]:
            yield from change(rebuild.id, [state], **columns)

        await self._write(end)

    async def _remove_next(self) -> None:
        for table in (*NEXT_NAMES.values(), SEEN_TABLE, BEGUN_TABLE):
            more = True
            while more:
                more = await self._write(partial(self._tables.empty_some, table))
        for table in (*NEXT_NAMES.values(), next_of(GENERATION_TABLE)):
            await self._define(partial(self._tables.drop, table))


def _reached(
    offsets: Sequence[GroupOffset], read: Mapping[int, int], ends: Mapping[int, int], begun: Container[int]
) -> dict[int, int]:
    """Return by partition the offset up to which the log was read, or is not there any more.

    `read`: what is known of the first; `begun`: partitions of which something was read. Raises LogIncomplete where
    some of such a one was to be read still.
    """
    reached: dict[int, int] = {}
    for at in offsets:
        place = max(read.get(at.partition, 0), at.committed or 0)
        if at.partition in begun and place < min(at.begin, ends.get(at.partition, 0)):
            raise LogIncomplete(at)
        reached[at.partition] = max(place, at.begin)
    return reached


def _begins(event: EventEnvelope) -> bool:
    """Tell whether an event is the first one of its instance."""
    name = event.WhichOneof("payload")
    payload = getattr(event, name) if name is not None else None
    reference = getattr(payload, "process_instance", None)
    return reference is not None and reference.revision == 1 and reference.ordinal == 0


def _behind(key: Sequence[str], after: Row) -> tuple[str, tuple[Any, ...]]:
    """Return the condition for the rows behind a key."""
    alternatives: list[str] = []
    parameters: list[Any] = []
    for place, column in enumerate(key):
        equal = " AND ".join([*(f"{before}=?" for before in key[:place]), f"{column}>?"])
        alternatives.append(f"({equal})")
        parameters += [*after[:place], after[place]]
    return f" WHERE {key[0]}>=? AND ({' OR '.join(alternatives)})", (after[0], *parameters)
