"""The rows of instances that go are found by an index in every table, on both databases."""

from __future__ import annotations

from typing import Any

from history_svc.archiving.process import order_of, rows_query
from history_svc.consumers.projection import project
from history_svc.storage.purging import PURGE_ROWS, keys_query
from history_svc.storage.retention_layout import ARCHIVED_ROWS, INSTANCE_ROWS, InstanceRows
from mesh.db.database import Database
from mesh.db.sqlite import SqliteDatabase
from mesh.db.statements import Fetch, fetch
from tests.unit.history.whole_lives import whole_life

LIVES = 250


async def test_rows_of_instances_are_found_by_an_index(history: Database) -> None:
    ids: list[str] = []
    for _ in range(LIVES // 25):
        lives = [whole_life(business_key=f"B-{number}") for number in range(25)]
        ids += [life.id for life in lives]
        await history.write(project([event for life in lives for event in life.events]))
    if not isinstance(history, SqliteDatabase):
        await history.read(fetch(Fetch(f"ANALYZE TABLE {','.join(one.table for one in INSTANCE_ROWS)}")))
    wanted = ids[100:103]
    for rows_of in INSTANCE_ROWS:
        await _check(history, rows_of, keys_query(rows_of, wanted, PURGE_ROWS + 1))
    for rows_of in ARCHIVED_ROWS:
        columns = [(name, "") for name in order_of(rows_of)]
        # As the process asks: where ids are ranges, for one instance at a time.
        some = wanted[:1] if rows_of.inside else wanted
        first = rows_query(rows_of, columns, some, None, 5_000)
        await _check(history, rows_of, first)
        rows = await history.read(fetch(first))
        for size in (1, 2):
            found: list[Any] = []
            while page := await history.read(
                fetch(rows_query(rows_of, columns, some, found[-1] if found else None, size))
            ):
                found += page
            assert found == rows, rows_of.table
        await _check(history, rows_of, rows_query(rows_of, columns, some, rows[0], 5_000))


async def _check(history: Database, rows_of: InstanceRows, query: Fetch) -> None:
    if isinstance(history, SqliteDatabase):
        plan = await history.read(fetch(Fetch(f"EXPLAIN QUERY PLAN {query.sql}", query.parameters)))
        assert not [row[3] for row in plan if row[3].startswith("SCAN")], (rows_of.table, plan)
        return
    plan = await history.read(fetch(Fetch(f"EXPLAIN {query.sql}", query.parameters)))
    for row in plan:
        kind, key, estimate = row[3], row[5], int(row[8])
        assert key is not None, (rows_of.table, row)
        assert kind not in ("ALL", "index"), (rows_of.table, row)
        total = await history.read(fetch(Fetch(f"SELECT COUNT(*) FROM {rows_of.table}")))
        assert estimate <= max(10, total[0][0] // 4), (rows_of.table, row)
