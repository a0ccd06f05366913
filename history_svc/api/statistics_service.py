"""`flowmesh.history.v1.StatisticsService`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol, TypeVar

from flowmesh.history.v1 import statistics_service_pb2 as pb
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from history_svc.api.mapping import task_of
from history_svc.api.statistics_mapping import (
    activity_statistics,
    duration_statistics,
    process_statistics,
    timestamp,
    version_statistics,
)
from history_svc.queries.commit_waits import CommitWaits
from history_svc.queries.overdue_tasks import MAX_COUNTED, overdue_tasks
from history_svc.queries.statistics import (
    Definition,
    Scope,
    TooWide,
    definitions,
    duration_rows,
    durations,
    element_rows,
    elements,
    page_of_processes,
    process_counts,
    throughput,
    throughput_rows,
    time_shares,
    version_rows,
)
from history_svc.statistics.contributions import DAY_MICROS, Durations, ProcessCounts, day_of
from history_svc.statistics.periods import DAY, HOUR, MAX_PERIODS, TimeZoneUnknown, TooManyPeriods, periods, zone_of
from history_svc.statistics.sparse_counts import add
from mesh.call import open_rows
from mesh.clock import Clock
from mesh.db.database import Database
from mesh.db.statements import Program
from mesh.errors import InvalidField, Violation
from mesh.paging import decode_page_token, encode_page_token, page_size_of

T = TypeVar("T")

MAX_DAYS: Final = 1_000
MAX_ELEMENT_DAYS: Final = 400
DEFAULT_BOTTLENECKS: Final = 10
ROWS_ON_THE_LOOP: Final = 100
"""More rows are added up in a thread."""


class StatisticsServicer:
    """Serves StatisticsService. `database` is one that calls are served from."""

    def __init__(self, database: Database, waits: CommitWaits, clock: Clock) -> None:
        self._database = database
        self._waits = waits
        self._clock = clock

    async def ListProcessStatistics(self, request: pb.ListProcessStatisticsRequest) -> pb.ListProcessStatisticsResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, str, int, str, str)
        await self._waits.wait(request.after_commit_token)
        found, rows = await self._database.read(page_of_processes(_scope(request), after, size + 1))
        counts = await _computed(rows, lambda: process_counts(found, rows))
        answer = pb.ListProcessStatisticsResponse(
            process_statistics=[process_statistics(*one) for one in zip(found[:size], counts, strict=False)],
        )
        if len(found) > size:
            last = found[size - 1]
            answer.next_page_token = encode_page_token(request, (last.key, last.version, last.id, last.tenant_id))
        return answer

    async def GetThroughput(self, request: pb.GetThroughputRequest) -> pb.GetThroughputResponse:
        """See the contract."""
        start, end = _range(request)
        kind = HOUR if request.period == pb.GetThroughputRequest.PERIOD_HOUR else DAY
        try:
            bounds = periods(start, end, kind, zone_of(request.time_zone))
        except TimeZoneUnknown as error:
            raise InvalidField(
                "TIME_ZONE_UNKNOWN",
                f"The IANA database has no time zone {request.time_zone}.",
                metadata={"time_zone": request.time_zone},
                violations=[Violation("time_zone", "Must be a name such as Asia/Shanghai.")],
            ) from error
        except TooManyPeriods as error:
            raise _too_wide(f"{MAX_PERIODS} periods", MAX_PERIODS, "a shorter time, or longer periods") from error
        await self._waits.wait(request.after_commit_token)
        rows = await self._read(throughput_rows(_scope(request), bounds))
        counts = await _computed(rows, lambda: throughput(rows, bounds))
        return pb.GetThroughputResponse(
            periods=[
                pb.ThroughputPeriod(
                    start_time=timestamp(bounds[number]),
                    end_time=timestamp(bounds[number + 1]),
                    started=started,
                    completed=completed,
                    failed=failed,
                    terminated=terminated,
                )
                for number, (started, completed, failed, terminated) in enumerate(counts)
            ]
        )

    async def GetDurations(self, request: pb.GetDurationsRequest) -> pb.GetDurationsResponse:
        """See the contract."""
        days = _days(*_range(request), MAX_DAYS)
        await self._waits.wait(request.after_commit_token)
        rows = await self._read(duration_rows(_scope(request), days))

        def answer() -> pb.GetDurationsResponse:
            together, by_day = durations(rows)
            return pb.GetDurationsResponse(
                durations=duration_statistics(together),
                days=[
                    pb.DailyDurations(start_time=timestamp(day * DAY_MICROS), durations=duration_statistics(one))
                    for day, one in by_day.items()
                ],
            )

        return await _computed(rows, answer)

    async def GetActivityStatistics(self, request: pb.GetActivityStatisticsRequest) -> pb.GetActivityStatisticsResponse:
        """See the contract."""
        activities = await self._activities(request)
        return pb.GetActivityStatisticsResponse(activities=activities)

    async def ListBottlenecks(self, request: pb.ListBottlenecksRequest) -> pb.ListBottlenecksResponse:
        """See the contract."""
        activities = await self._activities(request)
        slow = [activity for activity in activities if activity.time_share > 0]
        slow.sort(key=lambda activity: (-activity.time_share, activity.element_id))
        return pb.ListBottlenecksResponse(activities=slow[: request.page_size or DEFAULT_BOTTLENECKS])

    async def ListOverdueTasks(self, request: pb.ListOverdueTasksRequest) -> pb.ListOverdueTasksResponse:
        """See the contract."""
        after = decode_page_token(request, int, str)
        due_before = _micros(request.due_before) if request.HasField("due_before") else self._clock.now_micros()
        await self._waits.wait(request.after_commit_token)
        found = await self._database.read(
            overdue_tasks(
                open_rows(),
                request.tenant_id,
                request.process_definition_key,
                due_before,
                after,
                page_size_of(request),
            )
        )
        return pb.ListOverdueTasksResponse(
            historic_tasks=[task_of(row) for row in found.rows],
            next_page_token="" if found.next_key is None else encode_page_token(request, found.next_key),
            total_size=min(found.total, MAX_COUNTED),
            total_exceeded=found.total > MAX_COUNTED,
        )

    async def CompareVersions(self, request: pb.CompareVersionsRequest) -> pb.CompareVersionsResponse:
        """See the contract."""
        days = _days_if_given(request)
        versions = (request.base_version, request.other_version)
        scope = Scope(open_rows(), request.process_definition_key, "", request.tenant_id, tuple(set(versions)))
        await self._waits.wait(request.after_commit_token)
        now = self._clock.now_micros()

        def read() -> Program[list[tuple[list[Definition], list[Any], list[Any]]]]:
            found = yield from definitions(scope)
            sides = []
            for version in versions:
                of_version = [one for one in found if one.version == version]
                rows = yield from version_rows(of_version, days)
                sides.append((of_version, rows, (yield from element_rows(of_version, days))))
            return sides

        sides = await self._read(read())

        def answer() -> pb.CompareVersionsResponse:
            counts = [_together(process_counts(found, rows)) for found, rows, _ in sides]
            base, other = (elements(rows, all_time=days is None) for _, _, rows in sides)
            compared = pb.CompareVersionsResponse(
                base=version_statistics(request.base_version, counts[0]),
                other=version_statistics(request.other_version, counts[1]),
            )
            shares = time_shares(base), time_shares(other)
            for element_id in sorted({*base, *other}):
                activity = compared.activities.add(element_id=element_id)
                for into, side, share_of in zip((activity.base, activity.other), (base, other), shares, strict=True):
                    if element_id in side:
                        share = share_of.get(element_id, 0.0)
                        into.CopyFrom(activity_statistics(element_id, side[element_id], share, now))
            return compared

        return await _computed([row for _, *both in sides for rows in both for row in rows], answer)

    async def _activities(
        self, request: pb.GetActivityStatisticsRequest | pb.ListBottlenecksRequest
    ) -> list[pb.ActivityStatistics]:
        scope = _scope(request)
        if not scope.key and not scope.definition_id:
            text = "Must be given where process_definition_id is not."
            raise InvalidField(
                "FIELD_INVALID",
                "Name a process by its key or its id.",
                violations=[Violation("process_definition_key", text)],
            )
        days = _days_if_given(request)
        await self._waits.wait(request.after_commit_token)

        def read() -> Program[list[Any]]:
            found: list[Definition] = yield from definitions(scope)
            return (yield from element_rows(found, days))

        rows = await self._read(read())
        now = self._clock.now_micros()

        def answer() -> list[pb.ActivityStatistics]:
            found = elements(rows, all_time=days is None)
            shares = time_shares(found)
            return [
                activity_statistics(element_id, element, shares.get(element_id, 0.0), now)
                for element_id, element in found.items()
            ]

        return await _computed(rows, answer)

    async def _read(self, program: Program[T]) -> T:
        try:
            return await self._database.read(program)
        except TooWide as error:
            raise _too_wide("what one answer is added up from", int(error.args[0])) from error


class _Asks(Protocol):
    process_definition_key: str
    process_definition_id: str
    tenant_id: str


async def _computed(rows: Sequence[Any], compute: Callable[[], T]) -> T:
    return compute() if len(rows) <= ROWS_ON_THE_LOOP else await asyncio.to_thread(compute)


def _scope(request: _Asks) -> Scope:
    return Scope(open_rows(), request.process_definition_key, request.process_definition_id, request.tenant_id)


def _together(counts: Sequence[ProcessCounts]) -> ProcessCounts:
    total = ProcessCounts(durations=Durations())
    for one in counts:
        total.started += one.started
        total.completed += one.completed
        total.failed += one.failed
        total.terminated += one.terminated
        total.durations.seconds += one.durations.seconds
        total.durations.micros += one.durations.micros
        add(total.durations.sketch, one.durations.sketch)
    return total


def _range(request: Any) -> tuple[int, int]:
    start, end = _micros(request.start_time), _micros(request.end_time)
    if start >= end:
        raise InvalidField(
            "FIELD_INVALID",
            "The time ends before it begins.",
            violations=[Violation("end_time", "Must be later than start_time.")],
        )
    return start, end


def _days_if_given(request: Message) -> range | None:
    given = [name for name in ("start_time", "end_time") if request.HasField(name)]
    if not given:
        return None
    if len(given) == 1:
        missing = "end_time" if given == ["start_time"] else "start_time"
        raise InvalidField(
            "FIELD_INVALID",
            "A time has a start and an end.",
            violations=[Violation(missing, f"Must be given together with {given[0]}.")],
        )
    return _days(*_range(request), MAX_ELEMENT_DAYS)


def _days(start: int, end: int, limit: int) -> range:
    days = range(day_of(start), day_of(end - 1) + 1)
    if len(days) > limit:
        raise _too_wide(f"{limit} days", limit, "a shorter time")
    return days


def _too_wide(what: str, limit: int, instead: str = "a process, a tenant or a shorter time") -> InvalidField:
    return InvalidField(
        "STATISTICS_TOO_WIDE",
        f"That is more than {what}: name {instead}.",
        metadata={"limit": str(limit)},
    )


def _micros(time: Timestamp) -> int:
    return time.seconds * 1_000_000 + time.nanos // 1_000
