"""`flowmesh.history.v1.ArchiveService`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from flowmesh.history.v1 import archive_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from history_svc.api.mapping import (
    activity_of,
    attachment_of,
    comment_of,
    entry_of,
    incident_of,
    instance_of,
    job_event_of,
    task_of,
    variable_change_of,
    variable_of,
)
from history_svc.api.reading import missing
from history_svc.archiving.running import ArchiveFailed, ArchiveFiles
from history_svc.commands.changing import Changer
from history_svc.queries.activity_details import NO_DETAILS
from history_svc.queries.archived_timeline import ArchivedEntryKey, read_archived_timeline
from history_svc.queries.timeline import Entry
from history_svc.storage.archives import (
    Archive,
    find_archive,
    find_record,
    list_archives,
    read_records,
    set_archive,
    values_of,
)
from history_svc.storage.event_id import instance_of_event_id
from history_svc.storage.layout import (
    ACTIVITY_COLUMNS,
    ATTACHMENT_COLUMNS,
    COMMENT_COLUMNS,
    INCIDENT_COLUMNS,
    INSTANCE_COLUMNS,
    JOB_LOG_COLUMNS,
    TASK_COLUMNS,
    VARIABLE_CHANGE_COLUMNS,
    VARIABLE_COLUMNS,
)
from history_svc.storage.retention_layout import (
    ACTIVITIES,
    ATTACHMENTS,
    COMMENTS,
    COMPLETE,
    DELETING,
    INSTANCES,
    JOB_LOG,
    LONG_VALUES,
    NOT_RESTORED,
    RAISED_INCIDENTS,
    REMOVING,
    RESTORED,
    RESTORING,
    TASKS,
    VARIABLE_CHANGES,
    VARIABLES,
    WRITING,
    InstanceRows,
)
from mesh.access.rows import Rows
from mesh.audit.operation import Operation
from mesh.call import open_rows
from mesh.db.database import Database
from mesh.db.statements import Program, Row
from mesh.errors import DependencyDown, NotFound, WrongState
from mesh.paging import ListRequest, decode_page_token, encode_page_token, page_size_of

MAX_SCANNED = 10_000
"""Rows that one call looks through for those that are wanted."""


class ArchiveServicer:
    """Serves ArchiveService. `database` is one that calls are served from."""

    def __init__(self, database: Database, changer: Changer, files: ArchiveFiles) -> None:
        self._database = database
        self._changer = changer
        self._files = files
        # Each takes a process of its own.
        self._verifying = asyncio.Semaphore(1)

    async def ListArchives(self, request: pb.ListArchivesRequest) -> pb.ListArchivesResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, str)
        found = await self._database.read(
            list_archives(
                open_rows(),
                request.tenant_id,
                request.process_definition_key,
                request.state,
                str(after[0]) if after else None,
                size + 1,
            )
        )
        answer = pb.ListArchivesResponse(archives=map(_message, found[:size]))
        if len(found) > size:
            answer.next_page_token = encode_page_token(request, (found[size - 1].id,))
        return answer

    async def GetArchive(self, request: pb.GetArchiveRequest) -> pb.GetArchiveResponse:
        """See the contract."""
        return pb.GetArchiveResponse(archive=_message(await self._database.read(_required(open_rows(), request.id))))

    async def VerifyArchive(self, request: pb.VerifyArchiveRequest) -> pb.VerifyArchiveResponse:
        """See the contract."""
        archive = await self._database.read(_required(open_rows(), request.id))
        if archive.state != COMPLETE:
            raise _wrong_state(archive)
        async with self._verifying:
            try:
                outcome = await self._files.verify(archive)
            except ArchiveFailed as error:
                raise DependencyDown(
                    "DEPENDENCY_UNAVAILABLE",
                    f"The archive could not be read: {error}",
                    metadata={"dependency": "archive"},
                ) from error
        return pb.VerifyArchiveResponse(
            intact=not outcome["faults"],
            faults=[pb.ArchiveFault(**fault) for fault in outcome["faults"]],
            row_count=outcome["row_count"],
            file_count=outcome["file_count"],
        )

    async def RestoreArchive(self, request: pb.RestoreArchiveRequest) -> bytes:
        """See the contract."""
        opened = open_rows()

        def work(_: int) -> Program[pb.RestoreArchiveResponse]:
            archive = yield from _required(opened, request.id, lock=True)
            if archive.state != COMPLETE or archive.restoring == REMOVING:
                raise _wrong_state(archive)
            if archive.restoring == NOT_RESTORED:
                yield from set_archive(archive.id, restoring=RESTORING, error="")
                archive = yield from _required(opened, request.id)
            return pb.RestoreArchiveResponse(archive=_message(archive))

        return await self._changer.change(request, work, partial(_operation, opened, request.id, kept=True))

    async def RemoveRestoredArchive(self, request: pb.RemoveRestoredArchiveRequest) -> bytes:
        """See the contract."""
        opened = open_rows()

        def work(_: int) -> Program[pb.RemoveRestoredArchiveResponse]:
            archive = yield from _required(opened, request.id, lock=True)
            if archive.state != COMPLETE:
                raise _wrong_state(archive)
            if archive.restoring in (RESTORING, RESTORED):
                yield from set_archive(archive.id, restoring=REMOVING, error="")
                archive = yield from _required(opened, request.id)
            return pb.RemoveRestoredArchiveResponse(archive=_message(archive))

        return await self._changer.change(request, work, partial(_operation, opened, request.id, kept=True))

    async def DeleteArchive(self, request: pb.DeleteArchiveRequest) -> bytes:
        """See the contract."""
        opened = open_rows()

        def work(_: int) -> Program[pb.DeleteArchiveResponse]:
            archive = yield from _required(opened, request.id, lock=True)
            if archive.state == WRITING:
                raise _wrong_state(archive)
            restoring = NOT_RESTORED if archive.restoring == NOT_RESTORED else REMOVING
            yield from set_archive(archive.id, state=DELETING, restoring=restoring, error="")
            return pb.DeleteArchiveResponse()

        return await self._changer.change(request, work, partial(_operation, opened, request.id, kept=False))

    async def ListArchivedProcessInstances(
        self, request: pb.ListArchivedProcessInstancesRequest
    ) -> pb.ListArchivedProcessInstancesResponse:
        """See the contract."""

        def wanted(record: dict[str, Any]) -> bool:
            return not request.business_key or record.get("business_key") == request.business_key

        rows, token = await self._page(
            request, INSTANCES, request.archive_id, request.process_instance_id, INSTANCE_COLUMNS, wanted
        )
        return pb.ListArchivedProcessInstancesResponse(
            historic_process_instances=map(instance_of, rows), next_page_token=token
        )

    async def ListArchivedActivities(
        self, request: pb.ListArchivedActivitiesRequest
    ) -> pb.ListArchivedActivitiesResponse:
        """See the contract."""
        rows, token = await self._page(
            request, ACTIVITIES, request.archive_id, request.process_instance_id, ACTIVITY_COLUMNS
        )
        return pb.ListArchivedActivitiesResponse(
            historic_activities=[activity_of(row, NO_DETAILS) for row in rows], next_page_token=token
        )

    async def ListArchivedTasks(self, request: pb.ListArchivedTasksRequest) -> pb.ListArchivedTasksResponse:
        """See the contract."""
        rows, token = await self._page(request, TASKS, request.archive_id, request.process_instance_id, TASK_COLUMNS)
        return pb.ListArchivedTasksResponse(historic_tasks=map(task_of, rows), next_page_token=token)

    async def ListArchivedVariables(self, request: pb.ListArchivedVariablesRequest) -> pb.ListArchivedVariablesResponse:
        """See the contract."""

        def wanted(record: dict[str, Any]) -> bool:
            return not record.get("deleted")

        rows, token = await self._page(
            request, VARIABLES, request.archive_id, request.process_instance_id, VARIABLE_COLUMNS, wanted
        )
        return pb.ListArchivedVariablesResponse(historic_variables=map(variable_of, rows), next_page_token=token)

    async def ListArchivedVariableChanges(
        self, request: pb.ListArchivedVariableChangesRequest
    ) -> pb.ListArchivedVariableChangesResponse:
        """See the contract."""
        rows, token = await self._of_instance(request, VARIABLE_CHANGES, VARIABLE_CHANGE_COLUMNS)
        return pb.ListArchivedVariableChangesResponse(
            historic_variable_changes=map(variable_change_of, rows), next_page_token=token
        )

    async def GetArchivedVariableChange(
        self, request: pb.GetArchivedVariableChangeRequest
    ) -> pb.GetArchivedVariableChangeResponse:
        """See the contract."""
        opened = open_rows()
        instance_id = instance_of_event_id(request.id)

        def read() -> Program[Row | None]:
            yield from _readable(opened, request.archive_id)
            record = yield from find_record(request.archive_id, VARIABLE_CHANGES, instance_id, request.id)
            if record is None:
                return None
            if record.get("value_json") is None:
                apart = yield from find_record(request.archive_id, LONG_VALUES, instance_id, request.id)
                record |= {} if apart is None else {"value_json": apart["value_json"]}
            return _row(record, VARIABLE_CHANGE_COLUMNS)

        row = await self._database.read(read())
        if row is None:
            raise missing(request.id)
        return pb.GetArchivedVariableChangeResponse(historic_variable_change=variable_change_of(row))

    async def ListArchivedIncidents(self, request: pb.ListArchivedIncidentsRequest) -> pb.ListArchivedIncidentsResponse:
        """See the contract."""
        rows, token = await self._of_instance(request, RAISED_INCIDENTS, INCIDENT_COLUMNS)
        return pb.ListArchivedIncidentsResponse(historic_incidents=map(incident_of, rows), next_page_token=token)

    async def ListArchivedJobEvents(self, request: pb.ListArchivedJobEventsRequest) -> pb.ListArchivedJobEventsResponse:
        """See the contract."""
        rows, token = await self._of_instance(request, JOB_LOG, JOB_LOG_COLUMNS)
        return pb.ListArchivedJobEventsResponse(historic_job_events=map(job_event_of, rows), next_page_token=token)

    async def ListArchivedComments(self, request: pb.ListArchivedCommentsRequest) -> pb.ListArchivedCommentsResponse:
        """See the contract."""
        rows, token = await self._of_instance(request, COMMENTS, COMMENT_COLUMNS)
        return pb.ListArchivedCommentsResponse(historic_comments=map(comment_of, rows), next_page_token=token)

    async def ListArchivedAttachments(
        self, request: pb.ListArchivedAttachmentsRequest
    ) -> pb.ListArchivedAttachmentsResponse:
        """See the contract."""
        rows, token = await self._of_instance(request, ATTACHMENTS, ATTACHMENT_COLUMNS)
        return pb.ListArchivedAttachmentsResponse(historic_attachments=map(attachment_of, rows), next_page_token=token)

    async def GetArchivedProcessInstanceTimeline(
        self, request: pb.GetArchivedProcessInstanceTimelineRequest
    ) -> pb.GetArchivedProcessInstanceTimelineResponse:
        """See the contract."""
        after: Any = decode_page_token(request, int, int, str)
        size = page_size_of(request)
        opened = open_rows()

        def read() -> Program[tuple[list[Entry], ArchivedEntryKey | None]]:
            yield from _readable(opened, request.archive_id)
            return (yield from read_archived_timeline(request.archive_id, request.process_instance_id, after, size))

        entries, key = await self._database.read(read())
        return pb.GetArchivedProcessInstanceTimelineResponse(
            timeline_entries=map(entry_of, entries),
            next_page_token="" if key is None else encode_page_token(request, key),
        )

    async def _of_instance(self, request: Any, rows_of: InstanceRows, columns: Sequence[str]) -> tuple[list[Row], str]:
        return await self._page(request, rows_of, request.archive_id, request.process_instance_id, columns)

    async def _page(
        self,
        request: ListRequest,
        rows_of: InstanceRows,
        archive_id: str,
        instance_id: str,
        columns: Sequence[str],
        wanted: Callable[[dict[str, Any]], bool] = lambda _: True,
    ) -> tuple[list[Row], str]:
        """Read a page of rows of a restored archive, and the token of the next one."""
        size = page_size_of(request)
        key = decode_page_token(request, str, int, int, str)
        opened = open_rows()

        def read() -> Program[tuple[list[tuple[tuple[Any, ...], dict[str, Any]]], tuple[Any, ...] | None]]:
            yield from _readable(opened, archive_id)
            found: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
            after, scanned = key, 0
            while len(found) <= size and scanned < MAX_SCANNED:
                page = yield from read_records(archive_id, rows_of, instance_id, after, size + 1)
                found += [one for one in page if wanted(one[1])]
                scanned += len(page)
                if len(page) <= size:
                    after = None
                    break
                after = page[-1][0]
            # Not at the end: on from the last one that was looked at, however few were found.
            return found[:size], found[size - 1][0] if len(found) > size else after

        found, last = await self._database.read(read())
        token = "" if last is None else encode_page_token(request, last)
        return [_row(record, columns) for _, record in found], token


def _operation(opened: Rows, archive_id: str, *, kept: bool) -> Program[Operation]:
    """Return the operation on an archive as the audit tells it. Raises `NotFound`."""
    archive = yield from _required(opened, archive_id)
    archived = {"instances": archive.instance_count, "manifestSha256": archive.manifest_sha256}
    return Operation(
        "historyArchive",
        archive.id,
        (archive.tenant_id,),
        definition_key=archive.key,
        before=archived,
        after=archived if kept else {},
    )


def _required(opened: Rows, archive_id: str, *, lock: bool = False) -> Program[Archive]:
    archive = yield from find_archive(opened, archive_id, lock=lock)
    if archive is None:
        raise NotFound("ARCHIVE_NOT_FOUND", f"There is no archive {archive_id}.", metadata={"id": archive_id})
    return archive


def _readable(opened: Rows, archive_id: str) -> Program[None]:
    archive = yield from _required(opened, archive_id)
    if archive.state != COMPLETE or archive.restoring != RESTORED:
        raise _wrong_state(archive)


def _wrong_state(archive: Archive) -> WrongState:
    state = pb.Archive.State.Name(archive.state).removeprefix("STATE_")
    restoring = pb.Archive.Restoring.Name(archive.restoring).removeprefix("RESTORING_")
    return WrongState(
        "ARCHIVE_STATE",
        f"The archive {archive.id} is {state}, its restoring {restoring}.",
        metadata={"id": archive.id, "state": state, "restoring": restoring},
    )


def _row(record: dict[str, Any], columns: Sequence[str]) -> Row:
    """Return a row as the table has it now; what the archive does not know is unset."""
    values = values_of(record)
    return tuple(values.get(name) for name in columns)


def _message(archive: Archive) -> pb.Archive:
    return pb.Archive(
        id=archive.id,
        tenant_id=archive.tenant_id,
        process_definition_key=archive.key,
        state=pb.Archive.State.Name(archive.state),
        restoring=pb.Archive.Restoring.Name(archive.restoring),
        create_time=_time(archive.create_micros),
        instance_count=archive.instance_count,
        row_count=archive.row_count,
        size_bytes=archive.size_bytes,
        first_end_time=_time(archive.first_end_micros),
        last_end_time=_time(archive.last_end_micros),
        schema_version=archive.schema_version,
        manifest_sha256=archive.manifest_sha256,
        error=archive.error,
    )


def _time(micros: int) -> Timestamp:
    seconds, rest = divmod(micros, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1_000)
