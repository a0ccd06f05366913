"""From events to rows of notifications, without a service around them."""

from __future__ import annotations

import pytest

from mesh.clock import ControlledClock
from mesh.consumer import BatchTooLarge
from mesh.db.database import Database
from mesh.db.statements import Fetch, Row, fetch
from notification_svc.consumers import workflow as workflow_module
from notification_svc.consumers.directory import follow_directory
from notification_svc.consumers.workflow import WorkflowNotifications
from notification_svc.planning.reminding import ReminderTimes
from notification_svc.planning.telling import Limits
from notification_svc.storage.layout import EventType
from notification_svc.workers.reminding import Reminding
from tests.integration.notification.told_events import MICROS, NOON, Instance, envelope, member, user

HOUR = 3600 * MICROS
LIMITS = Limits(3)


def _workflow(clock: ControlledClock) -> WorkflowNotifications:
    return WorkflowNotifications(clock, ReminderTimes(), LIMITS)


def _clock() -> ControlledClock:
    clock = ControlledClock()
    clock.turn_to(NOON)
    return clock


async def _rows(database: Database, sql: str) -> list[Row]:
    return [tuple(row) for row in await database.read(fetch(Fetch(sql)))]


async def test_of_a_group_those_are_told_who_may_be(notification: Database) -> None:
    """Whoever is gone, or of another tenant, takes no place of the others."""
    gone, strangers = [f"a{number}" for number in range(4)], [f"b{number}" for number in range(1_200)]
    await notification.write(
        follow_directory(
            [
                *(user(name) for name in (*gone, "yan", "zoe")),
                *(user(name, "other") for name in strangers),
                *(member("staff", name) for name in (*gone, *strangers, "unknown", "yan", "zoe")),
            ]
        )
    )
    disabled = [envelope("user_disabled", name, NOON - 1, user={"id": name, "tenant_ids": ("",)}) for name in gone[:2]]
    deleted = [envelope("user_deleted", name, NOON - 1, user={"id": name, "tenant_ids": ("",)}) for name in gone[2:]]
    await notification.write(follow_directory([*disabled, *deleted]))
    assert await _rows(notification, "SELECT subject_id FROM directory_member WHERE inside=0 ORDER BY subject_id") == [
        ("a2",),
        ("a3",),
    ]
    await notification.write(_workflow(_clock()).handle([Instance("i1").task("t1", candidate_groups=["staff"])]))
    told = await _rows(notification, "SELECT recipient_id FROM notification ORDER BY recipient_id")
    assert told == [("unknown",), ("yan",), ("zoe",)]


async def test_many_recipients_of_many_events_are_told_in_several_transactions(
    notification: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflow_module, "MOST_TOGETHER", 5)
    await notification.write(follow_directory([member("staff", name) for name in ("ada", "bob", "cyd")]))
    events = [Instance(f"i{number}").task(f"t{number}", candidate_groups=["staff"]) for number in range(2)]
    workflow = _workflow(_clock())
    with pytest.raises(BatchTooLarge):
        await notification.write(workflow.handle(events))
    assert await _rows(notification, "SELECT id FROM followed_task") == []
    monkeypatch.setattr(workflow_module, "MOST_TOGETHER", 2)
    for event in events:
        await notification.write(workflow.handle([event]))
    assert await _rows(notification, "SELECT COUNT(*) FROM notification") == [(6,)]


async def test_a_task_that_is_handed_back_is_offered_once(notification: Database) -> None:
    await notification.write(follow_directory([user("ada"), user("bob"), member("few", "bob"), member("few", "ada")]))
    workflow = _workflow(_clock())
    for name in ("i1", "i2"):
        instance = Instance(name)
        events = [
            instance.task(f"t-{name}", "ada", candidate_groups=["few"]),
            instance.assigned(f"t-{name}", "", by="ada"),
        ]
        for event in events if name == "i1" else reversed(events):
            await notification.write(workflow.handle([event]))
        await notification.write(workflow.handle([instance.assigned(f"t-{name}", "ada", by="ada")]))
        await notification.write(workflow.handle([instance.assigned(f"t-{name}", "", by="ada")]))
    offered = await _rows(
        notification,
        f"SELECT process_instance_id, recipient_id, obsolete FROM notification "
        f"WHERE event_type={int(EventType.TASK_OFFERED)} AND recipient_id='bob' ORDER BY 1",
    )
    assert offered == [("i1", "bob", 0), ("i2", "bob", 0)]
    nobodys = Instance("i3")
    await notification.write(workflow.handle([nobodys.task("t3", "ada"), nobodys.assigned("t3", "")]))
    assert await _rows(notification, "SELECT event_type FROM notification WHERE task_id='t3'") == [
        (int(EventType.TASK_ASSIGNED),)
    ]


async def test_a_reminder_of_a_due_time_that_was_moved_is_obsolete(notification: Database) -> None:
    clock = _clock()
    workflow, instance = _workflow(clock), Instance("i1")
    await notification.write(follow_directory([user("ada")]))
    await notification.write(workflow.handle([instance.task("t1", "ada", due=NOON + HOUR)]))
    clock.turn_to(NOON + HOUR + 1)
    reminding = Reminding(notification, clock, ReminderTimes(), LIMITS, lambda _: None)
    await reminding.remind()
    told = f"SELECT event_type, obsolete FROM notification WHERE event_type>={int(EventType.TASK_DUE_SOON)}"
    assert await _rows(notification, told) == [(int(EventType.TASK_OVERDUE), 0)]
    moved = instance.tell("user_task_updated", task_id="t1", changed=["due_time"], name="Task t1")
    moved.user_task_updated.due_time.FromMicroseconds(NOON + 240 * HOUR)
    await notification.write(workflow.handle([moved]))
    assert await _rows(notification, told) == [(int(EventType.TASK_OVERDUE), 1)]
    # What is as true as before stays.
    assert await _rows(notification, "SELECT COUNT(*) FROM notification WHERE obsolete=0") == [(1,)]
