"""`flowmesh.engine.v1.EventSubscriptionService`."""

from __future__ import annotations

from dataclasses import dataclass

from flowmesh.engine.v1 import event_subscription_service_pb2 as pb

from engine_svc.api.events import WAITS, start_subscription_of_row, subscription_of_row
from engine_svc.storage.subscriptions import SubscriptionFilter, find_subscriptions, list_start_subscriptions
from mesh.call import open_rows
from mesh.db.database import Database
from mesh.db.statements import Row
from mesh.paging import decode_page_token, encode_page_token, page_size_of


@dataclass(slots=True)
class EventSubscriptionServicer:
    """Serves EventSubscriptionService."""

    database: Database

    async def ListEventSubscriptions(
        self, request: pb.ListEventSubscriptionsRequest
    ) -> pb.ListEventSubscriptionsResponse:
        """See the contract."""
        size = page_size_of(request)
        # Start events come first: the key is definition and element of one, or instance and number of another.
        after = decode_page_token(request, str, str, int)
        wanted = SubscriptionFilter(
            type=WAITS.get(request.type, 0),
            name=request.name,
            tenant_id=request.tenant_id or None,
            instance_id=request.process_instance_id,
            definition_key=request.process_definition_key,
        )
        opened = open_rows()
        starts: list[Row] = []
        behind: tuple[object, ...] | None = None
        if after is not None and after[2]:
            behind = (after[0], after[2])
        elif not request.process_instance_id:
            place = None if after is None else after[:2]
            starts = await self.database.read(list_start_subscriptions(wanted, opened, place, size + 1))
        rows: list[Row] = []
        if len(starts) <= size:
            rows = await self.database.read(find_subscriptions(wanted, opened, behind, size + 1 - len(starts)))
        found = [start_subscription_of_row(row) for row in starts] + [subscription_of_row(row) for row in rows]
        keys = [(row[0], row[1], 0) for row in starts] + [(row[0], "", row[1]) for row in rows]
        return pb.ListEventSubscriptionsResponse(
            event_subscriptions=found[:size],
            next_page_token=encode_page_token(request, keys[size - 1]) if len(found) > size else "",
        )
