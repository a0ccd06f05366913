"""What happened in an instance, in order: read out of its events, the changes of its variables and the log of its jobs.

All three lie by instance and position of the event, so that a page of one instance is a short piece of each. Where
called instances are told as well, all entries are ordered by their time, and there may only be so many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from history_svc.queries.involvement import in_instance
from history_svc.storage import timeline_kinds as kinds
from history_svc.storage.event_id import event_id, position_of_event_id
from history_svc.storage.layout import (
    INSTANCE_TABLE,
    JOB_COMPLETED,
    JOB_FAILED,
    JOB_LOG_TABLE,
    JOB_SCHEDULED,
    TIMELINE_TABLE,
    VARIABLE_CHANGE_TABLE,
)
from mesh.access.row_conditions import row_condition
from mesh.access.rows import Rows
from mesh.db.statements import Fetch, Program, Row
from mesh.errors import WrongState

MAX_INSTANCES: Final = 100
MAX_ENTRIES: Final = 5_000
MAX_DETAIL_CHARACTERS: Final = 1_000

_JOB_KINDS: Final = {
    JOB_SCHEDULED: kinds.JOB_SCHEDULED,
    JOB_COMPLETED: kinds.JOB_COMPLETED,
    JOB_FAILED: kinds.JOB_FAILED,
}

EntryKey = tuple[int, str, int, str]
"""Time, instance, position, record: what tells the entries of a timeline apart, in their order."""


@dataclass(slots=True, frozen=True)
class Entry:
    """One thing that happened. `value_json` is None where there is no value, or a long one."""

    process_instance_id: str
    position: int
    kind: int
    micros: int
    record_id: str
    element_id: str
    name: str
    user_id: str
    subject: str
    detail: str
    value_json: bytes | None = None

    @property
    def key(self) -> EntryKey:
        """The entry's place among all of them."""
        return self.micros, self.process_instance_id, self.position, self.record_id


@dataclass(slots=True, frozen=True)
class Asked:
    """Which entries: `wanted` are the kinds, empty for all."""

    wanted: frozenset[int] = frozenset()
    descending: bool = False


def read_timeline(
    instance_id: str, asked: Asked, after: EntryKey | None, size: int
) -> Program[tuple[list[Entry], EntryKey | None]]:
    """Read what happened in one instance, in the order of its commits."""
    entries: list[Entry] = []
    for source in _sources(asked):
        start = None if after is None else (after[2], after[3])
        entries += yield from source.read(instance_id, asked, start, size + 1)
    entries.sort(key=lambda entry: (entry.position, entry.record_id), reverse=asked.descending)
    return _paged(entries, size)


def read_called_timeline(
    instance_id: str, opened: Rows, asked: Asked, after: EntryKey | None, size: int
) -> Program[tuple[list[Entry], EntryKey | None]]:
    """Read what happened in an instance and in all that were called through it, as far as they are open to a call.

    Raises `WrongState` (HISTORY_QUERY_TOO_WIDE) where that is too much.
    """
    instances = yield from _called_through(instance_id, opened)
    left = MAX_ENTRIES
    entries: list[Entry] = []
    for source in _sources(asked):
        found = yield from source.read_all(instances, asked, left + 1)
        left -= len(found)
        if left < 0:
            raise _too_wide(MAX_ENTRIES, "entries")
        entries += found
    entries.sort(key=lambda entry: entry.key, reverse=asked.descending)
    if after is not None:
        entries = [entry for entry in entries if (entry.key < after if asked.descending else entry.key > after)]
    return _paged(entries, size)


def _paged(entries: list[Entry], size: int) -> tuple[list[Entry], EntryKey | None]:
    if len(entries) <= size:
        return entries, None
    return entries[:size], entries[size - 1].key


def _called_through(instance_id: str, opened: Rows) -> Program[list[str]]:
    rows: list[Row] = yield Fetch(f"SELECT root_process_instance_id FROM {INSTANCE_TABLE} WHERE id=?", (instance_id,))
    root = (rows[0][0] if rows else "") or instance_id
    wall, values = row_condition(
        opened, "tenant_id", "process_definition_key", in_instance(opened, f"{INSTANCE_TABLE}.id")
    ) or ("1=1", ())
    family: list[Row] = yield Fetch(
        f"SELECT id, parent_process_instance_id FROM {INSTANCE_TABLE} WHERE root_process_instance_id=? AND {wall} "
        "ORDER BY start_micros, id LIMIT ?",
        (root, *values, 10 * MAX_INSTANCES),
    )
    children: dict[str, list[str]] = {}
    for child, parent in family:
        children.setdefault(parent, []).append(child)
    found, place = [instance_id], 0
    while place < len(found):
        found += [child for child in children.get(found[place], ()) if child not in found]
        place += 1
    if len(found) > MAX_INSTANCES or len(family) == 10 * MAX_INSTANCES:
        raise _too_wide(MAX_INSTANCES, "instances")
    return found


def _too_wide(limit: int, what: str) -> WrongState:
    return WrongState(
        "HISTORY_QUERY_TOO_WIDE",
        f"There are more than {limit:,} {what} to tell together: ask for the called instances one by one.",
        metadata={"limit": str(limit)},
    )


@dataclass(slots=True, frozen=True)
class _Source:
    """A table with entries. `place` is the column of their order behind the instance; `kinds` are the values that
    `kind` has for those that it holds."""

    table: str
    columns: tuple[str, ...]
    place: str
    kind: str
    kinds: Mapping[int, int]

    def read(self, instance_id: str, asked: Asked, start: tuple[int, str] | None, limit: int) -> Program[list[Entry]]:
        """Read the entries of an instance behind one, in their order."""
        conditions, values = ["process_instance_id=?"], [instance_id]
        if start is not None:
            conditions.append(f"{self.place}{'<' if asked.descending else '>'}?")
            values.append(self._start(instance_id, start, descending=asked.descending))
        return (yield from self._read(conditions, values, asked, limit))

    def read_all(self, instances: Sequence[str], asked: Asked, limit: int) -> Program[list[Entry]]:
        """Read the entries of some instances."""
        conditions = [f"process_instance_id IN ({','.join('?' * len(instances))})"]
        return (yield from self._read(conditions, list(instances), asked, limit))

    def _read(self, conditions: list[str], values: list[Any], asked: Asked, limit: int) -> Program[list[Entry]]:
        if asked.wanted:
            wanted = sorted(value for value, kind in self.kinds.items() if kind in asked.wanted)
            conditions = [*conditions, f"{self.kind} IN ({','.join('?' * len(wanted))})"]
            values = [*values, *wanted]
        direction = " DESC" if asked.descending else ""
        rows: list[Row] = yield Fetch(
            f"SELECT {','.join(self.columns)} FROM {self.table} WHERE {' AND '.join(conditions)} "
            f"ORDER BY process_instance_id{direction},{self.place}{direction} LIMIT ?",
            (*values, limit),
        )
        return [self._entry(row) for row in rows]

    def _start(self, instance_id: str, start: tuple[int, str], *, descending: bool) -> Any:
        position, record_id = start
        # The start of an instance comes with its first variables, and before them.
        comes_yet = descending and record_id.startswith(f"{event_id(instance_id, position)}.")
        return position + 1 if comes_yet else position

    def _entry(self, row: Row) -> Entry:
        return Entry(*row)


class _Changes(_Source):
    def _start(self, instance_id: str, start: tuple[int, str], *, descending: bool) -> Any:
        position, record_id = start
        prefix = event_id(instance_id, position)
        # Changes at a position come behind whatever else is there.
        return record_id if record_id.startswith(f"{prefix}.") else prefix

    def _entry(self, row: Row) -> Entry:
        change_id, instance_id, name, micros, deleted, user_id, scope, value_json = row
        kind = kinds.VARIABLE_DELETED if deleted else kinds.VARIABLE_SET
        return Entry(
            instance_id,
            position_of_event_id(change_id),
            kind,
            micros,
            change_id,
            "",
            name,
            user_id,
            scope,
            "",
            None if deleted else value_json,
        )


class _JobLog(_Source):
    def _start(self, instance_id: str, start: tuple[int, str], *, descending: bool) -> Any:
        return event_id(instance_id, start[0])

    def _entry(self, row: Row) -> Entry:
        log_id, instance_id, job_id, job_type, element_id, event, micros, error_message, user_id = row
        position = position_of_event_id(log_id)
        return Entry(
            instance_id,
            position,
            _JOB_KINDS[event],
            micros,
            job_id,
            element_id,
            job_type,
            user_id,
            "",
            error_message[:MAX_DETAIL_CHARACTERS],
        )


_EVENTS: Final = _Source(
    TIMELINE_TABLE,
    (
        "process_instance_id",
        "position",
        "kind",
        "event_micros",
        "record_id",
        "element_id",
        "name",
        "user_id",
        "subject",
        "detail",
    ),
    "position",
    "kind",
    {kind: kind for kind in kinds.OF_EVENTS},
)
_VARIABLES: Final = _Changes(
    VARIABLE_CHANGE_TABLE,
    ("id", "process_instance_id", "name", "change_micros", "deleted", "user_id", "scope_activity_id", "value_json"),
    "id",
    "deleted",
    {0: kinds.VARIABLE_SET, 1: kinds.VARIABLE_DELETED},
)
_JOBS: Final = _JobLog(
    JOB_LOG_TABLE,
    (
        "id",
        "process_instance_id",
        "job_id",
        "job_type",
        "element_id",
        "event",
        "event_micros",
        "error_message",
        "user_id",
    ),
    "id",
    "event",
    _JOB_KINDS,
)


def _sources(asked: Asked) -> list[_Source]:
    sources: tuple[_Source, ...] = (_EVENTS, _VARIABLES, _JOBS)
    return [source for source in sources if not asked.wanted or asked.wanted.intersection(source.kinds.values())]


def entry_of_row(table: str, row: Mapping[str, Any]) -> Entry:
    """Return the entry that a row of one of the tables tells; `row`: by column."""
    source = next(one for one in (_EVENTS, _VARIABLES, _JOBS) if one.table == table)
    return source._entry(tuple(row[name] for name in source.columns))
