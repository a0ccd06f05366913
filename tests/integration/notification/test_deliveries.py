"""What becomes of what is sent: retries, dead letters, sending again, webhooks that fail."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from flowmesh.notification.v1 import delivery_service_pb2 as pb
from flowmesh.notification.v1 import notification_pb2
from flowmesh.notification.v1 import preference_service_pb2 as preferences
from flowmesh.notification.v1 import webhook_service_pb2 as webhooks

from mesh.bus.port import Bus
from mesh.db.database import Database
from mesh.db.statements import Execute, Program
from tests.infrastructure.ports import free_port
from tests.integration.notification.mail_catcher import MailCatcher
from tests.integration.notification.running import Running, refused, running, until
from tests.integration.notification.told_events import MICROS, Instance, message, user
from tests.integration.notification.webhook_receiver import Receiver, webhook_receiver
from tests.tls.files import Certificates

Delivery = pb.Delivery
HOUR = 3600 * MICROS


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with webhook_receiver() as made:
        yield made


@pytest.fixture
async def stranger(tmp_path: Path) -> AsyncIterator[Receiver]:
    """A receiver with a certificate of an authority that nobody trusts."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(*Certificates(tmp_path / "stranger").issue("stranger"))
    async with webhook_receiver(tls=tls) as made:
        yield made


async def _deliveries(service: Running, **filters: Any) -> list[Any]:
    return list((await service.root.ListDeliveries(pb.ListDeliveriesRequest(**filters))).deliveries)


async def _retried(service: Running, times: int) -> None:
    """Turn the clock to the next attempt, so many times."""
    for _ in range(times):
        await service.settled()
        rows = await service.rows(
            "SELECT MIN(CASE WHEN w.held_until>d.next_attempt_at THEN w.held_until ELSE d.next_attempt_at END) "
            "FROM delivery d LEFT JOIN webhook w ON w.id=d.recipient_id AND w.state=1 WHERE d.state=1"
        )
        if rows[0][0] is None:
            return
        service.clock.turn_to(rows[0][0])
        await service.settled()


async def test_three_retries_then_a_dead_letter_then_sent_again(
    notification: Database, bus: Bus, mails: MailCatcher
) -> None:
    async with running(notification, bus, **mails.settings()) as service:
        mails.answer = "451 come back later"
        await service.publish(user("ada"))
        await service.publish(Instance("i1").task("t1", "ada"))
        await service.settled()
        [one] = await _deliveries(service)
        assert (one.state, one.attempts) == (Delivery.STATE_PENDING, 1)
        assert "451" in one.reason
        pause = one.next_attempt_time.ToMicroseconds() - service.clock.now_micros()
        assert 7 * MICROS < pause < 13 * MICROS
        await _retried(service, 3)
        [dead] = await _deliveries(service, state=Delivery.STATE_DEAD)
        assert dead.attempts == 4
        log = (await service.root.GetDelivery(pb.GetDeliveryRequest(id=dead.id))).delivery.attempt_log
        assert [(each.number, each.delivered) for each in log] == [(1, False), (2, False), (3, False), (4, False)]
        assert mails.mails == []
        mails.answer = "250 kept"
        request = pb.ResendDeliveryRequest(request_id="r1", id=dead.id)
        await service.root.ResendDelivery(request)
        await until(lambda: len(mails.mails) == 1)
        await service.settled()
        # The same request again sends nothing again.
        await service.root.ResendDelivery(request)
        await service.settled()
        assert len(mails.mails) == 1
        assert dead.id in mails.mails[0]["Message-ID"]
        [sent] = await _deliveries(service, state=Delivery.STATE_DELIVERED)
        assert (sent.id, sent.attempts) == (dead.id, 5)
        # The log has what was before as well.
        log = (await service.root.GetDelivery(pb.GetDeliveryRequest(id=dead.id))).delivery.attempt_log
        assert [(each.number, each.delivered) for each in log] == [
            *((number, False) for number in range(1, 5)),
            (5, True),
        ]


async def test_what_cannot_succeed_is_dead_at_once(notification: Database, bus: Bus, mails: MailCatcher) -> None:
    async with running(notification, bus, **mails.settings()) as service:
        mails.answer = "550 no such mailbox"
        await service.publish(user("ada"))
        await service.publish(Instance("i1").task("t1", "ada"))
        await service.settled()
        [dead] = await _deliveries(service)
        assert (dead.state, dead.attempts) == (Delivery.STATE_DEAD, 1)


async def test_a_delivery_is_given_up(notification: Database, bus: Bus, mails: MailCatcher) -> None:
    async with running(notification, bus, **mails.settings()) as service:
        mails.answer = "451 come back later"
        await service.publish(user("ada"))
        await service.publish(Instance("i1").task("t1", "ada"))
        await service.settled()
        [one] = await _deliveries(service)
        assert await refused(service.root.ResendDelivery(pb.ResendDeliveryRequest(id=one.id))) == (
            "FAILED_PRECONDITION",
            "DELIVERY_UNDER_WAY",
        )
        given_up = (await service.root.DiscardDelivery(pb.DiscardDeliveryRequest(id=one.id))).delivery
        assert given_up.state == Delivery.STATE_DISCARDED
        service.clock.turn_to(service.clock.now_micros() + HOUR)
        await service.settled()
        assert [each.state for each in await _deliveries(service)] == [Delivery.STATE_DISCARDED]
        discarding = service.root.DiscardDelivery(pb.DiscardDeliveryRequest(id=one.id))
        assert await refused(discarding) == ("FAILED_PRECONDITION", "DELIVERY_ENDED")


async def test_without_an_address_or_a_mail_server_it_is_said(notification: Database, bus: Bus) -> None:
    async with running(notification, bus) as service:
        await service.publish(user("ada"))
        await service.publish(Instance("i1").task("t1", "ada"))
        await service.settled()
        [one] = await _deliveries(service)
        assert (one.state, one.reason) == (Delivery.STATE_SKIPPED, "This channel is not set up.")


async def _webhook(service: Running, url: str, **details: Any) -> tuple[Any, str]:
    made = await service.root.CreateWebhook(
        webhooks.CreateWebhookRequest(details=webhooks.WebhookDetails(url=url, **details))
    )
    return made.webhook, made.secret


async def test_a_webhook_is_told_once_and_signed(notification: Database, bus: Bus, receiver: Receiver) -> None:
    async with running(notification, bus) as service:
        webhook, secret = await _webhook(
            service,
            receiver.url,
            event_types=[notification_pb2.EVENT_TYPE_TASK_ASSIGNED, notification_pb2.EVENT_TYPE_PROCESS_COMPLETED],
            process_definition_keys=["vac*"],
        )
        assert secret.startswith("whsec_")
        instance, other = Instance("i1"), Instance("i2", key="order")
        created = instance.task("t1", "ada", due=None)
        events = [instance.started("ada"), created, instance.done("t1", by="ada"), instance.completed()]
        await service.publish(*events, *events, other.task("t2", "ada"))
        await service.settled()
        assert sorted(one.content["type"] for one in receiver.received) == ["process.completed", "task.assigned"]
        assert all(one.signed_by(secret) for one in receiver.received)
        [told] = [one for one in receiver.received if one.content["type"] == "task.assigned"]
        assert told.content["data"]["task"]["id"] == "t1"
        assert told.content["data"]["process"]["business_key"] == "B-i1"
        sent = await _deliveries(service, webhook_id=webhook.id, state=Delivery.STATE_DELIVERED)
        assert {one.id for one in sent} == {one.id for one in receiver.received}
        # A new secret, and the former one for a day.
        rotated = await service.root.RotateWebhookSecret(webhooks.RotateWebhookSecretRequest(id=webhook.id))
        receiver.received.clear()
        await service.publish(instance.task("t3", "ada"))
        await service.settled()
        [told] = receiver.received
        assert told.signed_by(secret)
        assert told.signed_by(rotated.secret)


@pytest.mark.parametrize("way", ["refused", "slow", "500", "closed", "wrong TLS"])
async def test_a_receiver_that_fails_is_tried_again_and_disabled(
    notification: Database, bus: Bus, receiver: Receiver, stranger: Receiver, way: str
) -> None:
    # No answer in so many seconds is slow; the others must not be so by chance.
    patience = 2.0 if way == "slow" else 15.0
    async with running(notification, bus, webhook_failures=6, webhook_seconds=patience) as service:
        url = {"refused": f"http://127.0.0.1:{free_port()}/", "wrong TLS": stranger.url}.get(way, receiver.url)
        receiver.seconds = 2 * patience if way == "slow" else 0.0
        receiver.status = {"500": 500, "closed": 0}.get(way, 204)
        webhook, _ = await _webhook(service, url)
        await service.publish(Instance("i1").task("t1", "ada"))
        await _retried(service, 4)
        [dead] = await _deliveries(service, state=Delivery.STATE_DEAD)
        assert dead.attempts == 4
        # Who cannot show who it is gets nothing.
        assert stranger.received == []
        assert ("certificate" in dead.reason) == (way == "wrong TLS")
        if way not in ("refused", "wrong TLS"):
            # Every attempt has the same id, by which the receiver knows it.
            assert [one.id for one in receiver.received] == [dead.id] * 4
        await service.publish(Instance("i2").task("t2", "ada"))
        await _retried(service, 4)
        found = (await service.root.GetWebhook(webhooks.GetWebhookRequest(id=webhook.id))).webhook
        assert (found.state, found.consecutive_failures) == (webhooks.Webhook.STATE_FAILED, 6)
        assert found.failure
        assert len(await _deliveries(service, state=Delivery.STATE_DEAD)) == 2
        # Nothing more is sent there, until somebody says so.
        before = len(receiver.received)
        await service.publish(Instance("i3").task("t3", "ada"))
        await service.settled()
        assert len(receiver.received) == before
        receiver.seconds, receiver.status = 0.0, 204
        await service.root.EnableWebhook(webhooks.EnableWebhookRequest(id=webhook.id))
        await service.root.UpdateWebhook(
            webhooks.UpdateWebhookRequest(id=webhook.id, details=webhooks.WebhookDetails(url=receiver.url))
        )
        await service.root.ResendDelivery(pb.ResendDeliveryRequest(id=dead.id))
        await until(lambda: len(receiver.received) == before + 1)
        await service.settled()
        found = (await service.root.GetWebhook(webhooks.GetWebhookRequest(id=webhook.id))).webhook
        assert (found.state, found.consecutive_failures) == (webhooks.Webhook.STATE_ENABLED, 0)


@pytest.mark.parametrize("status", [0, 429])
async def test_a_receiver_that_restarts_is_left_alone_until_it_is_back(
    notification: Database, bus: Bus, receiver: Receiver, status: int
) -> None:
    """However much waits for it: what fails together is one failure, and then one message asks whether it is back."""
    waiting, together = 60, 8
    async with running(notification, bus, webhook_host_connections=together // 2) as service:
        receiver.status = status
        webhook, _ = await _webhook(service, receiver.url)

        async def seen() -> tuple[Any, int]:
            found = (await service.root.GetWebhook(webhooks.GetWebhookRequest(id=webhook.id))).webhook
            return found.state, found.consecutive_failures

        instance = Instance("i1")
        await service.publish(*(instance.task(f"t{number}", "ada") for number in range(waiting)))
        await service.settled()
        assert await seen() == (webhooks.Webhook.STATE_ENABLED, 1)
        first = len(receiver.received)
        assert first <= together
        for failures in (2, 3):
            service.clock.turn_to(service.clock.now_micros() + HOUR // 60)
            await service.settled()
            assert await seen() == (webhooks.Webhook.STATE_ENABLED, failures)
            assert len(receiver.received) == first + failures - 1
        receiver.status = 204
        service.clock.turn_to(service.clock.now_micros() + HOUR)
        await service.settled()
        assert await seen() == (webhooks.Webhook.STATE_ENABLED, 0)
        assert len({one.id for one in receiver.received}) == waiting
        assert {one.state for one in await _deliveries(service, page_size=100, webhook_id=webhook.id)} == {
            Delivery.STATE_DELIVERED
        }


async def test_a_receiver_that_is_gone_is_disabled_at_once(
    notification: Database, bus: Bus, receiver: Receiver
) -> None:
    async with running(notification, bus) as service:
        receiver.status = 410
        webhook, _ = await _webhook(service, receiver.url)
        await service.publish(Instance("i1").task("t1", "ada"))
        await service.settled()
        found = (await service.root.GetWebhook(webhooks.GetWebhookRequest(id=webhook.id))).webhook
        assert found.state == webhooks.Webhook.STATE_FAILED
        [dead] = await _deliveries(service, webhook_id=webhook.id)
        assert dead.state == Delivery.STATE_DEAD
        await service.root.DeleteWebhook(webhooks.DeleteWebhookRequest(id=webhook.id))
        assert await refused(service.root.GetWebhook(webhooks.GetWebhookRequest(id=webhook.id))) == (
            "NOT_FOUND",
            "WEBHOOK_NOT_FOUND",
        )


async def test_what_a_dead_process_took_is_sent_by_another(
    notification: Database, bus: Bus, mails: MailCatcher
) -> None:
    async with running(notification, bus, **mails.settings()) as service:
        await service.publish(user("ada"))
        # As a process leaves it that dies behind its claim.
        await service.publish(Instance("i1").task("t1", "ada"))
        await service.settled()
        [one] = await service.rows("SELECT id FROM delivery")
        mails.mails.clear()

        def claimed() -> Program[None]:
            yield Execute(
                "UPDATE delivery SET state=1, ended_at=NULL, attempts=1, lease='another', next_attempt_at=? WHERE id=?",
                (service.clock.now_micros() + HOUR, one[0]),
            )

        await notification.write(claimed())
        assert mails.mails == []
        service.clock.turn_to(service.clock.now_micros() + HOUR)
        await until(lambda: len(mails.mails) == 1)
        await service.settled()
        [found] = await _deliveries(service)
        assert (found.state, found.attempts) == (Delivery.STATE_DELIVERED, 2)


async def test_a_clock_that_is_turned_amid_sending(notification: Database, bus: Bus, mails: MailCatcher) -> None:
    async with running(notification, bus, smtp_connections=2, **mails.settings()) as service:
        mails.seconds = 2.0
        await service.publish(user("ada"))
        await service.publish(Instance("i1").task("t1", "ada"))
        await until(lambda: mails.begun == 1)
        # By this clock the claim has ended long ago; the message is on its way all the same.
        for day in range(1, 6):
            service.clock.turn_to(service.clock.now_micros() + 24 * day * HOUR)
            await asyncio.sleep(0.2)
        await until(lambda: mails.mails)
        await service.settled()
        assert (mails.begun, len(mails.mails)) == (1, 1)
        [one] = await _deliveries(service)
        assert (one.state, one.attempts) == (Delivery.STATE_DELIVERED, 1)


async def test_two_services_share_the_work(notification: Database, bus: Bus, mails: MailCatcher) -> None:
    """On one database: each message is sent by one of them, and both of them send."""
    sending = {"smtp_connections": 2, **mails.settings()}
    async with running(notification, bus, **sending) as one, running(notification, bus, **sending) as other:
        mails.seconds = 0.05
        await bus.publish([message(user(f"u{number}")) for number in range(5)])
        instance = Instance("i1")
        await bus.publish([message(instance.task(f"t{number}", f"u{number % 5}")) for number in range(100)])
        await until(lambda: len(mails.mails) >= 100, 120)
        await one.settled()
        await other.settled()
        assert len(mails.mails) == 100
        assert set(mails.ids().values()) == {1}
        shares = [each.service._sender.counters.delivered for each in (one, other) if each.service._sender]
        assert sum(shares) == 100
        assert all(shares), shares


async def test_a_digest_that_was_empty_can_be_sent_again(notification: Database, bus: Bus, mails: MailCatcher) -> None:
    async with running(notification, bus, **mails.settings()) as service:
        await service.publish(user("ada"))
        daily = preferences.Preferences(digest=preferences.DIGEST_DAILY, digest_time="09:00")
        await service.as_("ada").UpdateOwnPreferences(preferences.UpdateOwnPreferencesRequest(preferences=daily))
        instance = Instance("i1")
        await service.publish(instance.task("t1", "ada"), instance.done("t1", by="ada"))
        await service.publish(instance.task("t2", "ada"))
        await service.publish(instance.done("t2", by="ada"))
        await service.turn(service.clock.now_micros() + HOUR)
        assert mails.mails == []
        [digest] = [one for one in await _deliveries(service) if one.digest_id == one.id]
        assert digest.state == Delivery.STATE_SKIPPED
        await service.root.ResendDelivery(pb.ResendDeliveryRequest(id=digest.id))
        await until(lambda: len(mails.mails) == 1)
        await service.settled()
        assert "Task t2" in mails.text_to("ada@example.com")
