"""The one way by which callers change something: one transaction at a time, once for each request id."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from google.protobuf.message import Message

from mesh.clock import Clock
from mesh.db.database import Database
from mesh.db.group_commit import GroupCommitter
from mesh.db.statements import Program
from mesh.ids import new_id
from notification_svc.sealing import Seal
from notification_svc.storage.requests import Request, find_answer, keep_answer, lock_commands

Work = Callable[[int], Program[Message]]
"""Checks and writes a change at a time (microseconds), and returns the answer. It is made anew where the transaction
has to be repeated."""


@dataclass(slots=True, frozen=True)
class _Write:
    request: Request
    work: Work


class CommandWriter:
    """Writes the changes of callers. Answers are kept encrypted, as some have secrets. `told` is called after each
    commit, so that what the audit is told need not wait."""

    def __init__(self, database: Database, clock: Clock, seal: Seal, told: Callable[[], None]) -> None:
        # One work a transaction: a work that is refused when it has written already must undo nobody else's.
        self._committer: GroupCommitter[_Write, bytes] = GroupCommitter(database, _Writer(clock, seal), max_batch=1)
        self._told = told

    async def change(self, actor_id: str, request: Message, work: Work) -> bytes:
        """Run a work for a request; return its serialized answer, or what the same request was answered before.

        Raises what the work raises, `RequestIdReused`, `DependencyDown`, `Overload`.
        """
        method = request.DESCRIPTOR.name.removesuffix("Request")
        # An id of its own for a request without one: by it a commit whose outcome is unknown is settled.
        request_id = getattr(request, "request_id", "") or new_id()
        content = request.SerializeToString(deterministic=True)
        fingerprint = hashlib.blake2b(content, digest_size=16).hexdigest()
        answer = await self._committer.submit(_Write(Request(method, actor_id, request_id, fingerprint), work))
        self._told()
        return answer

    async def close(self) -> None:
        """Write what is queued."""
        await self._committer.close()


class _Writer:
    def __init__(self, clock: Clock, seal: Seal) -> None:
        self._clock = clock
        self._seal = seal

    def write(self, works: list[_Write]) -> Program[list[bytes | Exception]]:
        """See `BatchWriter.write`."""
        answers: list[bytes | Exception] = []
        for work in works:
            answers.append((yield from self._written(work)))
        return answers

    def settle(self, work: _Write) -> Program[bytes | Exception | None]:
        """See `BatchWriter.settle`."""
        # Behind the lock: the broken transaction may still be on its way, and then this waits for it.
        yield from lock_commands(work.request.actor_id)
        return (yield from self._answered(work.request))

    def _written(self, write: _Write) -> Program[bytes]:
        request = write.request
        yield from lock_commands(request.actor_id)
        answer = yield from self._answered(request)
        if answer is not None:
            return answer
        now = self._clock.now_micros()
        content = (yield from write.work(now)).SerializeToString()
        yield from keep_answer(request, self._seal.close(_place(request), content), now)
        return content

    def _answered(self, request: Request) -> Program[bytes | None]:
        kept = yield from find_answer(request)
        return None if kept is None else self._seal.open(_place(request), kept)


def _place(request: Request) -> str:
    return f"{request.method}/{request.actor_id}/{request.request_id}"
