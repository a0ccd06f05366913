"""Group commit: what many callers want written while one transaction runs goes into the next one together.

There is no timer: the batch is what came in meanwhile, so a lone caller waits for nobody, and under load the
cost of making a commit durable is shared. Callers are answered only after the commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from mesh.db.database import (
    Database,
    DatabaseUnavailable,
    OutcomeUnknown,
    TransientFailure,
    retry_after,
)
from mesh.db.statements import Program
from mesh.errors import DependencyDown, Overload

W = TypeVar("W")
R = TypeVar("R")

MAX_BATCH = 256
MAX_PENDING = 10_000
MAX_TURNS = 8
"""Turns of the event loop that a batch may grow for before it is begun."""
RETRY_SECONDS = 0.01
"""First pause before a deadlocked batch is tried again; it doubles each time."""
TRANSIENT_SECONDS = 10.0
"""No further attempt at a deadlocked batch starts later than this."""
SETTLE_SECONDS = 30.0
"""How long the outcome of a broken COMMIT is asked for, for the whole batch."""
_NEWEST_SHARE = 0.2
"""What the last batch counts for in the usual time of one."""


class BatchWriter(Protocol[W, R]):
    """Turns works into statements; belongs to the service that knows the tables."""

    def write(self, works: list[W]) -> Program[list[R | Exception]]:
        """Write all works in one transaction and return one result for each, in order.

        A work that must not take effect (stale, duplicate) gets its exception and writes nothing; the others
        are not touched by it.
        """

    def settle(self, work: W) -> Program[R | Exception | None]:
        """Find out whether a work whose COMMIT broke off took effect: its result, or None where it did not."""


class GroupCommitter(Generic[W, R]):
    """The one writer of a process.

    `submit` raises what the writer answered for the work, `Overload` where too much is queued, and
    `DependencyDown` where the database does not answer.
    """

    def __init__(
        self,
        database: Database,
        writer: BatchWriter[W, R],
        *,
        max_batch: int = MAX_BATCH,
        max_pending: int = MAX_PENDING,
        on_batch: Callable[[int], None] | None = None,
    ) -> None:
        self._database = database
        self._writer = writer
        self._max_batch = max_batch
        self._max_pending = max_pending
        self._on_batch = on_batch
        self._pending: list[tuple[W, asyncio.Future[R]]] = []
        self._running: asyncio.Task[None] | None = None
        self._began: float | None = None
        self._usual_seconds = 0.0

    @property
    def pending(self) -> int:
        """How many works wait for the next batch."""
        return len(self._pending)

    def waiting_seconds(self) -> float:
        """Estimate how long a work that comes now would wait until it is durable.

        A batch that has taken longer than is usual is expected to take as long again. While nothing is at work
        nobody would wait: what used to be must not keep work away that would show that it is over.
        """
        usual = self._usual_seconds
        if self._began is None:
            return 0.0
        taken = asyncio.get_running_loop().time() - self._began
        batches = -(-(len(self._pending) + 1) // self._max_batch)
        return (usual - taken if taken < usual else taken) + batches * usual

    def submit(self, work: W) -> asyncio.Future[R]:
        """Queue a work; the future is done once it is durable or refused."""
        if len(self._pending) >= self._max_pending:
            raise Overload(
                "BACKPRESSURE", "the service has more writes queued than it may; try again", retry_after_seconds=1.0
            )
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._pending.append((work, future))
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name="group-commit")
        return future

    async def close(self) -> None:
        """Write what is queued."""
        while self._running is not None:
            await asyncio.shield(self._running)

    async def _run(self) -> None:
        batch: list[tuple[W, asyncio.Future[R]]] = []
        try:
            while self._pending:
                await self._gather()
                batch, self._pending = self._pending[: self._max_batch], self._pending[self._max_batch :]
                # Whose caller has gone away keeps no place, and what it asked for is not begun any more.
                batch = [(work, future) for work, future in batch if not future.done()]
                if batch:
                    await self._timed(batch)
        except BaseException:
            # The loop is being torn down: nobody must wait for an answer that cannot come.
            for _, future in batch + self._pending:
                future.cancel()
            self._pending = []
            raise
        finally:
            self._running = None

    async def _gather(self) -> None:
        """Let in who is about to come: calls that the loop has and not turned to yet. A lone one waits a turn."""
        before = 0
        for _ in range(MAX_TURNS):
            if len(self._pending) == before or len(self._pending) >= self._max_batch:
                return
            before = len(self._pending)
            await asyncio.sleep(0)

    async def _timed(self, batch: list[tuple[W, asyncio.Future[R]]]) -> None:
        if self._on_batch is not None:
            self._on_batch(len(batch))
        now = asyncio.get_running_loop().time
        self._began = began = now()
        try:
            await self._write(batch)
        finally:
            self._began = None
        self._usual_seconds += (now() - began - self._usual_seconds) * _NEWEST_SHARE

    async def _write(self, batch: list[tuple[W, asyncio.Future[R]]]) -> None:
        works = [work for work, _ in batch]
        try:
            results = await self._attempt(works)
        except OutcomeUnknown:
            deadline = asyncio.get_running_loop().time() + SETTLE_SECONDS
            for work, future in batch:
                _resolve(future, await self._settle(work, deadline))
        except (DatabaseUnavailable, TransientFailure) as error:
            for _, future in batch:
                _resolve(future, _unavailable(error))
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to one of the works
            if len(batch) == 1:
                _resolve(batch[0][1], error)
            else:
                # One bad work must hurt only itself.
                for single in batch:
                    await self._write([single])
        else:
            for (_, future), result in zip(batch, results, strict=True):
                _resolve(future, result)

    async def _attempt(self, works: list[W]) -> list[R | Exception]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + TRANSIENT_SECONDS
        delay = RETRY_SECONDS
        while True:
            try:
                return await self._database.write(self._writer.write(works))
            except TransientFailure:
                if loop.time() + delay > deadline:
                    raise
                await asyncio.sleep(delay)
                delay *= 2

    async def _settle(self, work: W, deadline: float) -> R | Exception:
        """Ask what became of a work, and write it again where nothing did."""
        delay = RETRY_SECONDS
        while True:
            try:
                # A write transaction sees the outcome of the broken one, or waits for it.
                settled = await self._database.write(self._writer.settle(work))
                if settled is not None:
                    return settled
                return (await self._attempt([work]))[0]
            except (DatabaseUnavailable, TransientFailure, OutcomeUnknown) as error:
                if not isinstance(error, TransientFailure):
                    # This work has begun and must be settled; those behind it have not, and their callers may know.
                    self._refuse_pending(error)
                if asyncio.get_running_loop().time() > deadline:
                    return _unavailable(error)
                await asyncio.sleep(delay)
                delay = min(delay * 2, 1.0)
            except Exception as error:  # noqa: BLE001 - it is the answer to this work
                return error

    def _refuse_pending(self, error: Exception) -> None:
        pending, self._pending = self._pending, []
        for _, future in pending:
            _resolve(future, _unavailable(error))


def _unavailable(error: Exception) -> DependencyDown:
    unavailable = DependencyDown(
        "DEPENDENCY_UNAVAILABLE",
        "the database does not answer; send the call again with the same request id",
        metadata={"dependency": "database"},
        retry_after_seconds=retry_after(error),
    )
    unavailable.__cause__ = error
    return unavailable


def _resolve(future: asyncio.Future[R], result: R | Exception) -> None:
    if future.done():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
