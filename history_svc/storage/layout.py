"""How the rows lie: tables, the order of their columns, and the numbers that stand for states.

The states have the numbers of the contract's enums, so that nothing is translated on the way out.
"""

from __future__ import annotations

from typing import Final

INSTANCE_RUNNING: Final = 1
INSTANCE_PAUSED: Final = 2
INSTANCE_COMPLETED: Final = 3
INSTANCE_FAILED: Final = 4
INSTANCE_TERMINATED: Final = 5
INSTANCE_STATUSES: Final = (
    INSTANCE_RUNNING,
    INSTANCE_PAUSED,
    INSTANCE_COMPLETED,
    INSTANCE_FAILED,
    INSTANCE_TERMINATED,
)

OPEN: Final = 1
COMPLETED: Final = 2
TERMINATED: Final = 3
STATES: Final = (OPEN, COMPLETED, TERMINATED)
"""Of activities and of tasks; an activity calls the first one ACTIVE."""

UNKNOWN_TIME: Final = 0
"""Stands for a time that no event has told yet. Times are microseconds since the Unix epoch."""

INSTANCE_TABLE: Final = "history_process_instance"
INSTANCE_COLUMNS: Final = (
    "id",
    "status",
    "process_definition_id",
    "process_definition_key",
    "process_definition_version",
    "business_key",
    "tenant_id",
    "initiator",
    "start_micros",
    "end_micros",
    "end_reason",
    "parent_process_instance_id",
    "parent_activity_id",
    "root_process_instance_id",
    "reference_position",
    "status_position",
)

ACTIVITY_TABLE: Final = "history_activity"
ACTIVITY_COLUMNS: Final = (
    "id",
    "process_instance_id",
    "process_definition_id",
    "process_definition_key",
    "tenant_id",
    "element_id",
    "element_name",
    "element_type",
    "parent_activity_id",
    "state",
    "start_micros",
    "sequence",
    "end_micros",
    "end_reason",
    "flow_id",
    "position",
)

TASK_TABLE: Final = "history_task"
TASK_COLUMNS: Final = (
    "id",
    "process_instance_id",
    "process_definition_id",
    "process_definition_key",
    "tenant_id",
    "element_id",
    "name",
    "description",
    "assignee",
    "priority",
    "state",
    "create_micros",
    "due_micros",
    "end_micros",
    "end_reason",
    "owner",
    "follow_up_micros",
    "category",
    "form_key",
    "parent_task_id",
    "outcome",
    "completed_by",
    "reference_position",
    "assignee_position",
    "state_position",
    "detail_position",
)

VARIABLE_TABLE: Final = "history_variable"
VARIABLE_COLUMNS: Final = (
    "id",
    "process_instance_id",
    "process_definition_key",
    "tenant_id",
    "scope_activity_id",
    "name",
    "value_json",
    "update_micros",
    "deleted",
    "position",
)

PROGRESS_TABLE: Final = "history_progress"
PROGRESS_COLUMNS: Final = ("id", "revision")
"""By instance the last revision all of whose events were taken in."""
