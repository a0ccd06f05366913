"""Comments come to those whom they concern, and to whom they name: once, in whatever order events come."""

from __future__ import annotations

import itertools
from typing import Any

from flowmesh.events.v1.event_pb2 import EventEnvelope
from flowmesh.notification.v1 import notification_pb2, preference_service_pb2, rule_service_pb2
from flowmesh.notification.v1 import notification_service_pb2 as pb

from mesh.bus.port import Bus
from mesh.db.database import Database
from tests.integration.notification.mail_catcher import MailCatcher
from tests.integration.notification.running import Running, running
from tests.integration.notification.told_events import Instance, user

CREATED = notification_pb2.EVENT_TYPE_COMMENT_CREATED
MENTIONED = notification_pb2.EVENT_TYPE_COMMENT_MENTIONED
ASSIGNED = notification_pb2.EVENT_TYPE_TASK_ASSIGNED
PEOPLE = ("ada", "bob", "cyd", "dan", "eve")


def commented(
    instance: Instance, name: str, by: str, task: str = "", *mentioned: str, text: str = "please look"
) -> EventEnvelope:
    """Return the event of a comment."""
    return instance.tell(
        "comment_created", by=by, comment_id=name, task_id=task, user_id=by, text=text, mentioned_user_ids=mentioned
    )


async def _inbox(service: Running, name: str, *without: int) -> list[Any]:
    found = (await service.as_(name).ListNotifications(pb.ListNotificationsRequest())).notifications
    return [one for one in found if one.event_type not in without]


async def _told(service: Running) -> dict[str, list[int]]:
    """Return of which comments people were told how."""
    return {
        name: [one.event_type for one in await _inbox(service, name, ASSIGNED)]
        for name in PEOPLE
        if await _inbox(service, name, ASSIGNED)
    }


async def test_on_a_task_and_by_name(notification: Database, bus: Bus, mails: MailCatcher) -> None:
    async with running(notification, bus, **mails.settings()) as service:
        await service.publish(user("ada", locale="zh-CN"), *(user(name, locale="en") for name in PEOPLE[1:]))
        instance = Instance("i1")
        await service.publish(instance.started("dan"), instance.task("t1", "ada", owner="eve"))
        await service.settled()
        mails.mails.clear()
        # Who is named is told that, and not of the comment as well; who has written it is told nothing.
        await service.publish(commented(instance, "c1", "bob", "t1", "cyd", "eve", "bob", text="<b>@cyd</b> & @eve"))
        await service.settled()
        assert await _told(service) == {"ada": [CREATED], "cyd": [MENTIONED], "eve": [MENTIONED]}
        assert len(mails.mails) == 3
        [zh], [en] = mails.to("ada@example.com"), mails.to("cyd@example.com")
        assert zh["Subject"] == "Bob发表了评论：Task t1"
        assert en["Subject"] == "Bob mentions you: Task t1"
        html = zh.get_body(("html",))
        assert html is not None
        page = html.get_content()
        # What somebody wrote is text, not a part of the page.
        assert "&lt;b&gt;@cyd&lt;/b&gt; &amp; @eve" in page
        assert "<b>" not in page
        [one] = await _inbox(service, "ada", ASSIGNED)
        assert (one.task_id, one.process_instance_id) == ("t1", "i1")
        assert one.title == "Bob发表了评论：Task t1"
        assert one.data["comment"]["author"] == "bob"


async def test_on_an_instance_those_who_take_part(notification: Database, bus: Bus) -> None:
    async with running(notification, bus) as service:
        await service.publish(*(user(name) for name in PEOPLE))
        instance, other = Instance("i1"), Instance("i2")
        await service.publish(
            instance.started("ada"),
            instance.task("t1", "bob"),
            instance.task("t2", "cyd"),
            instance.done("t2", by="cyd"),
            other.task("t3", "eve"),
        )
        await service.publish(commented(instance, "c1", "bob"))
        assert await _told(service) == {"ada": [CREATED]}
        await service.publish(commented(instance, "c2", "dan"))
        assert await _told(service) == {"ada": [CREATED, CREATED], "bob": [CREATED]}


async def test_every_order_leads_to_the_same(notification: Database, bus: Bus) -> None:
    async with running(notification, bus) as service:
        await service.publish(*(user(name) for name in PEOPLE))
        orders = list(itertools.permutations(range(4)))
        for number, order in enumerate(orders):
            instance = Instance(f"i{number}")
            events = [
                instance.started("dan"),
                instance.task(f"t{number}", "ada"),
                commented(instance, f"c{number}", "bob", f"t{number}", "cyd"),
                commented(instance, f"d{number}", "bob"),
            ]
            for place in (*order, *order):
                await service.publish(events[place])
        for name, kind, count in (("ada", CREATED, 1), ("cyd", MENTIONED, 1), ("dan", CREATED, 1)):
            rows = await service.rows(
                "SELECT process_instance_id, COUNT(*) FROM notification "
                "WHERE recipient_id=? AND event_type=? AND fact_key LIKE ? GROUP BY 1",
                name,
                kind,
                "comment:d%" if name == "dan" else "comment:c%",
            )
            assert dict(rows) == {f"i{number}": count for number in range(len(orders))}, name
        # Nobody is told more: of the other comments and events only who takes part, as far as that was known then.
        others = await service.rows(
            "SELECT recipient_id, event_type FROM notification WHERE recipient_id IN ('bob','eve') GROUP BY 1, 2"
        )
        assert others == []


async def test_a_comment_that_is_deleted(notification: Database, bus: Bus, mails: MailCatcher) -> None:
    async with running(notification, bus, **mails.settings()) as service:
        await service.publish(*(user(name) for name in PEOPLE))
        night = preference_service_pb2.Preferences(quiet_hours={"start": "07:00", "end": "09:30"})
        await service.as_("cyd").UpdateOwnPreferences(
            preference_service_pb2.UpdateOwnPreferencesRequest(preferences=night)
        )
        instance = Instance("i1")
        await service.publish(commented(instance, "c1", "bob", "", "cyd"))
        [one] = await _inbox(service, "cyd")
        assert not one.obsolete
        await service.publish(instance.tell("comment_deleted", comment_id="c1"))
        [one] = await _inbox(service, "cyd")
        assert one.obsolete
        # What was held back is not sent any more.
        await service.turn(service.clock.now_micros() + 7200 * 1_000_000)
        assert mails.mails == []
        # Its end may come before it.
        deleted, made = instance.tell("comment_deleted", comment_id="c2"), commented(instance, "c2", "bob", "", "cyd")
        await service.publish(deleted)
        await service.publish(made)
        assert [one.obsolete for one in await _inbox(service, "cyd")] == [True, True]
        await service.settled()
        assert mails.mails == []


async def test_rules_and_preferences(notification: Database, bus: Bus, mails: MailCatcher) -> None:
    async with running(notification, bus, **mails.settings()) as service:
        await service.publish(*(user(name) for name in PEOPLE))
        roles = rule_service_pb2.Recipient
        details = rule_service_pb2.NotificationRuleDetails(
            event_type=CREATED,
            process_definition_key="vacation",
            recipients=[{"user_id": "eve"}, {"role": roles.ROLE_INITIATOR}],
            replaces_default=True,
        )
        await service.root.CreateNotificationRule(rule_service_pb2.CreateNotificationRuleRequest(details=details))
        only_inbox = preference_service_pb2.Preferences.EventChannels(
            event_type=CREATED, channels=[notification_pb2.CHANNEL_TYPE_INBOX]
        )
        await service.as_("eve").UpdateOwnPreferences(
            preference_service_pb2.UpdateOwnPreferencesRequest(
                preferences=preference_service_pb2.Preferences(event_channels=[only_inbox])
            )
        )
        instance = Instance("i1")
        await service.publish(instance.started("dan"), instance.task("t1", "ada"))
        await service.settled()
        mails.mails.clear()
        await service.publish(commented(instance, "c1", "bob", "t1"))
        await service.settled()
        assert await _told(service) == {"dan": [CREATED], "eve": [CREATED]}
        assert len(mails.to("dan@example.com")) == len(mails.mails) == 1


async def test_nobody_outside_of_the_tenant(notification: Database, bus: Bus) -> None:
    async with running(notification, bus) as service:
        await service.publish(user("ada", "north"), user("bob", "south"))
        instance = Instance("i1", tenant="north")
        await service.publish(commented(instance, "c1", "eve", "", "ada", "bob", "nobody-knows"))
        assert [one.event_type for one in await _inbox(service, "ada")] == [MENTIONED]
        assert await _inbox(service, "bob") == []
        assert await service.rows("SELECT 1 FROM notification WHERE recipient_id='bob'") == []
