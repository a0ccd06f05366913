"""Caches for tests: one process each, in this one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import ClassVar

from mesh.cache.local import LocalStore
from mesh.cache.opening import Caches
from mesh.cache.two_level import TwoLevelCache
from mesh.metrics import Metrics
from mesh.settings import MeshSettings

PATIENT_MILLISECONDS = 5_000.0
"""For tests of what is found: a busy machine must not look like a Redis that is gone."""
LINK_SECONDS = 20.0


class CacheSettings(MeshSettings):
    service_name: ClassVar[str] = "test"


async def until(question: Callable[[], bool]) -> None:
    """Ask until the answer is true."""
    async with asyncio.timeout(LINK_SECONDS):
        while not question():
            await asyncio.sleep(0.005)


class Node:
    """The caches of one process."""

    def __init__(
        self, url: str = "", milliseconds: float = PATIENT_MILLISECONDS, local: LocalStore | None = None
    ) -> None:
        self.metrics = Metrics()
        self.caches = Caches(CacheSettings(cache_url=url, cache_timeout_milliseconds=milliseconds), self.metrics)
        self.local = LocalStore() if local is None else local
        self.cache: TwoLevelCache = self.caches.cache("things", 600, self.local)

    def count(self, level: str, result: str) -> float:
        """How often something was looked up with this result."""
        samples = {
            (sample.labels.get("level"), sample.labels.get("result")): sample.value
            for metric in self.metrics.collect()
            for sample in metric.samples
            if sample.name == "flowmesh_test_cache_requests_total"
        }
        return samples[level, result]

    def value(self, name: str, **labels: str) -> float:
        """A metric's value, 0 where it was never counted."""
        for metric in self.metrics.collect():
            for sample in metric.samples:
                if sample.name == f"flowmesh_test_cache_{name}" and labels.items() <= sample.labels.items():
                    return sample.value
        return 0.0

    def forget(self) -> None:
        """Empty the first level."""
        self.local.delete(list(self.local._kept), ())


@asynccontextmanager
async def node(
    url: str = "", milliseconds: float = PATIENT_MILLISECONDS, local: LocalStore | None = None
) -> AsyncIterator[Node]:
    """A process with caches, linked to Redis where a URL is given."""
    made = Node(url, milliseconds, local)
    made.caches.start()
    try:
        if url:
            await until(lambda: made.caches.remote_up)
        yield made
    finally:
        await made.caches.close()


def loader(value: bytes, calls: list[bytes]) -> Callable[[], Awaitable[bytes | None]]:
    """A load that notes that it was called."""

    async def load() -> bytes | None:
        calls.append(value)
        await asyncio.sleep(0)
        return value

    return load
