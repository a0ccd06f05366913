"""What rows of history add to statistics.

Statistics are a sum over the rows. A row that changes takes away what it added before and adds what it adds now. So
they depend on the rows alone: not on the order of events, nor on how often each came.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from history_svc.statistics.durations import bucket_of
from history_svc.statistics.sparse_counts import add
from history_svc.storage.layout import (
    COMPLETED,
    INSTANCE_COMPLETED,
    INSTANCE_FAILED,
    INSTANCE_PAUSED,
    INSTANCE_RUNNING,
    INSTANCE_TERMINATED,
    OPEN,
    UNKNOWN_TIME,
)

ALL_TIME: Final = -(2**31)
"""Stands in the place of a day for all of them together. Days are counted from the Unix epoch, in UTC."""
MONTHS: Final = -(2**30)
"""From here on numbers in the place of a day are those of months, see `month_of`. Elements are counted by month as
well, so that a year is not added up from 365 days."""
EVERY_DEFINITION: Final = ""
"""Stands in the place of a definition's id for all of a tenant together."""
MICROS: Final = 1_000_000
DAY_MICROS: Final = 86_400 * MICROS
QUARTER_MICROS: Final = 900 * MICROS
QUARTERS: Final = 96
MEASURES: Final = 4
"""A day's quarters of an hour count four things: started, completed, failed, terminated."""
STARTED: Final = 0

_EPOCH: Final = date(1970, 1, 1)
_ENDINGS: Final = {INSTANCE_COMPLETED: 1, INSTANCE_FAILED: 2, INSTANCE_TERMINATED: 3}
"""Which measure counts an end."""


@dataclass(slots=True)
class Durations:
    """Durations that were added up: their sum, in two numbers that do not overflow in a database, and a sketch."""

    seconds: int = 0
    micros: int = 0
    sketch: dict[int, int] = field(default_factory=dict)

    def add(self, sign: int, micros: int) -> None:
        """Count a duration, or, with the sign -1, count it no more."""
        seconds, rest = divmod(micros, MICROS)
        self.seconds += sign * seconds
        self.micros += sign * rest
        bucket = bucket_of(micros)
        self.sketch[bucket] = self.sketch.get(bucket, 0) + sign

    def join(self, other: Durations) -> None:
        """Add durations that were added up elsewhere."""
        self.seconds += other.seconds
        self.micros += other.micros
        add(self.sketch, other.sketch)

    @property
    def total_micros(self) -> int:
        """The sum."""
        return self.seconds * MICROS + self.micros

    @property
    def count(self) -> int:
        """How many."""
        return sum(self.sketch.values())


@dataclass(slots=True)
class ProcessCounts:
    """What is counted of a definition's instances, on a day or of all time.

    `running` and `paused` are of all time alone. `quarters`: see `quarter_of`; of a day alone.
    """

    running: int = 0
    paused: int = 0
    started: int = 0
    completed: int = 0
    failed: int = 0
    terminated: int = 0
    durations: Durations = field(default_factory=Durations)
    quarters: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class ElementCounts:
    """What is counted of an element, on a day or of all time.

    `open_incidents` and `open_start_seconds`, the sum of the start times of runs that are open, are of all time alone.
    """

    entered: int = 0
    completed: int = 0
    terminated: int = 0
    incidents: int = 0
    open_incidents: int = 0
    open_start_seconds: int = 0
    durations: Durations = field(default_factory=Durations)
    element_type: str = ""
    element_name: str = ""


@dataclass(slots=True, frozen=True)
class DefinitionFacts:
    """What statistics have to know of a definition to find it."""

    process_definition_id: str
    tenant_id: str
    process_definition_key: str
    version: int


@dataclass(slots=True)
class _Alike:
    """Rows that add the same to the same counts, but for their durations, and for when those began that are open."""

    count: int = 0
    durations: Durations = field(default_factory=Durations)
    start_seconds: int = 0


_Runs = tuple[str, str, str, str, str, int, "int | None", "int | None"]
"""Definition id, tenant; an element's id, type and name; state; the day of the start, of the end."""
_Instances = tuple[str, str, int, "int | None", "int | None"]
"""Definition id, tenant; status; the quarter of an hour of the start, of the end."""

ProcessKey = tuple[str, str, int]
"""Definition id, tenant, day."""
ElementKey = tuple[str, str, int, str]
"""Definition id, tenant, day, element id."""


class Contributions:
    """Gathers what rows add, or add no more. What is gathered is to be added to what is stored.

    Rows that are alike are counted together first, as each of them adds to counts of several periods.
    """

    def __init__(self) -> None:
        self.definitions: dict[tuple[str, str], DefinitionFacts] = {}
        self._processes: dict[ProcessKey, ProcessCounts] = {}
        self._elements: dict[ElementKey, ElementCounts] = {}
        self._instances: dict[_Instances, _Alike] = {}
        self._runs: dict[_Runs, _Alike] = {}

    @property
    def processes(self) -> dict[ProcessKey, ProcessCounts]:
        """What instances add, by definition and day, and by tenant and day."""
        instances, self._instances = self._instances, {}
        for (definition_id, tenant_id, status, start, end), alike in instances.items():
            self._count_instances((definition_id, tenant_id), status, start, end, alike)
            self._count_instances((EVERY_DEFINITION, tenant_id), status, start, end, alike)
        return self._processes

    @property
    def elements(self) -> dict[ElementKey, ElementCounts]:
        """What runs through elements and incidents add, by element and day."""
        runs, self._runs = self._runs, {}
        for (definition_id, tenant_id, element_id, kind, name, state, start, end), alike in runs.items():
            self._count_runs((definition_id, tenant_id), (element_id, kind, name), state, start, end, alike)
        return self._elements

    def instance(
        self,
        sign: int,
        definition: DefinitionFacts,
        status: int,
        start_micros: int,
        end_micros: int | None,
    ) -> None:
        """Count an instance, or, with the sign -1, count it no more."""
        name = definition.process_definition_id, definition.tenant_id
        self.definitions.setdefault(name, definition)
        start = None if start_micros == UNKNOWN_TIME else start_micros // QUARTER_MICROS
        end = None if end_micros is None or status not in _ENDINGS else end_micros // QUARTER_MICROS
        key = (*name, status, start, end)
        alike = self._instances.get(key)
        if alike is None:
            alike = self._instances[key] = _Alike()
        alike.count += sign
        if start is not None and end is not None and end_micros is not None:
            # Clocks of two machines may disagree; nothing takes less than no time.
            alike.durations.add(sign, max(0, end_micros - start_micros))

    def activity(
        self,
        sign: int,
        definition: tuple[str, str],
        element: tuple[str, str, str],
        state: int,
        start_micros: int,
        end_micros: int | None,
    ) -> None:
        """Count a run through an element; `element`: id, type, name. `definition`: id, tenant."""
        start = None if start_micros == UNKNOWN_TIME else start_micros // DAY_MICROS
        end = None if end_micros is None or state == OPEN else end_micros // DAY_MICROS
        key = (*definition, *element, state, start, end)
        alike = self._runs.get(key)
        if alike is None:
            alike = self._runs[key] = _Alike()
        alike.count += sign
        if end is None or end_micros is None:
            alike.start_seconds += sign * (start_micros // MICROS)
        elif start is not None:
            alike.durations.add(sign, max(0, end_micros - start_micros))

    def incident(
        self, sign: int, definition: tuple[str, str], element_id: str, raised_micros: int, *, is_open: bool
    ) -> None:
        """Count an incident."""
        element = element_id, "", ""
        of_all = self._element(definition, ALL_TIME, element)
        of_all.open_incidents += sign * is_open
        if raised_micros != UNKNOWN_TIME:
            of_all.incidents += sign
            day = day_of(raised_micros)
            self._element(definition, day, element).incidents += sign
            self._element(definition, month_of(day), element).incidents += sign

    def _count_runs(
        self,
        definition: tuple[str, str],
        element: tuple[str, str, str],
        state: int,
        start_day: int | None,
        end_day: int | None,
        alike: _Alike,
    ) -> None:
        of_all = self._element(definition, ALL_TIME, element)
        of_all.entered += alike.count
        if start_day is not None:
            self._element(definition, start_day, element).entered += alike.count
            self._element(definition, month_of(start_day), element).entered += alike.count
        if end_day is None:
            of_all.open_start_seconds += alike.start_seconds
            return
        for counts in (
            of_all,
            self._element(definition, end_day, element),
            self._element(definition, month_of(end_day), element),
        ):
            if state == COMPLETED:
                counts.completed += alike.count
            else:
                counts.terminated += alike.count
            counts.durations.join(alike.durations)

    def _count_instances(
        self, name: tuple[str, str], status: int, start_quarter: int | None, end_quarter: int | None, alike: _Alike
    ) -> None:
        of_all = self._process(name, ALL_TIME)
        if status == INSTANCE_RUNNING:
            of_all.running += alike.count
        elif status == INSTANCE_PAUSED:
            of_all.paused += alike.count
        if start_quarter is not None:
            of_all.started += alike.count
            of_day = self._process(name, start_quarter // QUARTERS)
            of_day.started += alike.count
            _count_quarter(of_day, alike.count, start_quarter, STARTED)
        if end_quarter is None:
            return
        measure = _ENDINGS[status]
        of_day = self._process(name, end_quarter // QUARTERS)
        _count_quarter(of_day, alike.count, end_quarter, measure)
        for counts in (of_all, of_day):
            if measure == _ENDINGS[INSTANCE_COMPLETED]:
                counts.completed += alike.count
            elif measure == _ENDINGS[INSTANCE_FAILED]:
                counts.failed += alike.count
            else:
                counts.terminated += alike.count
            counts.durations.join(alike.durations)

    def _process(self, name: tuple[str, str], day: int) -> ProcessCounts:
        key = (*name, day)
        counts = self._processes.get(key)
        if counts is None:
            counts = self._processes[key] = ProcessCounts()
        return counts

    def _element(self, name: tuple[str, str], day: int, element: tuple[str, str, str]) -> ElementCounts:
        key = (*name, day, element[0])
        counts = self._elements.get(key)
        if counts is None:
            counts = self._elements[key] = ElementCounts()
        # Of several that events tell for one element the last one by the alphabet, in whatever order they come.
        if element[1] > counts.element_type:
            counts.element_type = element[1]
        if element[2] > counts.element_name:
            counts.element_name = element[2]
        return counts


def day_of(micros: int) -> int:
    """Return the day of a time, counted from the Unix epoch, in UTC."""
    return micros // DAY_MICROS


@lru_cache(maxsize=1_000)
def month_of(day: int) -> int:
    """Return the number of the month of a day."""
    try:
        found = _EPOCH + timedelta(days=day)
    except OverflowError:
        # Of a year that no calendar has; nobody can ask for it either.
        return MONTHS
    return month_number(found.year, found.month)


def month_number(year: int, month: int) -> int:
    """Return the number of a month; months that follow each other have numbers that do."""
    return MONTHS + year * 12 + month


def quarter_of(quarter: int, measure: int) -> int:
    """Return under which number a quarter of an hour of a day counts a measure."""
    return quarter * MEASURES + measure


def _count_quarter(counts: ProcessCounts, count: int, quarter: int, measure: int) -> None:
    """Count something in a quarter of an hour, which is counted from the Unix epoch."""
    number = quarter_of(quarter % QUARTERS, measure)
    counts.quarters[number] = counts.quarters.get(number, 0) + count
