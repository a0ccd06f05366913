"""How the rows of statistics lie: tables and the order of their columns.

Counts of one thing may lie in several rows, one for each shard, which are added up when they are read: a consumer locks
a shard that no other one has, so that consumers neither wait for each other nor overwrite what another one adds.
"""

from __future__ import annotations

from typing import Final

DEFINITION_TABLE: Final = "statistics_definition"
DEFINITION_KEY: Final = ("process_definition_id", "tenant_id")
DEFINITION_COLUMNS: Final = (*DEFINITION_KEY, "process_definition_key", "version")

PROCESS_TABLE: Final = "statistics_process"
PROCESS_KEY: Final = ("process_definition_id", "tenant_id", "day", "shard")
PROCESS_COUNTS: Final = (
    "running",
    "paused",
    "started",
    "completed",
    "failed",
    "terminated_count",
    "duration_seconds",
    "duration_micros",
    "sketch",
    "quarters",
)

ELEMENT_TABLE: Final = "statistics_element"
ELEMENT_KEY: Final = ("process_definition_id", "tenant_id", "day", "element_id", "shard")
ELEMENT_COUNTS: Final = (
    "entered",
    "completed",
    "terminated_count",
    "incidents",
    "open_incidents",
    "open_start_seconds",
    "duration_seconds",
    "duration_micros",
    "sketch",
    "element_type",
    "element_name",
)

SHARD_TABLE: Final = "statistics_shard"
SHARDS: Final = 16

DUE_TABLE: Final = "statistics_due_task"
DUE_COLUMNS: Final = ("task_id", "due_micros", "tenant_id", "process_definition_key")
"""Open tasks with a due time."""

INCIDENT_TABLE: Final = "statistics_incident"
INCIDENT_COLUMNS: Final = (
    "id",
    "process_instance_id",
    "process_definition_id",
    "process_definition_key",
    "tenant_id",
    "element_id",
    "type",
    "job_id",
    "message",
    "state",
    "create_micros",
    "end_micros",
    "reference_position",
    "state_position",
)
"""The state is `OPEN` or `COMPLETED`: resolved."""
