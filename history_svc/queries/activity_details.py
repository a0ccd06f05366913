"""What is known of activities from other tables: called instances, and who has their tasks.

It is looked up by the few rows that are shown. Written into the activities it would have to be brought together from
events of different instances, which come in any order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from history_svc.storage.layout import ACTIVITY_COLUMNS, INSTANCE_TABLE, TASK_TABLE
from mesh.db.statements import FetchKeys, Program, Row

_ID: Final = ACTIVITY_COLUMNS.index("id")
_TYPE: Final = ACTIVITY_COLUMNS.index("element_type")


@dataclass(slots=True, frozen=True)
class ActivityDetails:
    """By activity: the instance that it called, and the assignee of its task, empty where nobody has it."""

    called: Mapping[str, str] = field(default_factory=dict)
    assignees: Mapping[str, str] = field(default_factory=dict)


NO_DETAILS: Final = ActivityDetails()


def read_details(rows: Sequence[Row]) -> Program[ActivityDetails]:
    """Look up the details of rows in the columns of the activity table."""
    calls = [(row[_ID],) for row in rows if row[_TYPE] == "callActivity"]
    tasks = [(row[_ID],) for row in rows if row[_TYPE] == "userTask"]
    called: list[Row] = []
    assignees: list[Row] = []
    if calls:
        called = yield FetchKeys(INSTANCE_TABLE, ("parent_activity_id", "id"), ("parent_activity_id",), calls)
    if tasks:
        assignees = yield FetchKeys(TASK_TABLE, ("id", "assignee"), ("id",), tasks)
    return ActivityDetails(dict(called), dict(assignees))
