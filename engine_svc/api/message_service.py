"""`flowmesh.engine.v1.MessageService`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from flowmesh.engine.v1 import message_service_pb2 as pb

from engine_svc.api.events import correlation, failure, message_of_row
from engine_svc.commands.correlation import Correlation, Criteria, Payload
from engine_svc.commands.executor import InstanceExecutor
from engine_svc.commands.idempotency import request_record
from engine_svc.commands.message_delivery import MessageDelivery
from engine_svc.commands.signal_delivery import MAX_TOLD, Failure
from engine_svc.commands.variables import read_variables
from engine_svc.commands.walls import require_tenant
from engine_svc.storage.messages import NewMessage, list_messages
from mesh.call import open_rows
from mesh.db.database import Database
from mesh.errors import InvalidField, Violation
from mesh.ids import new_id, split_member_id
from mesh.paging import decode_page_token, encode_page_token, page_size_of


@dataclass(slots=True)
class MessageServicer:
    """Serves MessageService. `max_variable_bytes`: size of one value as JSON."""

    executor: InstanceExecutor
    database: Database
    delivery: MessageDelivery
    max_variable_bytes: int
    correlations: Correlation = field(init=False)

    def __post_init__(self) -> None:
        self.correlations = Correlation(self.executor)

    async def CorrelateMessage(self, request: pb.CorrelateMessageRequest) -> bytes:
        """See the contract."""
        criteria = self._criteria(request)
        opened = open_rows()
        if criteria.tenant_id is not None:
            require_tenant(opened, criteria.tenant_id)
        payload = Payload(
            read_variables(request.variables, "variables", self.max_variable_bytes),
            read_variables(request.local_variables, "local_variables", self.max_variable_bytes),
        )
        record = request_record("CorrelateMessage", request.request_id, request)
        if request.all:
            return await self.correlations.correlate_all(
                criteria,
                payload,
                record,
                lambda taken: pb.CorrelateMessageResponse(correlations=[correlation(taken)]),
                _merged,
            )
        return await self.correlations.correlate(
            criteria,
            payload,
            record,
            lambda taken: pb.CorrelateMessageResponse(correlations=[correlation(taken)]),
        )

    def _criteria(self, request: pb.CorrelateMessageRequest) -> Criteria:
        instance_id, key = request.process_instance_id, 0
        if request.activity_id:
            parts = split_member_id(request.activity_id)
            if parts is None or instance_id not in ("", parts[0]):
                description = "must be the id of an activity" + (f" of instance {instance_id}" if instance_id else "")
                raise InvalidField(
                    "FIELD_INVALID", f"activity_id: {description}", violations=[Violation("activity_id", description)]
                )
            instance_id, key = parts
        return Criteria(
            request.name,
            None if instance_id and not request.tenant_id else request.tenant_id,
            instance_id,
            key,
            request.business_key,
            request.correlation_key,
            read_variables(request.correlation_variables, "correlation_variables", self.max_variable_bytes),
        )

    async def PublishMessage(self, request: pb.PublishMessageRequest) -> pb.PublishMessageResponse:
        """See the contract."""
        require_tenant(open_rows(), request.tenant_id)
        new = NewMessage(
            new_id(),
            request.name,
            request.correlation_key,
            request.tenant_id,
            read_variables(request.variables, "variables", self.max_variable_bytes),
            request.message_id,
            request.ttl.ToMicroseconds(),
        )
        row = await self.delivery.publish(new, request_record("PublishMessage", request.request_id, request))
        return pb.PublishMessageResponse(message=message_of_row(row))

    async def ListMessages(self, request: pb.ListMessagesRequest) -> pb.ListMessagesResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, str)
        rows = await self.database.read(
            list_messages(
                request.name,
                request.correlation_key,
                request.state,
                request.tenant_id,
                open_rows(),
                str(after[0]) if after else None,
                size + 1,
            )
        )
        page = rows[:size]
        return pb.ListMessagesResponse(
            messages=[message_of_row(row) for row in page],
            next_page_token=encode_page_token(request, page[-1][:1]) if len(rows) > size else "",
        )


def _merged(parts: Sequence[bytes], failures: Sequence[Failure]) -> pb.CorrelateMessageResponse:
    response = pb.CorrelateMessageResponse(failures=[failure(one) for one in failures[:MAX_TOLD]])
    for part in parts:
        response.MergeFromString(part)
    return response
