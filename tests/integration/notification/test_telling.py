"""From events to inboxes and e-mail: who is told what, once."""

from __future__ import annotations

import random

from flowmesh.notification.v1 import notification_service_pb2 as pb

from mesh.bus.port import Bus
from mesh.db.database import Database
from tests.integration.notification.mail_catcher import MailCatcher
from tests.integration.notification.running import running
from tests.integration.notification.told_events import NOON, Instance, envelope, member, user

HOUR = 3600 * 1_000_000


async def test_the_assignee_is_told_by_inbox_and_e_mail(notification: Database, bus: Bus, mails: MailCatcher) -> None:
    async with running(notification, bus, **mails.settings()) as service:
        await service.publish(user("ada", locale="zh-CN"), user("bob", locale="en"))
        instance = Instance("i1")
        await service.publish(instance.started("bob"), instance.task("t1", "ada"))
        await service.settled()
        [mail] = mails.mails
        assert "ada@example.com" in mail["To"]
        assert "任务" in mail["Subject"]
        # The process by its key, as nobody told its name.
        assert "流程：vacation\n" in mails.text_to("ada@example.com").replace("\r", "")
        inbox = await service.as_("ada").ListNotifications(pb.ListNotificationsRequest())
        [notification_] = inbox.notifications
        assert notification_.task_id == "t1"
        assert "Task t1" in notification_.title
        assert inbox.unread_count == 1
        assert not (await service.as_("bob").ListNotifications(pb.ListNotificationsRequest())).notifications


async def test_a_process_is_called_by_its_name(notification: Database, bus: Bus, mails: MailCatcher) -> None:
    """Also where the task, the reminder and the end come long after the start, or the end before it."""
    async with running(notification, bus, **mails.settings()) as service:
        await service.publish(user("ada", locale="zh-CN"))
        instance, early = Instance("i1"), Instance("i2")
        started = [
            one.tell("process_instance_started", initiator="ada", process_definition_name="年假申请")
            for one in (instance, early)
        ]
        await service.publish(started[0])
        await service.publish(instance.task("t1", "ada", due=NOON + 72 * HOUR))
        await service.settled()
        await service.turn(NOON + 73 * HOUR)
        await service.publish(instance.completed(), early.completed(), started[1])
        await service.settled()
        texts = [part.get_content() for mail in mails.mails if (part := mail.get_body(("plain",))) is not None]
        assert len(texts) == 4
        assert all("流程：年假申请" in text for text in texts), texts


async def test_candidates_are_told_until_one_claims(notification: Database, bus: Bus, mails: MailCatcher) -> None:
    async with running(notification, bus, max_group_recipients=3, **mails.settings()) as service:
        await service.publish(*(user(name) for name in ("ada", "bob", "cyd", "dan", "eve")))
        await service.publish(*(member("staff", name) for name in ("ada", "bob", "cyd", "dan")))
        instance = Instance("i1")
        await service.publish(instance.task("t1", candidate_users=["eve", "ada"], candidate_groups=["staff"]))
        await service.settled()
        told = {name for name in ("ada", "bob", "cyd", "dan", "eve") if mails.to(f"{name}@example.com")}
        # Of the group three at most.
        assert told == {"ada", "bob", "cyd", "eve"}
        assert len(mails.mails) == 4
        await service.publish(instance.assigned("t1", "bob", by="bob"))
        for name in ("ada", "bob", "eve"):
            [one] = (await service.as_(name).ListNotifications(pb.ListNotificationsRequest())).notifications
            assert one.obsolete
        await service.settled()
        # Who has claimed it knows it.
        assert len(mails.mails) == 4


async def test_the_end_is_told_to_who_started(notification: Database, bus: Bus, mails: MailCatcher) -> None:
    async with running(notification, bus, **mails.settings()) as service:
        await service.publish(user("ada"))
        done, lost = Instance("i1"), Instance("i2")
        started, completed = done.started("ada"), done.completed()
        # The end comes before the start.
        await service.publish(completed)
        await service.publish(started)
        await service.publish(lost.started("ada"))
        await service.publish(lost.tell("process_instance_terminated", by="root", reason="nobody wants it"))
        await service.settled()
        assert len(mails.mails) == 2
        assert {mail["Message-ID"] for mail in mails.mails} == set(mails.ids())
        titles = [one.title for one in (await _inbox(service, "ada"))]
        assert any("i1" in title or "vacation" in title for title in titles)
        assert len(titles) == 2


async def test_a_task_that_is_done_is_told_to_nobody(notification: Database, bus: Bus, mails: MailCatcher) -> None:
    async with running(notification, bus, **mails.settings()) as service:
        await service.publish(user("ada"))
        instance = Instance("i1")
        created, done = instance.task("t1", "ada"), instance.done("t1", by="ada")
        await service.publish(done)
        await service.publish(created)
        await service.settled()
        assert mails.mails == []
        [one] = await _inbox(service, "ada")
        assert one.obsolete


async def test_walls_between_tenants(notification: Database, bus: Bus, mails: MailCatcher) -> None:
    async with running(notification, bus, **mails.settings()) as service:
        await service.publish(user("ada", "a"), user("bob", "b"), member("staff", "ada"), member("staff", "bob"))
        instance = Instance("i1", tenant="a")
        await service.publish(
            instance.task("t1", "bob"), instance.task("t2", candidate_groups=["staff"]), instance.task("t3", "cyd")
        )
        await service.settled()
        assert [str(mail["To"]) for mail in mails.mails] == ["Ada <ada@example.com>"]
        assert await _inbox(service, "bob") == []
        # Somebody who was not known when it was told, and turns out to be of another tenant.
        await service.publish(user("cyd", "b"))
        assert await _inbox(service, "cyd") == []
        moved = envelope(
            "user_updated", "cyd", NOON, user={"id": "cyd", "tenant_ids": ["a"]}, display_name="Cyd", profile={}
        )
        await service.publish(moved)
        assert len(await _inbox(service, "cyd")) == 1


async def test_every_order_and_repetition_leads_to_the_same(notification: Database, bus: Bus) -> None:
    async with running(notification, bus) as service:
        await service.publish(*(user(f"u{number}") for number in range(5)))
        dice = random.Random(7)
        for run in range(8):
            instance = Instance(f"i{run}")
            task = f"t{run}"
            events = [
                instance.started("u0"),
                # Not due so soon that a round of reminders tells somebody of it meanwhile.
                instance.task(task, "u1", due=NOON + 72 * HOUR),
                instance.assigned(task, "u2", by="u1"),
                instance.assigned(task, "u3", by="u3"),
                instance.done(task, by="u3"),
                instance.completed(),
            ]
            delivered = [*events, *dice.choices(events, k=6)]
            dice.shuffle(delivered)
            for event in delivered:
                await service.publish(event)
            rows = await service.rows(
                "SELECT recipient_id, event_type, obsolete FROM notification WHERE process_instance_id=? "
                "ORDER BY recipient_id, event_type",
                instance.id,
            )
            assert [tuple(row) for row in rows] == [("u0", 8, 0), ("u1", 1, 1), ("u2", 1, 1)]
        assert await service.rows("SELECT task_id FROM reminder") == []


async def _inbox(service: object, name: str) -> list[object]:
    response = await service.as_(name).ListNotifications(pb.ListNotificationsRequest())
    return list(response.notifications)
