"""Who takes part: in a task its assignee, owner and candidates, in an instance who started it or takes part in one of
its open tasks.
"""

from __future__ import annotations

from typing import Any

import orjson

from engine_svc.storage.commit import USER_TASK_COLUMNS
from engine_svc.storage.user_tasks import CANDIDATE_GROUP, CANDIDATE_USER
from mesh.access.row_conditions import NOTHING, Condition
from mesh.access.rows import Rows
from mesh.db.statements import Fetch, Program, Row, placeholders

_ASSIGNEE, _OWNER, _USERS, _GROUPS = map(
    USER_TASK_COLUMNS.index, ("assignee", "owner", "candidate_users", "candidate_groups")
)


def takes_part_in_task(rows: Rows, task: Row) -> bool:
    """Tell whether the caller takes part in a task, a row of `USER_TASK_COLUMNS`."""
    user = rows.user_id
    if not user:
        return False
    return (
        user in (task[_ASSIGNEE], task[_OWNER])
        or user in orjson.loads(task[_USERS])
        or not rows.group_ids.isdisjoint(orjson.loads(task[_GROUPS]))
    )


def takes_part_in_tasks_of(rows: Rows, instance_id: str) -> Program[bool]:
    """Tell whether the caller takes part in an open task of an instance."""
    if not rows.user_id:
        return False
    found: list[Row] = yield Fetch(
        "SELECT 1 FROM user_task WHERE instance_id=? AND (assignee=? OR owner=?) LIMIT 1",
        (instance_id, rows.user_id, rows.user_id),
    )
    if not found:
        condition, values = _candidate(rows, "c")
        found = yield Fetch(
            f"SELECT 1 FROM user_task_candidate c WHERE c.instance_id=? AND {condition} LIMIT 1",
            (instance_id, *values),
        )
    return bool(found)


def in_task(rows: Rows) -> Condition:
    """Return the condition for the rows of `user_task t` in which the caller takes part."""
    if not rows.user_id:
        return NOTHING
    condition, values = _candidate(rows, "v")
    return (
        "(t.assignee=? OR t.owner=? OR EXISTS(SELECT 1 FROM user_task_candidate v "
        f"WHERE v.instance_id=t.instance_id AND v.task_key=t.task_key AND {condition}))",
        (rows.user_id, rows.user_id, *values),
    )


def own_instances(rows: Rows) -> Condition:
    """Return a query for the ids, each once as `own_id`, of the instances in which the caller takes part."""
    user = rows.user_id
    if not user:
        return "SELECT id AS own_id FROM process_instance WHERE 1=0", ()
    selects = [
        "SELECT id AS own_id FROM process_instance WHERE initiator=? AND initiator<>''",
        "SELECT instance_id FROM user_task WHERE assignee=?",
        "SELECT instance_id FROM user_task WHERE owner=? AND owner<>''",
        f"SELECT instance_id FROM user_task_candidate WHERE kind={CANDIDATE_USER} AND candidate=?",
    ]
    values: list[Any] = [user] * len(selects)
    for group in sorted(rows.group_ids):
        selects.append(f"SELECT instance_id FROM user_task_candidate WHERE kind={CANDIDATE_GROUP} AND candidate=?")
        values.append(group)
    return " UNION ".join(selects), tuple(values)


def _candidate(rows: Rows, alias: str) -> Condition:
    condition = f"({alias}.kind={CANDIDATE_USER} AND {alias}.candidate=?"
    if not rows.group_ids:
        return f"{condition})", (rows.user_id,)
    groups = sorted(rows.group_ids)
    condition += f" OR {alias}.kind={CANDIDATE_GROUP} AND {alias}.candidate IN {placeholders(len(groups))})"
    return condition, (rows.user_id, *groups)
