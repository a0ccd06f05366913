"""`flowmesh history rebuild` and `flowmesh rebuilds`: history built again from the event log."""

from __future__ import annotations

import time
from argparse import Namespace

from flowmesh.history.v1 import rebuild_service_pb2 as pb

from launcher.client.connection import Connection, new_request_id
from launcher.client.failure import CommandFailed
from launcher.client.output import Output, moment, to_json

POLL_SECONDS = 1.0

State = pb.Rebuild.State


def start(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Begin a rebuild, and wait for its end. Raises CommandFailed where it does not come to a good one."""
    request = pb.StartRebuildRequest(request_id=new_request_id(), keep_older=arguments.keep_older)
    rebuild = connection.call(connection.rebuilds.StartRebuild, request).rebuild
    if arguments.no_wait:
        output.message(rebuild, f"The rebuild {rebuild.id} has begun.")
        return
    output.say(f"The rebuild {rebuild.id} has begun; it goes on without this command.")
    told = ""
    while not rebuild.HasField("end_time"):
        time.sleep(POLL_SECONDS)
        rebuild = connection.call(connection.rebuilds.GetRebuild, pb.GetRebuildRequest(id=rebuild.id)).rebuild
        line = f"{_state(rebuild)}: {rebuild.events_read} of {rebuild.events_total} events"
        if line != told:
            output.say(line)
        told = line
    if rebuild.state != State.STATE_SUCCEEDED:
        raise CommandFailed(f"The rebuild {rebuild.id} is {_state(rebuild)}. {rebuild.problem}".strip())
    output.message(rebuild, f"History was rebuilt of {rebuild.events_applied} events.")


def list_rebuilds(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List rebuilds, the latest first."""
    columns = {
        "id": lambda rebuild: rebuild.id,
        "state": _state,
        "events": lambda rebuild: f"{rebuild.events_read} of {rebuild.events_total}",
        "kept rows": lambda rebuild: rebuild.rows_kept,
        "by": lambda rebuild: rebuild.user_id,
        "started": lambda rebuild: moment(rebuild.start_time),
        "ended": lambda rebuild: moment(rebuild.end_time),
        "problem": lambda rebuild: rebuild.problem,
    }
    found = connection.pages(
        connection.rebuilds.ListRebuilds, pb.ListRebuildsRequest(), lambda page: page.rebuilds, arguments.limit
    )
    output.messages(found, columns, "History was never rebuilt.")


def show(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Show how far a rebuild is."""
    rebuild = connection.call(connection.rebuilds.GetRebuild, pb.GetRebuildRequest(id=arguments.id)).rebuild
    if output.as_json:
        output.json(to_json(rebuild))
        return
    problem = f" {rebuild.problem}" if rebuild.problem else ""
    output.say(f"{rebuild.id}: {_state(rebuild)}, {rebuild.events_read} of {rebuild.events_total} events.{problem}")


def cancel(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Give a rebuild up."""
    request = pb.CancelRebuildRequest(id=arguments.id, request_id=new_request_id())
    rebuild = connection.call(connection.rebuilds.CancelRebuild, request).rebuild
    output.message(rebuild, f"The rebuild {rebuild.id} is given up; history is as it was.")


def _state(rebuild: pb.Rebuild) -> str:
    return State.Name(rebuild.state).removeprefix("STATE_").lower()
