"""How the tables are listed. The migrations have an index for each path."""

from __future__ import annotations

from typing import Final

from history_svc.queries.pages import Listing, by_state, in_order
from history_svc.storage.layout import (
    ACTIVITY_COLUMNS,
    ACTIVITY_TABLE,
    ATTACHMENT_COLUMNS,
    ATTACHMENT_TABLE,
    COMMENT_COLUMNS,
    COMMENT_TABLE,
    INCIDENT_COLUMNS,
    INCIDENT_STATES,
    INCIDENT_TABLE,
    INSTANCE_COLUMNS,
    INSTANCE_STATUSES,
    INSTANCE_TABLE,
    JOB_EVENTS,
    JOB_LOG_COLUMNS,
    JOB_LOG_TABLE,
    STATES,
    TASK_COLUMNS,
    TASK_TABLE,
    VARIABLE_CHANGE_COLUMNS,
    VARIABLE_CHANGE_TABLE,
    VARIABLE_COLUMNS,
    VARIABLE_TABLE,
)

INSTANCES: Final = Listing(
    INSTANCE_TABLE,
    INSTANCE_COLUMNS,
    order=("start_micros", "id"),
    descending=True,
    paths=(
        by_state("business_key", index="history_instance_business_key"),
        in_order("parent_process_instance_id", index="history_instance_parent"),
        in_order("root_process_instance_id", index="history_instance_root"),
        by_state("process_definition_id", index="history_instance_definition_id"),
        by_state("tenant_id", "process_definition_key", index="history_instance_tenant_definition"),
        by_state("process_definition_key", index="history_instance_definition_key"),
        by_state("tenant_id", index="history_instance_tenant"),
        by_state(index="history_instance_status"),
    ),
    state_column="status",
    states=INSTANCE_STATUSES,
    instance_id="id",
    indexed=frozenset({"initiator", "parent_activity_id"}),
    by_time={"end_micros": "history_instance_end"},
)

ACTIVITIES: Final = Listing(
    ACTIVITY_TABLE,
    ACTIVITY_COLUMNS,
    # What starts in one commit starts at one time; the sequence then tells the order.
    order=("start_micros", "sequence", "id"),
    descending=False,
    paths=(
        in_order("process_instance_id", index="history_activity_instance"),
        by_state("element_id", index="history_activity_element"),
        by_state("process_definition_key", index="history_activity_definition_key"),
        by_state("element_type", index="history_activity_element_type"),
        by_state(index="history_activity_state"),
    ),
    state_column="state",
    states=STATES,
    instance_id="process_instance_id",
)

TASKS: Final = Listing(
    TASK_TABLE,
    TASK_COLUMNS,
    order=("create_micros", "id"),
    descending=True,
    paths=(
        in_order("process_instance_id", index="history_task_instance"),
        by_state("assignee", index="history_task_assignee"),
        by_state("element_id", index="history_task_element"),
        by_state("tenant_id", "process_definition_key", index="history_task_tenant_definition"),
        by_state("process_definition_key", index="history_task_definition_key"),
        by_state("tenant_id", index="history_task_tenant"),
        by_state(index="history_task_state"),
    ),
    state_column="state",
    states=STATES,
    instance_id="",
    indexed=frozenset({"owner", "completed_by", "parent_task_id"}),
    by_time={"end_micros": "history_task_end", "due_micros": "history_task_due"},
)

VARIABLES: Final = Listing(
    VARIABLE_TABLE,
    VARIABLE_COLUMNS,
    # Ids begin with the instance's, so an instance's variables are a range of them.
    order=("id",),
    descending=False,
    paths=(
        in_order("process_instance_id", index="history_variable_instance"),
        in_order("name", index="history_variable_name"),
        in_order(index="PRIMARY"),
    ),
    instance_id="process_instance_id",
)

VARIABLE_CHANGES: Final = Listing(
    VARIABLE_CHANGE_TABLE,
    VARIABLE_CHANGE_COLUMNS,
    # The ids of an instance's changes are in the order of its events.
    order=("process_instance_id", "id"),
    descending=False,
    paths=(
        in_order("process_instance_id", index="PRIMARY"),
        in_order("name", index="history_variable_change_name"),
        in_order(index="PRIMARY"),
    ),
    instance_id="process_instance_id",
)

INCIDENTS: Final = Listing(
    INCIDENT_TABLE,
    INCIDENT_COLUMNS,
    order=("create_micros", "id"),
    descending=True,
    paths=(
        in_order("process_instance_id", index="history_incident_instance"),
        by_state(index="history_incident_state"),
    ),
    state_column="state",
    states=INCIDENT_STATES,
    instance_id="process_instance_id",
)

JOB_LOG: Final = Listing(
    JOB_LOG_TABLE,
    JOB_LOG_COLUMNS,
    order=("process_instance_id", "id"),
    descending=False,
    paths=(in_order("process_instance_id", index="PRIMARY"), by_state(index="history_job_log_event")),
    state_column="event",
    states=JOB_EVENTS,
    instance_id="process_instance_id",
)

COMMENTS: Final = Listing(
    COMMENT_TABLE,
    COMMENT_COLUMNS,
    order=("create_micros", "id"),
    descending=False,
    # Comments and attachments are asked for by what they are on.
    paths=(in_order("process_instance_id", index="history_comment_instance"),),
    instance_id="process_instance_id",
    task_id="task_id",
)

ATTACHMENTS: Final = Listing(
    ATTACHMENT_TABLE,
    ATTACHMENT_COLUMNS,
    order=("create_micros", "id"),
    descending=False,
    paths=(in_order("process_instance_id", index="history_attachment_instance"),),
    instance_id="process_instance_id",
    task_id="task_id",
)
