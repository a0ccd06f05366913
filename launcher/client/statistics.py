"""`flowmesh statistics`: counts and durations, as the history service keeps them."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from flowmesh.history.v1 import statistics_service_pb2 as pb
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from launcher.client.connection import Connection
from launcher.client.output import Output, moment, to_json
from launcher.client.times import timestamp

_NOTHING = "Nothing has happened in that time."


def processes(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Count instances by definition and state."""
    request = pb.ListProcessStatisticsRequest(process_definition_key=arguments.key, tenant_id=arguments.tenant)
    columns = {
        "process": lambda one: f"{one.process_definition_key} v{one.process_definition_version}",
        "tenant": lambda one: one.tenant_id,
        "running": lambda one: one.running,
        "paused": lambda one: one.paused,
        "completed": lambda one: one.completed,
        "failed": lambda one: one.failed,
        "terminated": lambda one: one.terminated,
        "p50": lambda one: _shown(one.durations, "p50"),
        "p90": lambda one: _shown(one.durations, "p90"),
        "p99": lambda one: _shown(one.durations, "p99"),
    }
    found = connection.pages(
        connection.statistics.ListProcessStatistics,
        request,
        lambda page: page.process_statistics,
        arguments.limit,
        page_size=200,
    )
    output.messages(found, columns, "Nothing has happened yet.")


def throughput(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Count what was started and ended in each period."""
    by_hour = arguments.by == "hour"
    start, end = _time(arguments, timedelta(hours=24) if by_hour else timedelta(days=7))
    request = pb.GetThroughputRequest(
        start_time=start,
        end_time=end,
        period=pb.GetThroughputRequest.PERIOD_HOUR if by_hour else pb.GetThroughputRequest.PERIOD_DAY,
        time_zone=arguments.zone,
        process_definition_key=arguments.key,
        tenant_id=arguments.tenant,
    )
    columns = {
        "from": lambda one: moment(one.start_time),
        "started": lambda one: one.started,
        "completed": lambda one: one.completed,
        "failed": lambda one: one.failed,
        "terminated": lambda one: one.terminated,
    }
    output.messages(connection.call(connection.statistics.GetThroughput, request).periods, columns, _NOTHING)


def durations(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Show how long instances took, by day."""
    start, end = _time(arguments, timedelta(days=7))
    request = pb.GetDurationsRequest(
        start_time=start, end_time=end, process_definition_key=arguments.key, tenant_id=arguments.tenant
    )
    answer = connection.call(connection.statistics.GetDurations, request)
    if output.as_json:
        output.json(to_json(answer))
        return
    rows = [[moment(day.start_time), *_cells(day.durations)] for day in answer.days]
    if rows:
        rows.append(["together", *_cells(answer.durations)])
    output.table(["day (UTC) from", "ended", "mean", "p50", "p90", "p99"], rows, _NOTHING)


def activities(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Show what happened at each element of a process."""
    request = pb.GetActivityStatisticsRequest(process_definition_key=arguments.key, tenant_id=arguments.tenant)
    _set_time(request, arguments)
    _activities(output, connection.call(connection.statistics.GetActivityStatistics, request).activities)


def bottlenecks(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Show the elements at which instances spend most of their time."""
    request = pb.ListBottlenecksRequest(process_definition_key=arguments.key, tenant_id=arguments.tenant)
    _set_time(request, arguments)
    _activities(output, connection.call(connection.statistics.ListBottlenecks, request).activities)


def compare(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Compare two versions of a process."""
    request = pb.CompareVersionsRequest(
        process_definition_key=arguments.key,
        tenant_id=arguments.tenant,
        base_version=arguments.base,
        other_version=arguments.other,
    )
    _set_time(request, arguments)
    answer = connection.call(connection.statistics.CompareVersions, request)
    if output.as_json:
        output.json(to_json(answer))
        return
    sides = (answer.base, answer.other)
    rows = [
        [
            "(instances)",
            *(str(side.completed) for side in sides),
            *(_shown(side.durations, "p50") for side in sides),
            *(_shown(side.durations, "p90") for side in sides),
        ]
    ]
    for one in answer.activities:
        elements = (one.base, one.other)
        rows.append(
            [
                one.element_id,
                *(str(element.completed) for element in elements),
                *(_shown(element.durations, "p50") for element in elements),
                *(_shown(element.durations, "p90") for element in elements),
            ]
        )
    names = [f"v{arguments.base}", f"v{arguments.other}"]
    headings = ["element", *(f"{what} {name}" for what in ("completed", "p50", "p90") for name in names)]
    output.table(headings, rows, _NOTHING)


def overdue(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List open tasks whose due time is over."""
    request = pb.ListOverdueTasksRequest(process_definition_key=arguments.key, tenant_id=arguments.tenant)
    if arguments.before:
        request.due_before.CopyFrom(timestamp(arguments.before))
    columns = {
        "task": lambda task: task.id,
        "name": lambda task: task.name or task.element_id,
        "process": lambda task: task.process_definition_key,
        "assignee": lambda task: task.assignee,
        "due": lambda task: moment(task.due_time),
    }
    found = connection.pages(
        connection.statistics.ListOverdueTasks, request, lambda page: page.historic_tasks, arguments.limit
    )
    output.messages(found, columns, "No task is overdue.")


def _activities(output: Output, found: Iterable[pb.ActivityStatistics]) -> None:
    columns = {
        "element": lambda one: one.element_name or one.element_id,
        "type": lambda one: one.element_type,
        "entered": lambda one: one.entered,
        "completed": lambda one: one.completed,
        "terminated": lambda one: one.terminated,
        "now": lambda one: one.running,
        "incidents": lambda one: f"{one.incidents} ({one.open_incidents} open)" if one.incidents else "",
        "p50": lambda one: _shown(one.durations, "p50"),
        "p90": lambda one: _shown(one.durations, "p90"),
        "of the time": lambda one: f"{one.time_share:.1%}",
    }
    output.messages(found, columns, _NOTHING)


def _cells(durations: pb.DurationStatistics) -> list[str]:
    return [str(durations.count), *(_shown(durations, name) for name in ("mean", "p50", "p90", "p99"))]


def _shown(durations: pb.DurationStatistics, name: str) -> str:
    if not durations.HasField(name):
        return ""
    duration: Duration = getattr(durations, name)
    seconds = duration.ToMicroseconds() / 1e6
    if seconds < 120:
        return f"{seconds:.3f} s"
    return str(timedelta(seconds=round(seconds)))


def _time(arguments: Namespace, length: timedelta) -> tuple[Timestamp, Timestamp]:
    end = timestamp(arguments.end) if arguments.end else _now()
    if arguments.start:
        return timestamp(arguments.start), end
    start = Timestamp()
    start.FromDatetime(end.ToDatetime(UTC) - length)
    return start, end


def _now() -> Timestamp:
    now = Timestamp()
    now.FromDatetime(datetime.now(UTC))
    return now


def _set_time(
    request: pb.GetActivityStatisticsRequest | pb.ListBottlenecksRequest | pb.CompareVersionsRequest,
    arguments: Namespace,
) -> None:
    if arguments.start:
        request.start_time.CopyFrom(timestamp(arguments.start))
        request.end_time.CopyFrom(timestamp(arguments.end) if arguments.end else _now())
    elif arguments.end:
        # The service says that both are needed.
        request.end_time.CopyFrom(timestamp(arguments.end))
