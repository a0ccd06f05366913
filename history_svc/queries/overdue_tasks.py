"""Open tasks whose due time is over. They lie in a table of their own, which is as small as there are such tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from history_svc.storage.layout import TASK_COLUMNS, TASK_TABLE
from history_svc.storage.statistics_layout import DUE_TABLE
from mesh.access.row_conditions import beside, row_condition
from mesh.access.rows import Rows
from mesh.db.select import Select
from mesh.db.statements import Fetch, FetchKeys, Program, Row

MAX_COUNTED: Final = 10_000
ORDER: Final = ("due_micros", "task_id")


@dataclass(slots=True, frozen=True)
class OverdueTasks:
    """A page of them: rows of the task table, the sort key that the next page goes on from, and how many there are."""

    rows: list[Row]
    next_key: tuple[Any, ...] | None
    total: int


def overdue_tasks(
    opened: Rows, tenant_id: str, key: str, due_before: int, after: Sequence[Any] | None, size: int
) -> Program[OverdueTasks]:
    """Read a page, the longest overdue first. They are counted up to one more than `MAX_COUNTED`."""

    def select(columns: Sequence[str]) -> Select:
        select = Select(DUE_TABLE, columns).where("due_micros<?", due_before).equal("process_definition_key", key)
        # One index leads; where the key is given, it is that of the key.
        select.equal(beside("tenant_id") if key else "tenant_id", tenant_id)
        return select.open_to(row_condition(opened, beside("tenant_id"), beside("process_definition_key")))

    found: list[Row] = yield select(ORDER).page(ORDER, after, size + 1).fetch()
    counted = select(("1",)).page(("due_micros",), None, MAX_COUNTED + 1).fetch()
    ((total,),) = yield Fetch(f"SELECT COUNT(*) FROM ({counted.sql}) due", counted.parameters)
    keys = [(task_id,) for _, task_id in found[:size]]
    rows: list[Row] = []
    if keys:
        rows = yield FetchKeys(TASK_TABLE, TASK_COLUMNS, ("id",), keys)
    by_id = {row[0]: row for row in rows}
    return OverdueTasks(
        [by_id[task_id] for (task_id,) in keys if task_id in by_id],
        tuple(found[size - 1]) if len(found) > size else None,
        total,
    )
