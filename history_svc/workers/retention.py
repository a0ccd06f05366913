"""Takes out of history what retention lets go, and does what archives wait for, in one process of all.

Each step reads what is to be done from the database and can be done again: whoever comes after a process that was
killed goes on where it was. Instances are claimed, then archived if that is wanted, then deleted; nothing is deleted
before its archive is whole on disk.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from history_svc.archiving.running import ArchiveFailed, ArchiveFiles
from history_svc.storage import archives, purging
from history_svc.storage.archives import Archive, archives_where
from history_svc.storage.purging import (
    Candidate,
    Decision,
    claim,
    definition_keys,
    ended_before,
    kept_among,
    kept_until,
)
from history_svc.storage.requests import PRUNE_BATCH, prune_requests
from history_svc.storage.retention import EVERY_KEY, Policy, all_policies
from history_svc.storage.retention_layout import (
    COMPLETE,
    DELETING,
    NO_ARCHIVE,
    NOT_RESTORED,
    REMOVING,
    RESTORED,
    RESTORING,
    WRITING,
)
from history_svc.storage.schema import HEAD
from mesh.bus.topics import DEAD_LETTER_RETENTION_SECONDS
from mesh.clock import Clock, steady_seconds
from mesh.db.database import Database, DatabaseError, OutcomeUnknown, TransientFailure
from mesh.db.statements import Program
from mesh.ids import new_id
from mesh.lease import FencedOff, Leases
from mesh.logs import get_log
from mesh.periodic import Periodic

LEASE_NAME: Final = "history retention"
LEASE_SECONDS: Final = 10.0
PURGE_BATCH: Final = 1_000
"""Instances that are claimed at once where there is no archive."""
PAGE: Final = 1_000
MAX_PAGES: Final = 10
MAX_POLICIES: Final = 10_000
STEP_SECONDS: Final = 5.0
"""How long one kind of work goes on before the others have their turn."""
FIRST_PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 300.0
"""How long an archive that failed is left alone."""
FORGET_SECONDS: Final = 2 * DEAD_LETTER_RETENTION_SECONDS
"""Events may come late as long as they lie in a topic, dead letters the longest; double covers clocks and pauses."""
FORGET_INTERVAL_SECONDS: Final = 60.0
REQUEST_SECONDS: Final = 86_400
DAY_SECONDS: Final = 86_400
_MICROS: Final = 1_000_000

_log = get_log(__name__)


@dataclass(slots=True)
class RetentionCounters:
    """What was done since the start."""

    claimed: int = 0
    purged: int = 0
    archived: int = 0
    restored: int = 0
    deleted_archives: int = 0
    failures: int = 0


@dataclass(slots=True)
class _Pause:
    """Until when, by `steady_seconds`, an archive that failed is left alone, and for how long."""

    until: float
    seconds: float


class RetentionWork:
    """One process's part of it: all of it where it holds the lease, else nothing."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        files: ArchiveFiles,
        *,
        interval_seconds: float,
        archive_instances: int,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        """`archive_instances`: how many an archive has at most."""
        self._database = database
        self._clock = clock
        self._files = files
        self._archive_instances = archive_instances
        self._leases = Leases(database, LEASE_NAME, 1, seconds=lease_seconds)
        self._lease_work = Periodic("history retention lease", lease_seconds / 4, self._renew)
        self._work = Periodic("history retention", interval_seconds, self.round)
        self._cursors: dict[tuple[str, str], Candidate] = {}
        self._kept_cursor: tuple[int, str] | None = None
        self._pauses: dict[str, _Pause] = {}
        self._forget_at = 0.0
        self.counters = RetentionCounters()

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
            _log.warning("The lease of retention could not be given up and runs out by itself", error=error)

    async def _renew(self) -> bool:
        try:
            await self._leases.renew()
        except (DatabaseError, OutcomeUnknown) as error:
            _log.warning("The lease of retention could not be renewed and will be tried again", error=error)
        return False

    async def round(self) -> bool:
        """Do some of each kind of work; say whether there is more to do at once."""
        more = False
        steps: Sequence[Callable[[str], Awaitable[bool]]] = (
            self._write_archives,
            self._purge,
            self._restore,
            self._remove_restored,
            self._delete_archives,
            self._claim,
            self._forget,
        )
        for step in steps:
            holder = self._leases.holder
            if holder is None or not self._leases.numbers:
                return False
            try:
                more |= await step(holder)
            except (FencedOff, TransientFailure) as error:
                # Others have the lease, or had the locks: nothing is lost.
                _log.info("Retention goes on later", error=error)
                return False
        return more

    async def _write_archives(self, holder: str) -> bool:
        until = steady_seconds() + STEP_SECONDS
        done = 0
        for archive in await self._database.read(archives_where("state", WRITING, PAGE)):
            if self._is_paused(archive):
                continue
            if steady_seconds() > until or self._leases.holder != holder:
                return True
            try:
                outcome = await self._files.write(archive)
            except ArchiveFailed as error:
                await self._failed(holder, archive, error)
                continue
            self._pauses.pop(archive.id, None)
            rows, size = outcome["row_count"], outcome["size_bytes"]
            await self._write(holder, archives.complete_archive(archive.id, rows, size, outcome["manifest_sha256"]))
            self.counters.archived += archive.instance_count
            done += 1
            _log.info("An archive is written", archive=archive.id, instances=archive.instance_count, rows=rows)
        return done > 0

    async def _purge(self, holder: str) -> bool:
        until = steady_seconds() + STEP_SECONDS
        if not await self._emptied(holder, NO_ARCHIVE, until):
            return True
        for archive in await self._database.read(archives_where("emptied", 0, PAGE)):
            if archive.state == WRITING:
                continue
            if not await self._emptied(holder, archive.id, until):
                return True
            await self._write(holder, archives.set_archive(archive.id, emptied=1))
        return False

    async def _emptied(self, holder: str, archive_id: str, until: float) -> bool:
        """Delete what is claimed for an archive, or for none; False where there is more when the time is over."""
        # Looked at first: a round that finds nothing to do takes no lock that a consumer might wait for.
        if not await self._database.read(purging.claimed_for(archive_id, "", 1)):
            return True
        while True:
            started = steady_seconds()
            purged = await self._database.write(purging.purge_some(holder, archive_id))
            if not purged.more:
                return True
            self.counters.purged += purged.instances
            ended = steady_seconds()
            if ended > until or self._leases.holder != holder:
                return False
            # Half of the time belongs to the consumer and to those who read.
            await asyncio.sleep(ended - started)

    async def _restore(self, holder: str) -> bool:
        for archive in await self._database.read(archives_where("restoring", RESTORING, PAGE)):
            if archive.state != COMPLETE or self._is_paused(archive):
                continue
            try:
                await self._files.restore(archive)
            except ArchiveFailed as error:
                await self._failed(holder, archive, error)
                continue
            self._pauses.pop(archive.id, None)
            await self._write(holder, archives.restored(archive.id))
            self.counters.restored += 1
        return False

    async def _remove_restored(self, holder: str) -> bool:
        until = steady_seconds() + STEP_SECONDS
        for archive in await self._database.read(archives_where("restoring", REMOVING, PAGE)):
            if not await self._without_records(holder, archive, until):
                return True
            await self._write(holder, archives.removed(archive.id))
        return False

    async def _without_records(self, holder: str, archive: Archive, until: float) -> bool:
        while await self._write(holder, archives.remove_records(archive.id)):
            if steady_seconds() > until:
                return False
            await asyncio.sleep(0.01)
        return True

    async def _delete_archives(self, holder: str) -> bool:
        until = steady_seconds() + STEP_SECONDS
        for archive in await self._database.read(archives_where("state", DELETING, PAGE)):
            if not archive.emptied or archive.restoring in (RESTORING, RESTORED, REMOVING) or self._is_paused(archive):
                # Its instances go first, and what was restored of it.
                continue
            if not await self._without_records(holder, archive, until):
                return True
            try:
                await asyncio.to_thread(_remove_folder, self._files.path(archive.id))
            except (ArchiveFailed, OSError) as error:
                await self._failed(holder, archive, error)
                continue
            self._pauses.pop(archive.id, None)
            await self._write(holder, archives.delete_archive(archive.id))
            self.counters.deleted_archives += 1
        return False

    async def _claim(self, holder: str) -> bool:
        policies = await self._database.read(all_policies(MAX_POLICIES))
        now = self._clock.now_micros()
        unfinished = await self._database.read(archives_where("emptied", 0, MAX_POLICIES))
        busy = {(archive.tenant_id, archive.key) for archive in unfinished}
        claimed = await self._claim_kept(holder, now, busy)
        own = {(policy.tenant_id, policy.key) for policy in policies if policy.key != EVERY_KEY}
        for policy in policies:
            if policy.archive and self._files.folder is None:
                # Another process may have one; without it they stay.
                continue
            keys = [policy.key]
            if policy.key == EVERY_KEY:
                found = await self._database.read(definition_keys(policy.tenant_id))
                keys = [key for key in found if (policy.tenant_id, key) not in own]
            for key in keys:
                if policy.archive and (policy.tenant_id, key) in busy:
                    continue
                claimed += await self._claim_ended(holder, policy, key, now)
        self.counters.claimed += claimed
        return claimed > 0

    async def _claim_ended(self, holder: str, policy: Policy, key: str, now: int) -> int:
        before = now - policy.keep_seconds * _MICROS
        if policy.keep_seconds >= DAY_SECONDS:
            # By whole days, so that an archive has a day's instances and not one's.
            before -= before % (DAY_SECONDS * _MICROS)
        limit = self._archive_instances if policy.archive else PURGE_BATCH
        place = policy.tenant_id, key
        found: list[str] = []
        for _ in range(MAX_PAGES):
            after = self._cursors.get(place)
            page = await self._database.read(ended_before(*place, before, after, min(PAGE, limit - len(found))))
            if not page:
                # From the beginning next time: events of the past may come late.
                self._cursors.pop(place, None)
                break
            self._cursors[place] = page[-1]
            kept = await self._database.read(kept_among([one.id for one in page]))
            found += [one.id for one in page if one.id not in kept]
            if len(found) >= limit:
                break
        if not found:
            return 0
        archive = _new_archive(place, now) if policy.archive else None
        decision = Decision(policy, key, before)
        return await self._database.write(claim(holder, found, archive, now, by_policy=True, decision=decision))

    async def _claim_kept(self, holder: str, now: int, busy: set[tuple[str, str]]) -> int:
        rows = await self._database.read(kept_until(now, self._kept_cursor, PAGE))
        self._kept_cursor = (rows[-1][1], rows[-1][0]) if len(rows) == PAGE else None
        gone = [row[0] for row in rows if row[3] is None]
        if gone:
            await self._database.write(purging.forget_kept(holder, gone))
        groups: dict[tuple[str, str, bool], list[str]] = {}
        for instance_id, _, archive, tenant_id, key, end_micros in rows:
            if tenant_id is not None and end_micros is not None:
                groups.setdefault((tenant_id, key, bool(archive)), []).append(instance_id)
        claimed = 0
        for (tenant_id, key, to_archive), instances in groups.items():
            if to_archive and (self._files.folder is None or (tenant_id, key) in busy):
                continue
            new = _new_archive((tenant_id, key), now) if to_archive else None
            claimed += await self._database.write(claim(holder, instances, new, now, by_policy=False))
        return claimed

    async def _forget(self, holder: str) -> bool:
        if steady_seconds() < self._forget_at:
            return False
        now = self._clock.now_micros()
        forgotten = await self._database.write(purging.forget_purged(holder, now - FORGET_SECONDS * _MICROS))
        requests = await self._database.write(prune_requests(now - REQUEST_SECONDS * _MICROS))
        more = forgotten == purging.FORGET_BATCH or requests == PRUNE_BATCH
        if not more:
            self._forget_at = steady_seconds() + FORGET_INTERVAL_SECONDS
        return more

    async def _failed(self, holder: str, archive: Archive, error: Exception) -> None:
        self.counters.failures += 1
        pause = self._pauses.setdefault(archive.id, _Pause(0.0, FIRST_PAUSE_SECONDS / 2))
        pause.seconds = min(2 * pause.seconds, LONGEST_PAUSE_SECONDS)
        pause.until = steady_seconds() + pause.seconds
        _log.error("Work on an archive failed and will be tried again", error=error, archive=archive.id)
        await self._write(holder, archives.note_error(archive.id, str(error)))

    def _is_paused(self, archive: Archive) -> bool:
        pause = self._pauses.get(archive.id)
        return pause is not None and steady_seconds() < pause.until

    async def _write(self, holder: str, program: Program[bool] | Program[None]) -> bool:
        def fenced() -> Program[bool]:
            yield from Leases.fence(holder)
            return bool((yield from program))

        return await self._database.write(fenced())


def _new_archive(place: tuple[str, str], now: int) -> Archive:
    return Archive(new_id(), *place, WRITING, NOT_RESTORED, now, 0, 0, 0, 0, 0, HEAD, "", "", 0)


def _remove_folder(folder: Path) -> None:
    """Delete a folder so that it is there as a whole or not at all. Raises OSError."""
    doomed = folder.with_name(f"{folder.name}.deleted")
    if folder.exists():
        folder.rename(doomed)
    if doomed.exists():
        shutil.rmtree(doomed)
