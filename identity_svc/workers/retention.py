"""Forgets what nobody will ask for any more: answers kept for request ids, and old entries of the change log."""

from __future__ import annotations

from identity_svc.storage.requests import PRUNE_BATCH, prune_requests
from identity_svc.storage.security_changes import PRUNE_BATCH as CHANGES_BATCH
from identity_svc.storage.security_changes import prune_changes
from mesh.clock import Clock
from mesh.db.database import Database

INTERVAL_SECONDS = 60.0
CHANGE_LOG_SECONDS = 86_400
"""Who follows the log and was away for longer begins anew; tokens live for minutes."""


class Retention:
    """The work of one round: a bounded batch of each. Several processes may do it at once."""

    def __init__(self, database: Database, clock: Clock, request_seconds: int) -> None:
        self._database = database
        self._clock = clock
        self._request_micros = request_seconds * 1_000_000

    async def run(self) -> bool:
        """Forget what is old; say whether there may be more."""
        now = self._clock.now_micros()
        requests = await self._database.write(prune_requests(now - self._request_micros))
        changes = await self._database.write(prune_changes(now - CHANGE_LOG_SECONDS * 1_000_000))
        return requests == PRUNE_BATCH or changes == CHANGES_BATCH
