"""The caches of a service: of one level, or of two where a Redis is set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mesh.cache.local import LocalStore
from mesh.cache.measures import ServiceMeasures
from mesh.cache.two_level import TwoLevelCache
from mesh.metrics import Metrics
from mesh.settings import MeshSettings
from mesh.startup import StartupError

if TYPE_CHECKING:
    from mesh.cache.redis import RedisStore


class Caches:
    """The caches of a service in this process; `start` and `close` are those of their link to Redis.

    Raises `StartupError` for an address that cannot be one.
    """

    def __init__(self, settings: MeshSettings, metrics: Metrics, *, name: str = "") -> None:
        """`name`: of what several services share in Redis; without it, what is kept there is the service's own."""
        name = name or settings.service_name
        self._measures = ServiceMeasures(name, metrics)
        self._caches: dict[str, TwoLevelCache] = {}
        self._remote: RedisStore | None = None
        if settings.cache_url:
            # 0.3 s at import, which who has no Redis need not pay.
            from mesh.cache.redis import RedisStore

            try:
                self._remote = RedisStore(
                    settings.cache_url,
                    name,
                    self._measures,
                    self._forget,
                    answer_seconds=settings.cache_timeout_milliseconds / 1000,
                )
            except ValueError as error:
                raise StartupError(f"{settings.variable('cache_url')} cannot be used: {error}.") from error

    @property
    def remote_up(self) -> bool:
        """Whether a Redis is used now."""
        return self._remote is not None and self._remote.up

    def cache(self, name: str, seconds: int, local: LocalStore | None = None) -> TwoLevelCache:
        """Make a cache; what it keeps in Redis it keeps so many seconds. Raises `ValueError` for a name in use."""
        if name in self._caches:
            raise ValueError(f"there is a cache {name} already")
        # An empty store is false.
        store = LocalStore() if local is None else local
        made = self._caches[name] = TwoLevelCache(name, seconds, store, self._remote, self._measures.of(name))
        return made

    def start(self) -> None:
        """Begin to connect to Redis where one is set; nothing waits for it."""
        if self._remote is not None:
            self._remote.start()

    async def close(self) -> None:
        """End what is under way and the link."""
        for cache in self._caches.values():
            await cache.close()
        if self._remote is not None:
            await self._remote.close()

    def _forget(self, cache: str, keys: Sequence[str], tags: Sequence[str]) -> None:
        if cache in self._caches:
            self._caches[cache].forget(keys, tags)
