"""Answers kept for request ids, so that a call sent again gets the answer of the first one; and their end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mesh.db.statements import DeleteMany, Fetch, FetchKeys, InsertMany, Program, Row
from mesh.errors import RequestIdReused

PRUNE_BATCH: Final = 1_000
_TABLE: Final = "history_request"
_KEY: Final = ("method", "actor_id", "request_id")


@dataclass(slots=True, frozen=True)
class Request:
    """A call that changes something: method, caller, request id, and a fingerprint of its content."""

    method: str
    actor_id: str
    request_id: str
    fingerprint: str


def find_answer(request: Request) -> Program[bytes | None]:
    """Return what a request was answered before, None for a new one. Raises `RequestIdReused`."""
    key = (request.method, request.actor_id, request.request_id)
    rows: list[Row] = yield FetchKeys(_TABLE, ("fingerprint", "response"), _KEY, [key])
    if not rows:
        return None
    fingerprint, response = rows[0]
    if fingerprint != request.fingerprint:
        raise RequestIdReused(
            "REQUEST_ID_REUSED",
            f"request id {request.request_id} was used before for another request; give each request its own",
            metadata={"request_id": request.request_id, "method": request.method},
        )
    return bytes(response)


def keep_answer(request: Request, response: bytes, now: int) -> Program[None]:
    """Keep the answer to a request, in the transaction of its changes."""
    yield InsertMany(
        _TABLE,
        (*_KEY, "fingerprint", "response", "created_at"),
        [(request.method, request.actor_id, request.request_id, request.fingerprint, response, now)],
    )


def prune_requests(before: int) -> Program[int]:
    """Forget a bounded batch of answers older than `before` (microseconds); return how many."""
    rows: list[Row] = yield Fetch(
        f"SELECT {','.join(_KEY)} FROM {_TABLE} WHERE created_at<? ORDER BY created_at LIMIT {PRUNE_BATCH}", (before,)
    )
    if rows:
        yield DeleteMany(_TABLE, _KEY, rows)
    return len(rows)
