"""Answers kept for request ids, so that a call sent again gets the answer of the first one; and their end."""

from __future__ import annotations

from dataclasses import dataclass

from mesh.db.statements import DeleteMany, Fetch, FetchKeys, InsertMany, Program, Row
from mesh.errors import RequestIdReused

PRUNE_BATCH = 1000
_KEY = ("method", "actor_id", "request_id")


@dataclass(slots=True, frozen=True)
class Request:
    """A call that changes something: method, caller, request id, and a fingerprint of its content."""

    method: str
    actor_id: str
    request_id: str
    fingerprint: str


def request_id_reused(method: str, request_id: str) -> RequestIdReused:
    """Return the error for a request id that belongs to another request."""
    return RequestIdReused(
        "REQUEST_ID_REUSED",
        f"request id {request_id} was used before for another request; give each request its own",
        metadata={"request_id": request_id, "method": method},
    )


def find_answer(request: Request) -> Program[bytes | None]:
    """Return what a request was answered before, None for a new one. Raises `RequestIdReused`."""
    rows: list[Row] = yield FetchKeys(
        "request_record",
        ("fingerprint", "response"),
        _KEY,
        [(request.method, request.actor_id, request.request_id)],
    )
    if not rows:
        return None
    fingerprint, response = rows[0]
    if fingerprint != request.fingerprint:
        raise request_id_reused(request.method, request.request_id)
    return bytes(response)


def keep_answer(request: Request, response: bytes, now: int) -> Program[None]:
    """Keep the answer to a request, in the transaction of its changes."""
    yield InsertMany(
        "request_record",
        (*_KEY, "fingerprint", "response", "created_at"),
        [(request.method, request.actor_id, request.request_id, request.fingerprint, response, now)],
    )


def prune_requests(before: int) -> Program[int]:
    """Forget a bounded batch of answers older than `before` (microseconds); return how many."""
    rows: list[Row] = yield Fetch(
        "SELECT created_at, method, actor_id, request_id FROM request_record WHERE created_at<? "
        f"ORDER BY created_at, method, actor_id, request_id LIMIT {PRUNE_BATCH}",
        (before,),
    )
    if rows:
        yield DeleteMany("request_record", ("created_at", *_KEY), rows)
    return len(rows)
