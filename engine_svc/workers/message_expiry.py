"""Ends the keeping of messages whose time to live is over, and forgets after a while what became of messages."""

from __future__ import annotations

from engine_svc.storage.messages import anything_over, expire_messages
from mesh.clock import Clock
from mesh.db.database import Database

INTERVAL_SECONDS = 2.0


class MessageExpiry:
    """The work of one round: a bounded batch."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def run(self) -> bool:
        """Expire and forget; say whether there may be more."""
        now = self._clock.now_micros()
        if not await self._database.read(anything_over(now)):
            return False
        return await self._database.write(expire_messages(now))
