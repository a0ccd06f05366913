"""Policies of retention, and instances with a time of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from history_svc.storage.layout import INSTANCE_TABLE
from history_svc.storage.retention_layout import (
    FOR_EVER,
    GATE_TABLE,
    KEPT_COLUMNS,
    KEPT_TABLE,
    POLICY_COLUMNS,
    POLICY_TABLE,
    PURGE_TABLE,
)
from mesh.access.row_conditions import row_condition
from mesh.access.rows import Rows
from mesh.db.select import Select
from mesh.db.statements import DeleteMany, Execute, Fetch, FetchKeys, Program, Row, UpsertMany

EVERY_KEY: Final = ""
"""In the place of a key: all processes of the tenant that have no policy of their own."""


@dataclass(slots=True, frozen=True)
class Policy:
    """How long ended instances are kept, in seconds, and whether they are written to an archive before they go."""

    tenant_id: str
    key: str
    keep_seconds: int
    archive: bool
    update_micros: int


def put_policy(policy: Policy) -> Program[None]:
    """Make or replace a policy."""
    yield from _pass_gate()
    row = (policy.tenant_id, policy.key, policy.keep_seconds, int(policy.archive), policy.update_micros)
    yield UpsertMany(POLICY_TABLE, POLICY_COLUMNS, POLICY_COLUMNS[:2], POLICY_COLUMNS[2:], [row])


def delete_policy(tenant_id: str, key: str) -> Program[bool]:
    """Delete a policy; say whether there was one."""
    yield from _pass_gate()
    sql = f"DELETE FROM {POLICY_TABLE} WHERE tenant_id=? AND process_definition_key=?"
    deleted: int = yield Execute(sql, (tenant_id, key))
    return deleted > 0


def list_policies(
    opened: Rows, tenant_id: str, key: str, after: tuple[str, str] | None, size: int
) -> Program[list[Policy]]:
    """Read policies that are open to a call, by tenant and key."""
    select = Select(POLICY_TABLE, POLICY_COLUMNS).equal("tenant_id", tenant_id).equal("process_definition_key", key)
    select.open_to(row_condition(opened, "tenant_id", "process_definition_key"))
    rows: list[Row] = yield select.page(POLICY_COLUMNS[:2], after, size).fetch()
    return [_policy(row) for row in rows]


def find_policy(tenant_id: str, key: str) -> Program[Policy | None]:
    """Read a policy."""
    rows: list[Row] = yield FetchKeys(POLICY_TABLE, POLICY_COLUMNS, POLICY_COLUMNS[:2], [(tenant_id, key)])
    return _policy(rows[0]) if rows else None


def all_policies(limit: int) -> Program[list[Policy]]:
    """Read so many policies."""
    rows: list[Row] = yield Select(POLICY_TABLE, POLICY_COLUMNS).page(POLICY_COLUMNS[:2], None, limit).fetch()
    return [_policy(row) for row in rows]


def _policy(row: Row) -> Policy:
    tenant_id, key, keep_seconds, archive, update_micros = row
    return Policy(tenant_id, key, keep_seconds, bool(archive), update_micros)


def keep_instance(instance_id: str, keep_micros: int | None, *, archive: bool) -> Program[None]:
    """Let an instance go from a time on, never where it is None."""
    yield from _pass_gate()
    row = (instance_id, FOR_EVER if keep_micros is None else keep_micros, int(archive))
    yield UpsertMany(KEPT_TABLE, KEPT_COLUMNS, KEPT_COLUMNS[:1], KEPT_COLUMNS[1:], [row])


def clear_kept(instance_id: str) -> Program[None]:
    """Let the policy hold for an instance again."""
    yield from _pass_gate()
    yield DeleteMany(KEPT_TABLE, ("process_instance_id",), [(instance_id,)])


def instance_is_open(opened: Rows, instance_id: str) -> Program[bool]:
    """Say whether history has an instance that is open to a call and does not go. It stays so in this transaction."""
    yield from _pass_gate()
    select = Select(INSTANCE_TABLE, ("id",)).where("id=?", instance_id)
    select.open_to(row_condition(opened, "tenant_id", "process_definition_key"))
    rows: list[Row] = yield select.fetch()
    if not rows:
        return False
    goes: list[Row] = yield FetchKeys(PURGE_TABLE, ("process_instance_id",), ("process_instance_id",), [(instance_id,)])
    return not goes


def _pass_gate() -> Program[None]:
    """Let nobody claim instances until the transaction ends: it is decided behind the gate which of them go."""
    yield Fetch(f"SELECT id FROM {GATE_TABLE}", share=True)


def place_of(instance_id: str) -> Program[tuple[str, str] | None]:
    """Return the tenant of an instance and the key of its process, None where history does not have it."""
    rows: list[Row] = yield FetchKeys(
        INSTANCE_TABLE, ("tenant_id", "process_definition_key"), ("id",), [(instance_id,)]
    )
    return (rows[0][0], rows[0][1]) if rows else None
