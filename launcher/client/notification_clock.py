"""`flowmesh notifications clock`: the clock of reminders, quiet hours and digests, where tests control it."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC

from flowmesh.notification.v1 import clock_service_pb2 as pb

from launcher.client.connection import Connection
from launcher.client.output import Output
from launcher.client.times import timestamp


def clock(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Show the clock, or turn it."""
    service = connection.notification_clock
    if arguments.reset:
        state = connection.call(service.ResetNotificationClock, pb.ResetNotificationClockRequest()).clock
    elif arguments.set:
        request = pb.SetNotificationClockRequest(time=timestamp(arguments.set))
        state = connection.call(service.SetNotificationClock, request).clock
    else:
        state = connection.call(service.GetNotificationClock, pb.GetNotificationClockRequest()).clock
    how = "stands still" if state.stopped else "runs as the machine's"
    output.message(state, f"{state.time.ToDatetime(UTC).isoformat()}: the clock of notifications {how}.")
