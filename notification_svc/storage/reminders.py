"""Rows of what is to be told at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from mesh.db.statements import DeleteMany, Fetch, InsertMany, Program, Row

_COLUMNS = ("task_id", "rule_id", "event_type", "due_micros", "remind_at")


@dataclass(frozen=True, slots=True)
class Reminder:
    """Something to be told of a task; the fields are the columns, in their order. Times are microseconds.

    `rule_id`: the rule that says so, or the name of a default.
    """

    task_id: str
    rule_id: str
    event_type: int
    due_micros: int
    remind_at: int


def replace_reminders(task_ids: Collection[str], reminders: Sequence[Reminder]) -> Program[None]:
    """Write what is to be told of some tasks, and nothing else."""
    if task_ids:
        yield DeleteMany("reminder", ("task_id",), [(one,) for one in sorted(task_ids)])
    if reminders:
        rows = sorted((one.task_id, one.rule_id, one.event_type, one.due_micros, one.remind_at) for one in reminders)
        yield InsertMany("reminder", _COLUMNS, rows)


def take_due(now: int, limit: int) -> Program[list[Reminder]]:
    """Take up to `limit` reminders whose time has come; they are gone with the transaction."""
    rows: list[Row] = yield Fetch(
        f"SELECT {','.join(_COLUMNS)} FROM reminder WHERE remind_at<=? ORDER BY remind_at, task_id, rule_id LIMIT ?",
        (now, limit),
        lock=True,
        skip_locked=True,
    )
    if rows:
        yield DeleteMany("reminder", ("task_id", "rule_id"), [row[:2] for row in rows])
    return [Reminder(*row) for row in rows]
