"""Ten thousand events, each delivered twice and in any order: every recipient is told once, in its language, at its time."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime

import pytest
from flowmesh.notification.v1 import preference_service_pb2 as preferences

from mesh.bus.port import Bus
from mesh.db.database import Database
from tests.integration.notification.mail_catcher import MailCatcher
from tests.integration.notification.running import running, until
from tests.integration.notification.told_events import MICROS, Instance, message, user

INSTANCES = 1_000
USERS = 50
MESSAGES = 3 * INSTANCES
QUIET = ("u3", "u7")


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_each_recipient_is_told_once(notification: Database, bus: Bus, mails: MailCatcher) -> None:
    dice = random.Random(4)
    async with running(notification, bus, smtp_connections=8, **mails.settings()) as service:
        people = [f"u{number}" for number in range(USERS)]
        await service.publish(
            *(user(name, locale="zh-CN" if number % 2 else "en") for number, name in enumerate(people))
        )
        for name in QUIET:
            # It is 08:00.
            wanted = preferences.Preferences(quiet_hours={"start": "07:00", "end": "09:30"})
            await service.as_(name).UpdateOwnPreferences(preferences.UpdateOwnPreferencesRequest(preferences=wanted))
        events, expected = [], Counter[str]()
        for number in range(INSTANCES):
            instance = Instance(f"i{number}")
            initiator, assignee, named = dice.sample(people, 3)
            # Of the task, and of the comment on it, which names another one.
            expected[assignee] += 2
            expected[named] += 1
            activity = {"id": f"a{number}", "element_id": "approve", "element_type": "userTask", "sequence": 1}
            began = {"seconds": instance.at // MICROS}
            events += [
                instance.started(initiator),
                instance.tell("activity_started", activity=activity),
                instance.task(f"t{number}", assignee),
                instance.tell("user_task_updated", task_id=f"t{number}", changed=["priority"], name=f"Task {number}"),
                instance.tell(
                    "comment_created",
                    comment_id=f"c{number}",
                    task_id=f"t{number}",
                    user_id=initiator,
                    text=f"@{named}: please look",
                    mentioned_user_ids=[named],
                ),
                instance.tell("incident_raised", incident_id=f"n{number}", message="oh"),
                instance.tell("incident_resolved", incident_id=f"n{number}"),
                instance.tell("process_instance_suspended"),
                instance.tell("process_instance_resumed"),
                instance.tell("activity_completed", activity={**activity, "id": f"b{number}"}, start_time=began),
            ]
        assert len(events) == 10_000
        delivered = [*events, *events]
        dice.shuffle(delivered)
        before = service.taken
        for first in range(0, len(delivered), 1_000):
            await bus.publish([message(event) for event in delivered[first : first + 1_000]])
        await until(lambda: service.taken >= before + len(delivered), 800)
        assert service.service._workflow.counters.dead_letters == 0
        awake = sum(count for name, count in expected.items() if name not in QUIET)
        await until(lambda: len(mails.mails) >= awake, 800)
        await service.settled()
        assert len(mails.mails) == awake
        quiet_ends = int(datetime(2027, 1, 15, 9, 30, tzinfo=UTC).timestamp()) * MICROS
        service.clock.turn_to(quiet_ends)
        await until(lambda: len(mails.mails) >= MESSAGES, 800)
        await service.settled()
        assert len(mails.mails) == MESSAGES
        assert set(mails.ids().values()) == {1}
        told = Counter(str(mail["To"]).partition("<")[2].partition("@")[0] for mail in mails.mails)
        assert told == expected
        for mail in mails.mails:
            number = int(str(mail["To"]).partition("<u")[2].partition("@")[0])
            chinese = any(word in mail["Subject"] for word in ("任务", "提到了您", "发表了评论"))
            assert chinese == bool(number % 2), mail["Subject"]
        rows = await service.rows(
            "SELECT recipient_id, COUNT(*), COUNT(DISTINCT fact_key) FROM notification GROUP BY 1"
        )
        assert {name: (count, facts) for name, count, facts in rows} == {
            name: (count, count) for name, count in expected.items()
        }
