"""SQLite finds every key by an index, whatever the number of keys in a statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from mesh.db.sqlite_statements import delete_sql, fetch_keys_sql, update_sql

COUNTS = (1, 2, 8, 64)
TABLES = {
    "clustered": ("a", "b"),
    "with_rowid": ("a", "b"),
    "by_index": ("b", "a"),
    "single": ("a",),
}


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.executescript(
        """
        CREATE TABLE clustered (a TEXT, b INTEGER, c TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
        CREATE INDEX clustered_by_c ON clustered (c, a, b);
        CREATE TABLE with_rowid (a TEXT, b INTEGER, c TEXT, PRIMARY KEY (a, b));
        CREATE TABLE by_index (c TEXT, a TEXT, b INTEGER, PRIMARY KEY (c, a, b)) WITHOUT ROWID;
        CREATE UNIQUE INDEX by_index_by_a ON by_index (a, b);
        CREATE TABLE single (a TEXT PRIMARY KEY, b INTEGER, c TEXT);
        CREATE INDEX single_by_c ON single (c, a);
        """
    )
    yield connection
    connection.close()


def plan(connection: sqlite3.Connection, sql: str) -> list[str]:
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", ["x"] * sql.count("?"))]


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("table", TABLES)
def test_keys_are_looked_up(connection: sqlite3.Connection, table: str, count: int) -> None:
    keys = TABLES[table]
    statements = (
        fetch_keys_sql(table, ("a", "b", "c"), keys, count),
        delete_sql(table, keys, count),
        update_sql(table, "c=?", keys, count),
    )
    for sql in statements:
        steps = plan(connection, sql)
        assert not [step for step in steps if step.startswith((f"SCAN {table}", "SCAN t"))], (sql, steps)
        searches = [step for step in steps if step.startswith((f"SEARCH {table}", "SEARCH t"))]
        assert searches, (sql, steps)
        for step in searches:
            assert all(f"{key}=?" in step for key in keys), (sql, steps)
