"""The relay: takes what committed transactions left in the outbox to the bus, at least once and in order per key.

An outbox lies in buckets by partition key; each has one relay at a time, by a lease. A relay walks over its buckets,
again and again from their beginnings: on MariaDB a transaction that commits later may make a lower number visible,
though never one of a key that a higher number was read of. The next batch is read and expanded, and the last one
deleted, while one is being published. Rows are deleted after the bus has them, in a transaction that fails where the
leases are lost; so a process killed at any line loses nothing, and whoever takes over publishes again what was not
deleted yet. Why that keeps the order: docs/adr/0017-outbox-buckets.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mesh.bus.port import Bus, BusError, BusMessage, MessageRefused
from mesh.clock import Clock
from mesh.db.database import Database, DatabaseError, OutcomeUnknown
from mesh.db.statements import DeleteMany, Execute, Fetch, FetchKeys, Program, Row
from mesh.lease import FencedOff, Leases
from mesh.outbox import BUCKETS, FAILED, MAX_ERROR_LENGTH, NEW, OutboxRow

LEASE_SECONDS = 5.0
BATCH_ROWS = 500
BATCH_BYTES = 1024 * 1024
"""Of payloads as they are stored. A commit of many small events takes some thirty times the room as messages."""
INLINE_BYTES = 8 * 1024
"""Payloads up to this size are read with the list of rows; larger ones only where the batch has room for them."""
MAX_PAGES = 20
"""How many batches of rows that wait for another attempt are walked over in one read."""
BATCHES_A_BUCKET = 8
"""After so many batches of one bucket the others have their turn."""
FIRST_IDLE_SECONDS = 0.02
LONGEST_IDLE_SECONDS = 0.05
"""What other processes commit wakes nobody here, so this is how late its events may be."""
UNHURRIED_IDLE_SECONDS = 0.5
"""The same for events that nobody waits for."""
STANDBY_SECONDS = 0.2
MAX_ATTEMPTS = 5
FIRST_RETRY_SECONDS = 0.2
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 2.0
SLICE_SECONDS = 0.002
"""How long rows are expanded before other tasks of the process get a turn."""

_LISTED = (
    f"SELECT seq, id, topic, partition_key, kind, CASE WHEN LENGTH(payload)<={INLINE_BYTES} THEN payload END, "
    "created_at, retry_count, bucket, next_attempt_at, LENGTH(payload) FROM outbox WHERE status=? "
)
_BUCKET, _NEXT_ATTEMPT_AT, _SIZE = 8, 9, 10
_PASSING = (BusError, DatabaseError, OutcomeUnknown)

log = logging.getLogger(__name__)

Expand = Callable[[OutboxRow], Sequence[BusMessage]]
"""Turns a row into messages: pure, and the same messages each time."""


@dataclass(slots=True)
class RelayCounters:
    """What the relay has done since it was made. `takeovers`: buckets that it got."""

    rows: int = 0
    messages: int = 0
    retries: int = 0
    failed: int = 0
    bus_failures: int = 0
    takeovers: int = 0


@dataclass(slots=True)
class _Batch:
    """What is published at once, and what could not be expanded or is never taken by the bus.

    `holder`: under which name the leases were held when it was read.
    """

    holder: str
    rows: list[tuple[OutboxRow, Sequence[BusMessage]]] = field(default_factory=list)
    failures: list[tuple[OutboxRow, str]] = field(default_factory=list)


@dataclass(slots=True)
class _Pass:
    """A walk over the buckets that are held, in order of bucket and number.

    `bucket`, `seq`: where the last row was that it came by; `batches`: how many ended in that bucket.
    """

    holder: str
    buckets: list[int]
    bucket: int = -1
    seq: int = -1
    batches: int = 0
    ended: bool = False
    held_back: set[str] = field(default_factory=set)
    """Keys with a row that waits for another attempt: it goes before all later ones of its key."""


class Relay:
    """A relay of one service. `run` works until `stop`; any number of processes may run one, each has its buckets."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        expand: Expand,
        clock: Clock,
        *,
        lease_name: str = "outbox-relay",
        lease_seconds: float = LEASE_SECONDS,
        batch_rows: int = BATCH_ROWS,
        batch_bytes: int = BATCH_BYTES,
        max_attempts: int = MAX_ATTEMPTS,
        longest_idle_seconds: float = LONGEST_IDLE_SECONDS,
    ) -> None:
        self._database = database
        self._bus = bus
        self._expand = expand
        self._clock = clock
        self._leases = Leases(database, lease_name, BUCKETS, seconds=lease_seconds)
        self._batch_rows = batch_rows
        self._batch_bytes = batch_bytes
        self._max_attempts = max_attempts
        self._longest_idle = longest_idle_seconds
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._pass: _Pass | None = None
        self._ahead: _Batch | None = None
        self._published: _Batch | None = None
        self.counters = RelayCounters()

    @property
    def buckets(self) -> int:
        """How many buckets of the outbox this relay has."""
        return len(self._leases.numbers)

    def wake(self) -> None:
        """Say that the outbox has new rows; call it after a commit in the same process."""
        self._wake.set()

    def stop(self) -> None:
        """Let `run` end after the batch that it is at."""
        self._stopping.set()
        self._wake.set()

    async def run(self) -> None:
        """Relay until `stop`, through failures of database and bus. The leases are given up at the end."""
        keeping = asyncio.create_task(self._leases.keep(self._stopping, self._renewed), name="relay leases")
        idle = FIRST_IDLE_SECONDS
        pause = FIRST_PAUSE_SECONDS
        try:
            while not self._stopping.is_set():
                # Before the look, so that a wake-up during it is not lost.
                self._wake.clear()
                try:
                    wait = await self._turn()
                except Exception as error:
                    # Whatever it is, a bug as well: the events wait for nobody else.
                    self._forget()
                    if isinstance(error, BusError):
                        self.counters.bus_failures += 1
                    if pause == FIRST_PAUSE_SECONDS:
                        log.log(_level(error), "the outbox could not be relayed, trying again", exc_info=error)
                    await self._rest(pause, wakeable=False)
                    pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                    continue
                pause = FIRST_PAUSE_SECONDS
                if wait is None:
                    await self._rest(STANDBY_SECONDS, wakeable=True)
                elif wait:
                    await self._rest(idle, wakeable=True)
                    idle = FIRST_IDLE_SECONDS if self._wake.is_set() else min(idle * 2, self._longest_idle)
                else:
                    idle = FIRST_IDLE_SECONDS
        finally:
            self._stopping.set()
            await keeping
        try:
            await self._delete_published()
            await self._leases.release()
        except (DatabaseError, OutcomeUnknown) as error:
            log.warning("the relay's leases could not be given up, they run out by themselves", exc_info=error)

    async def _renewed(self, taken: int) -> None:
        if taken:
            self.counters.takeovers += taken
            self._wake.set()

    async def _turn(self) -> bool | None:
        """Relay a batch. Result: True where there was nothing to do, None where other processes have all buckets."""
        if self._ahead is not None and (self._ahead.holder != self._leases.holder or self._leases.surplus):
            self._ahead = None
        if self._ahead is None:
            await self._delete_published()
            if self._leases.surplus:
                await self._leases.give_up_surplus()
            # From the beginning, which may have new rows; nothing that is read now is published and not deleted.
            holder, buckets = self._leases.holder, self._leases.numbers
            if holder is None or not buckets:
                return None
            self._pass = _Pass(holder, sorted(buckets))
            self._ahead = await self._next_batch(self._pass)
        batch, self._ahead = self._ahead, None
        if batch is None:
            return True
        # Both are awaited whatever the other one raises, so that nothing runs on behind the next attempt.
        results = await asyncio.gather(self._publish(batch), self._prepare(batch), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        self._published = batch
        if batch.failures:
            self._ahead = None
        if self._ahead is None:
            await self._delete_published()
        return False

    async def _prepare(self, batch: _Batch) -> None:
        """Do what can be done while a batch is published: delete the last one, read the next one."""
        await self._delete_published()
        if self._pass is not None and not self._pass.ended and not batch.failures:
            self._ahead = await self._next_batch(self._pass)

    def _forget(self) -> None:
        """Begin anew after a failure: what was published and not deleted is published again."""
        self._pass = self._ahead = self._published = None

    async def _rest(self, seconds: float, *, wakeable: bool) -> None:
        event = self._wake if wakeable else self._stopping
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), seconds)

    async def _next_batch(self, walk: _Pass) -> _Batch | None:
        """Read and expand the next batch of a pass; None at its end."""
        while not walk.ended:
            if rows := await self._database.read(self._oldest(walk)):
                return await self._expanded(rows, walk)
        return None

    def _oldest(self, walk: _Pass) -> Program[list[OutboxRow]]:
        """Read the next rows of a pass that may be tried now.

        A row that waits for its next attempt holds back the later ones of its key.
        """
        now = self._clock.now_micros()
        chosen: list[Row] = []
        large: list[Row] = []
        size = 0
        for _ in range(MAX_PAGES):
            page = yield from self._page(walk)
            full = False
            for row in page:
                if row[_NEXT_ATTEMPT_AT] > now or row[3] in walk.held_back:
                    walk.held_back.add(row[3])
                else:
                    size += row[_SIZE]
                    if chosen and size > self._batch_bytes:
                        full = True
                        break
                    chosen.append(row[:_BUCKET])
                    if row[5] is None:
                        large.append(row[:1])
                walk.bucket, walk.seq = row[_BUCKET], row[0]
            if not full and len(page) < self._batch_rows:
                walk.ended = True
                break
            if chosen:
                break
        if large:
            payloads: dict[int, bytes] = dict((yield FetchKeys("outbox", ("seq", "payload"), ("seq",), large)))
            # Nobody else deletes them while the buckets are held here; where somebody does, there is nothing to tell.
            chosen = [(*row[:5], payloads.get(row[0], row[5]), *row[6:]) for row in chosen]
            chosen = [row for row in chosen if row[5] is not None]
        return [OutboxRow._make(row) for row in chosen]

    def _page(self, walk: _Pass) -> Program[list[Row]]:
        rows: list[Row] = []
        if walk.bucket >= 0 and walk.batches < BATCHES_A_BUCKET:
            rows = yield Fetch(
                f"{_LISTED}AND bucket=? AND seq>? ORDER BY seq LIMIT ?", (NEW, walk.bucket, walk.seq, self._batch_rows)
            )
            walk.batches += 1
            if len(rows) == self._batch_rows:
                return rows
        walk.batches = 0
        left = [bucket for bucket in walk.buckets if bucket > walk.bucket]
        if left:
            marks = "" if len(left) == BUCKETS else f"AND bucket IN ({','.join('?' * len(left))}) "
            more: list[Row] = yield Fetch(
                f"{_LISTED}{marks}ORDER BY bucket, seq LIMIT ?",
                (NEW, *(left if marks else ()), self._batch_rows - len(rows)),
            )
            rows += more
        return rows

    async def _expanded(self, rows: Sequence[OutboxRow], walk: _Pass) -> _Batch:
        batch = _Batch(walk.holder)
        started = time.monotonic()
        for row in rows:
            if row.partition_key in walk.held_back:
                continue
            try:
                batch.rows.append((row, self._expand(row)))
            except Exception:  # noqa: BLE001 - a row that breaks the service's code must not stop the others
                walk.held_back.add(row.partition_key)
                batch.failures.append((row, traceback.format_exc()))
            if time.monotonic() - started > SLICE_SECONDS:
                await asyncio.sleep(0)
                started = time.monotonic()
        return batch

    async def _publish(self, batch: _Batch) -> None:
        messages = [message for _, expanded in batch.rows for message in expanded]
        if not messages:
            return
        self._check_leases(batch)
        try:
            await self._bus.publish(messages)
        except MessageRefused:
            await self._publish_singly(batch)
        self.counters.messages += sum(len(expanded) for _, expanded in batch.rows)

    async def _publish_singly(self, batch: _Batch) -> None:
        """Find the rows that the bus will never take; the others are published."""
        accepted: list[tuple[OutboxRow, Sequence[BusMessage]]] = []
        held_back: set[str] = set()
        for row, messages in batch.rows:
            if row.partition_key in held_back:
                continue
            self._check_leases(batch)
            try:
                await self._bus.publish(messages)
            except MessageRefused:
                held_back.add(row.partition_key)
                batch.failures.append((row, traceback.format_exc()))
            else:
                accepted.append((row, messages))
        batch.rows = accepted

    def _check_leases(self, batch: _Batch) -> None:
        if self._leases.holder != batch.holder:
            raise BusError("the relay was held up for so long that its leases ran out")

    async def _delete_published(self) -> None:
        batch, self._published = self._published, None
        if batch is None:
            return
        try:
            await self._database.write(self._delete(batch))
        except FencedOff:
            log.warning("other processes have the buckets now; they publish the last batch again")
            self._leases.distrust()
            return
        self.counters.rows += len(batch.rows)
        for row, error in batch.failures:
            if row.retry_count + 1 >= self._max_attempts:
                self.counters.failed += 1
                log.error("outbox row %s of %s is given up: %s", row.id, row.partition_key, error)
            else:
                self.counters.retries += 1

    def _delete(self, batch: _Batch) -> Program[None]:
        yield from Leases.fence(batch.holder)
        yield DeleteMany("outbox", ("seq",), [(row.seq,) for row, _ in batch.rows])
        now = self._clock.now_micros()
        for row, error in batch.failures:
            attempts = row.retry_count + 1
            status = FAILED if attempts >= self._max_attempts else NEW
            next_attempt_at = now + int(FIRST_RETRY_SECONDS * 2**row.retry_count * 1_000_000)
            yield Execute(
                "UPDATE outbox SET status=?, retry_count=?, next_attempt_at=?, error=? WHERE seq=?",
                (status, attempts, next_attempt_at, error[-MAX_ERROR_LENGTH:], row.seq),
            )


def _level(error: Exception) -> int:
    return logging.WARNING if isinstance(error, _PASSING) else logging.ERROR
