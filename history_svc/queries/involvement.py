"""Who takes part: in a task its assignee, its owner and who completed it; in an instance who started it or takes part
in one of its tasks. That somebody was a candidate does not count.
"""

from __future__ import annotations

from typing import Final

from history_svc.storage.layout import INSTANCE_TABLE, TASK_TABLE
from mesh.access.row_conditions import NOTHING, Condition
from mesh.access.rows import Rows

OF_TASK: Final = ("assignee", "owner", "completed_by")


def in_task(rows: Rows) -> Condition:
    """Return the condition for the tasks in which the caller takes part."""
    if not rows.user_id:
        return NOTHING
    return f"({' OR '.join(f'{column}=?' for column in OF_TASK)})", (rows.user_id,) * len(OF_TASK)


def in_instance(rows: Rows, instance_id: str) -> Condition:
    """Return the condition for the caller to take part in the instance whose id is in a column, named with its table.

    For rows of one instance, or a single one: each looks at the instance's tasks.
    """
    if not rows.user_id:
        return NOTHING
    task, values = in_task(rows)
    return (
        f"(EXISTS(SELECT 1 FROM {INSTANCE_TABLE} i WHERE i.id={instance_id} AND i.initiator=?) "
        f"OR EXISTS(SELECT 1 FROM {TASK_TABLE} t WHERE t.process_instance_id={instance_id} AND {task}))",
        (rows.user_id, *values),
    )


def own_tasks(rows: Rows) -> Condition:
    """Return a query for the ids, each once as `own_id`, of the tasks in which the caller takes part."""
    return _own(rows, f"SELECT id AS own_id FROM {TASK_TABLE} WHERE ", [])


def own_instances(rows: Rows) -> Condition:
    """Return a query for the ids, each once as `own_id`, of the instances in which the caller takes part."""
    started = f"SELECT id AS own_id FROM {INSTANCE_TABLE} WHERE initiator=? AND initiator<>''"
    # A stand-alone task has no instance.
    of_task = f"SELECT process_instance_id AS own_id FROM {TASK_TABLE} WHERE process_instance_id<>'' AND "
    return _own(rows, of_task, [started])


def _own(rows: Rows, of_task: str, selects: list[str]) -> Condition:
    if not rows.user_id:
        return f"{of_task}1=0", ()
    # SQLite uses an index of some rows only where the query says that it wants no others.
    selects += [f"{of_task}{column}=? AND {column}<>''" for column in OF_TASK]
    return " UNION ".join(selects), (rows.user_id,) * len(selects)
