"""Reads of statistics: rows by definition and day, added up. None of them looks at the rows of history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from history_svc.statistics.contributions import (
    ALL_TIME,
    DAY_MICROS,
    EVERY_DEFINITION,
    MEASURES,
    QUARTER_MICROS,
    Durations,
    ElementCounts,
    ProcessCounts,
    day_of,
    month_of,
)
from history_svc.statistics.sparse_counts import add, decode
from history_svc.storage.statistics_layout import DEFINITION_COLUMNS, DEFINITION_TABLE, ELEMENT_TABLE, PROCESS_TABLE
from mesh.access.row_conditions import row_condition
from mesh.access.rows import Rows
from mesh.db.select import Select
from mesh.db.statements import FetchKeys, Program, Row

MAX_DEFINITIONS: Final = 500
MAX_ROWS: Final = 12_000
"""Rows that one answer is added up from."""
DEFINITION_ORDER: Final = ("process_definition_key", "version", "process_definition_id", "tenant_id")
CONTAINERS: Final = frozenset({"process", "subProcess", "adHocSubProcess", "transaction", "eventSubProcess"})
"""Elements whose time is that of the elements in them."""

_PROCESS: Final = (
    "process_definition_id",
    "tenant_id",
    "running",
    "paused",
    "started",
    "completed",
    "failed",
    "terminated_count",
    "duration_seconds",
    "duration_micros",
    "sketch",
)
_ELEMENT: Final = (
    "day",
    "element_id",
    "entered",
    "completed",
    "terminated_count",
    "incidents",
    "open_incidents",
    "open_start_seconds",
    "duration_seconds",
    "duration_micros",
    "sketch",
    "element_type",
    "element_name",
)


class TooWide(ValueError):
    """What is asked for would take too much to read."""


@dataclass(slots=True, frozen=True)
class Scope:
    """Whose statistics are asked for; fields that are empty do not narrow it. `versions`: of a key, these alone."""

    opened: Rows
    key: str = ""
    definition_id: str = ""
    tenant_id: str = ""
    versions: tuple[int, ...] = ()

    def select_definitions(self) -> Select:
        """Return the query for the definitions that are meant."""
        select = Select(DEFINITION_TABLE, DEFINITION_COLUMNS).equal("process_definition_key", self.key)
        select.equal("process_definition_id", self.definition_id).equal("tenant_id", self.tenant_id)
        if self.versions:
            select.one_of("version", self.versions)
        return select.open_to(row_condition(self.opened, "tenant_id", "process_definition_key"))

    @property
    def whole_tenants(self) -> bool:
        """Whether all definitions of the tenants are meant that are open."""
        only_tenants = all(grant.keys is None and not grant.involved_only for grant in self.opened.grants)
        return only_tenants and not self.key and not self.definition_id


@dataclass(slots=True, frozen=True)
class Definition:
    """A definition as statistics know it."""

    id: str
    tenant_id: str
    key: str
    version: int


def page_of_processes(
    scope: Scope, after: Sequence[Any] | None, size: int
) -> Program[tuple[list[Definition], list[Row]]]:
    """Read so many definitions behind the sort key `after`, and what `process_counts` needs of all time."""
    rows: list[Row] = yield scope.select_definitions().page(DEFINITION_ORDER, after, size).fetch()
    keys = [(row[0], row[1], ALL_TIME) for row in rows]
    found: list[Row] = []
    if keys:
        found = yield FetchKeys(PROCESS_TABLE, _PROCESS, ("process_definition_id", "tenant_id", "day"), keys)
    return [Definition(*row) for row in rows], found


def process_counts(found: Sequence[Definition], rows: Iterable[Row]) -> list[ProcessCounts]:
    """Return the counts of definitions, in their order."""
    counts = {(one.id, one.tenant_id): ProcessCounts() for one in found}
    for row in rows:
        _add_process(counts[row[0], row[1]], row[2:])
    return [counts[one.id, one.tenant_id] for one in found]


def definitions(scope: Scope) -> Program[list[Definition]]:
    """Read the definitions that are meant. Raises `TooWide`."""
    rows: list[Row] = yield scope.select_definitions().page(DEFINITION_ORDER, None, MAX_DEFINITIONS + 1).fetch()
    if len(rows) > MAX_DEFINITIONS:
        raise TooWide(MAX_DEFINITIONS)
    return [Definition(*row) for row in rows]


def process_rows(scope: Scope, days: range, columns: tuple[str, ...]) -> Program[list[Row]]:
    """Read the rows of days, one row or more for a day. Raises `TooWide`."""
    if scope.whole_tenants:
        select = Select(PROCESS_TABLE, columns).where("process_definition_id=?", EVERY_DEFINITION)
        select.equal("tenant_id", scope.tenant_id).open_to(row_condition(scope.opened, "tenant_id"))
        return (yield from _rows_of_days(select, days))
    rows: list[Row] = []
    for definition in (yield from definitions(scope)):
        select = Select(PROCESS_TABLE, columns).where("process_definition_id=?", definition.id)
        select.where("tenant_id=?", definition.tenant_id)
        rows += yield from _rows_of_days(select, days, MAX_ROWS - len(rows))
    return rows


def throughput_rows(scope: Scope, bounds: Sequence[int]) -> Program[list[Row]]:
    """Read what `throughput` needs. Raises `TooWide`."""
    days = range(day_of(bounds[0]), day_of(bounds[-1] - 1) + 1)
    columns = ("day", "quarters", "started", "completed", "failed", "terminated_count")
    return (yield from process_rows(scope, days, columns))


def throughput(rows: Iterable[Row], bounds: Sequence[int]) -> list[list[int]]:
    """Return by period how many instances were started, completed, failed and terminated.

    `bounds`: where the periods begin and the last one ends, on quarters of an hour.
    """
    first = bounds[0] // QUARTER_MICROS
    period_of: list[int] = []
    for period in range(len(bounds) - 1):
        period_of += [period] * ((bounds[period + 1] - bounds[period]) // QUARTER_MICROS)
    counts = [[0] * MEASURES for _ in range(len(bounds) - 1)]
    per_day = DAY_MICROS // QUARTER_MICROS
    for day, content, *of_day in rows:
        begin = day * per_day - first
        end = begin + per_day - 1
        if begin >= 0 and end < len(period_of) and period_of[begin] == period_of[end]:
            into = counts[period_of[begin]]
            for measure, count in enumerate(of_day):
                into[measure] += count
            continue
        for number, count in decode(content).items():
            quarter, measure = divmod(number, MEASURES)
            place = begin + quarter
            if 0 <= place < len(period_of):
                counts[period_of[place]][measure] += count
    return counts


def duration_rows(scope: Scope, days: range) -> Program[list[Row]]:
    """Read what `durations` needs. Raises `TooWide`."""
    return (yield from process_rows(scope, days, ("day", "duration_seconds", "duration_micros", "sketch")))


def durations(rows: Iterable[Row]) -> tuple[Durations, dict[int, Durations]]:
    """Return the durations of all days together, and by day."""
    by_day: dict[int, Durations] = defaultdict(Durations)
    together = Durations()
    for day, seconds, micros, content in rows:
        sketch = decode(content)
        for one in (by_day[day], together):
            one.seconds += seconds
            one.micros += micros
            add(one.sketch, sketch)
    return together, {day: one for day, one in sorted(by_day.items()) if one.count}


def version_rows(found: Sequence[Definition], days: range | None) -> Program[list[Row]]:
    """Read what `process_counts` needs of definitions: of days, of all time where there are none. Raises `TooWide`."""
    rows: list[Row] = []
    for definition in found:
        select = Select(PROCESS_TABLE, _PROCESS).where("process_definition_id=?", definition.id)
        select.where("tenant_id=?", definition.tenant_id)
        rows += yield from _rows_of_days(select, days, MAX_ROWS - len(rows))
    return rows


def element_rows(found: Sequence[Definition], days: range | None) -> Program[list[Row]]:
    """Read what `elements` needs of definitions: of days, and of all time. Raises `TooWide`."""
    rows: list[Row] = []
    for definition in found:
        for part in (None,) if days is None else (None, *by_month(days)):
            select = Select(ELEMENT_TABLE, _ELEMENT).where("process_definition_id=?", definition.id)
            select.where("tenant_id=?", definition.tenant_id)
            rows += yield from _rows_of_days(select, part, MAX_ROWS - len(rows))
    return rows


def by_month(days: range) -> list[range]:
    """Return days as whole months, by their numbers, and the days before and behind these."""
    firsts = [day for day in range(days.start, days.stop + 1) if month_of(day) != month_of(day - 1)]
    if len(firsts) < 2:
        return [days]
    months = range(month_of(firsts[0]), month_of(firsts[-1]))
    return [part for part in (range(days.start, firsts[0]), months, range(firsts[-1], days.stop)) if part]


@dataclass(slots=True)
class Element:
    """What happened at an element: in the time asked for, and what is so now."""

    counts: ElementCounts
    running: int = 0
    running_start_seconds: int = 0
    open_incidents: int = 0


def elements(rows: Iterable[Row], *, all_time: bool) -> dict[str, Element]:
    """Return the elements at which something happened, by id; `all_time`: since ever, not on days."""
    found: dict[str, Element] = {}
    for day, element_id, entered, completed, terminated, incidents, opened, starts, *duration, kind, name in rows:
        element = found.get(element_id)
        if element is None:
            element = found[element_id] = Element(ElementCounts())
        counts = element.counts
        counts.element_type = max(counts.element_type, kind)
        counts.element_name = max(counts.element_name, name)
        if day == ALL_TIME:
            element.running += entered - completed - terminated
            element.running_start_seconds += starts
            element.open_incidents += opened
            if not all_time:
                continue
        counts.entered += entered
        counts.completed += completed
        counts.terminated += terminated
        counts.incidents += incidents
        _add_durations(counts.durations, *duration)
    return {
        element_id: element
        for element_id, element in sorted(found.items())
        if _happened(element.counts) or element.running or element.open_incidents
    }


def time_shares(found: dict[str, Element]) -> dict[str, float]:
    """Return by element its part of the time that was spent at all that contain no others."""
    spent = {
        element_id: element.counts.durations.total_micros
        for element_id, element in found.items()
        if element.counts.element_type not in CONTAINERS
    }
    total = sum(spent.values())
    return {element_id: micros / total if total > 0 else 0.0 for element_id, micros in spent.items()}


def _happened(counts: ElementCounts) -> bool:
    return bool(counts.entered or counts.completed or counts.terminated or counts.incidents)


def _rows_of_days(select: Select, days: range | None, limit: int = MAX_ROWS) -> Program[list[Row]]:
    if days is None:
        select.where("day=?", ALL_TIME)
    else:
        select.where("day>=?", days.start).where("day<?", days.stop)
    rows: list[Row] = yield select.page(("day",), None, limit + 1).fetch()
    if len(rows) > limit:
        raise TooWide(MAX_ROWS)
    return rows


def _add_process(counts: ProcessCounts, row: Row) -> None:
    running, paused, started, completed, failed, terminated, *duration = row
    counts.running += running
    counts.paused += paused
    counts.started += started
    counts.completed += completed
    counts.failed += failed
    counts.terminated += terminated
    _add_durations(counts.durations, *duration)


def _add_durations(into: Durations, seconds: int, micros: int, sketch: bytes) -> None:
    into.seconds += seconds
    into.micros += micros
    add(into.sketch, decode(sketch))
