"""When a task is reminded of."""

from __future__ import annotations

from dataclasses import replace

from notification_svc.planning.facts import HOUR
from notification_svc.planning.reminding import ReminderTimes, reminders_of
from notification_svc.storage.layout import ENDED, EventType, Role
from notification_svc.storage.matters import TaskRow
from notification_svc.storage.rules import Recipients, Rule

DUE = 1000 * HOUR
TASK = TaskRow("t1", process_definition_key="vacation", element_id="approve", due_micros=DUE)
TIMES = ReminderTimes(due_soon=2 * HOUR, overdue=0, escalated=3 * HOUR)
LATER = Rule(
    "r1", "", EventType.TASK_OVERDUE, "vac*", recipients=Recipients(roles=(Role.OWNER,)), offset_micros=5 * HOUR
)


def _times(task: TaskRow, *rules: Rule, now: int = 0) -> list[tuple[str, int]]:
    return [(one.rule_id, one.remind_at) for one in reminders_of(task, rules, TIMES, now)]


def test_without_rules_the_defaults_hold() -> None:
    assert _times(TASK) == [("default-3", DUE - 2 * HOUR), ("default-4", DUE), ("default-5", DUE + 3 * HOUR)]


def test_a_rule_comes_beside_the_default_or_in_its_place() -> None:
    assert ("r1", DUE + 5 * HOUR) in _times(TASK, LATER)
    assert ("default-4", DUE) in _times(TASK, LATER)
    replacing = _times(TASK, replace(LATER, replaces_default=True))
    assert ("r1", DUE + 5 * HOUR) in replacing
    assert ("default-4", DUE) not in replacing
    assert _times(TASK, replace(LATER, process_definition_key="other")) == _times(TASK)
    assert _times(TASK, replace(LATER, disabled=True)) == _times(TASK)
    assert _times(TASK, replace(LATER, element_id="elsewhere")) == _times(TASK)


def test_what_should_have_come_before_is_left_out_once_it_is_due() -> None:
    assert [name for name, _ in _times(TASK, now=DUE)] == ["default-4", "default-5"]
    # It is due soon: told at once, rather than not at all.
    assert _times(TASK, now=DUE - HOUR)[0] == ("default-3", DUE - 2 * HOUR)


def test_of_what_has_ended_or_is_never_due_nothing_is_told() -> None:
    assert _times(replace(TASK, state=ENDED)) == []
    assert _times(replace(TASK, due_micros=None)) == []
