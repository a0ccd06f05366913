"""The traffic: people, workers and systems that go on whatever breaks."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import grpc

from tests.faults.client import Client
from tests.faults.ledger import Ledger

STARTERS, PUBLISHERS, WORKERS, REVIEWERS = 3, 2, 2, 2
START_PAUSE_SECONDS = 0.08
IDLE_SECONDS = 0.05
TASKS_AT_ONCE = 20


class Traffic:
    """Runs until `drain`, which starts nothing new and ends when `stop` is called."""

    def __init__(self, client: Client, ledger: Ledger, chance: random.Random) -> None:
        self._client = client
        self._ledger = ledger
        self._chance = chance
        self._to_publish: asyncio.Queue[str] = asyncio.Queue()
        self._starters: list[asyncio.Task[None]] = []
        self._others: list[asyncio.Task[None]] = []
        self._draining = False

    def begin(self) -> None:
        """Begin."""
        self._starters = [asyncio.create_task(self._start()) for _ in range(STARTERS)]
        loops: list[Callable[[], Awaitable[None]]] = [self._publish] * PUBLISHERS
        loops += [self._work] * WORKERS + [self._review] * REVIEWERS
        self._others = [asyncio.create_task(self._forever(loop)) for loop in loops]

    async def drain(self) -> None:
        """Start no more; returns when every start and publication that was begun is acknowledged."""
        self._draining = True
        await asyncio.gather(*self._starters)
        await self._to_publish.join()

    async def stop(self) -> None:
        """End what is left. Raises what broke a part of the traffic."""
        for task in self._others:
            task.cancel()
        for outcome in await asyncio.gather(*self._others, return_exceptions=True):
            if not isinstance(outcome, asyncio.CancelledError) and isinstance(outcome, BaseException):
                raise outcome

    async def _start(self) -> None:
        while not self._draining:
            key = self._ledger.next_key()
            # The message comes before the instance, or behind it.
            early = self._chance.random() < 0.3
            if early:
                self._to_publish.put_nowait(key)
            try:
                await self._client.start(key)
            except grpc.aio.AioRpcError:
                # It is in the ledger as a surprise.
                continue
            if not early:
                self._to_publish.put_nowait(key)
            await asyncio.sleep(self._chance.uniform(0, 2 * START_PAUSE_SECONDS))

    async def _forever(self, turn: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await turn()
            except grpc.aio.AioRpcError:
                # A surprise is in the ledger; the others are part of the load.
                await asyncio.sleep(IDLE_SECONDS)

    async def _publish(self) -> None:
        key = await self._to_publish.get()
        try:
            await self._client.publish(key)
        finally:
            self._to_publish.task_done()

    async def _work(self) -> None:
        for job, token in await self._client.activate():
            await self._client.complete_job(job, token)

    async def _review(self) -> None:
        tasks = await self._client.open_tasks(TASKS_AT_ONCE * 2)
        if not tasks:
            await asyncio.sleep(IDLE_SECONDS)
        for task in self._chance.sample(tasks, min(len(tasks), TASKS_AT_ONCE)):
            await self._client.complete_task(task)
