"""The one way by which calls change something: a transaction, once for each request id, with its entry of the audit."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable
from typing import Final

from google.protobuf.message import Message

from history_svc.audit.head import Signer
from history_svc.audit.told import entry_of
from history_svc.storage.audit import append
from history_svc.storage.requests import Request, find_answer, keep_answer
from mesh.audit.operation import Maker, Operation, maker_of, operation_event
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

MakeOperation = Callable[[], Program[Operation]]
"""Reads what the audit is told of an operation before it is done."""

SERVICE: Final = "history"
RETRY_SECONDS: Final = 10.0
FIRST_PAUSE_SECONDS: Final = 0.01
LONGEST_PAUSE_SECONDS: Final = 0.5


class Changer:
    """Runs changes; one for a process. `signer` signs the audit, which this service keeps itself."""

    def __init__(self, database: Database, clock: Clock, signer: Signer) -> None:
        self._database = database
        self._clock = clock
        self._signer = signer

    async def change(self, request: Message, work: Work, operation: MakeOperation) -> bytes:
        """Run a work for a request; return its serialized answer, or what the same request was answered before.

        `operation` is what the audit is told of it, in the same transaction.

        Raises what work and operation raise, `RequestIdReused`, `DependencyDown`.
        """
        # An id of its own for a request without one: by it a commit whose outcome is unknown is settled.
        request_id = getattr(request, "request_id", "") or new_id()
        content = request.SerializeToString(deterministic=True)
        fingerprint = hashlib.blake2b(content, digest_size=16).hexdigest()
        method = request.DESCRIPTOR.name.removesuffix("Request")
        call = current_call()
        # Here, as the program may run on a thread that serves no call.
        maker = maker_of(call)
        record = Request(method, call.user_id or "", request_id, fingerprint)
        loop = asyncio.get_running_loop()
        deadline, pause = loop.time() + RETRY_SECONDS, FIRST_PAUSE_SECONDS
        while True:
            try:
                return await self._database.write(self._program(record, request, work, operation, maker))
            except DatabaseUnavailable as error:
                raise _down(error) from error
            except (ConstraintViolated, TransientFailure, OutcomeUnknown) as error:
                # Another call was at the same, with the same request id perhaps: what it has answered is found now.
                if loop.time() > deadline:
                    raise _down(error) from error
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _program(
        self, record: Request, request: Message, work: Work, operation: MakeOperation, maker: Maker
    ) -> Program[bytes]:
        answer = yield from find_answer(record)
        if answer is not None:
            return answer
        now = self._clock.now_micros()
        told = yield from operation()
        response = yield from work(now)
        content = response.SerializeToString()
        yield from keep_answer(record, content, now)
        # Last, as it keeps others from adding until the transaction ends.
        entry = entry_of(operation_event(new_id(), SERVICE, told, maker, now))
        if entry is not None:
            yield from append([entry], self._signer, now, 0)
        return content


def _down(error: Exception) -> DependencyDown:
    return DependencyDown(
        "DEPENDENCY_UNAVAILABLE",
        "the database does not answer; send the call again, with the same request id where it has one",
        metadata={"dependency": "database"},
        retry_after_seconds=retry_after(error),
    )
