"""`flowmesh clock`: the clock of a mesh that tests control."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, timedelta

from flowmesh.engine.v1 import clock_service_pb2 as pb
from flowmesh.notification.v1 import clock_service_pb2 as notification_pb

from launcher.client.connection import Connection
from launcher.client.failure import CommandFailed
from launcher.client.output import Output
from launcher.client.times import timestamp

DRAIN_SECONDS = 60.0


def clock(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Show the clock, turn it, or run what is due. Reminders go by the same time."""
    match arguments.action:
        case "set":
            time = pb.SetClockRequest(time=timestamp(arguments.time))
            _turned(connection, output, connection.call(connection.clocks.SetClock, time).clock)
        case "advance":
            request = pb.AdvanceClockRequest(duration=_duration(arguments.duration))
            _turned(connection, output, connection.call(connection.clocks.AdvanceClock, request).clock)
        case "reset":
            _turned(connection, output, connection.call(connection.clocks.ResetClock, pb.ResetClockRequest()).clock)
        case "drain":
            _drain(connection, output, arguments.max_jobs)
        case _:
            _tell(output, connection.call(connection.clocks.GetClock, pb.GetClockRequest()).clock)


def _turned(connection: Connection, output: Output, state: pb.Clock) -> None:
    """Let the clock of notifications follow that of the engine."""
    service = connection.notification_clock
    try:
        if state.stopped:
            request = notification_pb.SetNotificationClockRequest(time=state.time)
            connection.call(service.SetNotificationClock, request)
        else:
            connection.call(service.ResetNotificationClock, notification_pb.ResetNotificationClockRequest())
    except CommandFailed as failure:
        _tell(output, state)
        raise CommandFailed(f"The clock of notifications is another one: {failure}", failure.reason) from failure
    _tell(output, state)


def _tell(output: Output, state: pb.Clock) -> None:
    how = "stands still" if state.stopped else "runs as the machine's"
    output.message(state, f"{state.time.ToDatetime(UTC).isoformat()}: the clock {how}.")


def _drain(connection: Connection, output: Output, max_jobs: int) -> None:
    drained = connection.call(connection.clocks.Drain, pb.DrainRequest(max_jobs=max_jobs), DRAIN_SECONDS)
    lines = [f"{drained.completed_jobs} jobs are done, {drained.failed_jobs} attempts failed."]
    lines += [
        f"  {failure.element_id} of instance {failure.process_instance_id}: {failure.message}"
        for failure in drained.failures
    ]
    if not drained.drained:
        lines.append("More is due: drain again.")
    output.message(drained, "\n".join(lines))


def _duration(text: str) -> timedelta:
    import isodate

    try:
        duration = isodate.parse_duration(text)
    except (ValueError, OverflowError):
        duration = None
    if not isinstance(duration, timedelta) or duration < timedelta():
        raise CommandFailed(f"{text} is no duration of days and times such as PT1H or P30D")
    return duration
