"""What has to be done about keys, sessions and failures from time to time, by one process of all."""

from __future__ import annotations

from collections.abc import Callable

from identity_svc.commands.api_keys import ApiKeys
from identity_svc.commands.key_ring import KeyRing
from identity_svc.storage.api_keys import prune_api_keys
from identity_svc.storage.sessions import prune_refresh_tokens, prune_sessions
from identity_svc.storage.sign_in_failures import prune_failures
from identity_svc.storage.signing_keys import drop_keys
from mesh.clock import Clock
from mesh.db.database import Database
from mesh.db.statements import Program
from mesh.logs import get_log
from mesh.periodic import Periodic
from mesh.shared_work import Kind, SharedWork

RETENTION_INTERVAL_SECONDS = 30.0
USES_INTERVAL_SECONDS = 15.0
_MICROS = 1_000_000

_log = get_log(__name__)


class SignInUpkeep:
    """Rotates keys and forgets what is old, where this process holds the lease; notes the uses of its API keys."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ring: KeyRing,
        api_keys: ApiKeys,
        *,
        keep_sessions: float,
        keep_failures: float,
        rotation_interval: float,
    ) -> None:
        """`keep_sessions`: for so many seconds sessions that are over stay, and refresh tokens that were used;
        `keep_failures` likewise."""
        self._database = database
        self._clock = clock
        self._ring = ring
        self._keep_sessions = int(keep_sessions * _MICROS)
        self._keep_failures = int(keep_failures * _MICROS)
        self._uses = api_keys
        kinds = (
            Kind("signing key rotation", rotation_interval, self._rotate),
            Kind("session retention", RETENTION_INTERVAL_SECONDS, self._prune),
        )
        self._works = (
            SharedWork(database, "identity upkeep", kinds),
            # Everybody has to know the keys that others made.
            Periodic("signing keys", rotation_interval, self._read_keys),
            Periodic("uses of API keys", USES_INTERVAL_SECONDS, api_keys.store_uses),
        )

    def start(self) -> None:
        """Begin."""
        for work in self._works:
            work.start()

    async def stop(self) -> None:
        """End, and leave the rest to others."""
        for work in self._works:
            await work.stop()
        try:
            await self._uses.store_uses()
        except Exception as error:  # noqa: BLE001 - whatever keeps it from being done, the process ends
            _log.warning("What was left to do for API keys could not be done", error=error)

    async def _read_keys(self) -> bool:
        await self._ring.read()
        return False

    async def _rotate(self) -> bool:
        await self._ring.read()
        await self._ring.rotate_if_due()
        return False

    async def _prune(self) -> bool:
        now = self._clock.now_micros()
        before = now - self._keep_sessions
        work: list[Callable[[int], Program[int]]] = [prune_sessions, prune_refresh_tokens, prune_api_keys]
        pruned = [await self._database.write(prune(before)) for prune in work]
        pruned.append(await self._database.write(prune_failures(now - self._keep_failures)))
        await self._database.write(drop_keys(now))
        return any(pruned)
