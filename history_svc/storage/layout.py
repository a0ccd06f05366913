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
    "value_type",
    "number_value",
    "text_value",
)

VARIABLE_CHANGE_TABLE: Final = "history_variable_change"
VARIABLE_CHANGE_COLUMNS: Final = (
    "id",
    "process_instance_id",
    "process_definition_key",
    "tenant_id",
    "variable_id",
    "scope_activity_id",
    "name",
    "change_micros",
    "deleted",
    "user_id",
    "value_type",
    "value_size",
    "value_json",
)
"""Every value that a variable had. `value_json` is NULL where the value is long and lies apart."""

LONG_VALUE_TABLE: Final = "history_long_value"
LONG_VALUE_COLUMNS: Final = ("process_instance_id", "id", "value_json")
"""Long values of changes, so that lists do not read them."""

CANDIDATE_TABLE: Final = "history_task_candidate"
CANDIDATE_COLUMNS: Final = ("task_id", "kind", "name")
"""Who was ever a candidate of a task."""
CANDIDATE_USER: Final = 1
CANDIDATE_GROUP: Final = 2

INCIDENT_TABLE: Final = "history_incident"
INCIDENT_COLUMNS: Final = (
    "id",
    "process_instance_id",
    "process_definition_id",
    "process_definition_key",
    "tenant_id",
    "type",
    "element_id",
    "job_id",
    "message",
    "state",
    "create_micros",
    "end_micros",
)
INCIDENT_OPEN: Final = 1
INCIDENT_RESOLVED: Final = 2
INCIDENT_STATES: Final = (INCIDENT_OPEN, INCIDENT_RESOLVED)

JOB_LOG_TABLE: Final = "history_job_log"
JOB_LOG_COLUMNS: Final = (
    "id",
    "process_instance_id",
    "process_definition_id",
    "process_definition_key",
    "tenant_id",
    "job_id",
    "job_type",
    "element_id",
    "event",
    "event_micros",
    "retries",
    "error_message",
    "error_code",
    "user_id",
)
JOB_SCHEDULED: Final = 1
JOB_COMPLETED: Final = 2
JOB_FAILED: Final = 3
JOB_EVENTS: Final = (JOB_SCHEDULED, JOB_COMPLETED, JOB_FAILED)

COMMENT_TABLE: Final = "history_comment"
COMMENT_COLUMNS: Final = (
    "id",
    "process_instance_id",
    "process_definition_key",
    "tenant_id",
    "task_id",
    "user_id",
    "text",
    "create_micros",
    "delete_micros",
)
"""A stand-alone task counts as the instance of its comments and attachments, as in their events."""

ATTACHMENT_TABLE: Final = "history_attachment"
ATTACHMENT_COLUMNS: Final = (
    "id",
    "process_instance_id",
    "process_definition_key",
    "tenant_id",
    "task_id",
    "user_id",
    "name",
    "content_type",
    "url",
    "size_bytes",
    "create_micros",
    "delete_micros",
)

TIMELINE_TABLE: Final = "history_timeline"
TIMELINE_COLUMNS: Final = (
    "process_instance_id",
    "position",
    "kind",
    "event_micros",
    "record_id",
    "element_id",
    "name",
    "user_id",
    "subject",
    "detail",
)
"""What happened in an instance, event by event; changes of variables and the log of jobs have tables of their own."""

WORD_TABLE: Final = "history_word"
WORD_COLUMNS: Final = ("word", "record_id", "kind", "tenant_id")
"""Which records have, or once had, a word."""

PROGRESS_TABLE: Final = "history_progress"
PROGRESS_COLUMNS: Final = ("id", "revision")
"""By instance the last revision all of whose events were taken in."""
