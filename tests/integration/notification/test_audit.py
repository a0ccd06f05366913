"""Who changed what of notifications: each operation tells the audit once, in its own transaction, and no secret with it."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

from flowmesh.events.v1.event_pb2 import EventEnvelope
from flowmesh.notification.v1 import (
    delivery_service_pb2,
    notification_pb2,
    notification_service_pb2,
    preference_service_pb2,
    rule_service_pb2,
    template_service_pb2,
    webhook_service_pb2,
)

from mesh.bus.port import Bus, Consumer
from mesh.bus.topics import AUDIT_EVENTS
from mesh.db.database import Database
from mesh.event_decoding import decode
from tests.integration.notification.running import Running, refused, running
from tests.integration.notification.told_events import Instance, user

SERVICES = (
    notification_service_pb2.DESCRIPTOR.services_by_name["NotificationService"],
    preference_service_pb2.DESCRIPTOR.services_by_name["PreferenceService"],
    rule_service_pb2.DESCRIPTOR.services_by_name["NotificationRuleService"],
    template_service_pb2.DESCRIPTOR.services_by_name["TemplateService"],
    webhook_service_pb2.DESCRIPTOR.services_by_name["WebhookService"],
    delivery_service_pb2.DESCRIPTOR.services_by_name["DeliveryService"],
)
READING = ("Get", "List", "Watch", "Stream", "Preview")
PATH_SECRET = "T024BE7LH-secret-path"
ADDRESS_SECRET = "dingtalktoken6b1fc0ffee"


class _Told:
    """What the bus has for the audit."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer
        self.events: list[EventEnvelope] = []
        self.raw = b""

    async def until(self, count: int) -> None:
        async with asyncio.timeout(60):
            while len(self.events) < count:
                await self.look()

    async def look(self) -> None:
        for message in await self._consumer.poll(100, 0.3):
            envelope = decode(message.value)
            assert envelope is not None
            self.events.append(envelope)
            self.raw += message.value

    def last(self) -> Any:
        return self.events[-1].operation_recorded


async def _told(bus: Bus) -> _Told:
    return _Told(await bus.consumer("test-audit", [AUDIT_EVENTS]))


async def test_every_operation_is_told_once_and_no_secret(notification: Database, bus: Bus) -> None:
    async with running(notification, bus) as service:
        audit = await _told(bus)
        await service.publish(user("ada"))
        instance = Instance("i1")
        await service.publish(*(instance.task(f"t{number}", "ada") for number in range(3)))
        await service.settled()
        ada, root = service.as_("ada"), service.root
        secrets = [PATH_SECRET, ADDRESS_SECRET]
        done: list[str] = []

        async def call(caller: Any, request: Any, kind: str, *, tells: int = 1) -> Any:
            method = request.DESCRIPTOR.name.removesuffix("Request")
            before = len(audit.events)
            answer = await getattr(caller, method)(request)
            await audit.until(before + tells)
            if tells:
                recorded = audit.last()
                assert recorded.method.rpartition("/")[2] == method
                assert recorded.resource_type == kind
                done.append(method)
            return answer

        # The inbox.
        listed = await ada.ListNotifications(notification_service_pb2.ListNotificationsRequest())
        one, other = listed.notifications[0].id, listed.notifications[1].id
        pb: Any = notification_service_pb2
        await call(ada, pb.MarkNotificationReadRequest(id=one, request_id="r1"), "notification")
        # The same request again, and what changes nothing, is no further operation.
        await call(ada, pb.MarkNotificationReadRequest(id=one, request_id="r1"), "notification", tells=0)
        await call(ada, pb.MarkNotificationReadRequest(id=one), "notification", tells=0)
        await call(ada, pb.MarkNotificationUnreadRequest(id=one), "notification")
        await call(ada, pb.MarkAllNotificationsReadRequest(), "inbox")
        await call(ada, pb.DeleteNotificationRequest(id=other), "notification")
        # Preferences, with an address that has a token in it.
        address = {
            "channel": notification_pb2.CHANNEL_TYPE_CHAT,
            "label": "team",
            "url": f"dingtalk://{ADDRESS_SECRET}/",
        }
        pb = preference_service_pb2
        wanted = pb.Preferences(language="zh", addresses=[address])
        await call(ada, pb.UpdateOwnPreferencesRequest(preferences=wanted), "preferences")
        assert audit.events[-1].metadata.user_id == "ada"
        assert audit.last().tenant_ids == [""]
        wanted = pb.Preferences(time_zone="Asia/Shanghai")
        await call(root, pb.UpdatePreferencesRequest(user_id="ada", preferences=wanted), "preferences")
        assert audit.last().resource_id == "ada"
        assert audit.last().before_json == b'{"timeZone":""}'
        assert audit.last().after_json == b'{"timeZone":"Asia/Shanghai"}'
        # Rules.
        pb = rule_service_pb2
        details = pb.NotificationRuleDetails(
            event_type=notification_pb2.EVENT_TYPE_TASK_COMPLETED, recipients=[{"user_id": "eve"}]
        )
        made = await call(root, pb.CreateNotificationRuleRequest(details=details), "notificationRule")
        rule = made.notification_rule.id
        details.disabled = True
        await call(root, pb.UpdateNotificationRuleRequest(id=rule, details=details), "notificationRule")
        assert (audit.last().before_json, audit.last().after_json) == (b'{"disabled":false}', b'{"disabled":true}')
        await call(root, pb.DeleteNotificationRuleRequest(id=rule), "notificationRule")
        assert audit.last().after_json == b""
        # Templates.
        pb = template_service_pb2
        text = pb.TemplateDetails(
            event_type=notification_pb2.EVENT_TYPE_TASK_ASSIGNED,
            channel=notification_pb2.CHANNEL_TYPE_INBOX,
            language="en",
            subject="For you",
            text="{{ task.name }}",
        )
        made = await call(root, pb.CreateTemplateRequest(details=text), "template")
        change = pb.UpdateTemplateRequest(id=made.template.id, text="New: {{ task.name }}")
        change.update_mask.paths.append("text")
        await call(root, change, "template")
        assert b"New: {{ task.name }}" in audit.last().after_json
        await call(root, pb.DeleteTemplateRequest(id=made.template.id), "template")
        # Webhooks. Of many receivers the path is the secret.
        pb = webhook_service_pb2
        url = f"http://127.0.0.1:9/services/{PATH_SECRET}"
        made = await call(root, pb.CreateWebhookRequest(details=pb.WebhookDetails(url=url)), "webhook")
        assert b"http://127.0.0.1:9/" in audit.last().after_json
        secrets.append(made.secret)
        hook = made.webhook.id
        details = pb.WebhookDetails(url=f"{url}2")
        await call(root, pb.UpdateWebhookRequest(id=hook, details=details), "webhook")
        assert b"another path" in audit.last().after_json
        rotated = await call(root, pb.RotateWebhookSecretRequest(id=hook), "webhook")
        secrets.append(rotated.secret)
        await call(root, pb.DisableWebhookRequest(id=hook), "webhook")
        assert (audit.last().before_json, audit.last().after_json) == (b'{"state":"ENABLED"}', b'{"state":"DISABLED"}')
        await call(root, pb.EnableWebhookRequest(id=hook), "webhook")
        # Deliveries.
        await service.publish(instance.task("t9", "ada"))
        await service.settled()
        pb = delivery_service_pb2
        found = await root.ListDeliveries(pb.ListDeliveriesRequest(webhook_id=hook))
        delivery = found.deliveries[0].id
        await call(root, pb.DiscardDeliveryRequest(id=delivery), "delivery")
        await call(root, pb.ResendDeliveryRequest(id=delivery), "delivery")
        assert audit.last().before_json == b'{"state":"DISCARDED"}'
        pb = webhook_service_pb2
        await call(root, pb.DeleteWebhookRequest(id=hook), "webhook")
        # All that there are.
        methods = {method.name for service_ in SERVICES for method in service_.methods}
        assert {name for name in methods if not name.startswith(READING)} == set(done)
        await audit.look()
        assert len(audit.events) == len(done)
        for secret in secrets:
            for form in (secret, secret.removeprefix("whsec_"), base64.b64encode(secret.encode()).decode()):
                assert form.encode() not in audit.raw, form


async def test_what_is_refused_is_told(notification: Database, bus: Bus) -> None:
    async with running(notification, bus) as service:
        audit = await _told(bus)
        for _ in range(3):
            call = service.as_("eve").ListWebhooks(webhook_service_pb2.ListWebhooksRequest())
            assert await refused(call) == ("PERMISSION_DENIED", "ACCESS_DENIED")
        # It is told every few seconds; not waited for here.
        await service.service._refusals.tell()
        await audit.until(1)
        [event] = audit.events
        assert event.source_service == "notification"
        told = event.operation_refused
        assert (told.method.rpartition("/")[2], told.reason, told.count) == ("ListWebhooks", "ACCESS_DENIED", 3)
        assert event.metadata.user_id == "eve"


async def test_what_is_undone_is_not_told(notification: Database, bus: Bus) -> None:
    async with running(notification, bus) as service:
        audit = await _told(bus)
        details = webhook_service_pb2.WebhookDetails(url="http://127.0.0.1:9/")
        made = (await service.root.CreateWebhook(webhook_service_pb2.CreateWebhookRequest(details=details))).webhook
        await audit.until(1)
        stale = webhook_service_pb2.UpdateWebhookRequest(
            id=made.id, etag="17", details=webhook_service_pb2.WebhookDetails(description="x")
        )
        assert await refused(service.root.UpdateWebhook(stale)) == ("ABORTED", "REVISION_CONFLICT")
        await _settled(service)
        await audit.look()
        assert len(audit.events) == 1


async def _settled(service: Running) -> None:
    async with asyncio.timeout(30):
        while await service.rows("SELECT 1 FROM outbox"):
            await asyncio.sleep(0.05)
