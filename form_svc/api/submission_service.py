"""`flowmesh.form.v1.SubmissionService`."""

from __future__ import annotations

from dataclasses import dataclass

from flowmesh.form.v1 import submission_service_pb2 as pb

from form_svc.api.mapping import submission_message
from form_svc.commands.refusals import submission_missing
from form_svc.storage.submissions import SubmissionFilter, find_submission, list_submissions, read_content
from mesh.call import open_rows
from mesh.db.database import Database
from mesh.paging import decode_page_token, encode_page_token, page_size_of


@dataclass(slots=True)
class SubmissionServicer:
    """Serves SubmissionService."""

    database: Database

    async def GetSubmission(self, request: pb.GetSubmissionRequest) -> pb.GetSubmissionResponse:
        """See the contract."""
        opened = open_rows()
        found = await self.database.read(find_submission(request.id))
        if found is None or not opened.allow(
            found.tenant_id,
            found.process_definition_key,
            involved=bool(opened.user_id) and found.submitted_by == opened.user_id,
        ):
            raise submission_missing(request.id)
        content = await self.database.read(read_content(found.id))
        return pb.GetSubmissionResponse(submission=submission_message(found, content.data))

    async def ListSubmissions(self, request: pb.ListSubmissionsRequest) -> pb.ListSubmissionsResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, str)
        wanted = SubmissionFilter(
            request.tenant_id,
            request.process_definition_key,
            request.process_instance_id,
            request.user_task_id,
            request.form_key,
            request.submitted_by,
            request.state,
        )
        found = await self.database.read(
            list_submissions(wanted, open_rows(), str(after[0]) if after else None, size + 1)
        )
        page = found[:size]
        return pb.ListSubmissionsResponse(
            submissions=[submission_message(each) for each in page],
            next_page_token=encode_page_token(request, (page[-1].id,)) if len(found) > size else "",
        )
