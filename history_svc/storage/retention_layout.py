"""How the rows of retention and of archives lie, and which tables have the rows of an instance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from history_svc.storage.layout import ACTIVITY_TABLE, INSTANCE_TABLE, PROGRESS_TABLE, TASK_TABLE, VARIABLE_TABLE
from history_svc.storage.statistics_layout import INCIDENT_TABLE

POLICY_TABLE: Final = "retention_policy"
POLICY_COLUMNS: Final = ("tenant_id", "process_definition_key", "keep_seconds", "archive", "update_micros")

KEPT_TABLE: Final = "retention_instance"
KEPT_COLUMNS: Final = ("process_instance_id", "keep_micros", "archive")
"""Instances with a time of their own from which they may go."""
FOR_EVER: Final = 2**62

GATE_TABLE: Final = "history_purge_gate"
PURGE_TABLE: Final = "history_purge"
PURGE_COLUMNS: Final = ("process_instance_id", "archive_id", "state", "purge_micros")
CLAIMED: Final = 1
"""The instance is to go: its events are passed over, and its rows are there in part or as a whole."""
GONE: Final = 2
"""Its rows are deleted; the row stays for as long as events of it may come."""
NO_ARCHIVE: Final = ""

ARCHIVE_TABLE: Final = "history_archive"
ARCHIVE_COLUMNS: Final = (
    "id",
    "tenant_id",
    "process_definition_key",
    "state",
    "restoring",
    "create_micros",
    "instance_count",
    "row_count",
    "size_bytes",
    "first_end_micros",
    "last_end_micros",
    "schema_version",
    "manifest_sha256",
    "error",
    "emptied",
)
"""`emptied`: the rows of its instances are gone from history."""
WRITING: Final = 1
COMPLETE: Final = 2
DELETING: Final = 3
NOT_RESTORED: Final = 0
RESTORING: Final = 1
RESTORED: Final = 2
REMOVING: Final = 3
"""States of archives and of their restoring, with the numbers of the contract's enums."""

RECORD_TABLE: Final = "archived_record"
RECORD_KEY: Final = ("archive_id", "kind", "process_instance_id", "sort_micros", "sequence", "id")
RECORD_COLUMNS: Final = (*RECORD_KEY, "content")
"""Rows of restored archives; `kind` is a table's number, the content is the row as JSON by column."""


@dataclass(slots=True, frozen=True)
class InstanceRows:
    """A table that has rows of instances: its kind in archives, which never changes, its one-column primary key, the
    column with the instance's id, and the columns by which archived rows are put in order."""

    kind: int
    table: str
    key: str
    instance: str
    order: tuple[str, ...] = ()


INSTANCES: Final = InstanceRows(1, INSTANCE_TABLE, "id", "id", ("start_micros",))
TASKS: Final = InstanceRows(2, TASK_TABLE, "id", "process_instance_id", ("create_micros",))
ACTIVITIES: Final = InstanceRows(3, ACTIVITY_TABLE, "id", "process_instance_id", ("start_micros", "sequence"))
VARIABLES: Final = InstanceRows(4, VARIABLE_TABLE, "id", "process_instance_id")
INCIDENTS: Final = InstanceRows(5, INCIDENT_TABLE, "id", "process_instance_id", ("create_micros",))
PROGRESS: Final = InstanceRows(6, PROGRESS_TABLE, "id", "id")
INSTANCE_ROWS: Final = (INSTANCES, TASKS, ACTIVITIES, VARIABLES, INCIDENTS, PROGRESS)
"""Every table with rows of instances, the instance's own row first: it is the first to go."""
