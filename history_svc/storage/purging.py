"""Taking instances out of history: they are claimed, which keeps their events out, and then deleted with all rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from history_svc.storage.archives import Archive, insert_archive
from history_svc.storage.layout import INSTANCE_TABLE
from history_svc.storage.rebuilds import following, is_rebuilding
from history_svc.storage.retention import Policy, find_policy
from history_svc.storage.retention_layout import (
    CLAIMED,
    GATE_TABLE,
    GONE,
    INSTANCE_ROWS,
    KEPT_COLUMNS,
    KEPT_TABLE,
    NO_ARCHIVE,
    PURGE_COLUMNS,
    PURGE_TABLE,
    InstanceRows,
)
from history_svc.storage.search_index import KIND_OF_TABLE, note_changes
from history_svc.storage.statistics_layout import DEFINITION_TABLE
from mesh.db.statements import DeleteMany, Execute, Fetch, FetchKeys, InsertMany, Program, Row, UpdateKeys
from mesh.lease import Leases

PURGE_INSTANCES: Final = 50
"""Instances that one transaction deletes at most."""
PURGE_ROWS: Final = 1_500
"""Rows that one transaction deletes at most."""
FORGET_BATCH: Final = 1_000


@dataclass(slots=True, frozen=True)
class Candidate:
    """An instance that may go."""

    id: str
    end_micros: int


def definition_keys(tenant_id: str) -> Program[list[str]]:
    """Read the keys of all definitions of a tenant that history knows."""
    sql = f"SELECT DISTINCT process_definition_key FROM {DEFINITION_TABLE} WHERE tenant_id=?"
    rows: list[Row] = yield Fetch(sql, (tenant_id,))
    return [key for (key,) in rows]


def ended_before(
    tenant_id: str, key: str, before: int, after: Candidate | None, limit: int
) -> Program[list[Candidate]]:
    """Read instances that ended before a time, the first ones first, behind the last one read."""
    end_micros, instance_id = (-(2**62), "") if after is None else (after.end_micros, after.id)
    rows: list[Row] = yield Fetch(
        f"SELECT id,end_micros FROM {INSTANCE_TABLE} WHERE process_definition_key=? AND tenant_id=? "
        "AND end_micros<? AND end_micros>=? AND (end_micros>? OR id>?) ORDER BY end_micros,id LIMIT ?",
        (key, tenant_id, before, end_micros, end_micros, instance_id, limit),
    )
    return [Candidate(*row) for row in rows]


def kept_among(instance_ids: Sequence[str]) -> Program[frozenset[str]]:
    """Return which instances have a time of their own."""
    keys = [(instance_id,) for instance_id in instance_ids]
    rows: list[Row] = yield FetchKeys(KEPT_TABLE, ("process_instance_id",), ("process_instance_id",), keys)
    return frozenset(instance_id for (instance_id,) in rows)


def kept_until(before: int, after: tuple[int, str] | None, limit: int) -> Program[list[Row]]:
    """Read instances whose own time is over: id, time, whether to archive; and what is known of them, None where
    nothing is: tenant, key, end."""
    keep_micros, instance_id = after or (-(2**62), "")
    rows: list[Row] = yield Fetch(
        f"SELECT k.process_instance_id,k.keep_micros,k.archive,i.tenant_id,i.process_definition_key,i.end_micros "
        f"FROM {KEPT_TABLE} k LEFT JOIN {INSTANCE_TABLE} i ON i.id=k.process_instance_id WHERE k.keep_micros<=? "
        "AND k.keep_micros>=? AND (k.keep_micros>? OR k.process_instance_id>?) "
        "ORDER BY k.keep_micros,k.process_instance_id LIMIT ?",
        (before, keep_micros, keep_micros, instance_id, limit),
    )
    return rows


def forget_kept(holder: str, instance_ids: Sequence[str]) -> Program[None]:
    """Forget the times of instances that are not there."""
    yield from Leases.fence(holder)
    yield DeleteMany(KEPT_TABLE, ("process_instance_id",), [(instance_id,) for instance_id in instance_ids])


@dataclass(slots=True, frozen=True)
class Decision:
    """A policy lets those instances of a process go that ended before a time."""

    policy: Policy
    key: str
    before: int

    def holds(self) -> Program[bool]:
        """Tell whether the policy is as it was, and no other one holds for the process."""
        policy, tenant_id = self.policy, self.policy.tenant_id
        if (yield from find_policy(tenant_id, policy.key)) != policy:
            return False
        return policy.key == self.key or (yield from find_policy(tenant_id, self.key)) is None


def claim(
    holder: str,
    candidates: Sequence[str],
    archive: Archive | None,
    now: int,
    *,
    by_policy: bool,
    decision: Decision | None = None,
) -> Program[int]:
    """Claim instances, all of one process of one tenant, for an archive where there is one; return how many.

    From the commit on no event of them is taken in. It is decided again, as policies, times of instances and ends may
    have changed since they were read: left out are instances that are claimed already or not there; `by_policy`, those
    that have a time of their own now or that `decision` lets go no longer, otherwise those whose own time is not over.
    While history is built again none is claimed: what is taken out would come back with the rows that are built.
    """
    yield from Leases.fence(holder)
    if (yield from is_rebuilding()):
        return 0
    # No consumer is at work from here on to the commit, nor anybody who changes what is kept how long; and none that
    # comes later misses the claims.
    yield Fetch(f"SELECT id FROM {GATE_TABLE}", lock=True)
    keys = [(instance_id,) for instance_id in candidates]
    there: list[Row] = yield FetchKeys(INSTANCE_TABLE, ("id", "end_micros"), ("id",), keys)
    ended: dict[str, int] = {instance_id: end for instance_id, end in there if end is not None}
    claimed: list[Row] = yield FetchKeys(PURGE_TABLE, ("process_instance_id",), ("process_instance_id",), keys)
    for (instance_id,) in claimed:
        ended.pop(instance_id, None)
    kept: list[Row] = yield FetchKeys(KEPT_TABLE, KEPT_COLUMNS, ("process_instance_id",), keys)
    if by_policy:
        for instance_id, *_ in kept:
            ended.pop(instance_id, None)
    else:
        over = {one for one, until, to_archive in kept if until <= now and bool(to_archive) == (archive is not None)}
        ended = {instance_id: end for instance_id, end in ended.items() if instance_id in over}
    if decision is not None:
        holds = yield from decision.holds()
        ended = {instance_id: end for instance_id, end in ended.items() if holds and end < decision.before}
    if not ended:
        return 0
    archive_id = NO_ARCHIVE
    if archive is not None:
        archive_id = archive.id
        values: dict[str, Any] = {name: getattr(archive, name) for name in Archive.__slots__}
        values |= {
            "instance_count": len(ended),
            "first_end_micros": min(ended.values()),
            "last_end_micros": max(ended.values()),
        }
        yield from insert_archive(Archive(**values))
    rows = [(instance_id, archive_id, CLAIMED, now) for instance_id in sorted(ended)]
    yield InsertMany(PURGE_TABLE, PURGE_COLUMNS, rows)
    yield UpdateKeys(GATE_TABLE, "purged=1", (), ("id",), [(1,)])
    return len(rows)


@dataclass(slots=True, frozen=True)
class Purges:
    """What was purged at all: `any`, whether something was; `forgotten_micros`, up to when it is not known what."""

    any: bool
    forgotten_micros: int


def purges() -> Program[Purges]:
    """Tell what was purged at all."""
    rows: list[Row] = yield FetchKeys(GATE_TABLE, ("purged", "forgotten_micros"), ("id",), [(1,)])
    purged, forgotten_micros = rows[0]
    return Purges(bool(purged), forgotten_micros)


def anything_claimed() -> Program[bool]:
    """Tell whether there are instances that are to go and whose rows are still there."""
    rows: list[Row] = yield Fetch(f"SELECT process_instance_id FROM {PURGE_TABLE} WHERE state=? LIMIT 1", (CLAIMED,))
    return bool(rows)


def claimed_for(archive_id: str, after: str, limit: int) -> Program[list[str]]:
    """Read instances that are claimed for an archive, or for none, and not deleted yet, by their ids."""
    rows: list[Row] = yield Fetch(
        f"SELECT process_instance_id FROM {PURGE_TABLE} WHERE archive_id=? AND state=? AND process_instance_id>? "
        "ORDER BY process_instance_id LIMIT ?",
        (archive_id, CLAIMED, after, limit),
    )
    return [instance_id for (instance_id,) in rows]


@dataclass(slots=True, frozen=True)
class Purged:
    """What one transaction has deleted: `instances` that are gone as a whole now; `more`: there may be others."""

    instances: int
    more: bool


def purge_some(holder: str, archive_id: str) -> Program[Purged]:
    """Delete a bounded number of claimed instances.

    All rows of an instance go in one transaction, but for an instance with more of them than one may have: its own row
    goes first, so that it is no longer there, and the others follow.
    """
    yield from Leases.fence(holder)
    indexing = (yield from following()).indexing
    instances = yield from claimed_for(archive_id, "", PURGE_INSTANCES)
    while len(instances) > 1:
        keys = yield from _keys_of(instances)
        if sum(map(len, keys.values())) <= PURGE_ROWS:
            break
        instances = instances[: len(instances) // 2]
    else:
        if not instances:
            return Purged(0, more=False)
        keys = yield from _keys_of(instances)
    whole = sum(map(len, keys.values())) <= PURGE_ROWS
    left = PURGE_ROWS
    gone: list[tuple[str, int]] = []
    for rows_of, found in keys.items():
        if found:
            yield DeleteMany(rows_of.table, rows_of.key, found[:left])
            if rows_of.table in KIND_OF_TABLE:
                gone += [(row[0], KIND_OF_TABLE[rows_of.table]) for row in found[:left]]
            left -= min(left, len(found))
        if not left:
            break
    if indexing:
        yield from note_changes(gone)
    if whole:
        done = [(instance_id,) for instance_id in instances]
        yield DeleteMany(KEPT_TABLE, ("process_instance_id",), done)
        yield UpdateKeys(PURGE_TABLE, "state=?", (GONE,), ("process_instance_id",), done)
    return Purged(len(instances) if whole else 0, more=True)


def forget_purged(holder: str, before: int) -> Program[int]:
    """Forget a bounded batch of instances that went before a time; return how many."""
    yield from Leases.fence(holder)
    rows: list[Row] = yield Fetch(
        f"SELECT process_instance_id,purge_micros FROM {PURGE_TABLE} WHERE state=? AND purge_micros<? "
        f"ORDER BY purge_micros LIMIT {FORGET_BATCH}",
        (GONE, before),
    )
    if rows:
        yield DeleteMany(PURGE_TABLE, ("process_instance_id",), [(row[0],) for row in rows])
        # Clocks of two processes may disagree; what was forgotten stays so.
        yield Execute(
            f"UPDATE {GATE_TABLE} SET forgotten_micros=? WHERE id=1 AND forgotten_micros<?",
            (rows[-1][1], rows[-1][1]),
        )
    return len(rows)


def _keys_of(instances: Sequence[str]) -> Program[dict[InstanceRows, list[Row]]]:
    """Read the keys of the rows of instances by table; one more than may be deleted, at most."""
    found: dict[InstanceRows, list[Row]] = {}
    limit = PURGE_ROWS + 1
    for rows_of in INSTANCE_ROWS:
        rows: list[Row] = []
        if limit:
            rows = yield keys_query(rows_of, instances, limit)
        found[rows_of] = rows
        limit -= len(rows)
    return found


def keys_query(rows_of: InstanceRows, instances: Sequence[str], limit: int) -> Fetch:
    """Return the query for the keys of so many rows of instances."""
    condition, parameters = rows_of.condition(instances)
    sql = f"SELECT {','.join(rows_of.key)} FROM {rows_of.table} WHERE {condition} LIMIT ?"
    return Fetch(sql, (*parameters, limit))
