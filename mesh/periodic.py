"""Runs a piece of background work again and again until it is stopped; a failure is logged and tried again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from mesh.background import end
from mesh.logs import get_log

_log = get_log(__name__)
MAX_PAUSE_SECONDS = 30.0
JITTER = 0.1
"""Share by which an interval varies, so that processes that were started together do not stay in step."""


class Periodic:
    """`work` answers whether there is more to do at once; otherwise it runs again after the interval."""

    def __init__(self, name: str, interval_seconds: float, work: Callable[[], Awaitable[bool]]) -> None:
        self._name = name
        self._interval = interval_seconds
        self._work = work
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """End, in the middle of the work if need be: it is transactional."""
        await end(self._task)

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                more = await self._work()
                failures = 0
            except Exception as error:  # noqa: BLE001 - the work must go on whatever happens to one round of it
                failures += 1
                more = False
                _log.error("Background work failed", error=error, work=self._name)
            if not more:
                pause = min(self._interval * 2**failures, MAX_PAUSE_SECONDS) if failures else self._interval
                await asyncio.sleep(pause * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311 - no secret
