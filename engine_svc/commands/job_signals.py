"""Wakes long polls and streams of workers when a job of their type becomes ready in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Collection


class JobSignals:
    """Waiting workers by job type. A signal is a hint: jobs made by other processes are found by polling."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}
        self._waiting_for_any: set[asyncio.Future[None]] = set()

    def notify(self, job_types: Collection[str]) -> None:
        """Wake everybody who waits for one of these types."""
        if self._waiting_for_any and job_types:
            woken, self._waiting_for_any = self._waiting_for_any, set()
            for waiter in woken:
                if not waiter.done():
                    waiter.set_result(None)
        for job_type in job_types:
            for waiter in self._waiting.pop(job_type, ()):
                if not waiter.done():
                    waiter.set_result(None)

    def notify_all(self) -> None:
        """Wake everybody: jobs of types not known here became ready."""
        self.notify([*self._waiting, ""])

    def any_waiter(self) -> asyncio.Future[None]:
        """Return a future that is done at the next signal for whatever type."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting_for_any.add(waiter)
        waiter.add_done_callback(self._waiting_for_any.discard)
        return waiter

    def waiter(self, job_type: str) -> asyncio.Future[None]:
        """Return a future that is done at the next signal for this type.

        Taken before looking for jobs, so that none is missed in between.
        """
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(job_type, set()).add(waiter)
        waiter.add_done_callback(lambda done: self._forget(job_type, done))
        return waiter

    def _forget(self, job_type: str, waiter: asyncio.Future[None]) -> None:
        waiters = self._waiting.get(job_type)
        if waiters is not None:
            waiters.discard(waiter)
            if not waiters:
                del self._waiting[job_type]
