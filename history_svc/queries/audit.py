"""The audit trail, read: single entries and lists, within what is open to the caller."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from history_svc.audit.entry import CHAIN_COLUMNS, ChainedEntry, chained_of
from history_svc.storage.audit import CHAIN_TABLE
from mesh.access.row_conditions import Condition, beside, row_condition
from mesh.access.rows import Rows
from mesh.db.select import Select
from mesh.db.statements import Program, Row

LEADING = ("resource_id", "correlation_id", "session_id", "user_id", "tenant_id", "method")
"""Filters from the most selective one on; the first that is set, and has an index, leads to the entries."""
_INDEXED = frozenset({"resource_id", "correlation_id", "user_id", "tenant_id", "method"})


@dataclass(slots=True, frozen=True)
class AuditFilter:
    """What is listed. `equal`: values by column, of those that are set; times in microseconds, None where unset."""

    equal: dict[str, Any] = field(default_factory=dict)
    begin: int | None = None
    end: int | None = None
    ascending: bool = False


def find_entry(sequence: int, opened: Rows) -> Program[ChainedEntry | None]:
    """Read an entry, None where there is none or it is closed to the call."""
    select = Select(CHAIN_TABLE, CHAIN_COLUMNS).where("sequence=?", sequence)
    rows: list[Row] = yield _within(select, opened).page(("sequence",), None, 1).fetch()
    return chained_of(rows[0]) if rows else None


def list_entries(wanted: AuditFilter, opened: Rows, after: int | None, limit: int) -> Program[list[ChainedEntry]]:
    """Read the next entries behind a place that are open to a call."""
    select = Select(CHAIN_TABLE, CHAIN_COLUMNS)
    leading = next((column for column in LEADING if column in wanted.equal and column in _INDEXED), "")
    for column, value in wanted.equal.items():
        select.where(f"{column if column == leading else beside(column)}=?", value)
        if column == leading:
            # SQLite uses an index of some rows only where the query says that it wants no others.
            select.where(f"{column}<>''")
    if wanted.begin is not None:
        select.where(f"{beside('time_micros')}>=?", wanted.begin)
    if wanted.end is not None:
        select.where(f"{beside('time_micros')}<?", wanted.end)
    place = None if after is None else (after,)
    rows: list[Row] = yield (
        _within(select, opened).page(("sequence",), place, limit, descending=not wanted.ascending).fetch()
    )
    return [chained_of(row) for row in rows]


def _within(select: Select, opened: Rows) -> Select:
    wall: Condition | None = row_condition(opened, beside("tenant_id"))
    return select if wall is None else select.where("mesh_wide=0").where(wall[0], *wall[1])
