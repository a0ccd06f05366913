"""The tables on both databases: they have the columns the code names, and a broken-off migration can go on."""

from __future__ import annotations

import asyncio
from typing import Any

from history_svc.storage.schema import HEAD, MIGRATIONS
from mesh.db.database import Database
from mesh.db.migrate import migrate
from mesh.db.schema import ensure_schema
from mesh.db.sqlite import SqliteDatabase
from mesh.db.statements import Execute, Fetch, Program, fetch
from tests.unit.history.stored import TABLES


async def _columns(database: Database, table: str) -> list[Any]:
    if isinstance(database, SqliteDatabase):
        sql, place = f"PRAGMA table_info({table})", 1
    else:
        sql, place = f"SHOW COLUMNS FROM {table}", 0
    return [row[place] for row in await database.read(fetch(Fetch(sql)))]


async def test_tables_have_the_columns_of_the_layout(history: Database) -> None:
    for table, columns in TABLES.items():
        assert await _columns(history, table) == list(columns)


async def test_schema_that_is_there_is_left_alone(history: Database, database_url: str) -> None:
    await ensure_schema(database_url, MIGRATIONS, HEAD)


async def test_a_migration_that_broke_off_goes_on(history: Database, database_url: str) -> None:
    def break_off() -> Program[None]:
        yield Execute("DROP TABLE alembic_version")
        yield Execute("DROP TABLE history_variable")
        where = "" if isinstance(history, SqliteDatabase) else " ON history_task"
        yield Execute(f"DROP INDEX history_task_assignee{where}")

    await history.write(break_off())
    await asyncio.to_thread(migrate, database_url, MIGRATIONS, HEAD)
    assert await _columns(history, "history_variable")
    if isinstance(history, SqliteDatabase):
        sql = "SELECT name FROM sqlite_master WHERE type='index' AND name='history_task_assignee'"
    else:
        sql = "SHOW INDEX FROM history_task WHERE Key_name='history_task_assignee'"
    assert await history.read(fetch(Fetch(sql)))
