"""How the rows of retention and of archives lie, and which tables have the rows of an instance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from history_svc.storage import statistics_layout
from history_svc.storage.layout import (
    ACTIVITY_TABLE,
    ATTACHMENT_TABLE,
    CANDIDATE_TABLE,
    COMMENT_TABLE,
    INCIDENT_TABLE,
    INSTANCE_TABLE,
    JOB_LOG_TABLE,
    LONG_VALUE_TABLE,
    PROGRESS_TABLE,
    TASK_TABLE,
    TIMELINE_TABLE,
    VARIABLE_CHANGE_TABLE,
    VARIABLE_TABLE,
    WORD_TABLE,
)
from history_svc.storage.projection_tables import INSTANCE_ID_LENGTH
from mesh.db.statements import placeholders

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


_BEHIND_MEMBERS: Final = "~"
"""Sorts behind everything that follows the instance's id in the id of something inside it."""


@dataclass(slots=True, frozen=True)
class InstanceRows:
    """A table that has rows of instances.

    `kind`: its number in archives, which never changes. `key`: its primary key. `instance`: the column with the
    instance's id, `inside`: with an id that only begins with it. `order`: by which restored rows are put in order,
    before their key. `archived`: false where the rows follow from others.
    """

    kind: int
    table: str
    key: tuple[str, ...]
    instance: str
    order: tuple[str, ...] = ()
    inside: bool = False
    archived: bool = True

    def condition(self, instances: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        """Return the condition for the rows of instances, and its parameters."""
        if not self.inside:
            return f"{self.instance} IN {placeholders(len(instances))}", tuple(instances)
        ranges = " OR ".join([f"({self.instance}>=? AND {self.instance}<?)"] * len(instances))
        return f"({ranges})", tuple(bound for one in instances for bound in (one, one + _BEHIND_MEMBERS))

    def instance_of(self, row: Mapping[str, Any]) -> str:
        """Return the id of the instance that a row belongs to."""
        return str(row[self.instance])[:INSTANCE_ID_LENGTH]

    def id_of(self, row: Mapping[str, Any]) -> str:
        """Return what tells a row from the others of its table and instance."""
        names = self.key if self.inside or len(self.key) == 1 else [name for name in self.key if name != self.instance]
        return ".".join(str(row[name]) for name in names)


_INSTANCE_ID: Final = "process_instance_id"

INSTANCES: Final = InstanceRows(1, INSTANCE_TABLE, ("id",), "id", ("start_micros",))
TASKS: Final = InstanceRows(2, TASK_TABLE, ("id",), _INSTANCE_ID, ("create_micros",))
ACTIVITIES: Final = InstanceRows(3, ACTIVITY_TABLE, ("id",), _INSTANCE_ID, ("start_micros", "sequence"))
VARIABLES: Final = InstanceRows(4, VARIABLE_TABLE, ("id",), _INSTANCE_ID)
INCIDENTS: Final = InstanceRows(5, statistics_layout.INCIDENT_TABLE, ("id",), _INSTANCE_ID, ("create_micros",))
PROGRESS: Final = InstanceRows(6, PROGRESS_TABLE, ("id",), "id")
RAISED_INCIDENTS: Final = InstanceRows(7, INCIDENT_TABLE, ("id",), _INSTANCE_ID, ("create_micros",))
"""Incidents as lists show them; `INCIDENTS` are those that statistics count."""
VARIABLE_CHANGES: Final = InstanceRows(8, VARIABLE_CHANGE_TABLE, (_INSTANCE_ID, "id"), _INSTANCE_ID)
LONG_VALUES: Final = InstanceRows(9, LONG_VALUE_TABLE, (_INSTANCE_ID, "id"), _INSTANCE_ID)
JOB_LOG: Final = InstanceRows(11, JOB_LOG_TABLE, (_INSTANCE_ID, "id"), _INSTANCE_ID)
COMMENTS: Final = InstanceRows(12, COMMENT_TABLE, ("id",), _INSTANCE_ID, ("create_micros",))
ATTACHMENTS: Final = InstanceRows(13, ATTACHMENT_TABLE, ("id",), _INSTANCE_ID, ("create_micros",))
TIMELINE: Final = InstanceRows(14, TIMELINE_TABLE, (_INSTANCE_ID, "position"), _INSTANCE_ID, ("position",))
INSTANCE_ROWS: Final = (
    INSTANCES,
    TASKS,
    ACTIVITIES,
    VARIABLES,
    INCIDENTS,
    PROGRESS,
    RAISED_INCIDENTS,
    VARIABLE_CHANGES,
    LONG_VALUES,
    InstanceRows(10, CANDIDATE_TABLE, ("task_id", "kind", "name"), "task_id", inside=True),
    JOB_LOG,
    COMMENTS,
    ATTACHMENTS,
    TIMELINE,
    InstanceRows(15, WORD_TABLE, ("word", "record_id", "kind"), "record_id", inside=True, archived=False),
    # The end of a task may come after its instance is claimed, and is passed over then.
    InstanceRows(16, statistics_layout.DUE_TABLE, ("task_id",), "task_id", inside=True, archived=False),
)
"""Every table with rows of instances, the instance's own row first: it is the first to go."""
ARCHIVED_ROWS: Final = tuple(rows_of for rows_of in INSTANCE_ROWS if rows_of.archived)
