"""The one way by which the directory is changed: one transaction at a time, once for each request id."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from google.protobuf.message import Message

from identity_svc.commands.changes import Changes
from identity_svc.queries.caller import Caller
from identity_svc.storage.administrators import administrator_exists
from identity_svc.storage.requests import Request, find_answer, keep_answer
from identity_svc.storage.security_changes import lock_changes
from mesh.clock import Clock
from mesh.db.database import Database
from mesh.db.group_commit import GroupCommitter
from mesh.db.statements import Program
from mesh.errors import WrongState
from mesh.ids import new_id

Work = Callable[[Changes], Program[Message]]
"""Checks and writes a change, and returns the answer. It is made anew where the transaction has to be repeated."""


@dataclass(slots=True, frozen=True)
class _Write:
    caller: Caller
    request: Request
    work: Work
    about: str


class DirectoryWriter:
    """Writes changes of the directory. `told` is called after each commit, so that its events need not wait."""

    def __init__(self, database: Database, clock: Clock, told: Callable[[], None]) -> None:
        # One work a transaction: a work that is refused when it has written already must undo nobody else's.
        self._committer: GroupCommitter[_Write, bytes] = GroupCommitter(database, _Writer(clock), max_batch=1)
        self._told = told

    async def change(self, caller: Caller, request: Message, work: Work, *, about: str = "") -> bytes:
        """Run a work for a request; return its serialized answer, or what the same request was answered before.

        `about`: id of what is changed, for LAST_ADMINISTRATOR. Raises what the work raises, `RequestIdReused`,
        `WrongState` (LAST_ADMINISTRATOR), `DependencyDown`, `Overload`.
        """
        method = request.DESCRIPTOR.name.removesuffix("Request")
        # An id of its own for a request without one: by it a commit whose outcome is unknown is settled.
        request_id = getattr(request, "request_id", "") or new_id()
        content = request.SerializeToString(deterministic=True)
        fingerprint = hashlib.blake2b(content, digest_size=16).hexdigest()
        record = Request(method, caller.actor.id, request_id, fingerprint)
        response = await self._committer.submit(_Write(caller, record, work, about))
        self._told()
        return response

    async def close(self) -> None:
        """Write what is queued."""
        await self._committer.close()


class _Writer:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def write(self, works: list[_Write]) -> Program[list[bytes | Exception]]:
        """See `BatchWriter.write`."""
        answers: list[bytes | Exception] = []
        for work in works:
            answers.append((yield from self._written(work)))
        return answers

    def settle(self, work: _Write) -> Program[bytes | Exception | None]:
        """See `BatchWriter.settle`."""
        # Behind the lock: the broken transaction may still be on its way, and then this waits for it.
        yield from lock_changes()
        return (yield from find_answer(work.request))

    def _written(self, write: _Write) -> Program[bytes]:
        yield from lock_changes()
        answer = yield from find_answer(write.request)
        if answer is not None:
            return answer
        guarded = yield from administrator_exists()
        changes = Changes(write.caller, self._clock.now_micros())
        response = yield from write.work(changes)
        if guarded and not (yield from administrator_exists()):
            raise WrongState(
                "LAST_ADMINISTRATOR",
                "afterwards no active user could administer everything any more: make another administrator first",
                metadata={"id": write.about},
            )
        yield from changes.write()
        content = response.SerializeToString()
        yield from keep_answer(write.request, content, changes.now)
        return content
