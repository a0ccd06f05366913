"""The one way by which calls change something: a transaction, once for each request id, told to the audit."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable
from typing import Final

from google.protobuf.message import Message

from history_svc.storage.requests import Request, find_answer, keep_answer
from mesh.audit.operation import Operation
from mesh.audit.telling import AuditedBus
from mesh.bus.port import Bus, BusError
from mesh.call import current_call
from mesh.clock import Clock
from mesh.db.database import (
    ConstraintViolated,
    Database,
    DatabaseUnavailable,
    OutcomeUnknown,
    TransientFailure,
    retry_after,
)
from mesh.db.statements import Program
from mesh.errors import DependencyDown
from mesh.ids import new_id

Work = Callable[[int], Program[Message]]
"""Checks and writes a change, given the time, and returns the answer. Made anew where the transaction is repeated."""

SERVICE: Final = "history"
RETRY_SECONDS: Final = 10.0
FIRST_PAUSE_SECONDS: Final = 0.01
LONGEST_PAUSE_SECONDS: Final = 0.5


class Changer:
    """Runs changes; one for a process."""

    def __init__(self, database: Database, clock: Clock, bus: Bus) -> None:
        self._database = database
        self._clock = clock
        self._audit = AuditedBus(bus, SERVICE, clock=clock)

    async def change(self, request: Message, operation: Operation, work: Work) -> bytes:
        """Run a work for a request; return its serialized answer, or what the same request was answered before.

        The audit is told of the operation before and after, unless the request was answered before. Raises what the
        work raises, `RequestIdReused`, `DependencyDown`.
        """
        # An id of its own for a request without one: by it a commit whose outcome is unknown is settled.
        request_id = getattr(request, "request_id", "") or new_id()
        content = request.SerializeToString(deterministic=True)
        fingerprint = hashlib.blake2b(content, digest_size=16).hexdigest()
        method = request.DESCRIPTOR.name.removesuffix("Request")
        record = Request(method, current_call().user_id or "", request_id, fingerprint)
        try:
            answer = await self._database.read(find_answer(record))
        except (DatabaseUnavailable, TransientFailure) as error:
            raise _down(error) from error
        if answer is not None:
            return answer
        try:
            async with self._audit.operation(operation):
                return await self._changed(record, work)
        except BusError as error:
            raise DependencyDown(
                "DEPENDENCY_UNAVAILABLE",
                f"The event bus, which the audit is told by, cannot be used: {error}",
                metadata={"dependency": "bus"},
            ) from error

    async def _changed(self, record: Request, work: Work) -> bytes:
        loop = asyncio.get_running_loop()
        deadline, pause = loop.time() + RETRY_SECONDS, FIRST_PAUSE_SECONDS
        while True:
            try:
                return await self._database.write(self._program(record, work))
            except DatabaseUnavailable as error:
                raise _down(error) from error
            except (ConstraintViolated, TransientFailure, OutcomeUnknown) as error:
                # Another call was at the same, with the same request id perhaps: what it has answered is found now.
                if loop.time() > deadline:
                    raise _down(error) from error
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _program(self, record: Request, work: Work) -> Program[bytes]:
        answer = yield from find_answer(record)
        if answer is not None:
            return answer
        now = self._clock.now_micros()
        response = yield from work(now)
        content = response.SerializeToString()
        yield from keep_answer(record, content, now)
        return content


def _down(error: Exception) -> DependencyDown:
    return DependencyDown(
        "DEPENDENCY_UNAVAILABLE",
        "the database does not answer; send the call again, with the same request id where it has one",
        metadata={"dependency": "database"},
        retry_after_seconds=retry_after(error),
    )
