"""The tables that are built from the event stream alone, and so can be built again; all others are the service's own.

Whoever adds a table that the projection writes names it here. A rebuild makes each of them anew.
"""

from __future__ import annotations

from typing import Final, NamedTuple

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

INSTANCE_ID_LENGTH: Final = 36


class ProjectionTable(NamedTuple):
    """A table of the projection.

    `owner`: a column that begins with the id of the instance, or of the stand-alone task's tree, that the row belongs
    to; empty for rows that belong to many.
    """

    name: str
    owner: str


PROJECTION_TABLES: Final = (
    ProjectionTable(INSTANCE_TABLE, "id"),
    ProjectionTable(ACTIVITY_TABLE, "id"),
    ProjectionTable(TASK_TABLE, "id"),
    ProjectionTable(VARIABLE_TABLE, "id"),
    ProjectionTable(CANDIDATE_TABLE, "task_id"),
    ProjectionTable(VARIABLE_CHANGE_TABLE, "process_instance_id"),
    ProjectionTable(LONG_VALUE_TABLE, "process_instance_id"),
    ProjectionTable(INCIDENT_TABLE, "id"),
    ProjectionTable(JOB_LOG_TABLE, "process_instance_id"),
    ProjectionTable(COMMENT_TABLE, "process_instance_id"),
    ProjectionTable(ATTACHMENT_TABLE, "process_instance_id"),
    ProjectionTable(TIMELINE_TABLE, "process_instance_id"),
    ProjectionTable(WORD_TABLE, "record_id"),
    ProjectionTable(statistics_layout.DUE_TABLE, "task_id"),
    ProjectionTable(statistics_layout.INCIDENT_TABLE, "id"),
    ProjectionTable(statistics_layout.DEFINITION_TABLE, ""),
    ProjectionTable(statistics_layout.PROCESS_TABLE, ""),
    ProjectionTable(statistics_layout.ELEMENT_TABLE, ""),
    ProjectionTable(PROGRESS_TABLE, "id"),
)

OWN_TABLES: Final = frozenset(
    {
        "alembic_version",
        "inbox",
        "lease",
        "lease_holder",
        "history_audit",
        "history_audit_head",
        "history_audit_start",
        "history_audit_checkpoint",
        "history_generation",
        "history_rebuild",
        "history_rebuild_state",
        "history_rebuild_seen",
        "history_rebuild_begun",
        "statistics_shard",
        "retention_policy",
        "retention_instance",
        "history_purge",
        "history_purge_gate",
        "history_archive",
        "archived_record",
        "history_request",
        "history_search_change",
        "history_search_index",
    }
)
"""The service's other tables, which a rebuild leaves alone."""
