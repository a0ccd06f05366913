"""`flowmesh.engine.v1.BatchService`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flowmesh.auth.v1.permission_pb2 import MethodPermission
from flowmesh.engine.v1 import batch_pb2
from flowmesh.engine.v1 import batch_service_pb2 as pb

from engine_svc.api.instructions import read_instructions
from engine_svc.api.messages import timestamp
from engine_svc.api.plans import read_plan
from engine_svc.commands import batches
from engine_svc.commands.batches import batch_missing
from engine_svc.commands.idempotency import request_record
from engine_svc.commands.variables import read_variables
from engine_svc.storage.batches import BatchState, Targets, list_batches, list_items, read_batch
from mesh.access.acting import demand_for_rows
from mesh.call import find_call, open_rows
from mesh.clock import Clock
from mesh.db.database import Database
from mesh.db.statements import Row
from mesh.errors import InvalidField, Violation
from mesh.paging import decode_page_token, encode_page_token, page_size_of

_PERMISSIONS = {
    "modify": "processInstances.modify",
    "migrate": "processInstances.migrate",
    "cancel": "processInstances.cancel",
    "delete": "processInstances.delete",
    "suspend": "processInstances.suspend",
    "resume": "processInstances.resume",
    "restart": "processInstances.create",
    "set_variables": "processInstances.update",
    "set_job_retries": "jobs.update",
}
"""What the operation needs where it is done to one item."""


@dataclass(slots=True)
class BatchServicer:
    """Serves BatchService. `max_variable_bytes`: size of one value as JSON."""

    database: Database
    clock: Clock
    max_variable_bytes: int

    async def CreateBatch(self, request: pb.CreateBatchRequest) -> bytes:
        """See the contract."""
        kind = request.operation.WhichOneof("operation") or ""
        call = find_call()
        if call is not None:
            demand_for_rows(call, _PERMISSIONS[kind], MethodPermission.ROWS_DEFINITION)
        targets = _targets(request, jobs=kind == "set_job_retries")
        self._check(request.operation, kind)
        return await batches.create(
            self.database,
            self.clock,
            request.name,
            kind,
            request.operation.SerializeToString(deterministic=True),
            targets,
            request_record("CreateBatch", request.request_id, request),
            _answer(pb.CreateBatchResponse),
        )

    def _check(self, operation: batch_pb2.BatchOperation, kind: str) -> None:
        """Refuse what could be done to no item."""
        match kind:
            case "modify":
                read_instructions("", operation.modify.instructions, self.max_variable_bytes)
            case "migrate":
                read_plan(operation.migrate, self.max_variable_bytes)
            case "restart":
                read_variables(operation.restart.variables, "operation.restart.variables", self.max_variable_bytes)
            case "set_variables":
                variables = operation.set_variables.variables
                read_variables(variables, "operation.set_variables.variables", self.max_variable_bytes)
            case _:
                pass

    async def GetBatch(self, request: pb.GetBatchRequest) -> pb.GetBatchResponse:
        """See the contract."""
        row = await self.database.read(read_batch(request.id, open_rows()))
        if row is None:
            raise batch_missing(request.id)
        return pb.GetBatchResponse(batch=_batch(row))

    async def ListBatches(self, request: pb.ListBatchesRequest) -> pb.ListBatchesResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, str)
        rows = await self.database.read(
            list_batches(request.state, open_rows(), str(after[0]) if after else None, size + 1)
        )
        page = rows[:size]
        return pb.ListBatchesResponse(
            batches=[_batch(row) for row in page],
            next_page_token=encode_page_token(request, page[-1][:1]) if len(rows) > size else "",
        )

    async def ListBatchItems(self, request: pb.ListBatchItemsRequest) -> pb.ListBatchItemsResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, int)
        if await self.database.read(read_batch(request.id, open_rows())) is None:
            raise batch_missing(request.id)
        behind = int(str(after[0])) if after else None
        rows = await self.database.read(list_items(request.id, request.state, behind, size + 1))
        page = rows[:size]
        return pb.ListBatchItemsResponse(
            items=[_item(row) for row in page],
            next_page_token=encode_page_token(request, page[-1][:1]) if len(rows) > size else "",
        )

    async def CancelBatch(self, request: pb.CancelBatchRequest) -> bytes:
        """See the contract."""
        return await self._change("CancelBatch", request, BatchState.CANCELLED, pb.CancelBatchResponse)

    async def SuspendBatch(self, request: pb.SuspendBatchRequest) -> bytes:
        """See the contract."""
        return await self._change("SuspendBatch", request, BatchState.SUSPENDED, pb.SuspendBatchResponse)

    async def ResumeBatch(self, request: pb.ResumeBatchRequest) -> bytes:
        """See the contract."""
        return await self._change("ResumeBatch", request, BatchState.RUNNING, pb.ResumeBatchResponse)

    async def _change(
        self,
        method: str,
        request: pb.CancelBatchRequest | pb.SuspendBatchRequest | pb.ResumeBatchRequest,
        wanted: BatchState,
        response: Callable[..., Any],
    ) -> bytes:
        record = request_record(method, request.request_id, request)
        return await batches.change(self.database, self.clock, request.id, wanted, record, _answer(response))


def _targets(request: pb.CreateBatchRequest, *, jobs: bool) -> Targets:
    wanted = request.filter
    filters = (
        wanted.process_definition_key,
        wanted.process_definition_id,
        wanted.business_key,
        wanted.status,
        wanted.tenant_id,
    )
    if bool(request.target_ids) == any(filters):
        text = "give target_ids or a filter that is not empty, one of them"
        raise InvalidField("FIELD_INVALID", text, violations=[Violation("target_ids", text)])
    key, definition_id, business_key, status, tenant_id = filters
    return Targets(tuple(request.target_ids), jobs, key, definition_id, business_key, int(status), tenant_id)


def _answer(response: Callable[..., Any]) -> Callable[[Row], bytes]:
    def answer(row: Row) -> bytes:
        content: bytes = response(batch=_batch(row)).SerializeToString()
        return content

    return answer


def _batch(row: Row) -> batch_pb2.Batch:
    batch_id, name, kind, state, total, done, failed, created_at, ended_at, operation = row
    return batch_pb2.Batch(
        id=batch_id,
        name=name,
        kind=kind,
        state=state,
        operation=batch_pb2.BatchOperation.FromString(operation),
        total=total,
        done=done,
        failed=failed,
        create_time=timestamp(created_at),
        end_time=timestamp(ended_at),
    )


def _item(row: Row) -> batch_pb2.BatchItem:
    number, target_id, state, ended_at, reason, message = row
    return batch_pb2.BatchItem(
        number=number,
        target_id=target_id,
        state=state,
        error_reason=reason,
        error_message=message,
        end_time=timestamp(ended_at),
    )
