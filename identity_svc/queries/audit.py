"""The audit log, read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from identity_svc.queries.caller import Caller
from identity_svc.queries.conditions import open_tenants
from mesh.db.select import Select
from mesh.db.statements import FetchKeys, Program, Row

_COLUMNS = (
    "id",
    "created_at",
    "actor_id",
    "session_id",
    "action",
    "resource_type",
    "resource_id",
    "correlation_id",
    "before_json",
    "after_json",
)


@dataclass(slots=True, frozen=True)
class AuditFilter:
    """What is listed: entries for which all that is set holds. Times are microseconds since the Unix epoch."""

    actor_id: str = ""
    action: str = ""
    resource_type: str = ""
    resource_id: str = ""
    begin: int | None = None
    end: int | None = None


@dataclass(slots=True, frozen=True)
class AuditEntry:
    """An entry of the log. `created_at`: microseconds since the Unix epoch; `before` and `after`: JSON."""

    id: str
    created_at: int
    actor_id: str
    session_id: str
    action: str
    resource_type: str
    resource_id: str
    correlation_id: str
    before: bytes
    after: bytes
    tenant_ids: tuple[str, ...] = ()


def list_entries(
    caller: Caller, wanted: AuditFilter, after: Sequence[str | int | None] | None, limit: int
) -> Program[list[AuditEntry]]:
    """Return the next entries, the latest first, that the caller sees. `after`: time and id of the last one."""
    query = Select("audit_entry", _COLUMNS)
    for column in ("actor_id", "action", "resource_type", "resource_id"):
        query.equal(column, getattr(wanted, column))
    if wanted.begin is not None:
        query.where("created_at>=?", wanted.begin)
    if wanted.end is not None:
        query.where("created_at<?", wanted.end)
    if (opened := open_tenants(caller)) is not None:
        marks, tenants = opened
        of_entry = "SELECT 1 FROM audit_entry_tenant t WHERE t.entry_id=audit_entry.id"
        query.where(
            f"everywhere=0 AND EXISTS ({of_entry}) AND NOT EXISTS ({of_entry} AND t.tenant_id NOT IN {marks})", *tenants
        )
    rows: list[Row] = yield query.page(("created_at", "id"), after, limit, descending=True).fetch()
    if not rows:
        return []
    named: list[Row] = yield FetchKeys(
        "audit_entry_tenant", ("entry_id", "tenant_id"), ("entry_id",), [row[:1] for row in rows]
    )
    of_entries: dict[str, list[str]] = {}
    for entry_id, tenant_id in named:
        of_entries.setdefault(entry_id, []).append(tenant_id)
    return [AuditEntry(*(*row, tuple(sorted(of_entries.get(row[0], ()))))) for row in rows]
