"""The journal of migrations, and the rows of an instance that a migration changes."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from engine_svc.runtime.changes import JobKind
from engine_svc.state.definition import Definition
from engine_svc.state.instance import WITH_JOB, WITH_SUBSCRIPTION, Wait
from engine_svc.storage.commit import (
    CANDIDATE_COLUMNS,
    INCIDENT_COLUMNS,
    JOB_COLUMNS,
    SUBSCRIPTION_COLUMNS,
    USER_TASK_COLUMNS,
)
from engine_svc.storage.jobs import JobState
from mesh.access.row_conditions import row_condition
from mesh.access.rows import Rows
from mesh.db.select import Select
from mesh.db.statements import DeleteMany, Execute, Fetch, FetchKeys, InsertMany, Program, Row, Statement

COLUMNS = (
    "id",
    "instance_id",
    "state",
    "final",
    "source_definition_id",
    "target_definition_id",
    "revision_after",
    "created_at",
    "reverted_at",
)
CONTENT_COLUMNS = ("snapshot", "ended_rows")
MEMBERS: Mapping[str, tuple[str, ...]] = {
    "user_task": USER_TASK_COLUMNS,
    "user_task_candidate": CANDIDATE_COLUMNS,
    "job": JOB_COLUMNS,
    "event_subscription": SUBSCRIPTION_COLUMNS,
    "incident": INCIDENT_COLUMNS,
}
"""Tables whose rows stand for what an instance waits for; the second column is the key."""
_DEFINED = ("user_task", "comment", "attachment", "job", "event_subscription", "incident")
_KEYED = ("comment", "attachment")
PRUNE_BATCH = 500


class MigrationState(enum.IntEnum):
    """Where a migration stands; the numbers are those of the contract."""

    DONE = 1
    REVERTED = 2


@dataclass(slots=True)
class InstanceRows:
    """An instance's rows as they were at a revision: its snapshot, and by table what it waits for."""

    revision: int
    snapshot: bytes
    tables: dict[str, list[Row]]


@dataclass(slots=True)
class JournalEntry:
    """A migration with what undoing it needs. `row` in the order of `COLUMNS`."""

    row: Row
    snapshot: bytes
    ended_rows: dict[str, list[Row]]


def read_instance_rows(instance_id: str) -> Program[InstanceRows | None]:
    """Read what a migration may have to bring back."""
    found: list[Row] = yield FetchKeys("process_instance", ("revision", "snapshot"), ("id",), [(instance_id,)])
    if not found:
        return None
    tables: dict[str, list[Row]] = {}
    for table, columns in MEMBERS.items():
        tables[table] = yield Fetch(f"SELECT {','.join(columns)} FROM {table} WHERE instance_id=?", (instance_id,))
    return InstanceRows(found[0][0], found[0][1], tables)


def write_entry(row: Row, snapshot: bytes, ended_rows: Mapping[str, Sequence[Row]]) -> Statement:
    """Return the statement that keeps a migration. `row` in the order of `COLUMNS`."""
    content = orjson.dumps({table: list(rows) for table, rows in ended_rows.items()}, default=_text_of)
    return InsertMany("migration_journal", (*COLUMNS, *CONTENT_COLUMNS), [(*row, snapshot, content)])


def _text_of(value: Any) -> dict[str, str]:
    # Columns of bytes hold JSON texts.
    return {"bytes": bytes(value).decode()}


def _plain(value: Any) -> Any:
    return value["bytes"].encode() if isinstance(value, dict) else value


def read_entry(migration_id: str) -> Program[JournalEntry | None]:
    """Read a migration with what undoing it needs."""
    rows: list[Row] = yield FetchKeys("migration_journal", (*COLUMNS, *CONTENT_COLUMNS), ("id",), [(migration_id,)])
    if not rows:
        return None
    *row, snapshot, content = rows[0]
    tables = orjson.loads(content)
    ended = {table: [tuple(map(_plain, one)) for one in found] for table, found in tables.items()}
    return JournalEntry(tuple(row), snapshot, ended)


def list_entries(instance_id: str, opened: Rows, after: str | None, limit: int) -> Program[list[Row]]:
    """Read migrations of instances that are open to a call, newest first, in the order of `COLUMNS`."""
    wall = row_condition(opened, "i.tenant_id", "i.definition_key")
    if wall is not None:
        wall = (
            f"EXISTS(SELECT 1 FROM process_instance i WHERE i.id=migration_journal.instance_id AND {wall[0]})",
            wall[1],
        )
    select = (
        Select("migration_journal", COLUMNS)
        .open_to(wall)
        .equal("instance_id", instance_id)
        .page(("id",), None if after is None else (after,), limit, descending=True)
    )
    rows: list[Row] = yield select.fetch()
    return rows


def note_reverted(migration_id: str, now: int) -> Statement:
    """Return the statement that notes that a migration was undone."""
    return Execute(
        "UPDATE migration_journal SET state=?, reverted_at=? WHERE id=?",
        (MigrationState.REVERTED, now, migration_id),
    )


def any_entry(before: int) -> Program[bool]:
    """Say whether there is a migration older than a time."""
    rows: list[Row] = yield Fetch("SELECT 1 FROM migration_journal WHERE created_at<? LIMIT 1", (before,))
    return bool(rows)


def prune_entries(before: int) -> Program[int]:
    """Forget a bounded batch of migrations older than `before` (microseconds); return how many."""
    rows: list[Row] = yield Fetch(
        f"SELECT id FROM migration_journal WHERE created_at<? ORDER BY created_at LIMIT {PRUNE_BATCH}", (before,)
    )
    if rows:
        yield DeleteMany("migration_journal", ("id",), rows)
    return len(rows)


def adopt(instance_id: str, definition: Definition) -> list[Statement]:
    """Return the statements that give an instance's rows another definition."""
    statements: list[Statement] = [
        Execute(
            "UPDATE process_instance SET definition_id=?, definition_key=?, definition_version=? WHERE id=?",
            (definition.id, definition.key, definition.version, instance_id),
        )
    ]
    for table in _DEFINED:
        key = "" if table in _KEYED else ", definition_key=?"
        values = (definition.id,) if table in _KEYED else (definition.id, definition.key)
        statements.append(
            Execute(f"UPDATE {table} SET definition_id=?{key} WHERE instance_id=?", (*values, instance_id))
        )
    return statements


def rename(instance_id: str, key: int, waits_for: Wait, element_id: str) -> list[Statement]:
    """Return the statements that give the rows of an activity another element."""
    if waits_for is Wait.USER_TASK:
        table, column = "user_task", "task_key"
    elif waits_for in WITH_JOB:
        table, column = "job", "job_key"
    elif waits_for in WITH_SUBSCRIPTION:
        table, column = "event_subscription", "subscription_key"
    else:
        return []
    statements: list[Statement] = [
        Execute(f"UPDATE {table} SET element_id=? WHERE instance_id=? AND {column}=?", (element_id, instance_id, key))
    ]
    if table == "job":
        statements.append(
            Execute(
                "UPDATE incident SET element_id=? WHERE instance_id=? AND job_key=?", (element_id, instance_id, key)
            )
        )
    return statements


def bring_back(ended_rows: Mapping[str, Sequence[Row]]) -> list[Statement]:
    """Return the statements that insert rows again; leases that jobs had are over."""
    state, kind, owner, sequence = map(JOB_COLUMNS.index, ("state", "kind", "lease_owner", "lease_sequence"))
    statements: list[Statement] = []
    for table, rows in ended_rows.items():
        made = [list(row) for row in rows]
        if table == "job":
            for row in made:
                if row[state] == JobState.LEASED:
                    row[state] = JobState.READY if row[kind] == JobKind.EXTERNAL else JobState.SCHEDULED
                    row[owner] = ""
                row[sequence] += 1
        if made:
            statements.append(InsertMany(table, MEMBERS[table], [tuple(row) for row in made]))
    return statements
