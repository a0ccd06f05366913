"""Reminders, escalation, quiet hours and digests, by a clock that the test turns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flowmesh.notification.v1 import delivery_service_pb2 as deliveries
from flowmesh.notification.v1 import notification_pb2
from flowmesh.notification.v1 import notification_service_pb2 as inboxes
from flowmesh.notification.v1 import preference_service_pb2 as preferences
from flowmesh.notification.v1 import rule_service_pb2 as rules
from google.protobuf.duration_pb2 import Duration

from mesh.bus.port import Bus
from mesh.db.database import Database
from notification_svc.delivery import composing
from tests.integration.notification.mail_catcher import MailCatcher
from tests.integration.notification.running import Running, running, until
from tests.integration.notification.told_events import MICROS, NOON, Instance, member, user

HOUR = 3600 * MICROS
DAY = 24 * HOUR
Event = notification_pb2.EventType


async def _events(service: Running, name: str) -> list[int]:
    response = await service.as_(name).ListNotifications(inboxes.ListNotificationsRequest())
    return [one.event_type for one in reversed(response.notifications)]


async def test_a_task_is_reminded_of_and_escalated(notification: Database, bus: Bus, mails: MailCatcher) -> None:
    async with running(notification, bus, **mails.settings()) as service:
        await service.publish(user("ada", manager="eve"), user("eve"))
        instance = Instance("i1")
        due = NOON + 3 * DAY
        await service.publish(instance.started("bob"), instance.task("t1", "ada", due=due))
        await service.turn(due - DAY - 1)
        assert await _events(service, "ada") == [Event.EVENT_TYPE_TASK_ASSIGNED]
        await service.turn(due - DAY)
        await service.turn(due)
        assert await _events(service, "ada") == [
            Event.EVENT_TYPE_TASK_ASSIGNED,
            Event.EVENT_TYPE_TASK_DUE_SOON,
            Event.EVENT_TYPE_TASK_OVERDUE,
        ]
        assert await _events(service, "eve") == []
        await service.turn(due + DAY)
        assert await _events(service, "eve") == [Event.EVENT_TYPE_TASK_ESCALATED]
        assert len(mails.to("ada@example.com")) == 3
        assert len(mails.to("eve@example.com")) == 1


async def test_reminders_follow_the_task(notification: Database, bus: Bus) -> None:
    async with running(notification, bus) as service:
        await service.publish(user("ada"))
        moved, done = Instance("i1"), Instance("i2")
        await service.publish(moved.task("t1", "ada", due=NOON + 2 * DAY), done.task("t2", "ada", due=NOON + 2 * DAY))
        update = moved.tell("user_task_updated", task_id="t1", changed=["due_time"], name="Task t1")
        update.user_task_updated.due_time.FromMicroseconds(NOON + 9 * DAY)
        await service.publish(update, done.done("t2", by="ada"))
        await service.turn(NOON + 5 * DAY)
        assert Event.EVENT_TYPE_TASK_OVERDUE not in await _events(service, "ada")
        await service.turn(NOON + 8 * DAY)
        await service.turn(NOON + 9 * DAY)
        told = await _events(service, "ada")
        assert told.count(Event.EVENT_TYPE_TASK_DUE_SOON) == told.count(Event.EVENT_TYPE_TASK_OVERDUE) == 1
        # An event that comes again brings nothing back.
        again = moved.tell("user_task_updated", task_id="t1", changed=["priority"], name="Task t1", priority=9)
        again.user_task_updated.due_time.FromMicroseconds(NOON + 9 * DAY)
        await service.publish(again)
        await service.turn(NOON + 9 * DAY + 1)
        assert await _events(service, "ada") == told


async def test_what_could_not_be_told_before_the_due_time_is_not_told_after_it(
    notification: Database, bus: Bus
) -> None:
    async with running(notification, bus) as service:
        await service.publish(user("ada"), Instance("i1").task("t1", "ada", due=NOON + 3 * DAY))
        # As if nobody had been there to remind all that time.
        await service.turn(NOON + 3 * DAY + HOUR)
        assert await _events(service, "ada") == [Event.EVENT_TYPE_TASK_ASSIGNED, Event.EVENT_TYPE_TASK_OVERDUE]


async def test_rules_hold_for_tasks_that_are_open_already(notification: Database, bus: Bus) -> None:
    async with running(notification, bus) as service:
        await service.publish(user("ada"), user("eve"), user("fay"), member("heads", "fay"))
        due = NOON + 5 * DAY
        await service.publish(*(Instance(f"i{number}").task(f"t{number}", "ada", due=due) for number in range(3)))
        made = await service.root.CreateNotificationRule(
            rules.CreateNotificationRuleRequest(
                details=rules.NotificationRuleDetails(
                    event_type=Event.EVENT_TYPE_TASK_ESCALATED,
                    process_definition_key="vac*",
                    recipients=[rules.Recipient(group_id="heads"), rules.Recipient(user_id="eve")],
                    offset=Duration(seconds=3600),
                    replaces_default=True,
                )
            )
        )

        async def planned() -> bool:
            rows = await service.rows("SELECT task_id FROM reminder WHERE rule_id=?", made.notification_rule.id)
            return len(rows) == 3

        await until(planned)
        await service.turn(due + HOUR)
        for name in ("eve", "fay"):
            assert await _events(service, name) == [Event.EVENT_TYPE_TASK_ESCALATED] * 3
        await service.root.DeleteNotificationRule(rules.DeleteNotificationRuleRequest(id=made.notification_rule.id))
        await until(lambda: _no_rule_change(service))
        rows = await service.rows("SELECT DISTINCT rule_id FROM reminder WHERE remind_at>?", due + HOUR)
        assert [row[0] for row in rows] == ["default-5"]


async def _no_rule_change(service: Running) -> bool:
    return not await service.rows("SELECT tenant_id FROM rule_change")


async def test_nothing_is_sent_in_quiet_hours(notification: Database, bus: Bus, mails: MailCatcher) -> None:
    async with running(notification, bus, **mails.settings()) as service:
        # 08:00 UTC is 16:00 in Shanghai and 03:00 in New York.
        await service.publish(
            user("li", timeZone="Asia/Shanghai"), user("ann", timeZone="America/New_York"), user("bob")
        )
        for name in ("li", "ann"):
            await _prefer(service, name, quiet_hours={"start": "22:00", "end": "07:00"})
        instance = Instance("i1")
        await service.publish(*(instance.task(f"t-{name}", name) for name in ("li", "ann", "bob")))
        await service.settled()
        assert {str(mail["To"]).partition("@")[0].rpartition("<")[2] for mail in mails.mails} == {"li", "bob"}
        # The inbox has it at once.
        assert len(await _events(service, "ann")) == 1
        morning = int(datetime(2027, 1, 15, 12, tzinfo=UTC).timestamp()) * MICROS
        await service.turn(morning - 1)
        assert mails.to("ann@example.com") == []
        await service.turn(morning)
        assert len(mails.to("ann@example.com")) == 1


async def test_what_is_over_by_the_morning_is_not_sent(notification: Database, bus: Bus, mails: MailCatcher) -> None:
    async with running(notification, bus, **mails.settings()) as service:
        await service.publish(user("ann"))
        await _prefer(service, "ann", quiet_hours={"start": "07:00", "end": "09:00"})
        instance = Instance("i1")
        await service.publish(instance.task("t1", "ann"), instance.task("t2", "ann"))
        await service.publish(instance.done("t1", by="ann"))
        await service.turn(NOON + HOUR)
        assert len(mails.mails) == 1
        assert "Task t2" in mails.text_to("ann@example.com")
        found = await service.root.ListDeliveries(
            deliveries.ListDeliveriesRequest(state=deliveries.Delivery.STATE_SKIPPED)
        )
        assert [one.reason for one in found.deliveries] == ["Its matter is over."]


async def test_a_digest_has_what_came_in_a_day(notification: Database, bus: Bus, mails: MailCatcher) -> None:
    async with running(notification, bus, **mails.settings()) as service:
        await service.publish(user("ada", locale="en", timeZone="Asia/Shanghai"), user("bob"))
        await _prefer(service, "ada", digest=preferences.DIGEST_DAILY, digest_time="18:30")
        instance = Instance("i1")
        await service.publish(*(instance.task(f"t{number}", "ada") for number in range(4)), instance.task("b", "bob"))
        await service.publish(instance.done("t0", by="ada"))
        await service.settled()
        assert mails.to("ada@example.com") == []
        assert len(mails.to("bob@example.com")) == 1
        due = int(datetime(2027, 1, 15, 10, 30, tzinfo=UTC).timestamp()) * MICROS
        await service.turn(due - 1)
        assert mails.to("ada@example.com") == []
        await service.turn(due)
        [mail] = mails.to("ada@example.com")
        text = mails.text_to("ada@example.com")
        # What is done meanwhile is left out.
        assert [f"Task t{number}" in text for number in range(4)] == [False, True, True, True]
        assert "3" in mail["Subject"]
        states = await service.rows("SELECT state FROM delivery WHERE recipient_id='ada' AND digest_key IS NULL")
        assert {row[0] for row in states} == {2}
        # The next day is another digest.
        await service.publish(instance.task("t9", "ada"))
        await service.turn(due + DAY)
        assert len(mails.to("ada@example.com")) == 2


async def test_a_digest_counts_what_it_does_not_look_at(
    notification: Database, bus: Bus, mails: MailCatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(composing, "MAX_DIGEST", 3)
    async with running(notification, bus, **mails.settings()) as service:
        await service.publish(user("ada", locale="en"))
        await _prefer(service, "ada", digest=preferences.DIGEST_HOURLY)
        instance = Instance("i1")
        for number in range(6):
            await service.publish(instance.task(f"t{number}", "ada"))
        await service.publish(instance.done("t0", by="ada"), instance.done("t5", by="ada"))
        await service.turn(NOON + HOUR)
        [mail] = mails.to("ada@example.com")
        assert mail["Subject"] == "4 notifications"
        text = mails.text_to("ada@example.com")
        assert [f"Task t{number}" in text for number in range(6)] == [False, False, False, True, True, False]
        assert "And 2 more." in text


async def _prefer(service: Running, name: str, **fields: Any) -> None:
    await service.as_(name).UpdateOwnPreferences(
        preferences.UpdateOwnPreferencesRequest(preferences=preferences.Preferences(**fields))
    )
