"""A process that starts knows who called the others lately, before they call it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context

from mesh.access.subjects import Subjects
from mesh.access.watch import SecurityWatch
from mesh.background import end
from mesh.logs import get_log

KEEP_SECONDS = 30.0
LINK_SECONDS = 10.0
"""How long after the start the cache may take to be reached; later it is no start any more."""
GLANCE_SECONDS = 0.1

_log = get_log(__name__)


class RecentSubjects:
    """Reads ahead at the start who called lately, and then tells it to processes to come, from `start` to `stop`.

    `shared`: whether the cache is one that several processes share now. Without one there is nothing to do.
    """

    def __init__(self, subjects: Subjects, watch: SecurityWatch, shared: Callable[[], bool]) -> None:
        self._subjects = subjects
        self._watch = watch
        self._shared = shared
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; nothing waits for it."""
        self._task = asyncio.create_task(self._run(), name="recent subjects", context=Context())

    async def stop(self) -> None:
        """Tell it a last time, and end."""
        await end(self._task)
        await self._keep()

    async def _run(self) -> None:
        await self._watch.complete.wait()
        for _ in range(int(LINK_SECONDS / GLANCE_SECONDS)):
            if self._shared():
                count = await self._subjects.warm_up()
                _log.info("Grants of subjects that called lately were read ahead", count=count)
                break
            await asyncio.sleep(GLANCE_SECONDS)
        while True:
            await asyncio.sleep(KEEP_SECONDS)
            await self._keep()

    async def _keep(self) -> None:
        if self._shared():
            await self._subjects.keep_recent()
