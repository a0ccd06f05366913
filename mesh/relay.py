"""The relay: takes what committed transactions left in the outbox to the bus, at least once and in order per key.

One relay at a time works on an outbox, by a lease. It reads the oldest rows that exist, never on from a position:
on MariaDB a transaction that commits later may make a lower number visible. Rows are deleted after the bus has
them, in a transaction that fails where the lease is lost; so a process killed at any line loses nothing, and
whoever takes over publishes again what was not deleted yet.
"""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mesh.bus.port import Bus, BusError, BusMessage, MessageRefused
from mesh.clock import Clock
from mesh.db.database import Database, DatabaseError, OutcomeUnknown
from mesh.db.statements import DeleteMany, Execute, Fetch, FetchKeys, Program, Row
from mesh.lease import FencedOff, Lease
from mesh.outbox import FAILED, MAX_ERROR_LENGTH, NEW, OutboxRow

LEASE_SECONDS = 5.0
BATCH_ROWS = 500
BATCH_BYTES = 4 * 1024 * 1024
MAX_PAGES = 20
"""How many batches of rows that wait for another attempt are walked over in one pass."""
FIRST_IDLE_SECONDS = 0.02
LONGEST_IDLE_SECONDS = 0.05
"""What other processes commit wakes nobody here, so this is how late its events may be."""
STANDBY_SECONDS = 1.0
MAX_ATTEMPTS = 5
FIRST_RETRY_SECONDS = 0.2
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 2.0
SLICE_SECONDS = 0.002
"""How long rows are expanded before other tasks of the process get a turn."""

log = logging.getLogger(__name__)

Expand = Callable[[OutboxRow], Sequence[BusMessage]]
"""Turns a row into messages: pure, and the same messages each time."""


@dataclass(slots=True)
class RelayCounters:
    """What the relay has done since it was made."""

    rows: int = 0
    messages: int = 0
    retries: int = 0
    failed: int = 0
    bus_failures: int = 0
    takeovers: int = 0


@dataclass(slots=True)
class _Batch:
    """What one pass publishes, and what it could not expand."""

    rows: list[tuple[OutboxRow, Sequence[BusMessage]]]
    failures: list[tuple[OutboxRow, str]]


@dataclass(slots=True, frozen=True)
class _Candidate:
    seq: int
    partition_key: str
    next_attempt_at: int
    size: int


class Relay:
    """The relay of one service. `run` works until `stop`; any number of processes may run one."""

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
    ) -> None:
        self._database = database
        self._bus = bus
        self._expand = expand
        self._clock = clock
        self._lease = Lease(database, lease_name, clock, seconds=lease_seconds)
        self._lease_seconds = lease_seconds
        self._batch_rows = batch_rows
        self._batch_bytes = batch_bytes
        self._max_attempts = max_attempts
        self._wake = asyncio.Event()
        self._stopping = False
        self.counters = RelayCounters()

    def wake(self) -> None:
        """Say that the outbox has new rows; call it after a commit in the same process."""
        self._wake.set()

    def stop(self) -> None:
        """Let `run` end after the pass that it is in."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Relay until `stop`, through failures of database and bus. The lease is given up at the end."""
        idle = FIRST_IDLE_SECONDS
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping:
            # Before the look, so that a wake-up during it is not lost.
            self._wake.clear()
            try:
                wait = await self._turn()
            except (BusError, DatabaseError, OutcomeUnknown) as error:
                if isinstance(error, BusError):
                    self.counters.bus_failures += 1
                if pause == FIRST_PAUSE_SECONDS:
                    log.warning("the outbox could not be relayed, trying again", exc_info=error)
                await self._rest(pause, wakeable=False)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                continue
            pause = FIRST_PAUSE_SECONDS
            if wait is None:
                await self._rest(min(STANDBY_SECONDS, self._lease_seconds / 2), wakeable=False)
            elif wait:
                await self._rest(idle, wakeable=True)
                idle = FIRST_IDLE_SECONDS if self._wake.is_set() else min(idle * 2, LONGEST_IDLE_SECONDS)
            else:
                idle = FIRST_IDLE_SECONDS
        try:
            await self._lease.release()
        except (DatabaseError, OutcomeUnknown) as error:
            log.warning("the relay's lease could not be given up, it runs out by itself", exc_info=error)

    async def _turn(self) -> bool | None:
        """Relay one batch. Result: True where there was nothing to do, None where another process is the relay."""
        if not self._lease.held:
            if not await self._lease.acquire():
                return None
            self.counters.takeovers += 1
        elif self._lease.wants_renewal and not await self._lease.renew():
            return None
        rows = await self._database.read(self._oldest())
        if not rows:
            return True
        batch = await self._expanded(rows)
        await self._publish(batch)
        await self._settle(batch)
        return False

    async def _rest(self, seconds: float, *, wakeable: bool) -> None:
        if not wakeable and not self._stopping:
            self._wake.clear()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not self._stopping and (left := deadline - loop.time()) > 0:
            try:
                await asyncio.wait_for(self._wake.wait(), left)
            except TimeoutError:
                return
            if wakeable:
                return
            self._wake.clear()

    def _oldest(self) -> Program[list[OutboxRow]]:
        """Read the oldest rows that may be tried now.

        A row that waits for its next attempt holds back the later ones of its key.
        """
        now = self._clock.now_micros()
        chosen: list[int] = []
        held_back: set[str] = set()
        size = 0
        last = -1
        for _ in range(MAX_PAGES):
            page: list[Row] = yield Fetch(
                "SELECT seq, partition_key, next_attempt_at, LENGTH(payload) FROM outbox "
                "WHERE status=? AND seq>? ORDER BY seq LIMIT ?",
                (NEW, last, self._batch_rows),
            )
            for candidate in (_Candidate(*row) for row in page):
                last = candidate.seq
                if candidate.next_attempt_at > now or candidate.partition_key in held_back:
                    held_back.add(candidate.partition_key)
                    continue
                size += candidate.size
                if chosen and (size > self._batch_bytes or len(chosen) == self._batch_rows):
                    break
                chosen.append(candidate.seq)
            else:
                if len(page) == self._batch_rows and not chosen:
                    continue
            break
        rows: list[Row] = yield FetchKeys(
            "outbox",
            ("seq", "id", "topic", "partition_key", "kind", "payload", "created_at", "retry_count"),
            ("seq",),
            [(seq,) for seq in chosen],
        )
        return [OutboxRow(*row) for row in rows]

    async def _expanded(self, rows: Sequence[OutboxRow]) -> _Batch:
        batch = _Batch([], [])
        held_back: set[str] = set()
        started = time.monotonic()
        for row in rows:
            if row.partition_key in held_back:
                continue
            try:
                batch.rows.append((row, self._expand(row)))
            except Exception:  # noqa: BLE001 - a row that breaks the service's code must not stop the others
                held_back.add(row.partition_key)
                batch.failures.append((row, traceback.format_exc()))
            if time.monotonic() - started > SLICE_SECONDS:
                await asyncio.sleep(0)
                started = time.monotonic()
        return batch

    async def _publish(self, batch: _Batch) -> None:
        messages = [message for _, expanded in batch.rows for message in expanded]
        if not messages:
            return
        self._check_lease()
        try:
            await self._bus.publish(messages)
        except MessageRefused:
            await self._publish_singly(batch)
        self.counters.messages += len(messages)

    async def _publish_singly(self, batch: _Batch) -> None:
        """Find the rows that the bus will never take; the others are published."""
        accepted: list[tuple[OutboxRow, Sequence[BusMessage]]] = []
        held_back: set[str] = set()
        for row, messages in batch.rows:
            if row.partition_key in held_back:
                continue
            self._check_lease()
            try:
                await self._bus.publish(messages)
            except MessageRefused:
                held_back.add(row.partition_key)
                batch.failures.append((row, traceback.format_exc()))
            else:
                accepted.append((row, messages))
        batch.rows = accepted

    def _check_lease(self) -> None:
        if not self._lease.held:
            raise BusError("the relay was held up for so long that its lease ran out")

    async def _settle(self, batch: _Batch) -> None:
        started = time.monotonic()
        try:
            await self._database.write(self._delete(batch))
        except FencedOff:
            log.warning("another process has become the relay; it publishes the last batch again")
            return
        self._lease.renewed(started)
        self.counters.rows += len(batch.rows)
        for row, error in batch.failures:
            if row.retry_count + 1 >= self._max_attempts:
                self.counters.failed += 1
                log.error("outbox row %s of %s is given up: %s", row.id, row.partition_key, error)
            else:
                self.counters.retries += 1

    def _delete(self, batch: _Batch) -> Program[None]:
        yield from self._lease.fence()
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
