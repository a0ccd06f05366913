"""Forgets what nobody will ask for any more: answers kept for request ids, old drafts, files nobody has submitted."""

from __future__ import annotations

from form_svc.storage.drafts import PRUNE_BATCH as DRAFTS_BATCH
from form_svc.storage.drafts import prune_drafts
from form_svc.storage.files import PRUNE_BATCH as FILES_BATCH
from form_svc.storage.files import delete_expired, expired_files
from form_svc.storage.requests import PRUNE_BATCH, prune_requests
from mesh.clock import Clock
from mesh.db.database import Database

INTERVAL_SECONDS = 60.0


class Retention:
    """The work of one round: a bounded batch of each. Several processes may do it at once."""

    def __init__(self, database: Database, clock: Clock, request_seconds: int, draft_seconds: int) -> None:
        self._database = database
        self._clock = clock
        self._request_micros = request_seconds * 1_000_000
        self._draft_micros = draft_seconds * 1_000_000

    async def run(self) -> bool:
        """Forget what is old; say whether there may be more."""
        now = self._clock.now_micros()
        requests = await self._database.write(prune_requests(now - self._request_micros))
        drafts = await self._database.write(prune_drafts(now - self._draft_micros))
        files = await self._database.read(expired_files(now))
        for file_id in files:
            # Each by itself: their pieces are many bytes.
            await self._database.write(delete_expired(file_id, now))
        return requests == PRUNE_BATCH or drafts == DRAFTS_BATCH or len(files) == FILES_BATCH
