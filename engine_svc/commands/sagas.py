"""The completion saga: completed, told, acknowledged; or, where it is not, told again and in the end compensated."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message

from engine_svc.commands.executor import Effect, InstanceExecutor, Work
from engine_svc.events.saga_id import instance_of, saga_id_of
from engine_svc.runtime import completion
from engine_svc.runtime.changes import Changes
from engine_svc.state.instance import Instance
from engine_svc.storage.commit import RequestRecord
from engine_svc.storage.sagas import (
    Saga,
    SagaState,
    Step,
    StepStatus,
    begun_step,
    done_step,
    due_sagas,
    end_waiting,
    fetch_saga,
    log_steps,
    update_saga,
)
from mesh.db.statements import Row
from mesh.errors import NotFound, WrongState

MOST_REPEATS = 3
INTERVAL_SECONDS = 1.0
BATCH = 100

Respond = Callable[[Saga], Message]
Count = Callable[[str], None]
"""Counts the ends of sagas: `acknowledged`, `rejected` or `expired`."""


class CompletionSagas:
    """What moves sagas on: the answers of business systems, and time."""

    def __init__(self, executor: InstanceExecutor, count: Count) -> None:
        self._executor = executor
        self._count = count

    async def acknowledge(self, saga_id: str, request: RequestRecord | None, respond: Respond) -> bytes:
        """End a saga well; one that has done so is answered as it stands. Raises `NotFound`, `WrongState`."""

        def work(saga: Saga, instance: Instance, now: int) -> Effect:
            if saga.state == SagaState.COMPENSATED:
                raise _ended(saga, "it was compensated, and process instance is FAILED")
            if saga.state == SagaState.COMPLETED:
                return Effect(Changes(), lambda: respond(saga))
            waited = end_waiting(saga, StepStatus.COMPLETED, "", now)
            saga.state, saga.due_at, saga.ended_at = SagaState.COMPLETED, 0, now
            return Effect(Changes(), lambda: respond(saga), statements=[waited, update_saga(saga)])

        return await self._answer(saga_id, request, work, "acknowledged")

    async def reject(self, saga_id: str, reason: str, request: RequestRecord | None, respond: Respond) -> bytes:
        """Compensate a completion; one that was is answered as it stands. Raises `NotFound`, `WrongState`."""

        def work(saga: Saga, instance: Instance, now: int) -> Effect:
            if saga.state == SagaState.COMPLETED:
                raise _ended(saga, "it was acknowledged, and the process instance stays COMPLETED")
            if saga.state == SagaState.COMPENSATED:
                return Effect(Changes(), lambda: respond(saga))
            text = f"the completion was rejected: {reason}" if reason else "the completion was rejected"
            return _compensated(saga, instance, text, now, respond)

        return await self._answer(saga_id, request, work, "rejected")

    async def _answer(
        self,
        saga_id: str,
        request: RequestRecord | None,
        decide: Callable[[Saga, Instance, int], Effect],
        result: str,
    ) -> bytes:
        instance_id = instance_of_saga(saga_id)
        was_pending = False

        def work(saga: Saga, instance: Instance, now: int) -> Effect:
            nonlocal was_pending
            was_pending = saga.state == SagaState.PENDING
            return decide(saga, instance, now)

        answer = await self._change(instance_id, request, work)
        if was_pending:
            self._count(result)
        return answer

    async def _change(
        self, instance_id: str, request: RequestRecord | None, decide: Callable[[Saga, Instance, int], Effect]
    ) -> bytes:
        found: Saga | None = None

        async def prepare() -> None:
            nonlocal found
            found = await self._executor.database.read(fetch_saga(instance_id))

        def work(instance: Instance, now: int) -> Effect:
            if found is None:
                raise saga_missing(saga_id_of(instance_id))
            # The attempt may come to nothing, and the row is read again then.
            return decide(replace(found), instance, now)

        checked: Work = work
        return await self._executor.change(
            instance_id, checked, request, lambda: saga_missing(saga_id_of(instance_id)), prepare=prepare
        )

    async def run(self) -> bool:
        """Move on what has waited long enough, a bounded batch; say whether there may be more."""
        return await self._expire(self._executor.clock.now_micros()) == BATCH

    async def run_due(self, now: int) -> int:
        """Move on all that has waited long enough at a time in microseconds; return how many sagas."""
        total = 0
        while count := await self._expire(now):
            total += count
        return total

    async def _expire(self, now: int) -> int:
        due = await self._executor.database.read(due_sagas(now, BATCH))
        moved = await asyncio.gather(*[self._expire_one(saga) for saga in due], return_exceptions=True)
        for outcome in moved:
            if isinstance(outcome, BaseException):
                raise outcome
        return sum(outcome is True for outcome in moved)

    async def _expire_one(self, due: Saga) -> bool:
        """Move a saga on, unless somebody else was faster; say whether it was moved."""
        expired = False

        def work(saga: Saga, instance: Instance, now: int) -> Effect:
            nonlocal expired
            if saga.state != SagaState.PENDING or saga.attempts != due.attempts:
                raise _MovedOn
            waited = f"no acknowledgement within {(saga.due_at - saga.told_at) / 1e6:g} s"
            if saga.attempts <= MOST_REPEATS:
                expired = False
                return _told_again(saga, waited, now)
            expired = True
            text = f"the completion was told {saga.attempts} times and not acknowledged"
            return _compensated(saga, instance, text, now, lambda _: Empty(), waited)

        try:
            await self._change(due.instance_id, None, work)
        except _MovedOn:
            return False
        except NotFound:
            # Deleted meanwhile, with its instance.
            return False
        if expired:
            self._count("expired")
        return True


class _MovedOn(Exception):
    """Somebody else was faster."""


def _told_again(saga: Saga, waited: str, now: int) -> Effect:
    ended = end_waiting(saga, StepStatus.FAILED, waited, now)
    saga.due_at = now + (saga.timeout_micros << saga.attempts)
    saga.attempts += 1
    saga.told_at = now
    steps: list[Row] = [
        done_step(saga, Step.PUBLISH_COMPLETION, now),
        begun_step(saga, Step.AWAIT_ACKNOWLEDGEMENT, now),
    ]
    changes = completion.ask_again(saga.attempts, saga.due_at)
    return Effect(changes, Empty, statements=[ended, log_steps(steps), update_saga(saga)])


def _compensated(
    saga: Saga, instance: Instance, reason: str, now: int, respond: Respond, waited: str | None = None
) -> Effect:
    ended = end_waiting(saga, StepStatus.FAILED, waited or reason, now)
    steps = [done_step(saga, Step.COMPENSATE_COMPLETION, now)]
    saga.state, saga.due_at, saga.ended_at, saga.reason = SagaState.COMPENSATED, 0, now, reason
    changes = completion.fail_completion(instance, reason, now)
    statements = [ended, log_steps(steps), update_saga(saga)]
    return Effect(changes, lambda: respond(saga), statements=statements)


def _ended(saga: Saga, why: str) -> WrongState:
    saga_id = saga_id_of(saga.instance_id)
    return WrongState(
        "SAGA_ENDED",
        f"saga {saga_id} has ended: {why}",
        metadata={"saga_id": saga_id, "state": SagaState(saga.state).name},
    )


def instance_of_saga(saga_id: str) -> str:
    """Return the id of the instance that a saga belongs to. Raises `NotFound` for what is no id of a saga."""
    instance_id = instance_of(saga_id)
    if not instance_id:
        raise saga_missing(saga_id)
    return instance_id


def saga_missing(saga_id: str) -> NotFound:
    """Return the error for a saga that does not exist."""
    return NotFound("SAGA_NOT_FOUND", f"there is no saga {saga_id}", metadata={"saga_id": saga_id})
