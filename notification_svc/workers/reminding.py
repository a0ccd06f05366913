"""Tells what is due: takes reminders whose time has come, in the transaction that writes their notifications.

So a reminder is told once, whoever dies when; and processes that work side by side leave each other's rows alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from mesh.clock import Clock
from mesh.db.database import Database
from mesh.db.statements import Program
from notification_svc.planning.facts import MICROS, Fact, task_data, task_fact
from notification_svc.planning.reminding import DEFAULT, ReminderTimes, reminders_of
from notification_svc.planning.telling import Limits, Told, tell
from notification_svc.storage.layout import EventType
from notification_svc.storage.matters import InstanceRow, TaskRow, open_tasks, read_instances, read_tasks
from notification_svc.storage.reminders import Reminder, replace_reminders, take_due
from notification_svc.storage.rules import REPLAN_BATCH, advance_rule_change, next_rule_change, rules_of

BATCH = 20
INTERVAL_SECONDS = 1.0


class Reminding:
    """Rounds of reminders. `told` is called with what each one has told."""

    def __init__(
        self, database: Database, clock: Clock, times: ReminderTimes, limits: Limits, told: Callable[[Told], None]
    ) -> None:
        self._database = database
        self._clock = clock
        self._times = times
        self._limits = limits
        self._told = told

    async def remind(self) -> bool:
        """Tell what is due, a bounded number; say whether there may be more."""
        count, told = await self._database.write(self._due(self._clock.now_micros()))
        if count:
            self._told(told)
        return count == BATCH

    async def follow_rules(self) -> bool:
        """Let the reminders of some open tasks follow a tenant's rules; say whether there may be more."""
        return await self._database.write(self._replan(self._clock.now_micros()))

    def _due(self, now: int) -> Program[tuple[int, Told]]:
        due = yield from take_due(now, BATCH)
        if not due:
            return 0, Told()
        tasks = yield from read_tasks({one.task_id for one in due}, lock=True)
        instances = yield from read_instances({task.process_instance_id for task in tasks.values()})
        return len(due), (yield from tell(_facts(due, tasks, instances, now), now, self._limits))

    def _replan(self, now: int) -> Program[bool]:
        change = yield from next_rule_change()
        if change is None:
            return False
        rules = yield from rules_of([change.tenant_id])
        tasks = yield from open_tasks(change.tenant_id, change.after_task_id, REPLAN_BATCH)
        reminders = [
            reminder
            for task in tasks
            for reminder in reminders_of(task, rules.get(change.tenant_id, ()), self._times, now)
        ]
        yield from replace_reminders([task.id for task in tasks], reminders)
        yield from advance_rule_change(change, tasks[-1].id if len(tasks) == REPLAN_BATCH else None)
        return True


def _facts(
    due: Sequence[Reminder], tasks: dict[str, TaskRow], instances: dict[str, InstanceRow], now: int
) -> list[Fact]:
    facts = []
    for one in due:
        task = tasks.get(one.task_id)
        # Whose task has ended or is due at another time, it is not told any more.
        if task is None or not task.open or task.due_micros != one.due_micros:
            continue
        event_type = EventType(one.event_type)
        # Where it could not be told in time, that it is overdue is told instead.
        if event_type == EventType.TASK_DUE_SOON and one.due_micros <= now:
            continue
        instance = instances.get(task.process_instance_id) or InstanceRow(task.process_instance_id)
        data = task_data(task, instance.process_name)
        if event_type == EventType.TASK_DUE_SOON:
            data["remaining"] = (one.due_micros - now) // MICROS
        else:
            data["late_by"] = max(0, now - one.due_micros) // MICROS
        occurrence = f"{one.rule_id}:{one.due_micros}"
        fact = task_fact(task, event_type, occurrence, one.due_micros, initiator=instance.initiator, data=data)
        by_default = one.rule_id.startswith(DEFAULT)
        facts.append(replace(fact, due_micros=one.due_micros, rule_id="" if by_default else one.rule_id))
    return facts
