"""Wakes streams of inboxes: at once for what this process writes, within a second for what others do."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from mesh.db.database import Database
from mesh.periodic import Periodic
from notification_svc.storage.notifications import last_numbers

POLL_SECONDS = 1.0
USERS_PER_READ = 500


class InboxSignals:
    """One question for all streams of this process, however many there are."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listening: dict[str, set[asyncio.Event]] = {}
        self._seen: dict[str, int] = {}
        self._poll = Periodic("inbox signals", POLL_SECONDS, self._look)

    def start(self) -> None:
        """Begin to look."""
        self._poll.start()

    async def stop(self) -> None:
        """End looking."""
        await self._poll.stop()

    def tell(self, users: Collection[str]) -> None:
        """Wake the streams of some users."""
        for user in users:
            for event in self._listening.get(user, ()):
                event.set()

    @contextmanager
    def listening(self, user: str) -> Iterator[asyncio.Event]:
        """Give an event that is set when the user's inbox may have changed."""
        event = asyncio.Event()
        self._listening.setdefault(user, set()).add(event)
        try:
            yield event
        finally:
            events = self._listening[user]
            events.discard(event)
            if not events:
                del self._listening[user]
                self._seen.pop(user, None)

    async def _look(self) -> bool:
        users = sorted(self._listening)
        for first in range(0, len(users), USERS_PER_READ):
            numbers = await self._database.read(last_numbers(users[first : first + USERS_PER_READ]))
            changed = [user for user, number in numbers.items() if self._seen.get(user) != number]
            self._seen.update((user, numbers[user]) for user in changed if user in self._listening)
            self.tell(changed)
        return False
