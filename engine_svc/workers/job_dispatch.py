"""Gives jobs out over the bus as soon as they are ready."""

from __future__ import annotations

import asyncio

from engine_svc.commands.job_dispatch import JobDispatch
from engine_svc.commands.job_signals import JobSignals
from mesh.background import end
from mesh.logs import get_log

INTERVAL_SECONDS = 0.25
"""Jobs that another process made raise no signal here."""
GATHERING_SECONDS = 0.005
"""How long jobs that become ready are gathered, so that they share transactions."""
LONGEST_PAUSE_SECONDS = 5.0

_log = get_log(__name__)


class DispatchWorker:
    """Runs rounds of a `JobDispatch` until it is stopped."""

    def __init__(self, dispatch: JobDispatch, signals: JobSignals) -> None:
        self._dispatch = dispatch
        self._signals = signals
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="job dispatch")

    async def stop(self) -> None:
        """End, in the middle of a round if need be: it is transactional."""
        await end(self._task)

    async def _run(self) -> None:
        pause = INTERVAL_SECONDS
        while True:
            # Before the look, so that what becomes ready during it is not missed.
            ready = self._signals.any_waiter()
            try:
                more = await self._dispatch.run()
                pause = INTERVAL_SECONDS
            except Exception as error:  # noqa: BLE001 - it must go on whatever happens to one round
                _log.error("Jobs could not be given out over the bus", error=error)
                ready.cancel()
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                continue
            try:
                if not more:
                    await asyncio.wait([ready], timeout=INTERVAL_SECONDS)
                    await asyncio.sleep(GATHERING_SECONDS)
            finally:
                ready.cancel()
