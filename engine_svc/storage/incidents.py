"""Open incidents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine_svc.storage.commit import INCIDENT_COLUMNS, INCIDENT_KEY
from mesh.access.row_conditions import row_condition
from mesh.access.rows import Rows
from mesh.db.select import Select
from mesh.db.statements import FetchKeys, Program, Row

ORDER = ("created_at", "instance_id", "incident_key")


@dataclass(slots=True, frozen=True)
class IncidentFilter:
    """What to list; empty values do not filter."""

    instance_id: str = ""
    definition_key: str = ""
    tenant_id: str = ""


def fetch_incident(instance_id: str, key: int) -> Program[Row | None]:
    """Read one incident, in the order of `INCIDENT_COLUMNS`."""
    rows: list[Row] = yield FetchKeys("incident", INCIDENT_COLUMNS, INCIDENT_KEY, [(instance_id, key)])
    return rows[0] if rows else None


def list_incidents(
    wanted: IncidentFilter, rows: Rows, after: Sequence[object] | None, limit: int
) -> Program[list[Row]]:
    """Read incidents that are open to a call, oldest first, in the order of `INCIDENT_COLUMNS`."""
    select = (
        Select("incident", INCIDENT_COLUMNS)
        .open_to(row_condition(rows, "tenant_id", "definition_key"))
        .equal("instance_id", wanted.instance_id)
        .equal("definition_key", wanted.definition_key)
        .equal("tenant_id", wanted.tenant_id)
        .page(ORDER, after, limit)
    )
    found: list[Row] = yield select.fetch()
    return found
