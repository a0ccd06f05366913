"""`flowmesh.engine.v1.SagaService`."""

from __future__ import annotations

from dataclasses import dataclass

from flowmesh.engine.v1 import saga_pb2
from flowmesh.engine.v1 import saga_service_pb2 as pb
from google.protobuf.duration_pb2 import Duration

from engine_svc.api.messages import timestamp
from engine_svc.commands.idempotency import request_record
from engine_svc.commands.sagas import CompletionSagas, instance_of_saga, saga_missing
from engine_svc.events.saga_id import saga_id_of
from engine_svc.storage.sagas import LOG_COLUMNS, Saga, StepStatus, fetch_saga, list_sagas, list_steps
from mesh.call import open_rows
from mesh.db.database import Database
from mesh.db.statements import Row
from mesh.paging import decode_page_token, encode_page_token, page_size_of

_NUMBER = LOG_COLUMNS.index("number")


@dataclass(slots=True)
class SagaServicer:
    """Serves SagaService."""

    sagas: CompletionSagas
    database: Database

    async def GetSaga(self, request: pb.GetSagaRequest) -> pb.GetSagaResponse:
        """See the contract."""
        return pb.GetSagaResponse(saga=_message(await self._read(request.id)))

    async def ListSagas(self, request: pb.ListSagasRequest) -> pb.ListSagasResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, int, str)
        rows = await self.database.read(
            list_sagas(request.state, request.process_definition_key, request.tenant_id, open_rows(), after, size + 1)
        )
        page = rows[:size]
        last: list[str | int | None] | None = None
        if len(rows) > size:
            last = [page[-1].created_at, page[-1].instance_id]
        return pb.ListSagasResponse(
            sagas=[_message(saga) for saga in page],
            next_page_token=encode_page_token(request, last) if last else "",
        )

    async def ListSagaSteps(self, request: pb.ListSagaStepsRequest) -> pb.ListSagaStepsResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, int)
        saga = await self._read(request.saga_id)
        rows = await self.database.read(list_steps(saga.instance_id, int(str(after[0])) if after else 0, size + 1))
        page = rows[:size]
        return pb.ListSagaStepsResponse(
            steps=[_step(row) for row in page],
            next_page_token=encode_page_token(request, [page[-1][_NUMBER]]) if len(rows) > size else "",
        )

    async def AcknowledgeCompletion(self, request: pb.AcknowledgeCompletionRequest) -> bytes:
        """See the contract."""
        return await self.sagas.acknowledge(
            request.saga_id,
            request_record("AcknowledgeCompletion", request.request_id, request),
            lambda saga: pb.AcknowledgeCompletionResponse(saga=_message(saga)),
        )

    async def RejectCompletion(self, request: pb.RejectCompletionRequest) -> bytes:
        """See the contract."""
        return await self.sagas.reject(
            request.saga_id,
            request.reason,
            request_record("RejectCompletion", request.request_id, request),
            lambda saga: pb.RejectCompletionResponse(saga=_message(saga)),
        )

    async def _read(self, saga_id: str) -> Saga:
        saga = await self.database.read(fetch_saga(instance_of_saga(saga_id)))
        if saga is None or not open_rows().allow(saga.tenant_id, saga.definition_key):
            raise saga_missing(saga_id)
        return saga


def _message(saga: Saga) -> saga_pb2.Saga:
    return saga_pb2.Saga(
        id=saga_id_of(saga.instance_id),
        state=saga_pb2.Saga.State.Name(saga_pb2.Saga.State.ValueType(saga.state)),
        process_instance_id=saga.instance_id,
        process_definition_id=saga.definition_id,
        process_definition_key=saga.definition_key,
        tenant_id=saga.tenant_id,
        attempts=saga.attempts,
        due_time=timestamp(saga.due_at),
        start_time=timestamp(saga.created_at),
        end_time=timestamp(saga.ended_at),
        reason=saga.reason,
    )


def _step(row: Row) -> saga_pb2.SagaStep:
    instance_id, number, step, status, started_at, ended_at, duration_ms, error = row
    ended = status != StepStatus.STARTED
    return saga_pb2.SagaStep(
        saga_id=saga_id_of(instance_id),
        number=number,
        step=step,
        status=status,
        start_time=timestamp(started_at),
        end_time=timestamp(ended_at),
        duration=Duration(seconds=duration_ms // 1000, nanos=duration_ms % 1000 * 1_000_000) if ended else None,
        error=error,
    )
