"""What a commit entails for others: signals and messages that it threw, and messages kept for who begins to wait.

It is done right after the commit, so that a caller sees the effect of what its instance threw; each delivery is a
commit of its own. Nobody waits for asynchronous signals. What a crash leaves is taken up by the workers.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextvars import ContextVar
from dataclasses import dataclass

from engine_svc.commands.executor import InstanceExecutor
from engine_svc.commands.message_delivery import MessageDelivery
from engine_svc.commands.signal_delivery import SignalDelivery
from engine_svc.state.instance import Wait
from engine_svc.storage.commit import SUBSCRIPTION_COLUMNS, THROWN_COLUMNS, Commit
from mesh.db.database import DatabaseError
from mesh.db.statements import Row
from mesh.errors import DomainError
from mesh.logs import get_log

_log = get_log(__name__)

WAIT_SECONDS = 10.0
"""A caller waits no longer for what its instance threw to reach the others."""
MAX_CHAIN = 1000
"""Deliveries that one commit entails at once; what they entail beyond that is left to the workers."""
TYPE, NAME, CORRELATION_KEY, TENANT = (
    SUBSCRIPTION_COLUMNS.index(column) for column in ("type", "name", "correlation_key", "tenant_id")
)
THROWN_TYPE, EVERYWHERE = (THROWN_COLUMNS.index(column) for column in ("type", "everywhere"))


@dataclass(slots=True, frozen=True)
class Thrown:
    """A row of `THROWN_COLUMNS`."""

    row: Row


@dataclass(slots=True, frozen=True)
class Opened:
    """Something begins to wait for a message."""

    tenant_id: str
    name: str
    correlation_key: str


_chain: ContextVar[deque[Thrown | Opened] | None] = ContextVar("event_chain", default=None)
"""What is still to be delivered, within a delivery."""


class EventDelivery:
    """Delivers what commits entail.

    Without `runs_asynchronous`, asynchronous signals are left to who does asynchronous jobs.
    """

    def __init__(self, executor: InstanceExecutor, *, runs_asynchronous: bool = True) -> None:
        self._runs_asynchronous = runs_asynchronous
        self.messages = MessageDelivery(executor)
        self.signals = SignalDelivery(executor)
        self._running: set[asyncio.Task[None]] = set()

    async def follow_up(self, commit: Commit) -> None:
        """Deliver what a commit entails, and wait for that up to a time."""
        # A dictionary keeps the order, and each once.
        opened = dict.fromkeys(
            Opened(row[TENANT], row[NAME], row[CORRELATION_KEY])
            for row in commit.subscriptions
            if row[TYPE] == Wait.MESSAGE
        )
        asynchronous = [Thrown(row) for row in commit.thrown if row[THROWN_TYPE] == Wait.SIGNAL and row[EVERYWHERE]]
        if asynchronous and self._runs_asynchronous:
            self._begin(deque(asynchronous))
        entailed: list[Thrown | Opened] = [
            *[Thrown(row) for row in commit.thrown if row[THROWN_TYPE] != Wait.SIGNAL or not row[EVERYWHERE]],
            *opened,
        ]
        if not entailed:
            return
        chain = _chain.get()
        if chain is not None:
            # A delivery made this commit: what it entails comes after what is waiting, never inside.
            chain.extend(entailed)
            return
        await asyncio.wait([self._begin(deque(entailed))], timeout=WAIT_SECONDS)

    def _begin(self, chain: deque[Thrown | Opened]) -> asyncio.Task[None]:
        task = asyncio.create_task(self._deliver_all(chain), name="event delivery")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def deliver_thrown(self, row: Row) -> None:
        """Deliver a row of `THROWN_COLUMNS`. Raises `DomainError` where that has to be done again."""
        if row[1] == Wait.SIGNAL:
            await self.signals.deliver_thrown(row)
        else:
            await self.messages.deliver_thrown(row)

    async def close(self) -> None:
        """Break off what is under way; the workers take it up again."""
        running = list(self._running)
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    async def _deliver_all(self, chain: deque[Thrown | Opened]) -> None:
        _chain.set(chain)
        done = 0
        while chain and done < MAX_CHAIN:
            entailed = chain.popleft()
            done += 1
            try:
                if isinstance(entailed, Thrown):
                    await self.deliver_thrown(entailed.row)
                else:
                    await self.messages.match_subscription(entailed.tenant_id, entailed.name, entailed.correlation_key)
            except (DomainError, DatabaseError) as error:
                _log.warning("An event will be delivered later", error=error)
