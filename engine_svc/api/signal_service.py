"""`flowmesh.engine.v1.SignalService`."""

from __future__ import annotations

from dataclasses import dataclass

from flowmesh.engine.v1 import signal_service_pb2 as pb

from engine_svc.api.events import failure
from engine_svc.commands.idempotency import digest_of, request_record
from engine_svc.commands.signal_delivery import MAX_STARTED_TOLD, MAX_TOLD, Delivered, Signal, SignalDelivery
from engine_svc.commands.variables import read_variables
from engine_svc.commands.walls import require_tenant
from mesh.call import open_rows
from mesh.commit_token import join_commit_tokens
from mesh.errors import InvalidField, Violation
from mesh.ids import split_member_id


@dataclass(slots=True)
class SignalServicer:
    """Serves SignalService. `max_variable_bytes`: size of one value as JSON."""

    delivery: SignalDelivery
    max_variable_bytes: int

    async def BroadcastSignal(self, request: pb.BroadcastSignalRequest) -> bytes:
        """See the contract."""
        record = request_record("BroadcastSignal", request.request_id, request)
        instance_id, key = request.process_instance_id, 0
        if request.activity_id:
            parts = split_member_id(request.activity_id)
            if parts is None or instance_id not in ("", parts[0]):
                description = "must be the id of an activity" + (f" of instance {instance_id}" if instance_id else "")
                raise InvalidField(
                    "FIELD_INVALID", f"activity_id: {description}", violations=[Violation("activity_id", description)]
                )
            instance_id, key = parts
        opened = open_rows()
        if not instance_id:
            require_tenant(opened, request.tenant_id)
        signal = Signal(
            # Sent again after a crash in the middle it goes on with those that it had not reached.
            digest_of(record) if record is not None else "",
            request.name,
            request.tenant_id,
            read_variables(request.variables, "variables", self.max_variable_bytes),
            instance_id,
            key,
        )
        return await self.delivery.broadcast(signal, record, _response)


def _response(delivered: Delivered) -> pb.BroadcastSignalResponse:
    return pb.BroadcastSignalResponse(
        matched=delivered.matched,
        delivered=delivered.delivered,
        started=len(delivered.started),
        failed=len(delivered.failures),
        failures=[failure(one) for one in delivered.failures[:MAX_TOLD]],
        started_process_instance_ids=delivered.started[:MAX_STARTED_TOLD],
        commit_token=join_commit_tokens(delivered.commit_tokens),
    )
