"""The check of calls of a process, with what it knows of keys, sessions and grants."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from mesh.access.authorize import Authorizer
from mesh.access.keys import KeySet
from mesh.access.mesh_tokens import MeshTokenVerifier
from mesh.access.recent import RecentSubjects
from mesh.access.source import SERVICES, AccessSource, RemoteSource
from mesh.access.subjects import Subjects
from mesh.access.tokens import TokenVerifier
from mesh.access.watch import SecurityWatch
from mesh.admin_http import Readiness
from mesh.cache.opening import Caches
from mesh.cache.port import PERMISSION_SECONDS
from mesh.channels import MeshChannel, open_channel
from mesh.metrics import Metrics
from mesh.resilience.breaker import BreakerMetrics, CircuitBreaker
from mesh.settings import MeshSettings, SettingsError
from mesh.telemetry import Telemetry

CACHE_NAME = "access"


class Access:
    """What a process knows of who may call; `authorize` is for its servers, as many as there are.

    `start` waits for nothing: until the identity service has answered, calls are refused with UNAVAILABLE. Without a
    `source` it is asked over a channel to `identity_address`. Raises SettingsError where the mesh has no secret.
    """

    def __init__(
        self,
        settings: MeshSettings,
        metrics: Metrics,
        *,
        source: AccessSource | None = None,
        breakers: BreakerMetrics | None = None,
        telemetry: Telemetry | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        if not settings.mesh_secret:
            raise SettingsError(
                f"{settings.variable('mesh_secret')} is missing: set it to the same random text for all services of "
                "the mesh (openssl rand -hex 32 makes one)."
            )
        self._channel: MeshChannel | None = None
        if source is None:
            breaker = CircuitBreaker("identity", metrics=breakers)
            self._channel = open_channel(
                settings.identity_address,
                settings,
                SERVICES,
                telemetry=telemetry,
                breaker=breaker,
                # A process that runs the identity service is not ready before it can check calls, for which it asks
                # itself: it would wait for its own health for ever.
                follows_health=False,
            )
            source = RemoteSource(self._channel)
        self._caches = Caches(settings, metrics, name=CACHE_NAME)
        cache = self._caches.cache("grants", PERMISSION_SECONDS)
        self._keys = KeySet(source.key_set, lambda: self._tokens.forget())
        self._tokens = TokenVerifier(self._keys.key, settings.token_issuer, settings.token_audience, now=now)
        self.subjects = Subjects(source.access, cache, name=settings.service_name)
        self.watch = SecurityWatch(source, self.subjects, self._keys, self._tokens.forget, now=now)
        self.authorize = Authorizer(self._tokens, self.subjects, self.watch, MeshTokenVerifier(settings.mesh_secret))
        self._recent = RecentSubjects(self.subjects, self.watch, lambda: self._caches.remote_up)
        metrics.observe(
            "flowmesh_access_watch_up",
            "Whether the identity service tells security changes; 0: calls go on with what is known.",
            lambda: float(self.watch.up),
        )
        metrics.observe(
            "flowmesh_access_subjects", "Users and service accounts whose grants are known.", lambda: len(self.subjects)
        )

    def start(self) -> None:
        """Begin to ask for keys and to follow changes."""
        self._caches.start()
        self.watch.start()
        self._recent.start()

    async def close(self) -> None:
        """End what is under way."""
        await self._recent.stop()
        await self.watch.stop()
        await self.subjects.close()
        await self._keys.close()
        await self._caches.close()
        if self._channel is not None:
            await self._channel.close()

    @property
    def shares(self) -> bool:
        """Whether grants are shared with other processes now."""
        return self._caches.remote_up

    def add_checks(self, readiness: Readiness) -> None:
        """Let a process say that it is ready once it can check calls; while it is told no changes it is degraded."""
        readiness.add("access", self._check_known)
        readiness.add("identity", self._check_told, optional=True)

    async def _check_known(self) -> str:
        if not self._keys.known.is_set() or not self.watch.complete.is_set():
            raise ConnectionError("the identity service has not answered yet")
        return "calls can be checked"

    async def _check_told(self) -> str:
        if not self.watch.up:
            raise ConnectionError("the identity service tells no changes; calls go on with what is known")
        return "tells changes"

    async def known(self, seconds: float) -> bool:
        """Wait until keys and revoked sessions are known; return whether that came within so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self.watch.complete.wait()
                await self._keys.known.wait()
        except TimeoutError:
            return False
        return True
