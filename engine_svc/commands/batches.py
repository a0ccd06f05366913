"""One operation on many instances or jobs, done in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from engine_svc.storage.batches import (
    BatchState,
    Claimed,
    ItemResult,
    Targets,
    any_running,
    change_state,
    claim_items,
    create_batch,
    end_items,
    release_items,
)
from engine_svc.storage.commit import AlreadyAnswered, RequestRecord
from mesh.audit.operation import maker_of
from mesh.call import CallContext, as_call, find_call, open_rows
from mesh.clock import Clock
from mesh.db.database import ConstraintViolated, Database
from mesh.db.served_database import write_again
from mesh.db.statements import Row
from mesh.errors import Conflict, DependencyDown, DomainError, NotFound, Overload
from mesh.ids import new_id
from mesh.logs import get_log

_log = get_log(__name__)

INTERVAL_SECONDS = 0.5
PAGE = 20
"""Items that one process works on at once: they share transactions, and leave room for the commands of others."""
LEASE_MICROS = 30_000_000
"""How long a process may work on an item before others take it over."""
PAUSE_MICROS = 1_000_000
"""How long an item waits that could not be tried, through no fault of its own."""
MAX_MESSAGE = 4_000
ITEM_METHOD = "flowmesh.engine.v1.BatchService/CreateBatch"
"""What the audit says that an item was asked for by."""

Perform = Callable[[bytes, str, str], Awaitable[object]]
"""Does an operation to an item, given the request id that makes it happen once. Raises `DomainError`."""


async def create(
    database: Database,
    clock: Clock,
    name: str,
    kind: str,
    operation: bytes,
    targets: Targets,
    request: RequestRecord | None,
    answer: Callable[[Row], bytes],
) -> bytes:
    """Store a batch with its items. Raises `WrongState` (BATCH_EMPTY, BATCH_TOO_LARGE), `RequestIdReused`."""

    call = find_call()
    creator, opened = (call.user_id or "") if call is not None else "", open_rows()
    maker = maker_of(call)

    async def once() -> bytes:
        now = clock.now_micros()
        return await write_again(
            database,
            lambda: create_batch(
                new_id(), name, kind, operation, targets, creator, opened, request, now, answer, maker
            ),
        )

    return await _answered(once)


async def change(
    database: Database,
    clock: Clock,
    batch_id: str,
    wanted: BatchState,
    request: RequestRecord | None,
    answer: Callable[[Row], bytes],
) -> bytes:
    """Suspend, resume or cancel a batch. Raises `NotFound`, `WrongState` (BATCH_ENDED), `RequestIdReused`."""

    opened, maker = open_rows(), maker_of(find_call())

    async def once() -> bytes:
        now = clock.now_micros()
        return await write_again(
            database,
            lambda: change_state(
                batch_id, wanted, opened, request, now, answer, lambda: batch_missing(batch_id), maker
            ),
        )

    return await _answered(once)


async def _answered(once: Callable[[], Awaitable[bytes]]) -> bytes:
    try:
        try:
            return await once()
        except ConstraintViolated:
            # The same request was served at the same time by another process: it has the answer.
            return await once()
    except AlreadyAnswered as answered:
        return answered.response


def batch_missing(batch_id: str) -> NotFound:
    """Return the error for a batch that does not exist, or not any more."""
    return NotFound("BATCH_NOT_FOUND", f"there is no batch {batch_id}", metadata={"id": batch_id})


@dataclass(slots=True)
class BatchWork:
    """Works batches off, a bounded page of items at a time."""

    database: Database
    clock: Clock
    perform: Perform

    async def run(self) -> bool:
        """Work on a page of items; say whether there may be more."""
        if not await self.database.read(any_running()):
            return False
        return await self._page(self.clock.now_micros()) > 0

    async def run_due(self, now: int) -> int:
        """Work on a page of items that can be tried at a time in microseconds; return how many there were."""
        return await self._page(now)

    async def _page(self, now: int) -> int:
        claimed = await write_again(self.database, lambda: claim_items(now, now + LEASE_MICROS, PAGE))
        try:
            outcomes = await asyncio.gather(*map(self._try, claimed))
        except asyncio.CancelledError:
            # The engine stops. What took effect already is not done twice: its request id is known.
            if claimed:
                await write_again(self.database, lambda: release_items(claimed, now))
            raise
        for batch_id in dict.fromkeys(item.batch_id for item in claimed):
            await self._note(batch_id, [outcome for outcome in outcomes if outcome[0].batch_id == batch_id])
        return len(claimed)

    async def _note(self, batch_id: str, outcomes: Sequence[tuple[Claimed, ItemResult | None]]) -> None:
        now = self.clock.now_micros()
        ended = [result for _, result in outcomes if result is not None]
        if ended:
            await write_again(self.database, lambda: end_items(batch_id, ended, now))
        later = [item for item, result in outcomes if result is None]
        if later:
            await write_again(self.database, lambda: release_items(later, now + PAUSE_MICROS))

    async def _try(self, item: Claimed) -> tuple[Claimed, ItemResult | None]:
        """Do one item, as its creator; None where it is to be tried again."""
        call = CallContext(new_id(), user_id=item.creator or None, method=ITEM_METHOD)
        call.narrow(item.opened)
        try:
            with as_call(call):
                await self.perform(item.operation, item.target_id, f"batch:{item.batch_id}:{item.number}")
        except (Conflict, DependencyDown, Overload) as error:
            _log.warning(
                "An item of a batch is tried again",
                batch=item.batch_id,
                item=item.number,
                reason=error.reason,
                explanation=error.message,
            )
            return item, None
        except DomainError as error:
            return item, ItemResult(item.number, error.reason, error.message[:MAX_MESSAGE])
        except Exception as error:  # noqa: BLE001 - one item that meets a bug must not stop the others
            _log.error("An item of a batch failed by a bug", error=error, batch=item.batch_id, item=item.number)
            return item, ItemResult(item.number, "INTERNAL", "the engine failed by a bug; its log tells of it")
        return item, ItemResult(item.number)
