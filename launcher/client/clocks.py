"""`flowmesh clock`: the clock of a mesh that tests control."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, timedelta

from flowmesh.engine.v1 import clock_service_pb2 as pb

from launcher.client.connection import Connection
from launcher.client.failure import CommandFailed
from launcher.client.output import Output
from launcher.client.times import timestamp

DRAIN_SECONDS = 60.0


def clock(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Show the clock, turn it, or run what is due."""
    match arguments.action:
        case "set":
            time = pb.SetClockRequest(time=timestamp(arguments.time))
            _tell(output, connection.call(connection.clocks.SetClock, time))
        case "advance":
            request = pb.AdvanceClockRequest(duration=_duration(arguments.duration))
            _tell(output, connection.call(connection.clocks.AdvanceClock, request))
        case "reset":
            _tell(output, connection.call(connection.clocks.ResetClock, pb.ResetClockRequest()))
        case "drain":
            _drain(connection, output, arguments.max_jobs)
        case _:
            _tell(output, connection.call(connection.clocks.GetClock, pb.GetClockRequest()))


def _tell(
    output: Output, answer: pb.GetClockResponse | pb.SetClockResponse | pb.AdvanceClockResponse | pb.ResetClockResponse
) -> None:
    state = answer.clock
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
