"""What services tell of operations and refused calls → entries of the audit trail."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from flowmesh.events.v1.event_pb2 import EventEnvelope

from history_svc.audit.head import Head, Signer
from history_svc.audit.told import entry_of
from history_svc.storage.audit import Appended, add_checkpoint, append, take_out_older
from mesh.bus.port import Bus
from mesh.bus.topics import AUDIT_EVENTS
from mesh.clock import Clock, SystemClock
from mesh.consumer import ConsumerCounters, ConsumerLoop
from mesh.db.database import Database
from mesh.db.statements import Program
from mesh.logs import get_log
from mesh.periodic import Periodic

CONSUMER_GROUP: Final = "history-audit"
RESTART_SECONDS: Final = 5.0
INBOX_SECONDS: Final = 3_600
"""The chain knows its events by their ids, so the inbox only saves work and may be short."""
CHECKPOINT_SECONDS: Final = 60.0
RETENTION_SECONDS: Final = 600.0
DAY_MICROS: Final = 86_400 * 1_000_000
MAX_ENTRIES: Final = 500
"""Entries that go into one transaction at most."""

_log = get_log(__name__)


class AuditTrail:
    """Adds to the chain what comes on the topic of the audit, and makes checkpoints, until `stop`."""

    def __init__(
        self,
        bus: Bus,
        database: Database,
        signer: Signer,
        *,
        clock: Clock | None = None,
        retention_days: int = 0,
        restart_seconds: float = RESTART_SECONDS,
    ) -> None:
        """`retention_days`: after which entries are taken out; 0: never."""
        self._database = database
        self._signer = signer
        self._clock = clock or SystemClock()
        self._loop = ConsumerLoop(
            bus,
            database,
            CONSUMER_GROUP,
            (AUDIT_EVENTS,),
            self._take,
            clock=self._clock,
            max_batch=MAX_ENTRIES,
            inbox_retention_seconds=INBOX_SECONDS,
            applied=self._applied,
        )
        self._restart_seconds = restart_seconds
        self._checkpoints = Periodic("audit checkpoints", CHECKPOINT_SECONDS, self.checkpoint)
        self._retention_days = retention_days
        self._retention = Periodic("audit retention", RETENTION_SECONDS, self.take_out)
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failure: Exception | None = None
        self._added: Appended | None = None
        self._handled = 0
        self.head: Head | None = None
        """The end of the chain, as this process knows it."""

    @property
    def counters(self) -> ConsumerCounters:
        """What was consumed since the start."""
        return self._loop.counters

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name=CONSUMER_GROUP)
        self._checkpoints.start()
        if self._retention_days:
            self._retention.start()

    async def stop(self) -> None:
        """Finish the batch at work, and leave the group."""
        self._stopping.set()
        self._loop.stop()
        await self._checkpoints.stop()
        await self._retention.stop()
        if self._task is not None:
            await self._task

    async def check(self) -> str:
        """Return how it goes, for the readiness page. Raises what stopped the loop."""
        if self._failure is not None:
            raise self._failure
        return f"{self.counters.handled} entries added, {self.counters.dead_letters} dead letters"

    async def checkpoint(self) -> bool:
        """Make a checkpoint where there are entries behind the last one; nothing is left to do then."""
        made = await self._database.write(add_checkpoint(self._signer, self._clock.now_micros()))
        if made is not None:
            _tell(made)
        return False

    async def take_out(self) -> bool:
        """Take out some of what is past its retention; say whether there may be more."""
        now = self._clock.now_micros()
        taken = await self._database.write(take_out_older(self._signer, now - self._retention_days * DAY_MICROS, now))
        if taken.problem is not None:
            _log.error(
                "Entries of the audit are kept past their retention, as somebody has changed them",
                first=taken.problem.first,
                last=taken.problem.last,
                problem=taken.problem.detail,
            )
        if taken.start is not None:
            _log.info("Audit entries past their retention are gone", **_fields(taken.start))
        return taken.start is not None

    def _take(self, events: Sequence[EventEnvelope]) -> Program[None]:
        entries = [entry for event in events if (entry := entry_of(event)) is not None]
        if entries:
            seen = self.head.sequence if self.head is not None else 0
            self._added = yield from append(entries, self._signer, self._clock.now_micros(), seen)

    def _applied(self, _: Sequence[EventEnvelope]) -> None:
        added, self._added = self._added, None
        # Where nothing was new, what is noted is of an attempt that failed, and the chain need not have come so far.
        handled, self._handled = self._handled, self.counters.handled
        if added is None or handled == self._handled:
            return
        if self.head is None or added.head.sequence > self.head.sequence:
            self.head = added.head
        for checkpoint in added.checkpoints:
            _tell(checkpoint)

    async def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._loop.run()
            except Exception as error:  # noqa: BLE001 - a bug must not end the consumer for good
                _log.error("The consumer of the audit failed and begins again", error=error)
                self._failure = error
                try:
                    async with asyncio.timeout(self._restart_seconds):
                        await self._stopping.wait()
                except TimeoutError:
                    pass
                self._failure = None


def _tell(checkpoint: Head) -> None:
    """Put a checkpoint into the log, which is kept elsewhere than the database."""
    _log.info("Audit checkpoint", **_fields(checkpoint))


def _fields(head: Head) -> dict[str, object]:
    return {
        "sequence": head.sequence,
        "hash": head.hash,
        "previous_sequence": head.checkpoint,
        "time_micros": head.time_micros,
        "key_id": head.key_id,
        "signature": head.signature,
    }
