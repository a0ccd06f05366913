"""`flowmesh.notification.v1.WebhookService`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flowmesh.notification.v1 import webhook_service_pb2 as pb

from mesh.db.database import Database
from mesh.db.statements import Program
from mesh.paging import decode_page_token, encode_page_token, page_size_of
from notification_svc.api.callers import administering
from notification_svc.api.mapping import event_types_of, webhook_message
from notification_svc.api.masks import masked_fields
from notification_svc.channels.port import AddressInvalid, Channel
from notification_svc.commands import webhooks as commands
from notification_svc.commands.refusals import field_invalid, webhook_missing
from notification_svc.commands.writing import CommandWriter
from notification_svc.queries.listings import list_webhooks
from notification_svc.sealing import Seal
from notification_svc.storage.webhooks import Webhook, read_webhooks

_READ: dict[str, Callable[[pb.WebhookDetails], Any]] = {
    "url": lambda details: details.url,
    "event_types": lambda details: event_types_of(list(details.event_types)),
    "process_definition_keys": lambda details: tuple(details.process_definition_keys),
    "description": lambda details: details.description,
}


@dataclass(slots=True)
class WebhookServicer:
    """Serves WebhookService."""

    database: Database
    writer: CommandWriter
    seal: Seal
    channel: Channel

    async def CreateWebhook(self, request: pb.CreateWebhookRequest) -> bytes:
        """See the contract."""
        caller = administering()
        await self._check(request.details.url)
        wanted = Webhook("", request.tenant_id, **_values(request.details, list(_READ)))

        def work(now: int) -> Program[pb.CreateWebhookResponse]:
            webhook, secret = yield from commands.create(caller, wanted, self.seal, now)
            return pb.CreateWebhookResponse(webhook=webhook_message(webhook), secret=secret)

        return await self.writer.change(caller.id, request, work)

    async def GetWebhook(self, request: pb.GetWebhookRequest) -> pb.GetWebhookResponse:
        """See the contract."""
        caller = administering()
        webhook = (await self.database.read(read_webhooks([request.id]))).get(request.id)
        if webhook is None or not caller.sees(webhook.tenant_id):
            raise webhook_missing(request.id)
        return pb.GetWebhookResponse(webhook=webhook_message(webhook))

    async def ListWebhooks(self, request: pb.ListWebhooksRequest) -> pb.ListWebhooksResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, str)
        tenant_id = request.tenant_id if request.HasField("tenant_id") else None
        last = str(after[0]) if after else None
        found = await self.database.read(list_webhooks(administering(), tenant_id, request.state, last, size + 1))
        return pb.ListWebhooksResponse(
            webhooks=map(webhook_message, found[:size]),
            next_page_token=encode_page_token(request, [found[size - 1].id]) if len(found) > size else "",
        )

    async def UpdateWebhook(self, request: pb.UpdateWebhookRequest) -> bytes:
        """See the contract."""
        caller = administering()
        fields = masked_fields(request.details, request.update_mask, _READ)
        if "url" in fields:
            await self._check(request.details.url)
        values = _values(request.details, fields)

        def work(now: int) -> Program[pb.UpdateWebhookResponse]:
            webhook = yield from commands.update(caller, request.id, values, request.etag, now)
            return pb.UpdateWebhookResponse(webhook=webhook_message(webhook))

        return await self.writer.change(caller.id, request, work)

    async def DeleteWebhook(self, request: pb.DeleteWebhookRequest) -> bytes:
        """See the contract."""
        caller = administering()

        def work(now: int) -> Program[pb.DeleteWebhookResponse]:
            yield from commands.delete(caller, request.id, request.etag, now)
            return pb.DeleteWebhookResponse()

        return await self.writer.change(caller.id, request, work)

    async def RotateWebhookSecret(self, request: pb.RotateWebhookSecretRequest) -> bytes:
        """See the contract."""
        caller = administering()

        def work(now: int) -> Program[pb.RotateWebhookSecretResponse]:
            webhook, secret = yield from commands.rotate(caller, request.id, self.seal, now)
            return pb.RotateWebhookSecretResponse(webhook=webhook_message(webhook), secret=secret)

        return await self.writer.change(caller.id, request, work)

    async def EnableWebhook(self, request: pb.EnableWebhookRequest) -> bytes:
        """See the contract."""
        caller = administering()

        def work(now: int) -> Program[pb.EnableWebhookResponse]:
            webhook = yield from commands.enable(caller, request.id, now)
            return pb.EnableWebhookResponse(webhook=webhook_message(webhook))

        return await self.writer.change(caller.id, request, work)

    async def DisableWebhook(self, request: pb.DisableWebhookRequest) -> bytes:
        """See the contract."""
        caller = administering()

        def work(now: int) -> Program[pb.DisableWebhookResponse]:
            webhook = yield from commands.disable(caller, request.id, now)
            return pb.DisableWebhookResponse(webhook=webhook_message(webhook))

        return await self.writer.change(caller.id, request, work)

    async def _check(self, url: str) -> None:
        try:
            await self.channel.check(url)
        except AddressInvalid as error:
            raise field_invalid("details.url", str(error)) from None


def _values(details: pb.WebhookDetails, fields: list[str]) -> dict[str, Any]:
    return {field: _READ[field](details) for field in fields}
