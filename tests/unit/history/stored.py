"""What lies in the tables of history, to compare and to empty."""

from __future__ import annotations

from typing import Any

from history_svc.storage.layout import (
    ACTIVITY_COLUMNS,
    ACTIVITY_TABLE,
    INSTANCE_COLUMNS,
    INSTANCE_TABLE,
    PROGRESS_COLUMNS,
    PROGRESS_TABLE,
    TASK_COLUMNS,
    TASK_TABLE,
    VARIABLE_COLUMNS,
    VARIABLE_TABLE,
)
from mesh.db.database import Database
from mesh.db.statements import Execute, Fetch, Program

TABLES = {
    INSTANCE_TABLE: INSTANCE_COLUMNS,
    ACTIVITY_TABLE: ACTIVITY_COLUMNS,
    TASK_TABLE: TASK_COLUMNS,
    VARIABLE_TABLE: VARIABLE_COLUMNS,
    PROGRESS_TABLE: PROGRESS_COLUMNS,
}

Stored = dict[str, list[dict[str, Any]]]


async def stored(database: Database) -> Stored:
    """Return all rows by table, each as a dictionary, in the order of their ids."""

    def read() -> Program[Stored]:
        tables: Stored = {}
        for table, columns in TABLES.items():
            rows = yield Fetch(f"SELECT {','.join(columns)} FROM {table} ORDER BY id")
            tables[table] = [dict(zip(columns, row, strict=True)) for row in rows]
        return tables

    return await database.read(read())


async def empty(database: Database) -> None:
    """Delete all rows."""

    def delete() -> Program[None]:
        for table in TABLES:
            yield Execute(f"DELETE FROM {table}")

    await database.write(delete())
