"""The calls: the inbox and its stream, preferences, rules, webhooks, templates; once for each request id; walls."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from flowmesh.identity.v1 import directory_service_pb2
from flowmesh.notification.v1 import delivery_service_pb2 as deliveries
from flowmesh.notification.v1 import notification_pb2
from flowmesh.notification.v1 import notification_service_pb2 as inboxes
from flowmesh.notification.v1 import preference_service_pb2 as preferences
from flowmesh.notification.v1 import rule_service_pb2 as rules
from flowmesh.notification.v1 import template_service_pb2 as templates
from flowmesh.notification.v1 import webhook_service_pb2 as webhooks
from google.protobuf.field_mask_pb2 import FieldMask

from mesh.bus.port import Bus
from mesh.db.database import Database
from tests.integration.notification.mail_catcher import MailCatcher
from tests.integration.notification.running import Directory, Running, refused, running
from tests.integration.notification.told_events import MICROS, NOON, Instance, user

Event = notification_pb2.EventType


async def _list(service: Running, name: str, **filters: Any) -> Any:
    return await service.as_(name).ListNotifications(inboxes.ListNotificationsRequest(**filters))


async def test_an_inbox_is_read_marked_and_emptied(notification: Database, bus: Bus) -> None:
    async with running(notification, bus) as service:
        await service.publish(user("ada"), user("bob"))
        instance = Instance("i1")
        await service.publish(*(instance.task(f"t{number}", "ada") for number in range(7)))
        ada = service.as_("ada")
        seen, token = [], ""
        while True:
            page = await _list(service, "ada", page_size=3, page_token=token)
            seen += [one.task_id for one in page.notifications]
            token = page.next_page_token
            if not token:
                break
        assert seen == [f"t{number}" for number in reversed(range(7))]
        assert page.unread_count == 7
        newest = (await _list(service, "ada", page_size=1)).notifications[0]
        marking = inboxes.MarkNotificationReadRequest(request_id="m1", id=newest.id)
        assert (await ada.MarkNotificationRead(marking)).notification.HasField("read_time")
        unmarking = inboxes.MarkNotificationUnreadRequest(request_id="u1", id=newest.id)
        assert not (await ada.MarkNotificationUnread(unmarking)).notification.HasField("read_time")
        # The first call again changes nothing any more.
        assert not (await ada.MarkNotificationRead(marking)).notification.HasField("read_time")
        await ada.MarkNotificationRead(inboxes.MarkNotificationReadRequest(id=newest.id))
        assert len((await _list(service, "ada", read=True)).notifications) == 1
        assert len((await _list(service, "ada", read=False)).notifications) == 6
        assert [one.task_id for one in (await _list(service, "ada", task_id="t2")).notifications] == ["t2"]
        await ada.DeleteNotification(inboxes.DeleteNotificationRequest(id=newest.id))
        missing = ("NOT_FOUND", "NOTIFICATION_NOT_FOUND")
        assert await refused(ada.GetNotification(inboxes.GetNotificationRequest(id=newest.id))) == missing
        # It does not come back with its event.
        again = instance.task("t6", "ada")
        again.user_task_created.process_instance.revision = 7
        await service.publish(again)
        assert len((await _list(service, "ada")).notifications) == 6
        other = (await _list(service, "ada")).notifications[0].id
        assert await refused(service.as_("bob").GetNotification(inboxes.GetNotificationRequest(id=other))) == missing
        bobs = service.as_("bob").MarkNotificationRead(inboxes.MarkNotificationReadRequest(id=other))
        assert await refused(bobs) == missing
        answer = await ada.MarkAllNotificationsRead(inboxes.MarkAllNotificationsReadRequest())
        assert (answer.marked, answer.more) == (6, False)
        assert (await _list(service, "ada")).unread_count == 0


async def test_a_stream_goes_on_where_it_broke_off(notification: Database, bus: Bus) -> None:
    async with running(notification, bus) as service:
        await service.publish(user("ada"), user("bob"))
        instance = Instance("i1")
        await service.publish(instance.task("t0", "ada"))
        stream = service.as_("ada").WatchNotifications(inboxes.WatchNotificationsRequest())
        first = await stream.read()
        assert first.WhichOneof("event") == "heartbeat"
        await service.publish(instance.task("t1", "ada"), instance.task("b1", "bob"))
        async with asyncio.timeout(10):
            told = await stream.read()
        assert told.notification.task_id == "t1"
        stream.cancel()
        # While nobody listens: a new one, one that is over, one that is deleted.
        await service.publish(instance.task("t2", "ada"), instance.done("t1", by="ada"))
        page = await _list(service, "ada", task_id="t0")
        await service.as_("ada").DeleteNotification(inboxes.DeleteNotificationRequest(id=page.notifications[0].id))
        found = await _changes(service, told.cursor, 3)
        assert sorted((one.task_id, one.obsolete, one.deleted) for one in found) == [
            ("t0", False, True),
            ("t1", True, False),
            ("t2", False, False),
        ]
        # From a list on: nothing is missed, nothing twice.
        listed = await _list(service, "ada")
        await service.publish(instance.task("t3", "ada"))
        assert [one.task_id for one in await _changes(service, listed.cursor, 1)] == ["t3"]
        for wrong in ("999999.x", "not one"):
            call = service.as_("ada").WatchNotifications(inboxes.WatchNotificationsRequest(cursor=wrong))
            assert await refused(call.read()) == ("INVALID_ARGUMENT", "NOTIFICATION_CURSOR_INVALID")


async def test_many_changes_of_one_moment_are_all_streamed(notification: Database, bus: Bus) -> None:
    async with running(notification, bus) as service:
        await service.publish(user("ada"))
        instance = Instance("i1")
        await service.publish(*(instance.task(f"t{number}", "ada") for number in range(250)))
        cursor = (await _list(service, "ada")).cursor
        await service.as_("ada").MarkAllNotificationsRead(inboxes.MarkAllNotificationsReadRequest())
        found = await _changes(service, cursor, 120)
        # It breaks off amid changes that have one number.
        rest = await _changes(service, found.cursor, 130)
        assert len({one.id for one in (*found, *rest)}) == 250


class Found(list[Any]):
    cursor = ""


async def _changes(service: Running, cursor: str, count: int) -> Found:
    stream = service.as_("ada").WatchNotifications(inboxes.WatchNotificationsRequest(cursor=cursor))
    found = Found()
    async with asyncio.timeout(20):
        while len(found) < count:
            message = await stream.read()
            if message.HasField("notification"):
                found.append(message.notification)
                found.cursor = message.cursor
    stream.cancel()
    return found


async def test_preferences(notification: Database, bus: Bus) -> None:
    async with running(notification, bus) as service:
        await service.publish(user("ada", "a"), user("bob", "a", "b"))
        ada = service.as_("ada")
        default = (await ada.GetOwnPreferences(preferences.GetOwnPreferencesRequest())).preferences
        assert (default.digest_time, default.etag, default.language) == ("08:00", "0", "")
        given = preferences.Preferences(
            language="zh-CN",
            time_zone="Asia/Shanghai",
            quiet_hours=preferences.Preferences.QuietHours(start="22:00", end="07:00"),
            event_channels=[
                {"event_type": Event.EVENT_TYPE_TASK_OFFERED, "channels": [notification_pb2.CHANNEL_TYPE_INBOX]}
            ],
            addresses=[
                {
                    "channel": notification_pb2.CHANNEL_TYPE_CHAT,
                    "url": "dingtalk://abc123secrettoken0123456789",
                    "label": "team",
                }
            ],
        )
        changed = (
            await ada.UpdateOwnPreferences(preferences.UpdateOwnPreferencesRequest(preferences=given))
        ).preferences
        [address] = changed.addresses
        assert (address.url, address.label, changed.etag) == ("", "team", "1")
        [stored] = await service.rows("SELECT addresses FROM preference")
        assert b"secrettoken" not in stored[0]
        # Without a URL an address keeps the one that it has.
        address.label = "all of us"
        kept = preferences.UpdateOwnPreferencesRequest(
            preferences=changed, update_mask=FieldMask(paths=["addresses"]), etag="1"
        )
        assert (await ada.UpdateOwnPreferences(kept)).preferences.addresses[0].id == address.id
        assert await refused(ada.UpdateOwnPreferences(kept)) == ("ABORTED", "REVISION_CONFLICT")
        for wrong in (
            {"time_zone": "Asia/Nowhere"},
            {"quiet_hours": {"start": "07:00", "end": "07:00"}},
            {"quiet_hours": {"start": "25:00", "end": "07:00"}},
            {"addresses": [{"channel": 5, "url": "no-such-service://x"}]},
            {"addresses": [{"channel": 5}]},
            {"event_channels": [{"event_type": 1, "channels": [6]}]},
        ):
            request = preferences.UpdateOwnPreferencesRequest(preferences=preferences.Preferences(**wrong))
            code, _ = await refused(ada.UpdateOwnPreferences(request))
            assert code == "INVALID_ARGUMENT", wrong
        cleared = preferences.UpdateOwnPreferencesRequest(
            preferences=preferences.Preferences(), update_mask=FieldMask(paths=["quiet_hours", "language"])
        )
        answer = (await ada.UpdateOwnPreferences(cleared)).preferences
        assert not answer.HasField("quiet_hours")
        assert (answer.language, answer.time_zone) == ("", "Asia/Shanghai")
        # Others, by permission and within their tenants.
        service.access.tenants["boss"] = frozenset({"a"})
        boss = service.as_("boss")
        assert (await boss.GetPreferences(preferences.GetPreferencesRequest(user_id="ada"))).preferences.etag == "3"
        asked = preferences.UpdatePreferencesRequest(user_id="bob", preferences=preferences.Preferences(language="en"))
        assert await refused(boss.UpdatePreferences(asked)) == ("PERMISSION_DENIED", "ACCESS_DENIED")
        service.access.tenants["boss"] = frozenset({"c"})
        reading = boss.GetPreferences(preferences.GetPreferencesRequest(user_id="ada"))
        assert await refused(reading) == ("NOT_FOUND", "USER_NOT_FOUND")
        own = preferences.GetPreferencesRequest(user_id="bob")
        assert await refused(ada.GetPreferences(own)) == ("PERMISSION_DENIED", "ACCESS_DENIED")


async def test_a_channel_that_is_not_wanted_is_not_used(notification: Database, bus: Bus, mails: MailCatcher) -> None:
    async with running(notification, bus, **mails.settings()) as service:
        await service.publish(user("ada", locale="en"))
        given = preferences.Preferences(
            language="zh", event_channels=[{"event_type": Event.EVENT_TYPE_TASK_OFFERED, "channels": []}]
        )
        await service.as_("ada").UpdateOwnPreferences(preferences.UpdateOwnPreferencesRequest(preferences=given))
        instance = Instance("i1")
        await service.publish(instance.task("t1", candidate_users=["ada"]), instance.task("t2", "ada"))
        await service.settled()
        [mail] = mails.mails
        # The language of the preferences wins over that of the directory.
        assert "Task t2" in mail["Subject"]
        assert "任务" in mail["Subject"]
        assert len((await _list(service, "ada")).notifications) == 2


async def test_rules_are_made_once_and_belong_to_tenants(notification: Database, bus: Bus) -> None:
    async with running(notification, bus) as service:
        service.access.tenants.update(a=frozenset({"a"}), b=frozenset({"b"}))
        details = rules.NotificationRuleDetails(
            event_type=Event.EVENT_TYPE_INCIDENT_RAISED, recipients=[rules.Recipient(user_id="ada")]
        )
        request = rules.CreateNotificationRuleRequest(request_id="r1", tenant_id="a", details=details)
        one = (await service.as_("a").CreateNotificationRule(request)).notification_rule
        again = (await service.as_("a").CreateNotificationRule(request)).notification_rule
        assert again == one
        other = rules.CreateNotificationRuleRequest(request_id="r1", tenant_id="a", details=details)
        other.details.description = "changed"
        assert await refused(service.as_("a").CreateNotificationRule(other)) == (
            "INVALID_ARGUMENT",
            "REQUEST_ID_REUSED",
        )
        assert await refused(service.as_("b").CreateNotificationRule(request)) == (
            "PERMISSION_DENIED",
            "ACCESS_DENIED",
        )
        missing = ("NOT_FOUND", "NOTIFICATION_RULE_NOT_FOUND")
        b = service.as_("b")
        assert await refused(b.GetNotificationRule(rules.GetNotificationRuleRequest(id=one.id))) == missing
        assert await refused(b.DeleteNotificationRule(rules.DeleteNotificationRuleRequest(id=one.id))) == missing
        assert not (await b.ListNotificationRules(rules.ListNotificationRulesRequest())).notification_rules
        update = rules.UpdateNotificationRuleRequest(
            id=one.id, etag="1", details=rules.NotificationRuleDetails(description="who sees to it")
        )
        changed = (await service.as_("a").UpdateNotificationRule(update)).notification_rule
        assert (changed.details.description, changed.etag) == ("who sees to it", "2")
        assert await refused(service.as_("a").UpdateNotificationRule(update)) == ("ABORTED", "REVISION_CONFLICT")
        await service.publish(user("ada", "a"))
        for tenant in ("a", "b"):
            instance = Instance(f"i-{tenant}", tenant=tenant)
            raised = instance.tell("incident_raised", incident_id=f"n-{tenant}", type="JOB_NO_RETRIES", message="oh")
            await service.publish(raised)
        told = (await _list(service, "ada")).notifications
        assert [(each.tenant_id, each.event_type) for each in told] == [("a", Event.EVENT_TYPE_INCIDENT_RAISED)]
        resolved = Instance("i-a", tenant="a").tell("incident_resolved", incident_id="n-a")
        await service.publish(resolved)
        assert (await _list(service, "ada")).notifications[0].obsolete


@pytest.mark.parametrize(
    "details",
    [
        {"recipients": [{"user_id": "ada"}]},
        {"event_type": 1},
        {"event_type": 8, "recipients": [{"role": rules.Recipient.ROLE_ASSIGNEE}]},
        {"event_type": 8, "recipients": [{"user_id": "ada"}], "element_id": "approve"},
        {"event_type": 1, "recipients": [{"user_id": "ada"}], "offset": {"seconds": 5}},
        {"event_type": 4, "recipients": [{"user_id": "ada"}], "offset": {"seconds": -5}},
        {"event_type": 1, "recipients": [{}]},
    ],
)
async def test_a_rule_that_makes_no_sense_is_refused(notification: Database, bus: Bus, details: Any) -> None:
    async with running(notification, bus) as service:
        request = rules.CreateNotificationRuleRequest(details=rules.NotificationRuleDetails(**details))
        code, _ = await refused(service.root.CreateNotificationRule(request))
        assert code == "INVALID_ARGUMENT"


async def test_a_secret_is_shown_once_and_kept_encrypted(notification: Database, bus: Bus) -> None:
    async with running(notification, bus) as service:
        service.access.tenants.update(a=frozenset({"a"}), b=frozenset({"b"}))
        details = webhooks.WebhookDetails(url="http://127.0.0.1:9/hook")
        request = webhooks.CreateWebhookRequest(request_id="r1", tenant_id="a", details=details)
        made = await service.as_("a").CreateWebhook(request)
        assert (await service.as_("a").CreateWebhook(request)).secret == made.secret
        assert len((await service.as_("a").ListWebhooks(webhooks.ListWebhooksRequest())).webhooks) == 1
        assert not (await service.as_("b").ListWebhooks(webhooks.ListWebhooksRequest())).webhooks
        for table, column in (("webhook", "secret"), ("request_record", "response")):
            [row] = await service.rows(f"SELECT {column} FROM {table}")
            assert made.secret.encode() not in row[0]
        for url in ("ftp://example.com/", "https://user:pw@example.com/", "https://10.0.0.1/", "not one"):
            wrong = webhooks.CreateWebhookRequest(details=webhooks.WebhookDetails(url=url))
            assert (await refused(service.root.CreateWebhook(wrong)))[0] == "INVALID_ARGUMENT", url


async def test_templates_of_a_tenant(notification: Database, bus: Bus, mails: MailCatcher) -> None:
    async with running(notification, bus, **mails.settings()) as service:
        service.access.tenants.update(a=frozenset({""}), b=frozenset({"b"}))
        details = templates.TemplateDetails(
            event_type=Event.EVENT_TYPE_TASK_ASSIGNED,
            channel=notification_pb2.CHANNEL_TYPE_EMAIL,
            language="zh",
            subject="请办理:{{ task.name }}",
            text="{{ recipient.name }},您好。",
        )
        a = service.as_("a")
        wrong = templates.CreateTemplateRequest(details=details)
        wrong.details.subject = "{{ task.nme }} {% if %}"
        assert await refused(a.CreateTemplate(wrong)) == ("INVALID_ARGUMENT", "TEMPLATE_INVALID")
        checked = await a.CreateTemplate(templates.CreateTemplateRequest(details=details, validate_only=True))
        assert not checked.template.id
        preview = await a.PreviewTemplate(templates.PreviewTemplateRequest(details=details, time_zone="Asia/Shanghai"))
        assert preview.subject.startswith("请办理:")
        made = (await a.CreateTemplate(templates.CreateTemplateRequest(details=details))).template
        assert await refused(a.CreateTemplate(templates.CreateTemplateRequest(details=details))) == (
            "ALREADY_EXISTS",
            "TEMPLATE_EXISTS",
        )
        missing = ("NOT_FOUND", "TEMPLATE_NOT_FOUND")
        assert await refused(service.as_("b").GetTemplate(templates.GetTemplateRequest(id=made.id))) == missing
        await service.publish(user("li", locale="zh-CN"), user("bob", locale="en"))
        instance = Instance("i1")
        await service.publish(instance.task("t1", "li"), instance.task("t2", "bob"))
        await service.settled()
        assert mails.to("li@example.com")[0]["Subject"] == "请办理:Task t1"
        assert "请办理" not in mails.to("bob@example.com")[0]["Subject"]
        await a.UpdateTemplate(templates.UpdateTemplateRequest(id=made.id, subject="新任务 {{ task.name }}"))
        await service.publish(instance.task("t3", "li"))
        await service.settled()
        assert mails.to("li@example.com")[1]["Subject"] == "新任务 Task t3"
        await a.DeleteTemplate(templates.DeleteTemplateRequest(id=made.id))
        assert await refused(a.GetTemplate(templates.GetTemplateRequest(id=made.id))) == missing
        built_in = await a.GetBuiltInTemplate(
            templates.GetBuiltInTemplateRequest(
                event_type=Event.EVENT_TYPE_TASK_ASSIGNED, channel=notification_pb2.CHANNEL_TYPE_EMAIL, language="zh"
            )
        )
        assert "task.name" in {each.name for each in built_in.variables}
        assert built_in.details.html


async def test_walls_around_deliveries(notification: Database, bus: Bus, mails: MailCatcher) -> None:
    async with running(notification, bus, **mails.settings()) as service:
        service.access.tenants.update(a=frozenset({"a"}), b=frozenset({"b"}))
        await service.publish(user("ada", "a"))
        await service.publish(Instance("i1", tenant="a").task("t1", "ada"))
        await service.settled()
        [one] = (await service.as_("a").ListDeliveries(deliveries.ListDeliveriesRequest())).deliveries
        b, missing = service.as_("b"), ("NOT_FOUND", "DELIVERY_NOT_FOUND")
        assert not (await b.ListDeliveries(deliveries.ListDeliveriesRequest())).deliveries
        assert await refused(b.GetDelivery(deliveries.GetDeliveryRequest(id=one.id))) == missing
        assert await refused(b.ResendDelivery(deliveries.ResendDeliveryRequest(id=one.id))) == missing
        denied = service.as_("ada").ListDeliveries(deliveries.ListDeliveriesRequest())
        assert await refused(denied) == ("PERMISSION_DENIED", "ACCESS_DENIED")


async def test_the_directory_is_read_before_the_first_event(
    notification: Database, bus: Bus, mails: MailCatcher
) -> None:
    directory = Directory()
    for number in range(5):
        entry = directory_service_pb2.DirectoryEntry(
            user={"id": f"u{number}", "tenant_ids": [""]},
            active=number != 4,
            display_name=f"User {number}",
            profile={"email": f"u{number}@example.com"},
            group_ids=["staff"],
        )
        entry.update_time.FromMicroseconds(NOON - 90 * 86_400 * MICROS)
        directory.entries.append(entry)
    async with running(notification, bus, directory=directory, **mails.settings()) as service:
        assert directory.asked == 3
        await service.publish(Instance("i1").task("t1", candidate_groups=["staff"]))
        await service.settled()
        told = {str(mail["To"]).partition("<")[2] for mail in mails.mails}
        assert told == {f"u{number}@example.com>" for number in range(4)}
        # A day later it is read again; who has left a group is in it no longer.
        directory.entries[0].ClearField("group_ids")
        service.clock.turn_to(NOON + 86_400 * MICROS)
        async with asyncio.timeout(20):
            while directory.asked < 6:
                await asyncio.sleep(0.05)
