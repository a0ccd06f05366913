"""`flowmesh.notification.v1.DeliveryService`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flowmesh.notification.v1 import delivery_service_pb2 as pb

from mesh.db.database import Database
from mesh.db.statements import Program, Row
from mesh.paging import decode_page_token, encode_page_token, page_size_of
from notification_svc.api.callers import administering
from notification_svc.api.mapping import delivery_message, timestamp
from notification_svc.commands import deliveries as commands
from notification_svc.commands.refusals import delivery_missing
from notification_svc.commands.writing import CommandWriter
from notification_svc.queries.caller import Caller
from notification_svc.queries.listings import DeliveryFilter, list_deliveries
from notification_svc.storage.deliveries import DeliveryRow, attempts_of, find_delivery


@dataclass(slots=True)
class DeliveryServicer:
    """Serves DeliveryService. `due` is called when there is something to send at once."""

    database: Database
    writer: CommandWriter
    due: Callable[[], None]

    async def GetDelivery(self, request: pb.GetDeliveryRequest) -> pb.GetDeliveryResponse:
        """See the contract."""
        row, attempts = await self.database.read(_with_attempts(administering(), request.id))
        message = delivery_message(row)
        for _, number, attempted_at, delivered, detail in attempts:
            message.attempt_log.add(
                number=number, time=timestamp(attempted_at), delivered=bool(delivered), detail=detail
            )
        return pb.GetDeliveryResponse(delivery=message)

    async def ListDeliveries(self, request: pb.ListDeliveriesRequest) -> pb.ListDeliveriesResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, str)
        wanted = DeliveryFilter(
            request.state,
            request.channel,
            request.tenant_id if request.HasField("tenant_id") else None,
            request.user_id,
            request.webhook_id,
            request.process_instance_id,
        )
        last = str(after[0]) if after else None
        found = await self.database.read(list_deliveries(administering(), wanted, last, size + 1))
        return pb.ListDeliveriesResponse(
            deliveries=map(delivery_message, found[:size]),
            next_page_token=encode_page_token(request, [found[size - 1].id]) if len(found) > size else "",
        )

    async def ResendDelivery(self, request: pb.ResendDeliveryRequest) -> bytes:
        """See the contract."""
        caller = administering()

        def work(now: int) -> Program[pb.ResendDeliveryResponse]:
            row = yield from commands.resend(caller, request.id, now)
            return pb.ResendDeliveryResponse(delivery=delivery_message(row))

        answer = await self.writer.change(caller.id, request, work)
        self.due()
        return answer

    async def DiscardDelivery(self, request: pb.DiscardDeliveryRequest) -> bytes:
        """See the contract."""
        caller = administering()

        def work(now: int) -> Program[pb.DiscardDeliveryResponse]:
            row = yield from commands.discard(caller, request.id, now)
            return pb.DiscardDeliveryResponse(delivery=delivery_message(row))

        return await self.writer.change(caller.id, request, work)


def _with_attempts(caller: Caller, delivery_id: str) -> Program[tuple[DeliveryRow, list[Row]]]:
    row = yield from find_delivery(delivery_id)
    if row is None or not caller.sees(row.tenant_id):
        raise delivery_missing(delivery_id)
    return row, (yield from attempts_of(delivery_id))
