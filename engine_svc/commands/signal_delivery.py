"""Brings signals to all that wait for them, each instance in a transaction of its own."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from flowmesh.internal.v1 import stored_pb2
from google.protobuf.message import Message

from engine_svc.commands.executor import Effect, InstanceExecutor, Start, instance_missing
from engine_svc.runtime import step
from engine_svc.runtime.requests import Program
from engine_svc.state.instance import Instance, Status, Wait
from engine_svc.storage.commit import RequestRecord
from engine_svc.storage.definition_suspension import definition_suspended
from engine_svc.storage.instances import fetch_summary
from engine_svc.storage.start_events import FoundStart, find_starts
from engine_svc.storage.subscriptions import (
    PAGE,
    SubscriptionFilter,
    find_signal_subscriptions,
    find_subscriptions,
    statuses,
)
from mesh.access.rows import ALL_ROWS
from mesh.db.served_database import write_again
from mesh.db.statements import DeleteMany, Row
from mesh.db.statements import Program as Statements
from mesh.errors import Conflict, DependencyDown, DomainError, NotFound, Overload
from mesh.ids import member_id
from mesh.logs import get_log

_log = get_log(__name__)

AT_ONCE = 16
"""Deliveries under way at a time."""
MAX_TOLD = 100
MAX_STARTED_TOLD = 1000
PART = "Signal"
"""Method under which it is kept that an instance got a signal."""
GONE = frozenset({"PROCESS_INSTANCE_NOT_FOUND", "PROCESS_INSTANCE_NOT_RUNNING"})


@dataclass(slots=True, frozen=True)
class Signal:
    """A signal. `id` makes its delivery to each receiver idempotent; empty: it is sent once and never again.

    `instance_id` and `key` narrow it to one instance or activity; `except_instance` has seen to it itself.
    """

    id: str
    name: str
    tenant_id: str
    variables: dict[str, Any]
    instance_id: str = ""
    key: int = 0
    except_instance: str = ""


@dataclass(slots=True, frozen=True)
class Failure:
    """Who could not take a signal or message, and why."""

    instance_id: str
    definition_id: str
    reason: str
    message: str


@dataclass(slots=True)
class Delivered:
    """What became of a signal."""

    matched: int = 0
    delivered: int = 0
    started: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    commit_tokens: list[str] = field(default_factory=list)


class SignalDelivery:
    """Delivers signals."""

    def __init__(self, executor: InstanceExecutor) -> None:
        self._executor = executor

    async def broadcast(
        self, signal: Signal, request: RequestRecord | None, respond: Callable[[Delivered], Message]
    ) -> bytes:
        """Deliver a signal that came by a call; return the serialised answer.

        Raises `NotFound`, `WrongState` (PROCESS_DEFINITION_SUSPENDED), `RequestIdReused`, `DependencyDown`.
        """
        answer = await self._executor.answer_to(request)
        if answer is not None:
            return answer
        if signal.instance_id:
            await self._require(signal)
        delivered = await self.deliver(signal)
        return await self._executor.keep_answer(request, respond(delivered).SerializeToString())

    async def deliver(self, signal: Signal, *, skip_suspended: bool = False) -> Delivered:
        """Give a signal to what waits for it now.

        Raises `WrongState` where a suspended definition would start, unless those are skipped; `DependencyDown`,
        `Overload` and `Conflict` where not all could be reached: delivered again, it goes to the others.
        """
        database = self._executor.database
        starts: list[FoundStart] = []
        if not signal.instance_id:
            starts = await database.read(find_starts(signal.tenant_id, Wait.SIGNAL, signal.name))
            for start in starts:
                if start.suspended and not skip_suspended:
                    raise definition_suspended(start.definition_id, start.definition_key, start.version)
            starts = [start for start in starts if not start.suspended]
        waiting = await self._waiting(signal)
        result = Delivered(matched=len(starts) + sum(len(keys) for keys in waiting.values()))
        await gather_bounded(
            itertools.chain(
                (self._to_instance(signal, instance_id, keys, result) for instance_id, keys in waiting.items()),
                (self._to_start(signal, start, result) for start in starts),
            )
        )
        return result

    async def deliver_thrown(self, row: Row) -> None:
        """Deliver a signal that an instance threw, a row of `THROWN_COLUMNS`. Raises as `deliver`."""
        thrown_id, _, name, _, variables, everywhere, instance_id, tenant_id, _ = row
        signal = Signal(
            thrown_id,
            name,
            tenant_id,
            orjson.loads(variables),
            except_instance="" if everywhere else instance_id,
        )
        # Whether one is suspended was asked when it was thrown.
        delivered = await self.deliver(signal, skip_suspended=True)
        for failure in delivered.failures:
            _log.warning(
                "A signal could not be taken",
                signal=name,
                thrown_by=instance_id,
                process_instance=failure.instance_id,
                process_definition=failure.definition_id,
                reason=failure.reason,
                explanation=failure.message,
            )
        await write_again(self._executor.database, lambda: _forget(thrown_id))

    async def _require(self, signal: Signal) -> None:
        if await self._executor.database.read(fetch_summary(signal.instance_id)) is None:
            raise instance_missing(signal.instance_id)
        await self._executor.require(signal.instance_id, lambda: instance_missing(signal.instance_id))
        if not signal.key:
            return
        wanted = SubscriptionFilter(int(Wait.SIGNAL), signal.name, instance_id=signal.instance_id, key=signal.key)
        if not await self._executor.database.read(find_subscriptions(wanted, ALL_ROWS, None, 1)):
            activity_id = member_id(signal.instance_id, signal.key)
            raise NotFound(
                "ACTIVITY_NOT_FOUND",
                f"there is no activity {activity_id} that waits for the signal {signal.name!r}",
                metadata={"id": activity_id},
            )

    async def _waiting(self, signal: Signal) -> dict[str, list[int]]:
        """Return the keys of what waits, by running instance."""
        found: dict[str, list[int]] = {}
        after: Sequence[object] | None = None
        while True:
            if signal.instance_id:
                wanted = SubscriptionFilter(
                    int(Wait.SIGNAL), signal.name, instance_id=signal.instance_id, key=signal.key
                )
                rows = await self._executor.database.read(find_subscriptions(wanted, ALL_ROWS, after, PAGE))
                page = [(row[0], row[1]) for row in rows]
            else:
                page = await self._executor.database.read(
                    find_signal_subscriptions(signal.tenant_id, signal.name, after)
                )
            for instance_id, key in page:
                if instance_id != signal.except_instance:
                    found.setdefault(instance_id, []).append(key)
            if len(page) < PAGE:
                break
            after = page[-1]
        running = await self._running(list(found))
        return {instance_id: keys for instance_id, keys in found.items() if instance_id in running}

    async def _running(self, instance_ids: Sequence[str]) -> set[str]:
        running: set[str] = set()
        for first in range(0, len(instance_ids), PAGE):
            part = await self._executor.database.read(statuses(instance_ids[first : first + PAGE]))
            running.update(instance_id for instance_id, status in part.items() if status == Status.RUNNING)
        return running

    async def _to_instance(self, signal: Signal, instance_id: str, keys: list[int], result: Delivered) -> None:
        count = 0

        def work(instance: Instance, now: int) -> Program[Effect]:
            nonlocal count
            changes, count = yield from step.deliver_signal(instance, signal.name, keys, dict(signal.variables), now)
            return Effect(changes, stored_pb2.DeliveredPart)

        try:
            answer = await self._executor.change(
                instance_id, work, self._part(signal, instance_id), lambda: instance_missing(instance_id)
            )
        except (Conflict, DependencyDown, Overload):
            raise
        except DomainError as error:
            # Who has ended or was paused since does not wait for it any more.
            if error.reason not in GONE:
                result.failures.append(Failure(instance_id, "", error.reason, error.message))
        else:
            result.delivered += count
            result.commit_tokens.append(stored_pb2.DeliveredPart.FromString(answer).commit_token)

    async def _to_start(self, signal: Signal, start: FoundStart, result: Delivered) -> None:
        def respond(instances: list[Instance]) -> Message:
            return stored_pb2.DeliveredPart(started_process_instance_id=instances[0].id)

        begin = Start(
            start.definition_id,
            "",
            0,
            signal.tenant_id,
            "",
            dict(signal.variables),
            "",
            start_element=start.element_id,
        )
        try:
            answer = await self._executor.create([begin], self._part(signal, start.definition_id), respond)
        except (Conflict, DependencyDown, Overload):
            raise
        except DomainError as error:
            result.failures.append(Failure("", start.definition_id, error.reason, error.message))
        else:
            part = stored_pb2.DeliveredPart.FromString(answer)
            result.started.append(part.started_process_instance_id)
            result.commit_tokens.append(part.commit_token)

    def _part(self, signal: Signal, receiver: str) -> RequestRecord | None:
        return RequestRecord(PART, f"{signal.id}:{receiver}", "") if signal.id else None


def _forget(thrown_id: str) -> Statements[None]:
    yield DeleteMany("thrown_event", ("id",), [(thrown_id,)])


async def gather_bounded(calls: Iterator[Awaitable[None]]) -> None:
    """Await all, some at a time, each made only then; the first exception is raised when all have come to their end."""
    failed: list[Exception] = []

    async def next_ones() -> None:
        for call in calls:
            try:
                await call
            except Exception as error:  # noqa: BLE001 - the others are served all the same
                failed.append(error)

    await asyncio.gather(*[next_ones() for _ in range(AT_ONCE)])
    if failed:
        raise failed[0]
