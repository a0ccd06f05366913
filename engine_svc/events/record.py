"""The compact form of events in the outbox: one tuple an event, its payload's field number first.

Building a typed message for every event would cost the engine several times what it costs to run the model;
the relay does it instead. Positions are part of the stored format: add at the end only.
"""

from __future__ import annotations

from typing import Any, Final

INSTANCE_STARTED: Final = 100
INSTANCE_COMPLETED: Final = 101
INSTANCE_TERMINATED: Final = 102
INSTANCE_SUSPENDED: Final = 103
INSTANCE_RESUMED: Final = 104
INSTANCE_MIGRATED: Final = 105
INSTANCE_FAILED: Final = 106
COMPLETION_PENDING: Final = 107
ACTIVITY_STARTED: Final = 110
ACTIVITY_COMPLETED: Final = 111
ACTIVITY_TERMINATED: Final = 112
USER_TASK_CREATED: Final = 120
USER_TASK_ASSIGNED: Final = 121
USER_TASK_COMPLETED: Final = 122
USER_TASK_TERMINATED: Final = 123
USER_TASK_UPDATED: Final = 124
JOB_SCHEDULED: Final = 130
JOB_COMPLETED: Final = 131
JOB_FAILED: Final = 132
INCIDENT_RAISED: Final = 140
INCIDENT_RESOLVED: Final = 141
VARIABLES_UPDATED: Final = 150
VARIABLES_DELETED: Final = 151
COMMENT_CREATED: Final = 180
COMMENT_DELETED: Final = 181
ATTACHMENT_CREATED: Final = 182
ATTACHMENT_DELETED: Final = 183

POSITIONS: Final[dict[int, tuple[str, ...]]] = {
    INSTANCE_STARTED: ("initiator", "variables", "parent_id", "parent_key", "root_id", "name"),
    INSTANCE_COMPLETED: ("start_micros", "has_saga"),
    INSTANCE_TERMINATED: ("start_micros", "reason"),
    INSTANCE_SUSPENDED: (),
    INSTANCE_RESUMED: (),
    INSTANCE_MIGRATED: ("source_id", "source_key", "source_version", "activities"),
    INSTANCE_FAILED: ("start_micros", "reason"),
    COMPLETION_PENDING: ("attempt", "until_micros"),
    ACTIVITY_STARTED: ("key", "element_id", "element_name", "element_type", "parent_key", "flow_id"),
    ACTIVITY_COMPLETED: ("key", "element_id", "element_name", "element_type", "parent_key", "start_micros", "flow_id"),
    ACTIVITY_TERMINATED: (
        "key",
        "element_id",
        "element_name",
        "element_type",
        "parent_key",
        "start_micros",
        "reason",
        "flow_id",
    ),
    USER_TASK_CREATED: (
        "key",
        "element_id",
        "name",
        "description",
        "assignee",
        "candidate_users",
        "candidate_groups",
        "priority",
        "due_micros",
        "form_key",
        "owner",
        "follow_up_micros",
        "category",
        "parent_key",
    ),
    USER_TASK_ASSIGNED: ("key", "assignee", "previous_assignee"),
    USER_TASK_COMPLETED: ("key", "element_id", "assignee", "outcome", "completed_by"),
    USER_TASK_TERMINATED: ("key", "reason"),
    USER_TASK_UPDATED: (
        "key",
        "changed",
        "name",
        "description",
        "owner",
        "priority",
        "due_micros",
        "follow_up_micros",
        "category",
        "form_key",
        "delegation_state",
        "candidate_users",
        "candidate_groups",
        "previous",
        "assignee",
    ),
    JOB_SCHEDULED: ("key", "job_type", "element_id", "retries"),
    JOB_COMPLETED: ("key", "job_type", "element_id"),
    JOB_FAILED: ("key", "job_type", "element_id", "retries", "error_message", "error_code"),
    INCIDENT_RAISED: ("key", "type", "element_id", "job_key", "message"),
    INCIDENT_RESOLVED: ("key",),
    VARIABLES_UPDATED: ("scope_key", "variables"),
    VARIABLES_DELETED: ("scope_key", "names"),
    COMMENT_CREATED: ("key", "task_key", "user_id", "text"),
    COMMENT_DELETED: ("key", "task_key"),
    ATTACHMENT_CREATED: ("key", "task_key", "user_id", "name", "content_type", "url", "size_bytes"),
    ATTACHMENT_DELETED: ("key", "task_key"),
}
"""What follows the number in each tuple."""

CompactEvent = tuple[Any, ...]
