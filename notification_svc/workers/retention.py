"""Forgets what is old: notifications, deliveries, ended tasks, and answers kept for request ids."""

from __future__ import annotations

from dataclasses import dataclass

from mesh.clock import Clock
from mesh.db.database import Database
from notification_svc.storage import deliveries, matters, notifications, requests

INTERVAL_SECONDS = 60.0
MATTER_SECONDS = 7 * 86_400
"""Longer than the bus keeps an event that could tell of them again."""
_MICROS = 1_000_000


@dataclass(frozen=True, slots=True)
class Retention:
    """The work of one round: a bounded batch of each."""

    database: Database
    clock: Clock
    notification_seconds: int
    delivery_seconds: int
    request_seconds: int

    async def run(self) -> bool:
        """Forget what is old; say whether there may be more."""
        now = self.clock.now_micros()
        write = self.database.write
        told = await write(notifications.prune_notifications(now - self.notification_seconds * _MICROS))
        sent = await write(deliveries.prune_deliveries(now - self.delivery_seconds * _MICROS))
        ended = await write(matters.prune_matters(now - MATTER_SECONDS * _MICROS))
        asked = await write(requests.prune_requests(now - self.request_seconds * _MICROS))
        return (
            told == notifications.PRUNE_BATCH
            or sent == deliveries.PRUNE_BATCH
            or ended >= matters.PRUNE_BATCH
            or asked == requests.PRUNE_BATCH
        )
