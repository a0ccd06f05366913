"""The inbox: which events a consumer has taken in, so that one delivered twice takes effect once."""

from __future__ import annotations

from collections.abc import Sequence

from mesh.db.statements import DeleteMany, Fetch, FetchKeys, InsertMany, Program, Row

PRUNE_BATCH = 1_000


def unseen(consumer: str, event_ids: Sequence[str]) -> Program[set[str]]:
    """Return which of the events the consumer has not taken in yet."""
    rows: list[Row] = yield FetchKeys(
        "inbox", ("event_id",), ("consumer", "event_id"), [(consumer, event_id) for event_id in event_ids]
    )
    return set(event_ids).difference(event_id for (event_id,) in rows)


def inbox_insert(consumer: str, event_ids: Sequence[str], now: int) -> InsertMany:
    """Return the statement that notes events as taken in. `now`: microseconds since the Unix epoch.

    It breaks the transaction with `ConstraintViolated` where another process has taken one in meanwhile.
    """
    return InsertMany(
        "inbox", ("consumer", "event_id", "received_at"), [(consumer, event_id, now) for event_id in event_ids]
    )


def prune_inbox(before: int) -> Program[int]:
    """Delete a bounded number of the oldest rows, those received before a time in microseconds; return how many."""
    rows: list[Row] = yield Fetch(
        "SELECT consumer, event_id FROM inbox WHERE received_at<? ORDER BY received_at LIMIT ?",
        (before, PRUNE_BATCH),
        # What another process is deleting is left to it.
        lock=True,
        skip_locked=True,
    )
    yield DeleteMany("inbox", ("consumer", "event_id"), rows)
    return len(rows)
