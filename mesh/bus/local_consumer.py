"""A member of a consumer group on the local bus."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mesh.bus import local_groups, local_store
from mesh.bus.local_store import Cursor, Topic
from mesh.bus.port import BusError, CommitRejected, ReceivedMessage
from mesh.clock import Clock
from mesh.db.database import DatabaseError
from mesh.db.sqlite import SqliteDatabase
from mesh.db.statements import Program
from mesh.process_owner import new_owner

if TYPE_CHECKING:
    from mesh.bus.local import LocalBus

FIRST_PAUSE_SECONDS = 0.005
LONGEST_PAUSE_SECONDS = 0.05
"""How often an idle consumer looks for messages of other processes; those of its own process wake it."""

log = logging.getLogger(__name__)


class LocalConsumer:
    """See `mesh.bus.port.Consumer`. Made by `LocalBus.consumer`; one task at a time may use it."""

    def __init__(
        self, bus: LocalBus, database: SqliteDatabase, clock: Clock, group: str, topics: Mapping[str, Topic]
    ) -> None:
        self._bus = bus
        self._database = database
        self._changes = database.changes()
        self._read_to_the_end = False
        self._clock = clock
        self._topics = topics
        self._places = {
            partition_id: (topic.name, number)
            for topic in topics.values()
            for number, partition_id in enumerate(topic.partition_ids)
        }
        self.group = group
        self.member = new_owner()
        self._expelled = False
        self._generation = -1
        self._offsets: dict[int, int] = {}
        self._turn = 0

    @property
    def partitions(self) -> list[tuple[str, int]]:
        """Topic and number of the partitions that it works on."""
        return sorted(self._places[partition_id] for partition_id in self._offsets)

    async def join(self) -> None:
        """Become a member of the group, or follow its changes. Raises `BusError`."""
        new = self._generation < 0
        while True:
            if self._expelled:
                # Under another name, so that nothing begun before can be taken for this membership's.
                self.member, self._expelled, self._offsets, new = new_owner(), False, {}, True
            program = local_groups.join(
                self.group, self.member, list(self._topics), self._bus.known_topics, self._clock.now_micros(), new=new
            )
            try:
                claims = await self._database.write(program)
            except DatabaseError as error:
                raise BusError(f"the consumer group {self.group} could not be joined: {error}") from error
            if claims is not None:
                break
            self._expelled = True
        self._generation = claims.generation
        # What was read already is not read again while the claim lasts.
        self._offsets = {pid: self._offsets.get(pid, offset) for pid, offset in claims.offsets.items()}

    async def poll(self, max_messages: int, timeout_seconds: float) -> list[ReceivedMessage]:
        """See `Consumer.poll`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_seconds
        pause = FIRST_PAUSE_SECONDS
        while True:
            arrival = self._bus.arrival()
            messages: list[ReceivedMessage] = []
            if self._changes.possible() or self._expelled or not self._read_to_the_end:
                self._read_to_the_end = False
                messages = await self._read(max_messages)
                self._read_to_the_end = not messages
            left = deadline - loop.time()
            if messages or left <= 0:
                return messages
            await asyncio.wait((arrival,), timeout=min(pause, left))
            pause = FIRST_PAUSE_SECONDS if arrival.done() else min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def commit(self, messages: Sequence[ReceivedMessage]) -> None:
        """See `Consumer.commit`."""
        offsets: dict[int, int] = {}
        for message in messages:
            partition_id = self._topics[message.topic].partition_ids[message.partition]
            offsets[partition_id] = max(offsets.get(partition_id, 0), message.offset + 1)
        if not offsets:
            return
        try:
            lost = await self._database.write(local_groups.commit(self.group, self.member, offsets))
        except DatabaseError as error:
            raise BusError(f"the consumer group {self.group} could not commit: {error}") from error
        if lost:
            self._expelled = True
            places = ", ".join(f"{topic}/{number}" for topic, number in map(self._places.__getitem__, lost))
            raise CommitRejected(f"another member of {self.group} has {places} now")

    async def close(self) -> None:
        """See `Consumer.close`."""
        self._bus.forget(self)
        try:
            await self._database.write(local_groups.leave(self.group, self.member))
        except DatabaseError as error:
            # Its time runs out, or its process ends: the others notice either way.
            log.warning("a consumer could not leave its group", exc_info=error)

    def expelled(self, member: str) -> None:
        """Note that the others have given up on this membership."""
        if member == self.member:
            self._expelled = True

    async def _read(self, limit: int) -> list[ReceivedMessage]:
        if self._expelled:
            await self.join()
        while True:
            try:
                found = await self._database.read(self._next(limit))
            except DatabaseError as error:
                raise BusError(f"the bus's file could not be read: {error}") from error
            if found is not None:
                break
            await self.join()
        messages, reached = found
        self._report_gaps(messages)
        self._offsets.update(reached)
        return messages

    def _report_gaps(self, messages: Sequence[ReceivedMessage]) -> None:
        """Say so where messages passed their retention before this group read them."""
        expected = dict(self._offsets)
        for message in messages:
            partition_id = self._topics[message.topic].partition_ids[message.partition]
            start = expected.pop(partition_id, 0)
            if 0 < start < message.offset:
                log.error(
                    "consumer group %s missed messages that were past their retention: %s/%s offsets %s to %s",
                    self.group,
                    message.topic,
                    message.partition,
                    start,
                    message.offset - 1,
                )

    def _next(self, limit: int) -> Program[tuple[list[ReceivedMessage], dict[int, int]] | None]:
        """Read on; None where the group has changed."""
        generation = yield from local_groups.group_generation(self.group)
        if generation != self._generation:
            return None
        if not self._offsets:
            return [], {}
        # Each time another partition comes first, so that a full one does not starve the rest.
        partitions = list(self._offsets)
        self._turn = (self._turn + 1) % len(partitions)
        cursors = [
            Cursor(partition_id, *self._places[partition_id], self._offsets[partition_id])
            for partition_id in partitions[self._turn :] + partitions[: self._turn]
        ]
        found = yield from local_store.read(cursors, limit)
        return found
