"""The tables that are built from the event stream alone, and so can be built again; all others are the service's own.

Whoever adds a table that the projection writes names it here. A rebuild makes each of them anew.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from history_svc.storage.layout import (
    ACTIVITY_TABLE,
    INSTANCE_TABLE,
    PROGRESS_TABLE,
    TASK_TABLE,
    VARIABLE_TABLE,
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
        "history_audit_checkpoint",
        "history_generation",
        "history_rebuild",
        "history_rebuild_state",
        "history_rebuild_seen",
        "history_rebuild_begun",
    }
)
"""The service's other tables, which a rebuild leaves alone."""
