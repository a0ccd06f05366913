"""The completion saga of an instance, and its transaction log.

Every change of them is written in the commit of the instance that makes it true, and that commit checks the instance's
revision. So whoever read a saga after the instance may rely on it.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine_svc.state.instance import Instance
from mesh.access.row_conditions import row_condition
from mesh.access.rows import Rows
from mesh.db.select import Select
from mesh.db.statements import DeleteMany, Execute, Fetch, FetchKeys, InsertMany, Program, Row, Statement

SAGA_TABLE: Final = "saga"
SAGA_COLUMNS: Final = (
    "instance_id",
    "state",
    "attempts",
    "timeout_micros",
    "due_at",
    "told_at",
    "created_at",
    "ended_at",
    "last_step",
    "definition_id",
    "definition_key",
    "tenant_id",
    "reason",
)
LOG_TABLE: Final = "transaction_log"
LOG_COLUMNS: Final = (
    "instance_id",
    "number",
    "step",
    "status",
    "started_at",
    "ended_at",
    "duration_ms",
    "error",
)
ORDER: Final = ("created_at", "instance_id")
PRUNE_BATCH: Final = 500


class SagaState(enum.IntEnum):
    """Where a saga stands; the numbers are those of the contract and of the database."""

    PENDING = 1
    COMPLETED = 2
    COMPENSATED = 3


class StepStatus(enum.IntEnum):
    """Where a step stands; the numbers are those of the contract and of the database."""

    STARTED = 1
    COMPLETED = 2
    FAILED = 3


class Step(enum.StrEnum):
    """What a step does."""

    COMPLETE_INSTANCE = enum.auto()
    PUBLISH_COMPLETION = enum.auto()
    AWAIT_ACKNOWLEDGEMENT = enum.auto()
    COMPENSATE_COMPLETION = enum.auto()


@dataclass(slots=True)
class Saga:
    """A row of the table. Times in microseconds since the Unix epoch, 0: none."""

    instance_id: str
    state: int
    attempts: int
    timeout_micros: int
    """How long the first attempt waits."""
    due_at: int
    told_at: int
    """When the last attempt was made."""
    created_at: int
    ended_at: int
    last_step: int
    definition_id: str
    definition_key: str
    tenant_id: str
    reason: str

    @property
    def row(self) -> Row:
        """The values in the order of `SAGA_COLUMNS`."""
        return tuple(getattr(self, column) for column in SAGA_COLUMNS)


def done_step(saga: Saga, step: Step, now: int) -> Row:
    """Return the log's row of a step that begins and ends in this commit, as the saga's next one."""
    saga.last_step += 1
    return (saga.instance_id, saga.last_step, step.name, int(StepStatus.COMPLETED), now, now, 0, "")


def begun_step(saga: Saga, step: Step, now: int) -> Row:
    """Return the log's row of a step that a later commit ends, as the saga's next one."""
    saga.last_step += 1
    return (saga.instance_id, saga.last_step, step.name, int(StepStatus.STARTED), now, 0, 0, "")


def end_waiting(saga: Saga, status: StepStatus, error: str, now: int) -> Statement:
    """Return the statement that ends the step that the saga is in, the wait for an answer."""
    return Execute(
        f"UPDATE {LOG_TABLE} SET status=?, ended_at=?, duration_ms=?, error=? WHERE instance_id=? AND number=?",
        (int(status), now, max(0, now - saga.told_at) // 1000, error, saga.instance_id, saga.last_step),
    )


def begin_saga(instance: Instance, now: int) -> list[Statement]:
    """Return the statements that begin the saga of an instance that is completed, with the first lines of its log."""
    definition = instance.definition
    timeout = definition.process.acknowledgement_micros
    saga = Saga(
        instance.id,
        SagaState.PENDING,
        1,
        timeout,
        now + timeout,
        now,
        now,
        0,
        0,
        definition.id,
        definition.key,
        instance.tenant_id,
        "",
    )
    steps = [
        done_step(saga, Step.COMPLETE_INSTANCE, now),
        done_step(saga, Step.PUBLISH_COMPLETION, now),
        begun_step(saga, Step.AWAIT_ACKNOWLEDGEMENT, now),
    ]
    return [InsertMany(SAGA_TABLE, SAGA_COLUMNS, [saga.row]), log_steps(steps)]


def log_steps(steps: Sequence[Row]) -> Statement:
    """Return the statement that adds steps to the log."""
    return InsertMany(LOG_TABLE, LOG_COLUMNS, steps)


def update_saga(saga: Saga) -> Statement:
    """Return the statement that stores how a saga stands now."""
    return Execute(
        f"UPDATE {SAGA_TABLE} SET state=?, attempts=?, due_at=?, told_at=?, ended_at=?, last_step=?, reason=? "
        "WHERE instance_id=?",
        (
            saga.state,
            saga.attempts,
            saga.due_at,
            saga.told_at,
            saga.ended_at,
            saga.last_step,
            saga.reason,
            saga.instance_id,
        ),
    )


def fetch_saga(instance_id: str) -> Program[Saga | None]:
    """Read the saga of an instance."""
    rows: list[Row] = yield FetchKeys(SAGA_TABLE, SAGA_COLUMNS, ("instance_id",), [(instance_id,)])
    return Saga(*rows[0]) if rows else None


def list_sagas(
    state: int, definition_key: str, tenant_id: str, opened: Rows, after: Sequence[object] | None, limit: int
) -> Program[list[Saga]]:
    """Read sagas that are open, the latest first; empty values do not filter."""
    select = (
        Select(SAGA_TABLE, SAGA_COLUMNS)
        .open_to(row_condition(opened, "tenant_id", "definition_key"))
        .equal("state", state)
        .equal("definition_key", definition_key)
        .equal("tenant_id", tenant_id)
        .page(ORDER, after, limit, descending=True)
    )
    rows: list[Row] = yield select.fetch()
    return [Saga(*row) for row in rows]


def list_steps(instance_id: str, after: int, limit: int) -> Program[list[Row]]:
    """Read the log of a saga behind a number, in the order of `LOG_COLUMNS`."""
    rows: list[Row] = yield Fetch(
        f"SELECT {','.join(LOG_COLUMNS)} FROM {LOG_TABLE} WHERE instance_id=? AND number>? "
        f"ORDER BY number LIMIT {int(limit)}",
        (instance_id, after),
    )
    return rows


def due_sagas(now: int, limit: int) -> Program[list[Saga]]:
    """Read sagas whose answer is waited for no longer, those that are longest due first."""
    rows: list[Row] = yield Fetch(
        f"SELECT {','.join(SAGA_COLUMNS)} FROM {SAGA_TABLE} WHERE due_at>0 AND due_at<=? "
        f"ORDER BY due_at, instance_id LIMIT {int(limit)}",
        (now,),
    )
    return [Saga(*row) for row in rows]


def any_saga_ended(before: int) -> Program[bool]:
    """Say whether `prune_sagas` would find anything; costs no write."""
    rows: list[Row] = yield Fetch(f"SELECT 1 FROM {SAGA_TABLE} WHERE ended_at>0 AND ended_at<? LIMIT 1", (before,))
    return bool(rows)


def prune_sagas(before: int) -> Program[int]:
    """Forget a bounded batch of sagas that ended before a time, with their logs; return how many."""
    rows: list[Row] = yield Fetch(
        f"SELECT instance_id FROM {SAGA_TABLE} WHERE ended_at>0 AND ended_at<? ORDER BY ended_at LIMIT {PRUNE_BATCH}",
        (before,),
    )
    if rows:
        yield DeleteMany(LOG_TABLE, ("instance_id",), rows)
        yield DeleteMany(SAGA_TABLE, ("instance_id",), rows)
    return len(rows)
