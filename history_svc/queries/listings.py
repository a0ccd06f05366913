"""How the tables are listed. The migrations have an index for each path."""

from __future__ import annotations

from typing import Final

from history_svc.queries.pages import Listing, by_state, in_order
from history_svc.storage.layout import (
    ACTIVITY_COLUMNS,
    ACTIVITY_TABLE,
    INSTANCE_COLUMNS,
    INSTANCE_STATUSES,
    INSTANCE_TABLE,
    STATES,
    TASK_COLUMNS,
    TASK_TABLE,
    VARIABLE_COLUMNS,
    VARIABLE_TABLE,
)

INSTANCES: Final = Listing(
    INSTANCE_TABLE,
    INSTANCE_COLUMNS,
    order=("start_micros", "id"),
    descending=True,
    paths=(
        by_state("business_key"),
        in_order("parent_process_instance_id"),
        in_order("root_process_instance_id"),
        by_state("process_definition_id"),
        by_state("tenant_id", "process_definition_key"),
        by_state("process_definition_key"),
        by_state("tenant_id"),
        by_state(),
    ),
    state_column="status",
    states=INSTANCE_STATUSES,
    instance_id="id",
)

ACTIVITIES: Final = Listing(
    ACTIVITY_TABLE,
    ACTIVITY_COLUMNS,
    # What starts in one commit starts at one time; the sequence then tells the order.
    order=("start_micros", "sequence", "id"),
    descending=False,
    paths=(
        in_order("process_instance_id"),
        by_state("element_id"),
        by_state("process_definition_key"),
        by_state("element_type"),
        by_state(),
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
        in_order("process_instance_id"),
        by_state("assignee"),
        by_state("element_id"),
        by_state("tenant_id", "process_definition_key"),
        by_state("process_definition_key"),
        by_state("tenant_id"),
        by_state(),
    ),
    state_column="state",
    states=STATES,
    instance_id="",
)

VARIABLES: Final = Listing(
    VARIABLE_TABLE,
    VARIABLE_COLUMNS,
    # Ids begin with the instance's, so an instance's variables are a range of them.
    order=("id",),
    descending=False,
    paths=(in_order("name"), in_order()),
    instance_id="process_instance_id",
)
