"""`flowmesh.identity.v1.RoleAssignmentService`."""

from __future__ import annotations

from dataclasses import dataclass

from flowmesh.identity.v1 import role_assignment_service_pb2 as pb

from identity_svc.api.callers import Callers
from identity_svc.api.mapping import assignment_message, narrowing_of
from identity_svc.commands import role_assignments
from identity_svc.commands.changes import Changes
from identity_svc.commands.refusals import assignment_missing
from identity_svc.commands.writing import DirectoryWriter
from identity_svc.queries.role_assignments import list_assignments, visible_assignment
from identity_svc.storage.layout import TO_GROUP, TO_SUBJECT
from identity_svc.storage.role_assignments import RoleAssignment
from mesh.db.database import Database
from mesh.db.statements import Program
from mesh.ids import new_id
from mesh.paging import decode_page_token, encode_page_token, page_size_of


@dataclass(slots=True)
class RoleAssignmentServicer:
    """Serves RoleAssignmentService."""

    database: Database
    writer: DirectoryWriter
    callers: Callers

    async def CreateRoleAssignment(self, request: pb.CreateRoleAssignmentRequest) -> bytes:
        """See the contract."""
        kind, assignee = (TO_GROUP, request.group_id) if request.group_id else (TO_SUBJECT, request.subject_id)
        wanted = RoleAssignment(new_id(), request.role_id, kind, assignee, narrowing_of(request.narrowing))

        def work(changes: Changes) -> Program[pb.CreateRoleAssignmentResponse]:
            assignment = yield from role_assignments.create(changes, wanted)
            return pb.CreateRoleAssignmentResponse(role_assignment=assignment_message(assignment))

        return await self.writer.change(self.callers.current(), request, work, about=assignee)

    async def GetRoleAssignment(self, request: pb.GetRoleAssignmentRequest) -> pb.GetRoleAssignmentResponse:
        """See the contract."""
        assignment = await self.database.read(visible_assignment(self.callers.current(), request.id))
        if assignment is None:
            raise assignment_missing(request.id)
        return pb.GetRoleAssignmentResponse(role_assignment=assignment_message(assignment))

    async def ListRoleAssignments(self, request: pb.ListRoleAssignmentsRequest) -> pb.ListRoleAssignmentsResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, str)
        found = await self.database.read(
            list_assignments(
                self.callers.current(),
                request.role_id,
                request.subject_id,
                request.group_id,
                str(after[0]) if after else None,
                size + 1,
            )
        )
        return pb.ListRoleAssignmentsResponse(
            role_assignments=map(assignment_message, found[:size]),
            next_page_token=encode_page_token(request, [found[size - 1].id]) if len(found) > size else "",
        )

    async def DeleteRoleAssignment(self, request: pb.DeleteRoleAssignmentRequest) -> bytes:
        """See the contract."""

        def work(changes: Changes) -> Program[pb.DeleteRoleAssignmentResponse]:
            yield from role_assignments.delete(changes, request.id)
            return pb.DeleteRoleAssignmentResponse()

        return await self.writer.change(self.callers.current(), request, work, about=request.id)
