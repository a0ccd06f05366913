"""Rows of history that change → statistics, in the same transaction.

Whoever writes a row tells what was stored before and what is now. The difference is added to the rows of a shard that
no other consumer has at the moment.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from flowmesh.events.v1.workflow_pb2 import ProcessInstanceRef

from history_svc.statistics.contributions import (
    Contributions,
    DefinitionFacts,
    Durations,
    ElementCounts,
    ElementKey,
    ProcessCounts,
    ProcessKey,
)
from history_svc.statistics.sparse_counts import add, decode, encode
from history_svc.storage.joined_rows import write_joined
from history_svc.storage.layout import ACTIVITY_COLUMNS, OPEN
from history_svc.storage.statistics_layout import (
    DEFINITION_COLUMNS,
    DEFINITION_KEY,
    DEFINITION_TABLE,
    DUE_COLUMNS,
    DUE_TABLE,
    ELEMENT_COUNTS,
    ELEMENT_KEY,
    ELEMENT_TABLE,
    PROCESS_COUNTS,
    PROCESS_KEY,
    PROCESS_TABLE,
    SHARD_TABLE,
)
from mesh.db.statements import DeleteMany, Fetch, FetchKeys, Program, Row, UpsertMany

if TYPE_CHECKING:
    from history_svc.consumers.counted_incidents import IncidentRow
    from history_svc.consumers.instances import InstanceRow
    from history_svc.consumers.tasks import TaskRow

ACTIVITY_FACTS: Final = (
    "process_definition_id",
    "tenant_id",
    "element_id",
    "element_type",
    "element_name",
    "state",
    "start_micros",
    "end_micros",
)
"""What statistics have to know of an activity's row."""

_facts_of_run: Final = itemgetter(*map(ACTIVITY_COLUMNS.index, ACTIVITY_FACTS))


class StatisticsChanges:
    """What the rows that one batch of events changes add to statistics, and no longer add."""

    def __init__(self) -> None:
        self._gathered = Contributions()
        self._due: dict[str, Row] = {}
        self._not_due: list[str] = []

    def refer(self, reference: ProcessInstanceRef) -> None:
        """Take in what every event says about its definition.

        Activities of an instance that was migrated may have a definition that no instance's row ever had.
        """
        key = reference.process_definition_id, reference.tenant_id
        if key not in self._gathered.definitions and key[0]:
            self._gathered.definitions[key] = DefinitionFacts(
                *key, reference.process_definition_key, reference.process_definition_version
            )

    def instance(self, before: InstanceRow | None, now: InstanceRow) -> None:
        """Take in an instance's row."""
        if before is not None:
            if _facts_of(before) == _facts_of(now):
                return
            self._instance(-1, before)
        self._instance(1, now)

    def activity(self, before: Row | None, now: Row) -> None:
        """Take in an activity's row; `before` has the columns `ACTIVITY_FACTS`, `now` all."""
        facts = _facts_of_run(now)
        if before is not None:
            if before == facts:
                return
            self._activity(-1, before)
        self._activity(1, facts)

    def task(self, before: TaskRow | None, now: TaskRow) -> None:
        """Take in a task's row."""
        was_due = None if before is None else _due_of(before)
        is_due = _due_of(now)
        if is_due == was_due:
            return
        if is_due is not None:
            self._due[now.id] = is_due
        else:
            self._not_due.append(now.id)

    def incident(self, before: IncidentRow | None, now: IncidentRow) -> None:
        """Take in an incident's row."""
        for sign, row in ((-1, before), (1, now)):
            if row is not None:
                definition = row.process_definition_id, row.tenant_id
                is_open = row.state == OPEN
                self._gathered.incident(sign, definition, row.element_id, row.create_micros, is_open=is_open)

    def write(self) -> Program[None]:
        """Add what was gathered to what is stored. Comes last in a transaction, as a shard is locked from here on."""
        if self._due:
            rows = [self._due[key] for key in sorted(self._due)]
            yield UpsertMany(DUE_TABLE, DUE_COLUMNS, ("task_id",), DUE_COLUMNS[1:], rows)
        if self._not_due:
            yield DeleteMany(DUE_TABLE, ("task_id",), [(key,) for key in sorted(self._not_due)])
        gathered = self._gathered
        processes, elements = gathered.processes, gathered.elements
        if not processes and not elements:
            return
        yield from _write_definitions(gathered)
        shard = yield from _lock_shard()
        yield from _write_processes(processes, shard)
        yield from _write_elements(elements, shard)

    def _instance(self, sign: int, row: InstanceRow) -> None:
        facts = DefinitionFacts(
            row.process_definition_id, row.tenant_id, row.process_definition_key, row.process_definition_version
        )
        self._gathered.instance(sign, facts, row.status, row.start_micros, row.end_micros)

    def _activity(self, sign: int, facts: Row) -> None:
        definition_id, tenant, element_id, kind, name, state, start, end = facts
        self._gathered.activity(sign, (definition_id, tenant), (element_id, kind, name), state, start, end)


def _facts_of(row: InstanceRow) -> tuple[Any, ...]:
    return row.process_definition_id, row.tenant_id, row.status, row.start_micros, row.end_micros


def _due_of(row: TaskRow) -> Row | None:
    if row.state != OPEN or row.due_micros is None:
        return None
    return row.id, row.due_micros, row.tenant_id, row.process_definition_key


def _lock_shard() -> Program[int]:
    """Lock a shard until the transaction ends: the first one that is free, and where all are taken, the first one."""
    sql = f"SELECT number FROM {SHARD_TABLE} ORDER BY number LIMIT 1"
    rows: list[Row] = yield Fetch(sql, lock=True, skip_locked=True)
    if not rows:
        rows = yield Fetch(sql, lock=True)
    shard: int = rows[0][0]
    return shard


def _write_definitions(gathered: Contributions) -> Program[None]:
    keys = list(gathered.definitions)
    if not keys:
        return
    # Read before, as writing what is there already would lock it and let consumers wait for each other.
    stored: list[Row] = yield FetchKeys(DEFINITION_TABLE, DEFINITION_KEY, DEFINITION_KEY, keys)
    known = set(stored)
    rows = [
        (*key, facts.process_definition_key, facts.version)
        for key, facts in sorted(gathered.definitions.items(), key=lambda item: item[0])
        if key not in known
    ]
    if rows:
        yield UpsertMany(DEFINITION_TABLE, DEFINITION_COLUMNS, DEFINITION_KEY, (), rows)


def _write_processes(processes: dict[ProcessKey, ProcessCounts], shard: int) -> Program[None]:
    if not processes:
        return
    columns = (*PROCESS_KEY, *PROCESS_COUNTS)
    keys = [(*key, shard) for key in sorted(processes)]
    stored: list[Row] = yield FetchKeys(PROCESS_TABLE, columns, PROCESS_KEY, keys)
    for row in stored:
        _join_process(processes[row[:3]], row[4:])
    yield from write_joined(
        PROCESS_TABLE, columns, stored, [(*key, *_process_row(processes[key[:3]])) for key in keys], PROCESS_KEY
    )


def _write_elements(elements: dict[ElementKey, ElementCounts], shard: int) -> Program[None]:
    if not elements:
        return
    columns = (*ELEMENT_KEY, *ELEMENT_COUNTS)
    keys = [(*key, shard) for key in sorted(elements)]
    stored: list[Row] = yield FetchKeys(ELEMENT_TABLE, columns, ELEMENT_KEY, keys)
    for row in stored:
        _join_element(elements[row[:4]], row[5:])
    yield from write_joined(
        ELEMENT_TABLE, columns, stored, [(*key, *_element_row(elements[key[:4]])) for key in keys], ELEMENT_KEY
    )


def _join_process(counts: ProcessCounts, stored: Row) -> None:
    running, paused, started, completed, failed, terminated, seconds, micros, sketch, quarters = stored
    counts.running += running
    counts.paused += paused
    counts.started += started
    counts.completed += completed
    counts.failed += failed
    counts.terminated += terminated
    _join_durations(counts.durations, seconds, micros, sketch)
    add(counts.quarters, decode(quarters))


def _join_element(counts: ElementCounts, stored: Row) -> None:
    entered, completed, terminated, incidents, opened, open_starts, seconds, micros, sketch, kind, name = stored
    counts.entered += entered
    counts.completed += completed
    counts.terminated += terminated
    counts.incidents += incidents
    counts.open_incidents += opened
    counts.open_start_seconds += open_starts
    _join_durations(counts.durations, seconds, micros, sketch)
    counts.element_type = max(counts.element_type, kind)
    counts.element_name = max(counts.element_name, name)


def _join_durations(durations: Durations, seconds: int, micros: int, sketch: bytes) -> None:
    durations.seconds += seconds
    durations.micros += micros
    add(durations.sketch, decode(sketch))


def _process_row(counts: ProcessCounts) -> Row:
    return (
        counts.running,
        counts.paused,
        counts.started,
        counts.completed,
        counts.failed,
        counts.terminated,
        counts.durations.seconds,
        counts.durations.micros,
        encode(counts.durations.sketch),
        encode(counts.quarters),
    )


def _element_row(counts: ElementCounts) -> Row:
    return (
        counts.entered,
        counts.completed,
        counts.terminated,
        counts.incidents,
        counts.open_incidents,
        counts.open_start_seconds,
        counts.durations.seconds,
        counts.durations.micros,
        encode(counts.durations.sketch),
        counts.element_type,
        counts.element_name,
    )
