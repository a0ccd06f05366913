"""Batches and their items: the list of what is to be done, leases on items, progress."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine_svc.storage.audit import tell_operation
from engine_svc.storage.commit import RequestRecord, find_answer
from engine_svc.storage.definitions import remember
from engine_svc.storage.jobs import JobState
from mesh.access.row_conditions import NOTHING, row_condition
from mesh.access.rows import Rows, rows_from_json
from mesh.audit.operation import NOBODY, Maker
from mesh.db.select import Select
from mesh.db.statements import DeleteMany, Execute, Fetch, FetchKeys, InsertMany, Program, Row, UpdateKeys
from mesh.errors import WrongState

COLUMNS = ("id", "name", "kind", "state", "total", "done", "failed", "created_at", "ended_at", "operation")
ITEM_COLUMNS = ("number", "target_id", "state", "ended_at", "error_reason", "error_message")
_STATE, _ENDED_AT = COLUMNS.index("state"), COLUMNS.index("ended_at")
MAX_ITEMS = 100_000
"""Items that a filter may find."""
_STORED = (*COLUMNS, "creator", "open_rows")
_PAGE = 1_000
_PRUNE_ITEMS = 2_000
_INSERTED = (
    "batch_id",
    "number",
    "target_id",
    "state",
    "lease_until",
    "ended_at",
    "error_reason",
    "error_message",
)


class BatchState(enum.IntEnum):
    """Where a batch stands; the numbers are those of the contract and of the database."""

    RUNNING = 1
    SUSPENDED = 2
    COMPLETED = 3
    CANCELLED = 4


ENDED = (BatchState.COMPLETED, BatchState.CANCELLED)


class ItemState(enum.IntEnum):
    """Where an item stands; the numbers are those of the contract and of the database."""

    PENDING = 1
    DONE = 2
    FAILED = 3


@dataclass(slots=True, frozen=True)
class Targets:
    """What a batch is for: ids, or a filter on instances or, with `jobs`, on jobs that have failed."""

    ids: Sequence[str] = ()
    jobs: bool = False
    definition_key: str = ""
    definition_id: str = ""
    business_key: str = ""
    status: int = 0
    tenant_id: str = ""


@dataclass(slots=True, frozen=True)
class Claimed:
    """An item that this process may work on until its lease ends."""

    batch_id: str
    number: int
    target_id: str
    operation: bytes
    creator: str
    opened: Rows
    """What was open to the creator when the batch was made."""
    lease_until: int
    """Also tells the lease from a later one of the same item."""


@dataclass(slots=True, frozen=True)
class ItemResult:
    """How an item ended; `reason` is empty where it took effect."""

    number: int
    reason: str = ""
    message: str = ""


def create_batch(
    batch_id: str,
    name: str,
    kind: str,
    operation: bytes,
    targets: Targets,
    creator: str,
    opened: Rows,
    request: RequestRecord | None,
    now: int,
    answer: Callable[[Row], bytes],
    maker: Maker = NOBODY,
) -> Program[bytes]:
    """Store a batch with its items; return the answer, which is kept for the request.

    A filter finds what is open to the creator; what is named and closed fails as what does not exist. Raises
    `WrongState` (BATCH_EMPTY, BATCH_TOO_LARGE), and what `find_answer` returns for a request id that is known.
    """
    if request is not None and (answered := (yield from find_answer(request, lock=True))) is not None:
        raise answered
    total = 0
    after: Row | None = None
    named = list(dict.fromkeys(targets.ids))
    while True:
        if named:
            page = named[total : total + _PAGE]
        else:
            page, after = yield from _found(targets, opened, after)
        if page:
            total += len(page)
            if total > MAX_ITEMS:
                raise _too_large()
            pending = (int(ItemState.PENDING), 0, 0, "", "")
            first = total - len(page) + 1
            rows = [(batch_id, first + place, target_id, *pending) for place, target_id in enumerate(page)]
            yield InsertMany("batch_item", _INSERTED, rows)
        if len(page) < _PAGE:
            break
    if not total:
        raise WrongState("BATCH_EMPTY", "the filter finds nothing, so there is nothing to do")
    row = (batch_id, name, kind, int(BatchState.RUNNING), total, 0, 0, now, 0, operation)
    yield InsertMany("batch", _STORED, [(*row, creator, opened.to_json())])
    after_it = {"name": name, "operation": kind, "items": total, "state": BatchState.RUNNING.name}
    yield from tell_operation(maker, now, "batch", batch_id, None, after=after_it)
    response = answer(row)
    yield from remember(request, response, now)
    return response


def _found(targets: Targets, opened: Rows, after: Row | None) -> Program[tuple[list[str], Row | None]]:
    """Read a page of what a filter finds, and the place of its last one."""
    wall = row_condition(opened, "tenant_id", "definition_key")
    if targets.jobs:
        select = (
            Select("job", ("instance_id", "job_key"))
            .open_to(wall)
            .equal("state", int(JobState.FAILED))
            .equal("definition_key", targets.definition_key)
            .equal("definition_id", targets.definition_id)
            .equal("business_key", targets.business_key)
            .equal("tenant_id", targets.tenant_id)
            .page(("instance_id", "job_key"), after, _PAGE)
        )
        rows: list[Row] = yield select.fetch()
        return [f"{instance_id}.{key}" for instance_id, key in rows], rows[-1] if rows else None
    select = (
        Select("process_instance", ("id",))
        .open_to(wall)
        .where("definition_id<>''")
        .equal("definition_key", targets.definition_key)
        .equal("definition_id", targets.definition_id)
        .equal("business_key", targets.business_key)
        .equal("status", targets.status)
        .equal("tenant_id", targets.tenant_id)
        .page(("id",), after, _PAGE)
    )
    rows = yield select.fetch()
    return [row[0] for row in rows], rows[-1] if rows else None


def _too_large() -> WrongState:
    return WrongState(
        "BATCH_TOO_LARGE",
        f"the filter finds more than the {MAX_ITEMS} items that a batch may have; narrow it and make several",
        metadata={"limit": str(MAX_ITEMS)},
    )


# Work


def claim_items(now: int, lease_until: int, limit: int) -> Program[list[Claimed]]:
    """Take items that nobody works on, of each running batch its share. Times in microseconds."""
    running: list[Row] = yield Fetch(
        f"SELECT id FROM batch WHERE state=? ORDER BY id LIMIT {int(limit)}", (BatchState.RUNNING,)
    )
    found: list[tuple[str, int, str]] = []
    for (batch_id,) in running:
        rows: list[Row] = yield Fetch(
            "SELECT number, target_id FROM batch_item WHERE batch_id=? AND state=? AND lease_until<=? "
            f"ORDER BY number LIMIT {max(1, limit // len(running))}",
            (batch_id, ItemState.PENDING, now),
            lock=True,
            skip_locked=True,
        )
        if rows:
            keys = [(batch_id, number) for number, _ in rows]
            yield UpdateKeys("batch_item", "lease_until=?", (lease_until,), ("batch_id", "number"), keys)
            found += [(batch_id, number, target_id) for number, target_id in rows]
    if not found:
        return []
    wanted = [(batch_id,) for batch_id in dict.fromkeys(batch_id for batch_id, _, _ in found)]
    batches: list[Row] = yield FetchKeys("batch", ("id", "operation", "creator", "open_rows"), ("id",), wanted)
    by_id = {batch_id: (operation, creator, rows_from_json(opened)) for batch_id, operation, creator, opened in batches}
    return [
        Claimed(batch_id, number, target_id, *by_id[batch_id], lease_until) for batch_id, number, target_id in found
    ]


def any_running() -> Program[bool]:
    """Say whether there is a batch to work on; costs no write."""
    rows: list[Row] = yield Fetch("SELECT 1 FROM batch WHERE state=? LIMIT 1", (BatchState.RUNNING,))
    return bool(rows)


def release_items(items: Sequence[Claimed], until: int) -> Program[None]:
    """Let items be tried again from a time on, those whose lease was not taken over."""
    keys = [(item.batch_id, item.number, item.lease_until) for item in items]
    yield UpdateKeys("batch_item", "lease_until=?", (until,), ("batch_id", "number", "lease_until"), keys)


def end_items(batch_id: str, results: Sequence[ItemResult], now: int) -> Program[None]:
    """Note how items ended, and end their batch with the last of them.

    An item that another process has noted meanwhile is not counted twice.
    """
    done = failed = 0
    keys = [(batch_id, result.number, int(ItemState.PENDING)) for result in results if not result.reason]
    if keys:
        values = (int(ItemState.DONE), now)
        done = yield UpdateKeys("batch_item", "state=?, ended_at=?", values, ("batch_id", "number", "state"), keys)
    for result in results:
        if result.reason:
            failed += yield Execute(
                "UPDATE batch_item SET state=?, ended_at=?, error_reason=?, error_message=? "
                "WHERE batch_id=? AND number=? AND state=?",
                (ItemState.FAILED, now, result.reason, result.message, batch_id, result.number, ItemState.PENDING),
            )
    yield Execute("UPDATE batch SET done=done+?, failed=failed+? WHERE id=?", (done, failed, batch_id))
    yield Execute(
        "UPDATE batch SET state=?, ended_at=? WHERE id=? AND done+failed>=total AND state IN (?,?)",
        (BatchState.COMPLETED, now, batch_id, BatchState.RUNNING, BatchState.SUSPENDED),
    )


# What callers see and change


def read_batch(batch_id: str, opened: Rows, *, lock: bool = False) -> Program[Row | None]:
    """Read a batch that is open to a call, in the order of `COLUMNS`."""
    rows: list[Row] = yield FetchKeys("batch", _STORED, ("id",), [(batch_id,)], lock=lock)
    if not rows:
        return None
    creator = rows[0][_STORED.index("creator")]
    return rows[0][: len(COLUMNS)] if opened.unrestricted or (creator and creator == opened.user_id) else None


def list_batches(state: int, opened: Rows, after: str | None, limit: int) -> Program[list[Row]]:
    """Read batches that are open to a call, newest first, in the order of `COLUMNS`.

    A batch goes through tenants and definitions. Whoever may not see all of them sees the batches that are the own.
    """
    own = ("creator=?", (opened.user_id,)) if opened.user_id else NOTHING
    select = (
        Select("batch", COLUMNS)
        .open_to(None if opened.unrestricted else own)
        .equal("state", state)
        .page(("id",), None if after is None else (after,), limit, descending=True)
    )
    rows: list[Row] = yield select.fetch()
    return rows


def list_items(batch_id: str, state: int, after: int | None, limit: int) -> Program[list[Row]]:
    """Read items of a batch in their order, as `ITEM_COLUMNS`."""
    select = (
        Select("batch_item", ITEM_COLUMNS)
        .equal("batch_id", batch_id)
        .equal("state", state)
        .page(("number",), None if after is None else (after,), limit)
    )
    rows: list[Row] = yield select.fetch()
    return rows


def change_state(
    batch_id: str,
    wanted: BatchState,
    opened: Rows,
    request: RequestRecord | None,
    now: int,
    answer: Callable[[Row], bytes],
    missing: Callable[[], Exception],
    maker: Maker = NOBODY,
) -> Program[bytes]:
    """Suspend, resume or cancel a batch; return the answer, which is kept for the request.

    Raises `WrongState` (BATCH_ENDED), what `missing` makes, and what `find_answer` returns for a known request id.
    """
    if request is not None and (answered := (yield from find_answer(request, lock=True))) is not None:
        raise answered
    found = yield from read_batch(batch_id, opened, lock=True)
    if found is None:
        raise missing()
    row = list(found)
    state = BatchState(row[_STATE])
    if state in ENDED:
        raise WrongState(
            "BATCH_ENDED",
            f"batch {batch_id} is {state.name.lower()} already",
            metadata={"id": batch_id, "state": state.name},
        )
    ended_at = now if wanted in ENDED else 0
    yield Execute("UPDATE batch SET state=?, ended_at=? WHERE id=?", (wanted, ended_at, batch_id))
    row[_STATE], row[_ENDED_AT] = int(wanted), ended_at
    yield from tell_operation(
        maker, now, "batch", batch_id, None, before={"state": state.name}, after={"state": wanted.name}
    )
    response = answer(tuple(row))
    yield from remember(request, response, now)
    return response


def any_batch_ended(before: int) -> Program[bool]:
    """Say whether there is a batch that ended before a time."""
    rows: list[Row] = yield Fetch("SELECT 1 FROM batch WHERE ended_at>0 AND ended_at<? LIMIT 1", (before,))
    return bool(rows)


def prune_batches(before: int) -> Program[bool]:
    """Forget a bounded part of a batch that ended before a time; say whether there may be more."""
    rows: list[Row] = yield Fetch(
        "SELECT id FROM batch WHERE ended_at>0 AND ended_at<? ORDER BY ended_at LIMIT 1", (before,)
    )
    if not rows:
        return False
    batch_id = rows[0][0]
    items: list[Row] = yield Fetch(
        f"SELECT batch_id, number FROM batch_item WHERE batch_id=? ORDER BY number LIMIT {_PRUNE_ITEMS}", (batch_id,)
    )
    if items:
        yield DeleteMany("batch_item", ("batch_id", "number"), items)
    if len(items) < _PRUNE_ITEMS:
        yield DeleteMany("batch", ("id",), [(batch_id,)])
    return True
