"""Reads the whole directory of identity: at the first start, for what was before its events, and once a day after that.

Each page is a transaction together with how far the reading has come, so that a process that takes over goes on there.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import grpc
import grpc.aio
from flowmesh.identity.v1 import directory_service_pb2 as pb
from flowmesh.identity.v1.directory_service_pb2_grpc import DirectoryServiceStub

from mesh.clock import Clock
from mesh.db.database import Database
from mesh.db.statements import Program
from mesh.logs import get_log
from notification_svc.consumers.directory import DirectoryChanges
from notification_svc.consumers.times import micros_of
from notification_svc.storage.directory import Reading, find_reading, leave_other_groups, write_reading
from notification_svc.storage.layout import ACTIVE, DISABLED

if TYPE_CHECKING:
    from flowmesh.identity.v1.directory_service_pb2_grpc import DirectoryServiceAsyncStub

PAGE_SIZE = 500
PAGE_SECONDS = 10.0
AGAIN_SECONDS = 24 * 3600
INTERVAL_SECONDS = 2.0

_MICROS = 1_000_000

_log = get_log(__name__)


class DirectoryReading:
    """Reads one page a round. `known` is set once the directory was read as a whole."""

    def __init__(self, database: Database, clock: Clock, channel: grpc.aio.Channel) -> None:
        self._database = database
        self._clock = clock
        stub: DirectoryServiceAsyncStub = DirectoryServiceStub(channel)
        self._directory = stub
        self.known = asyncio.Event()

    async def look(self) -> bool:
        """Look whether the directory was read, here or by another process; False, as nothing is left to do at once."""
        if not self.known.is_set() and (await self._database.read(find_reading())).done_at:
            self.known.set()
        return False

    async def run(self) -> bool:
        """Read the next page where one is due; say whether there are more."""
        reading = await self._database.read(find_reading())
        now = self._clock.now_micros()
        if reading.begun_at == 0 and now - reading.done_at < AGAIN_SECONDS * _MICROS:
            return False
        request = pb.ListDirectoryEntriesRequest(page_size=PAGE_SIZE, page_token=reading.page_token)
        try:
            page = await self._directory.ListDirectoryEntries(request, timeout=PAGE_SECONDS)
        except grpc.aio.AioRpcError as error:
            _log.warning("The directory cannot be read now", code=error.code().name, detail=error.details() or "")
            if error.code() == grpc.StatusCode.INVALID_ARGUMENT:
                # The page token is of another release.
                await self._database.write(write_reading(Reading("", 0, reading.done_at)))
            return False
        begun_at = reading.begun_at or now
        done = not page.next_page_token
        after = Reading("", 0, now) if done else Reading(page.next_page_token, begun_at, reading.done_at)
        await self._database.write(_take(page, after))
        if done:
            self.known.set()
        return not done


def _take(page: pb.ListDirectoryEntriesResponse, after: Reading) -> Program[None]:
    read_at = micros_of(page.read_time)
    changes = DirectoryChanges()
    groups: dict[str, frozenset[str]] = {}
    for entry in page.entries:
        changed_at = micros_of(entry.update_time)
        row = changes.refer(entry.user, changed_at)
        changes.describe(row, changed_at, entry.display_name, entry.profile)
        changes.stand(row, changed_at, ACTIVE if entry.active else DISABLED)
        groups[entry.user.id] = frozenset(entry.group_ids)
        for group_id in entry.group_ids:
            changes.member(group_id, entry.user.id, read_at, inside=True)
    yield from changes.write()
    yield from leave_other_groups(groups, read_at)
    yield from write_reading(after)
