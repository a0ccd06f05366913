"""Statistics → messages."""

from __future__ import annotations

from flowmesh.history.v1 import statistics_service_pb2 as pb
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from history_svc.queries.statistics import Definition, Element
from history_svc.statistics.contributions import MICROS, Durations, ProcessCounts
from history_svc.statistics.durations import percentiles

_SHARES = (0.5, 0.9, 0.99)


def duration_statistics(durations: Durations) -> pb.DurationStatistics:
    """Return the message of durations that were added up."""
    count = durations.count
    answer = pb.DurationStatistics(count=count, total=duration(durations.total_micros))
    if count > 0:
        answer.mean.CopyFrom(duration(durations.total_micros // count))
        p50, p90, p99 = percentiles(durations.sketch, _SHARES)
        answer.p50.CopyFrom(duration(p50))
        answer.p90.CopyFrom(duration(p90))
        answer.p99.CopyFrom(duration(p99))
    return answer


def process_statistics(definition: Definition, counts: ProcessCounts) -> pb.ProcessStatistics:
    """Return the message of a definition's counts."""
    return pb.ProcessStatistics(
        process_definition_id=definition.id,
        process_definition_key=definition.key,
        process_definition_version=definition.version,
        tenant_id=definition.tenant_id,
        running=counts.running,
        paused=counts.paused,
        completed=counts.completed,
        failed=counts.failed,
        terminated=counts.terminated,
        durations=duration_statistics(counts.durations),
    )


def version_statistics(version: int, counts: ProcessCounts) -> pb.VersionStatistics:
    """Return the message of a version's counts."""
    return pb.VersionStatistics(
        process_definition_version=version,
        started=counts.started,
        completed=counts.completed,
        failed=counts.failed,
        terminated=counts.terminated,
        durations=duration_statistics(counts.durations),
    )


def activity_statistics(element_id: str, element: Element, time_share: float, now: int) -> pb.ActivityStatistics:
    """Return the message of an element's counts. `now`: microseconds since the Unix epoch."""
    counts = element.counts
    age = max(0, element.running * (now // MICROS) - element.running_start_seconds)
    return pb.ActivityStatistics(
        element_id=element_id,
        element_name=counts.element_name,
        element_type=counts.element_type,
        entered=counts.entered,
        completed=counts.completed,
        terminated=counts.terminated,
        running=element.running,
        running_age=duration(age * MICROS),
        incidents=counts.incidents,
        open_incidents=element.open_incidents,
        durations=duration_statistics(counts.durations),
        time_share=time_share,
    )


def duration(micros: int) -> Duration:
    """Return a duration."""
    seconds, rest = divmod(micros, MICROS)
    return Duration(seconds=seconds, nanos=rest * 1_000)


def timestamp(micros: int) -> Timestamp:
    """Return a time."""
    seconds, rest = divmod(micros, MICROS)
    return Timestamp(seconds=seconds, nanos=rest * 1_000)
