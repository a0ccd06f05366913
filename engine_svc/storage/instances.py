"""Process instances: loading their state, and lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from engine_svc.state.definition import Definition
from engine_svc.state.instance import Instance, Status
from engine_svc.state.snapshot import decode_snapshot, silent_commits_of
from engine_svc.storage.commit import INSTANCE_COLUMNS
from engine_svc.storage.instance_parts import PART_COLUMNS, VALUE_COLUMNS
from engine_svc.storage.involvement import own_instances
from mesh.access.row_conditions import beside, row_condition
from mesh.access.rows import Rows
from mesh.db.select import Select
from mesh.db.statements import FetchKeys, Program, Row

SUMMARY_COLUMNS = INSTANCE_COLUMNS[:-2]
_APART = INSTANCE_COLUMNS.index("apart")
_DEFINITION_ID = SUMMARY_COLUMNS.index("definition_id")


@dataclass(slots=True, frozen=True)
class InstanceFilter:
    """What to list; empty values do not filter."""

    definition_key: str = ""
    definition_id: str = ""
    business_key: str = ""
    tenant_id: str = ""
    status: int = 0


@dataclass(slots=True)
class StoredInstance:
    """A whole row, in the order of `INSTANCE_COLUMNS`, with what is stored beside it."""

    row: Row
    parts: list[tuple[int, bytes]] = field(default_factory=list)
    """Number and content, in order."""
    values: dict[str, bytes] = field(default_factory=dict)
    """Large values by hash."""


def fetch_instances(instance_ids: Sequence[str]) -> Program[list[StoredInstance]]:
    """Read instances; only of those that have something apart a second time."""
    rows: list[Row] = yield FetchKeys("process_instance", INSTANCE_COLUMNS, ("id",), [(i,) for i in instance_ids])
    stored = {row[0]: StoredInstance(row) for row in rows}
    keys = [row[:1] for row in rows if row[_APART]]
    if keys:
        parts: list[Row] = yield FetchKeys("instance_part", PART_COLUMNS, ("instance_id",), keys)
        for instance_id, number, content in sorted(parts, key=itemgetter(0, 1)):
            stored[instance_id].parts.append((number, content))
        values: list[Row] = yield FetchKeys("instance_value", VALUE_COLUMNS, ("instance_id",), keys)
        for instance_id, content_hash, content in values:
            stored[instance_id].values[content_hash] = content
    return list(stored.values())


def instance_of(stored: StoredInstance, definitions: Mapping[str, Definition]) -> Instance:
    """Return the instance that was stored. Raises `UnknownSnapshotFormat`."""
    (
        instance_id,
        revision,
        status,
        definition_id,
        _,
        _,
        business_key,
        tenant_id,
        started_at,
        ended_at,
        _,
        parent_id,
        root_id,
        restarted_from,
        initiator,
        _,
        snapshot,
    ) = stored.row
    instance = Instance(
        instance_id,
        definitions[definition_id],
        tenant_id=tenant_id,
        business_key=business_key,
        start_micros=started_at,
    )
    instance.revision = revision
    instance.status = Status(status)
    instance.end_micros = ended_at
    instance.parent_id = parent_id
    instance.root_id = root_id
    instance.restarted_from = restarted_from
    instance.initiator = initiator
    decode_snapshot(snapshot, instance, stored.parts, stored.values)
    return instance


def fetch_any_summary(instance_id: str) -> Program[Row | None]:
    """Read one row without its state, in the order of `SUMMARY_COLUMNS`, be it an instance or a stand-alone task."""
    rows: list[Row] = yield FetchKeys("process_instance", SUMMARY_COLUMNS, ("id",), [(instance_id,)])
    return rows[0] if rows else None


def fetch_summary(instance_id: str) -> Program[Row | None]:
    """Read one row without its state, in the order of `SUMMARY_COLUMNS`. A stand-alone task is no process instance."""
    row = yield from fetch_any_summary(instance_id)
    return row if row is not None and row[_DEFINITION_ID] else None


def fetch_told_revision(instance_id: str) -> Program[int]:
    """Read the revision of an instance's last commit that had events, 0 where there is no such instance."""
    rows: list[Row] = yield FetchKeys("process_instance", ("revision", "snapshot"), ("id",), [(instance_id,)])
    return rows[0][0] - silent_commits_of(rows[0][1]) if rows else 0


def list_summaries(wanted: InstanceFilter, opened: Rows, after: str | None, limit: int) -> Program[list[Row]]:
    """Read rows without their state that are open to a call, newest first."""
    if opened.unrestricted:
        return (yield from _list_part(wanted, opened, after, limit))
    found: dict[str, Row] = {}
    for part in opened.parts():
        found.update({row[0]: row for row in (yield from _list_part(wanted, part, after, limit))})
    return sorted(found.values(), key=itemgetter(0), reverse=True)[:limit]


def _list_part(wanted: InstanceFilter, opened: Rows, after: str | None, limit: int) -> Program[list[Row]]:
    source: str = "process_instance"
    values: tuple[Any, ...] = ()
    tenant, key = "tenant_id", "definition_key"
    if opened.only_involved or wanted.business_key or wanted.definition_id or wanted.definition_key:
        # These lead, not the tenant, which may have many more.
        tenant, key = beside(tenant), beside(key)
    wall = row_condition(opened, tenant, key, ("1=1", ()) if opened.only_involved else None)
    if opened.only_involved:
        # The caller's own are few: they lead.
        own, values = own_instances(opened)
        source = f"({own}) own CROSS JOIN process_instance"
    rows: list[Row] = []
    # The index of a version is in order within each status only: read so, no page costs more than its rows.
    for status in Status if wanted.definition_id and not wanted.status else (wanted.status,):
        select = (
            Select(source, SUMMARY_COLUMNS, *values)
            .open_to(("id=own_id", ()) if opened.only_involved else None)
            .open_to(wall)
            .equal("business_key", wanted.business_key)
            .equal("definition_key", wanted.definition_key)
            .equal("definition_id", wanted.definition_id)
            .equal("status", int(status))
            .equal("tenant_id", wanted.tenant_id)
            # Stand-alone tasks lie in this table, too.
            .where("definition_id<>''")
            .page(("id",), None if after is None else (after,), limit, descending=True)
        )
        rows += yield select.fetch()
    rows.sort(key=itemgetter(0), reverse=True)
    return rows[:limit]
