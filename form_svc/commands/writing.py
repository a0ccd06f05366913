"""The one way by which requests change rows: one transaction, once for each request id."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from google.protobuf.message import Message

from form_svc.storage.requests import Request, find_answer, keep_answer
from mesh.call import current_call
from mesh.clock import Clock
from mesh.db.database import ConstraintViolated, Database
from mesh.db.served_database import write_again
from mesh.db.statements import Program
from mesh.ids import new_id

Work = Callable[[int], Program[Message]]
"""Checks and writes a change, given the time in microseconds, and returns the answer. It may be made anew."""


def fingerprint_of(*parts: bytes) -> str:
    """Return a digest of the content of a request."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def content_of(request: Message) -> bytes:
    """Return the bytes of a request, the same for the same content."""
    return request.SerializeToString(deterministic=True)


@dataclass(slots=True, frozen=True)
class RequestWriter:
    """Runs works. `database` is one that calls are served from."""

    database: Database
    clock: Clock

    async def change(self, request: Message, work: Work) -> bytes:
        """Run a work for a request of the call being served; return its serialized answer, or the one before.

        Raises what the work raises, `RequestIdReused`, `DependencyDown`.
        """
        method = request.DESCRIPTOR.name.removesuffix("Request")
        given = getattr(request, "request_id", "")
        return await self.once(method, given, fingerprint_of(content_of(request)), work)

    async def once(self, method: str, request_id: str, fingerprint: str, work: Work) -> bytes:
        """As `change`, for a request that is no single message."""
        record = Request(method, current_call().user_id or "", request_id or new_id(), fingerprint)

        def program() -> Program[bytes]:
            answer = yield from find_answer(record)
            if answer is not None:
                return answer
            now = self.clock.now_micros()
            response = (yield from work(now)).SerializeToString()
            yield from keep_answer(record, response, now)
            return response

        try:
            return await write_again(self.database, program)
        except ConstraintViolated:
            # The same was done at the same time: now it is there.
            return await write_again(self.database, program)
