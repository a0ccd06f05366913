"""Statistics as tests compare them: read from the tables, and counted from events by hand."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from flowmesh.events.v1.event_pb2 import EventEnvelope

from history_svc.queries.statistics import (
    Scope,
    definitions,
    duration_rows,
    durations,
    element_rows,
    elements,
    page_of_processes,
    process_counts,
    throughput,
    throughput_rows,
)
from history_svc.statistics.contributions import day_of
from history_svc.statistics.durations import bucket_of, percentiles, value_of
from history_svc.storage.statistics_layout import DUE_COLUMNS, DUE_TABLE
from mesh.access.rows import ALL_ROWS
from mesh.db.database import Database
from mesh.db.statements import Fetch, Program

HOUR_MICROS = 3_600_000_000
SHARES = (0.5, 0.9, 0.99)
TABLES = (
    "statistics_definition",
    "statistics_process",
    "statistics_element",
    "statistics_due_task",
    "statistics_incident",
    "history_purge",
    "retention_policy",
    "retention_instance",
    "history_archive",
    "archived_record",
)
STATES = ("running", "paused", "completed", "failed", "terminated")


@dataclass
class Counted:
    """All that statistics tell, in the simplest shape."""

    states: dict[str, dict[str, int]] = field(default_factory=dict)
    hours: dict[int, list[int]] = field(default_factory=dict)
    durations: list[int] = field(default_factory=list)
    by_day: dict[int, int] = field(default_factory=dict)
    elements: dict[str, list[int]] = field(default_factory=dict)
    due: list[tuple[str, int]] = field(default_factory=list)
    """Durations are their count and sum."""
    percentiles: list[int] = field(default_factory=list)
    """Of the durations of instances, as the middles of the buckets in which the exact ones lie."""
    element_percentiles: dict[str, list[int]] = field(default_factory=dict)


async def read(database: Database, first: int, last: int) -> Counted:
    """Read everything of the hours from `first` to `last`, both in hours since the Unix epoch."""
    bounds = [hour * HOUR_MICROS for hour in range(first, last + 2)]
    days = range(day_of(bounds[0]), day_of(bounds[-1]) + 1)
    scope = Scope(ALL_ROWS)

    def program() -> Program[Any]:
        processes = yield from page_of_processes(scope, None, 1000)
        hours = yield from throughput_rows(scope, bounds)
        spans = yield from duration_rows(scope, days)
        found = yield from definitions(scope)
        of_elements = yield from element_rows(found, None)
        of_days = yield from element_rows(found, days)
        of_months = yield from element_rows(found, range(days.start - 100, days.stop + 100))
        due = yield Fetch(f"SELECT {','.join(DUE_COLUMNS[:2])} FROM {DUE_TABLE} ORDER BY task_id")
        return processes, hours, spans, of_elements, of_days, of_months, due

    processes, hours, spans, of_elements, of_days, of_months, due = await database.read(program())
    counted = Counted()
    for definition, of_definition in zip(processes[0], process_counts(*processes), strict=True):
        # Of all tenants together.
        states = counted.states.setdefault(definition.id, dict.fromkeys(STATES, 0))
        for state in STATES:
            states[state] += getattr(of_definition, state)
    counted.states = {name: states for name, states in counted.states.items() if any(states.values())}
    for number, values in enumerate(throughput(hours, bounds)):
        if any(values):
            counted.hours[first + number] = values
    together, by_day = durations(spans)
    counted.durations = [together.count, together.total_micros]
    counted.by_day = {day: one.count for day, one in by_day.items()}
    counted.percentiles = percentiles(together.sketch, SHARES)
    since_ever = elements(of_elements, all_time=True)
    in_days = elements(of_days, all_time=False)
    assert since_ever == in_days, "the days have all that there is"
    assert since_ever == elements(of_months, all_time=False), "months and days have it once"
    for element_id, element in since_ever.items():
        counts = element.counts
        counted.elements[element_id] = [
            counts.entered,
            counts.completed,
            counts.terminated,
            element.running,
            counts.incidents,
            element.open_incidents,
            counts.durations.count,
            counts.durations.total_micros,
            element.running_start_seconds,
        ]
        counted.element_percentiles[element_id] = percentiles(counts.durations.sketch, SHARES)
    counted.due = [(task_id, due_micros) for task_id, due_micros in due]
    return counted


def by_hand(events: Iterable[EventEnvelope]) -> Counted:
    """Count what events say, each instance's in its order."""
    lives: dict[str, list[tuple[int, int, str, Any, int]]] = defaultdict(list)
    for event in {event.event_id: event for event in events}.values():
        name = event.WhichOneof("payload") or ""
        payload = getattr(event, name)
        reference = payload.process_instance
        micros = _micros(event.timestamp)
        lives[reference.id].append((reference.revision, reference.ordinal, name, payload, micros))
    counted = Counted(durations=[0, 0])
    states: dict[str, Counter[str]] = defaultdict(Counter)
    hours: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    by_day: Counter[int] = Counter()
    of_elements: dict[str, list[int]] = defaultdict(lambda: [0] * 9)
    taken: list[int] = []
    spent: dict[str, list[int]] = defaultdict(list)
    for told in lives.values():
        told.sort(key=lambda one: one[:2])
        _count_instance(told, counted, states, hours, by_day, taken)
        _count_elements(told, of_elements, spent)
        _count_tasks(told, counted)
    counted.states = {key: {state: counter[state] for state in STATES} for key, counter in states.items()}
    counted.hours = dict(hours)
    counted.by_day = dict(by_day)
    counted.elements = dict(of_elements)
    counted.percentiles = _buckets(taken)
    counted.element_percentiles = {element_id: _buckets(spent[element_id]) for element_id in of_elements}
    counted.due.sort()
    return counted


def _buckets(durations: Sequence[int]) -> list[int]:
    return [value_of(bucket_of(nearest_rank(durations, share))) for share in SHARES] if durations else []


def _count_instance(
    told: Sequence[Any], counted: Counted, states: Any, hours: Any, by_day: Any, taken: list[int]
) -> None:
    state, start, end = "running", 0, 0
    definition = ""
    for _, _, name, payload, micros in told:
        definition = payload.process_instance.process_definition_id
        if name == "process_instance_started":
            start = micros
            hours[micros // HOUR_MICROS][0] += 1
        elif name == "process_instance_suspended":
            state = "paused"
        elif name == "process_instance_resumed":
            state = "running"
        elif name in ("process_instance_completed", "process_instance_failed", "process_instance_terminated"):
            state, end = name.removeprefix("process_instance_"), micros
    states[definition][state] += 1
    if end:
        hours[end // HOUR_MICROS][STATES.index(state) - 1] += 1
        by_day[day_of(end)] += 1
        counted.durations[0] += 1
        counted.durations[1] += end - start
        taken.append(end - start)


def _count_elements(told: Sequence[Any], of_elements: dict[str, list[int]], spent: dict[str, list[int]]) -> None:
    activities: dict[str, Any] = {}
    incidents: dict[str, str] = {}
    for _, _, name, payload, micros in told:
        if name.startswith("activity_"):
            activities[payload.activity.id] = name, payload, micros
        elif name == "incident_raised":
            incidents[payload.incident_id] = payload.element_id
            of_elements[payload.element_id][4] += 1
            of_elements[payload.element_id][5] += 1
        elif name == "incident_resolved":
            of_elements[incidents[payload.incident_id]][5] -= 1
    for name, payload, micros in activities.values():
        counts = of_elements[payload.activity.element_id]
        counts[0] += 1
        if name == "activity_started":
            counts[3] += 1
            counts[8] += micros // 1_000_000
        else:
            counts[1 if name == "activity_completed" else 2] += 1
            counts[6] += 1
            counts[7] += micros - _micros(payload.start_time)
            spent[payload.activity.element_id].append(micros - _micros(payload.start_time))


def _count_tasks(told: Sequence[Any], counted: Counted) -> None:
    due: dict[str, int | None] = {}
    for _, _, name, payload, _ in told:
        if name in ("user_task_created", "user_task_updated"):
            due[payload.task_id] = _micros(payload.due_time) if payload.HasField("due_time") else None
        elif name in ("user_task_completed", "user_task_terminated"):
            due[payload.task_id] = None
    counted.due += [(task, micros) for task, micros in due.items() if micros is not None]


def nearest_rank(values: Sequence[int], share: float) -> int:
    """The exact percentile."""
    return sorted(values)[max(1, math.ceil(share * len(values) - 1e-9)) - 1]


def _micros(time: Any) -> int:
    return int(time.seconds) * 1_000_000 + int(time.nanos) // 1000
