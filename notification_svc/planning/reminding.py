"""When a task's reminders are due: a pure function of the task, the rules of its tenant, and the time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from notification_svc.planning.facts import HOUR
from notification_svc.storage.layout import REMINDERS, EventType
from notification_svc.storage.matters import TaskRow
from notification_svc.storage.reminders import Reminder
from notification_svc.storage.rules import Rule

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class ReminderTimes:
    """What holds where no rule replaces it, in microseconds before and after the due time."""

    due_soon: int = 24 * HOUR
    overdue: int = 0
    escalated: int = 24 * HOUR

    def offset(self, event_type: EventType) -> int:
        """Return how far from the due time an event is told."""
        if event_type == EventType.TASK_DUE_SOON:
            return self.due_soon
        return self.overdue if event_type == EventType.TASK_OVERDUE else self.escalated


def reminders_of(task: TaskRow, rules: Iterable[Rule], times: ReminderTimes, now: int) -> list[Reminder]:
    """Return what is to be told of a task, at which times.

    What should have been told before a due time that has passed is left out: being overdue is told instead.
    """
    due = task.due_micros
    if due is None or not task.open:
        return []
    found: list[Reminder] = []
    for event_type in REMINDERS:
        holding = [rule for rule in rules if rule.is_about(event_type, task.process_definition_key, task.element_id)]
        wanted = [(rule.id, rule.offset_micros) for rule in holding]
        if not any(rule.replaces_default for rule in holding):
            wanted.append((DEFAULT, times.offset(event_type)))
        for rule_id, offset in wanted:
            before = event_type == EventType.TASK_DUE_SOON
            if before and due <= now:
                continue
            remind_at = due - offset if before else due + offset
            # One default for each event: the name is part of the key.
            name = f"{rule_id}-{int(event_type)}" if rule_id == DEFAULT else rule_id
            found.append(Reminder(task.id, name, int(event_type), due, remind_at))
    return found
