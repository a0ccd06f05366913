"""`flowmesh.engine.v1.MigrationService`."""

from __future__ import annotations

from dataclasses import dataclass

from flowmesh.engine.v1 import migration_service_pb2 as pb

from engine_svc.api import messages
from engine_svc.api.plans import migration_of_row, preview_of, problems_of, read_plan
from engine_svc.commands import migrations
from engine_svc.commands.executor import InstanceExecutor
from engine_svc.commands.idempotency import request_record
from engine_svc.commands.migrations import migration_missing
from engine_svc.storage.migration_journal import COLUMNS, list_entries, read_entry
from mesh.call import open_rows
from mesh.db.database import Database
from mesh.errors import InvalidField, Violation
from mesh.paging import decode_page_token, encode_page_token, page_size_of

INSTANCE_ID = COLUMNS.index("instance_id")


@dataclass(slots=True)
class MigrationServicer:
    """Serves MigrationService. `max_variable_bytes`: size of one value as JSON."""

    executor: InstanceExecutor
    database: Database
    max_variable_bytes: int

    async def MigrateProcessInstance(self, request: pb.MigrateProcessInstanceRequest) -> bytes:
        """See the contract."""
        return await migrations.migrate(
            self.executor,
            request.id,
            read_plan(request.plan, self.max_variable_bytes),
            request_record("MigrateProcessInstance", request.request_id, request),
            lambda instance, row: pb.MigrateProcessInstanceResponse(
                process_instance=messages.process_instance(instance), migration=migration_of_row(row)
            ),
        )

    async def PreviewMigration(self, request: pb.PreviewMigrationRequest) -> pb.PreviewMigrationResponse:
        """See the contract."""
        if bool(request.process_instance_id) == bool(request.source_process_definition_id):
            text = "give process_instance_id or source_process_definition_id, one of them"
            raise InvalidField("FIELD_INVALID", text, violations=[Violation("process_instance_id", text)])
        plan = read_plan(request.plan, self.max_variable_bytes)
        if request.process_instance_id:
            one, assessment, target = await migrations.preview_instance(
                self.executor, request.process_instance_id, plan
            )
            return pb.PreviewMigrationResponse(
                problems=problems_of([problem for problem in assessment.problems if not problem.key]),
                previews=[preview_of(one, assessment, target)],
            )
        place = decode_page_token(request, int, str)
        preview = await migrations.preview_definition(
            self.executor,
            request.source_process_definition_id,
            plan,
            None if place is None else (int(str(place[0])), str(place[1])),
            page_size_of(request),
        )
        return pb.PreviewMigrationResponse(
            problems=problems_of(preview.problems),
            previews=[preview_of(found, assessed, preview.target) for found, assessed in preview.instances],
            next_page_token=encode_page_token(request, preview.after) if preview.after else "",
        )

    async def GetMigration(self, request: pb.GetMigrationRequest) -> pb.GetMigrationResponse:
        """See the contract."""
        entry = await self.database.read(read_entry(request.id))
        if entry is None or not await self.executor.opens(entry.row[INSTANCE_ID]):
            raise migration_missing(request.id)
        return pb.GetMigrationResponse(migration=migration_of_row(entry.row))

    async def ListMigrations(self, request: pb.ListMigrationsRequest) -> pb.ListMigrationsResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, str)
        rows = await self.database.read(
            list_entries(request.process_instance_id, open_rows(), str(after[0]) if after else None, size + 1)
        )
        page = rows[:size]
        return pb.ListMigrationsResponse(
            migrations=[migration_of_row(row) for row in page],
            next_page_token=encode_page_token(request, page[-1][:1]) if len(rows) > size else "",
        )

    async def RevertMigration(self, request: pb.RevertMigrationRequest) -> bytes:
        """See the contract."""
        return await migrations.revert(
            self.executor,
            request.id,
            request_record("RevertMigration", request.request_id, request),
            lambda instance, row: pb.RevertMigrationResponse(
                process_instance=messages.process_instance(instance), migration=migration_of_row(row)
            ),
        )
