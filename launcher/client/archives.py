"""`flowmesh archives`: instances that retention has taken out of history."""

from __future__ import annotations

import time
from argparse import Namespace
from typing import Any

from flowmesh.history.v1 import archive_service_pb2 as pb
from flowmesh.history.v1 import history_pb2

from launcher.client.connection import Connection, new_request_id
from launcher.client.failure import CommandFailed
from launcher.client.output import Output, moment, shown, to_json

_VERIFY_SECONDS = 600.0
_RESTORE_SECONDS = 600.0
_POLL_SECONDS = 0.2
_InstanceStatus = history_pb2.HistoricProcessInstance.Status
_ActivityState = history_pb2.HistoricActivity.State
_PARTS = {
    "activities": ("ListArchivedActivities", "historic_activities"),
    "tasks": ("ListArchivedTasks", "historic_tasks"),
    "variables": ("ListArchivedVariables", "historic_variables"),
    "variableChanges": ("ListArchivedVariableChanges", "historic_variable_changes"),
    "incidents": ("ListArchivedIncidents", "historic_incidents"),
    "jobEvents": ("ListArchivedJobEvents", "historic_job_events"),
    "comments": ("ListArchivedComments", "historic_comments"),
    "attachments": ("ListArchivedAttachments", "historic_attachments"),
    "timeline": ("GetArchivedProcessInstanceTimeline", "timeline_entries"),
}
"""What is shown of an instance, and how it is asked for."""
_STATES = {pb.Archive.STATE_WRITING: "writing", pb.Archive.STATE_COMPLETE: "complete"}
_RESTORING = {
    pb.Archive.RESTORING_RUNNING: "being restored",
    pb.Archive.RESTORING_DONE: "restored",
    pb.Archive.RESTORING_REMOVING: "being removed",
}


def list_archives(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List archives, the newest first."""
    request = pb.ListArchivesRequest(tenant_id=arguments.tenant, process_definition_key=arguments.key)
    columns = {
        "id": lambda archive: archive.id,
        "process": lambda archive: archive.process_definition_key,
        "tenant": lambda archive: archive.tenant_id,
        "made": lambda archive: moment(archive.create_time),
        "instances": lambda archive: archive.instance_count,
        "rows": lambda archive: archive.row_count,
        "KiB": lambda archive: archive.size_bytes // 1024,
        "ended from": lambda archive: moment(archive.first_end_time),
        "to": lambda archive: moment(archive.last_end_time),
        "state": _state,
    }
    found = connection.pages(connection.archives.ListArchives, request, lambda page: page.archives, arguments.limit)
    output.messages(found, columns, "There are no archives.")


def show(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Show an archive."""
    archive = _get(connection, arguments.id)
    text = (
        f"{archive.id}: {archive.instance_count} instances of {archive.process_definition_key}, "
        f"{archive.row_count} rows, {archive.size_bytes} bytes, {_state(archive)}\n"
        f"ended from {moment(archive.first_end_time)} to {moment(archive.last_end_time)}; "
        f"manifest {archive.manifest_sha256 or 'not written yet'}"
    )
    output.message(archive, f"{text}\n{archive.error}" if archive.error else text)


def verify(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Compare an archive's files with its manifest. Raises CommandFailed where something is wrong."""
    request = pb.VerifyArchiveRequest(id=arguments.id)
    answer = connection.call(connection.archives.VerifyArchive, request, _VERIFY_SECONDS)
    if output.as_json:
        output.json(to_json(answer))
    for fault in answer.faults:
        output.say(f"{fault.file or arguments.id} {fault.description}")
    if not answer.intact:
        raise CommandFailed(f"{arguments.id} is not what was written.")
    output.say(f"{arguments.id} is as it was written: {answer.file_count} files, {answer.row_count} rows.")


def restore(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Make an archive readable, and wait until it is."""
    request = pb.RestoreArchiveRequest(request_id=new_request_id(), id=arguments.id)
    archive = connection.call(connection.archives.RestoreArchive, request).archive
    until = time.monotonic() + _RESTORE_SECONDS
    while archive.restoring != pb.Archive.RESTORING_DONE:
        if archive.error or archive.restoring != pb.Archive.RESTORING_RUNNING or time.monotonic() > until:
            raise CommandFailed(f"{arguments.id} is not restored. {archive.error}".strip())
        time.sleep(_POLL_SECONDS)
        archive = _get(connection, arguments.id)
    output.message(archive, f"{arguments.id} is restored: flowmesh archives read {arguments.id}")


def remove_restored(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Delete what was restored of an archive."""
    request = pb.RemoveRestoredArchiveRequest(request_id=new_request_id(), id=arguments.id)
    archive = connection.call(connection.archives.RemoveRestoredArchive, request).archive
    output.message(archive, f"What was restored of {arguments.id} goes; its files stay.")


def delete(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Delete an archive."""
    request = pb.DeleteArchiveRequest(request_id=new_request_id(), id=arguments.id)
    answer = connection.call(connection.archives.DeleteArchive, request)
    output.message(answer, f"{arguments.id} is being deleted.")


def read(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List the instances of a restored archive, or show one."""
    request = pb.ListArchivedProcessInstancesRequest(
        archive_id=arguments.id, business_key=arguments.business_key, process_instance_id=arguments.instance
    )
    found = connection.pages(
        connection.archives.ListArchivedProcessInstances,
        request,
        lambda page: page.historic_process_instances,
        arguments.limit,
    )
    if not arguments.instance:
        columns = {
            "id": lambda instance: instance.id,
            "process": lambda instance: f"{instance.process_definition_key} v{instance.process_definition_version}",
            "business key": lambda instance: instance.business_key,
            "status": lambda instance: _InstanceStatus.Name(instance.status).removeprefix("STATUS_").lower(),
            "started": lambda instance: moment(instance.start_time),
            "ended": lambda instance: moment(instance.end_time),
        }
        output.messages(found, columns, "The archive has no such instance.")
        return
    instance = next(iter(found), None)
    if instance is None:
        raise CommandFailed(f"The archive {arguments.id} has no instance {arguments.instance}.")
    parts = {name: _part(connection, name, arguments) for name in _PARTS}
    if output.as_json:
        content = to_json(instance)
        for name, messages in parts.items():
            content[name] = [to_json(message) for message in messages]
        output.json(content)
        return
    output.say(f"{instance.id}: {instance.process_definition_key} version {instance.process_definition_version}")
    rows = [
        [
            activity.element_name or activity.element_id,
            activity.element_type,
            _ActivityState.Name(activity.state).removeprefix("STATE_").lower(),
            moment(activity.start_time),
        ]
        for activity in parts["activities"]
    ]
    output.table(["activity", "type", "state", "started"], rows, "There are no activities.")
    if parts["variables"]:
        values = [[variable.name, shown(variable.value)] for variable in parts["variables"]]
        output.table(["variable", "value"], values, "")
    if parts["incidents"]:
        incidents = [[one.element_id, one.type, moment(one.create_time), one.message] for one in parts["incidents"]]
        output.table(["incident at", "type", "raised", "message"], incidents, "")
    if parts["comments"]:
        comments = [[one.user_id, moment(one.create_time), one.text] for one in parts["comments"]]
        output.table(["comment of", "made", "text"], comments, "")


def _part(connection: Connection, name: str, arguments: Namespace) -> list[Any]:
    """Return what a restored archive has of an instance, of one kind."""
    method, field = _PARTS[name]
    request = getattr(pb, f"{method}Request")(archive_id=arguments.id, process_instance_id=arguments.instance)
    call = getattr(connection.archives, method)
    return list(connection.pages(call, request, lambda page: getattr(page, field), arguments.limit))


def _get(connection: Connection, archive_id: str) -> pb.Archive:
    return connection.call(connection.archives.GetArchive, pb.GetArchiveRequest(id=archive_id)).archive


def _state(archive: pb.Archive) -> str:
    return _RESTORING.get(archive.restoring) or _STATES.get(archive.state, "being deleted")
