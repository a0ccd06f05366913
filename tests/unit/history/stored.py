"""What lies in the tables of history, to compare and to empty."""

from __future__ import annotations

from typing import Any

from history_svc.storage import layout
from mesh.db.database import Database
from mesh.db.statements import Execute, Fetch, Program

TABLES = {
    layout.INSTANCE_TABLE: layout.INSTANCE_COLUMNS,
    layout.ACTIVITY_TABLE: layout.ACTIVITY_COLUMNS,
    layout.TASK_TABLE: layout.TASK_COLUMNS,
    layout.CANDIDATE_TABLE: layout.CANDIDATE_COLUMNS,
    layout.VARIABLE_TABLE: layout.VARIABLE_COLUMNS,
    layout.VARIABLE_CHANGE_TABLE: layout.VARIABLE_CHANGE_COLUMNS,
    layout.LONG_VALUE_TABLE: layout.LONG_VALUE_COLUMNS,
    layout.INCIDENT_TABLE: layout.INCIDENT_COLUMNS,
    layout.JOB_LOG_TABLE: layout.JOB_LOG_COLUMNS,
    layout.COMMENT_TABLE: layout.COMMENT_COLUMNS,
    layout.ATTACHMENT_TABLE: layout.ATTACHMENT_COLUMNS,
    layout.TIMELINE_TABLE: layout.TIMELINE_COLUMNS,
    layout.WORD_TABLE: layout.WORD_COLUMNS,
    layout.PROGRESS_TABLE: layout.PROGRESS_COLUMNS,
}

Stored = dict[str, list[dict[str, Any]]]


async def stored(database: Database) -> Stored:
    """Return all rows by table, each as a dictionary, in the order of their values."""

    def read() -> Program[Stored]:
        tables: Stored = {}
        for table, columns in TABLES.items():
            rows = yield Fetch(f"SELECT {','.join(columns)} FROM {table} ORDER BY {','.join(columns)}")
            tables[table] = [dict(zip(columns, row, strict=True)) for row in rows]
        return tables

    return await database.read(read())


async def empty(database: Database) -> None:
    """Delete all rows."""

    def delete() -> Program[None]:
        for table in TABLES:
            yield Execute(f"DELETE FROM {table}")

    await database.write(delete())
