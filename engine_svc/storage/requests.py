"""Answers kept for request ids, and their end."""

from __future__ import annotations

from mesh.db.statements import DeleteMany, Fetch, Program, Row

PRUNE_BATCH = 1000


def prune_requests(before: int) -> Program[int]:
    """Forget a bounded batch of answers older than `before` (microseconds); return how many."""
    rows: list[Row] = yield Fetch(
        "SELECT created_at, method, request_id FROM request_record WHERE created_at<? "
        f"ORDER BY created_at, method, request_id LIMIT {PRUNE_BATCH}",
        (before,),
    )
    if rows:
        yield DeleteMany("request_record", ("created_at", "method", "request_id"), rows)
    return len(rows)
