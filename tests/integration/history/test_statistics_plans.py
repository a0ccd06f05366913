"""What statistics, retention and archives read is read from an index on both databases, however many rows there are."""

from __future__ import annotations

from typing import Any

import pytest

from history_svc.queries.overdue_tasks import overdue_tasks
from history_svc.queries.statistics import Definition, Scope, element_rows, page_of_processes, process_rows
from history_svc.storage.archives import archives_where, list_archives, read_records, remove_records
from history_svc.storage.purging import Candidate, claimed_for, ended_before, forget_purged, kept_until
from history_svc.storage.requests import prune_requests
from history_svc.storage.retention_layout import TASKS
from mesh.access.rows import ALL_ROWS, RowGrant, Rows
from mesh.db.database import Database
from mesh.db.sqlite import SqliteDatabase
from mesh.db.statements import Fetch, InsertMany, Program, fetch
from tests.unit.history.event_histories import START_MICROS

pytestmark = pytest.mark.fresh_database

ROWS = 3_000
TENANT = Rows((RowGrant(frozenset({"t-1"})),))
KEYS = Rows((RowGrant(frozenset({"t-1"}), ("k-1",)),))
DEFINITION = Definition("d-1", "t-1", "k-1", 1)
DAYS = range(20_000, 20_030)


def _n(number: int, length: int = 36) -> str:
    return f"{number:0{length}d}"


def _filled() -> Program[None]:
    """Enough rows that a database would rather use an index, of some definitions and tenants."""
    tables: dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]] = {}

    def add(table: str, **values: Any) -> None:
        columns, rows = tables.setdefault(table, (tuple(values), []))
        assert columns == tuple(values)
        rows.append(tuple(values.values()))

    for number in range(ROWS):
        one = number % 10
        add(
            "history_process_instance",
            id=_n(number),
            status=3,
            process_definition_id=f"d-{one}",
            process_definition_key=f"k-{one}",
            process_definition_version=1,
            business_key="",
            tenant_id=f"t-{one}",
            initiator="",
            start_micros=START_MICROS + number,
            end_micros=START_MICROS + number * 7 % ROWS,
            end_reason="",
            parent_process_instance_id="",
            parent_activity_id="",
            root_process_instance_id=_n(number),
            reference_position=1,
            status_position=1,
        )
        add(
            "statistics_due_task",
            task_id=_n(number),
            due_micros=START_MICROS + number,
            tenant_id=f"t-{one}",
            process_definition_key=f"k-{one}",
        )
        add(
            "statistics_element",
            process_definition_id=f"d-{one}",
            tenant_id=f"t-{one}",
            day=20_000 + number // 10,
            element_id="a",
            shard=0,
            entered=1,
            completed=1,
            terminated_count=0,
            incidents=0,
            open_incidents=0,
            open_start_seconds=0,
            duration_seconds=1,
            duration_micros=1,
            sketch=b"",
            element_type="",
            element_name="",
        )
        add(
            "statistics_process",
            process_definition_id=f"d-{one}" if one else "",
            tenant_id=f"t-{one}",
            day=20_000 + number // 10,
            shard=0,
            running=0,
            paused=0,
            started=1,
            completed=1,
            failed=0,
            terminated_count=0,
            duration_seconds=1,
            duration_micros=1,
            sketch=b"",
            quarters=b"",
        )
        add(
            "history_purge",
            process_instance_id=_n(number),
            archive_id=f"a-{one}",
            state=2,
            purge_micros=START_MICROS + number,
        )
        add("retention_instance", process_instance_id=_n(number), keep_micros=START_MICROS + number, archive=0)
        add(
            "history_archive",
            id=_n(number),
            tenant_id=f"t-{one}",
            process_definition_key=f"k-{one}",
            state=2,
            restoring=0,
            create_micros=1,
            instance_count=1,
            row_count=1,
            size_bytes=1,
            first_end_micros=1,
            last_end_micros=1,
            schema_version="",
            manifest_sha256="",
            error="",
            emptied=1,
        )
        add(
            "archived_record",
            archive_id=f"a-{one}",
            kind=2,
            process_instance_id=_n(number),
            sort_micros=1,
            sequence=1,
            id=_n(number),
            content=b"{}",
        )
        add(
            "history_request",
            method="m",
            actor_id="",
            request_id=_n(number),
            fingerprint="",
            response=b"",
            created_at=START_MICROS + number,
        )
    for table, (columns, rows) in tables.items():
        yield InsertMany(table, columns, rows)


@pytest.fixture
async def filled(history: Database) -> Database:
    await history.write(_filled())
    if not isinstance(history, SqliteDatabase):
        tables = "history_process_instance,statistics_due_task,statistics_element,statistics_process,history_purge"
        await history.read(fetch(Fetch(f"ANALYZE TABLE {tables},retention_instance,history_archive,archived_record")))
    return history


PROGRAMS: dict[str, Any] = {
    "ended": lambda: ended_before("t-1", "k-1", START_MICROS + 5, None, 10),
    "ended, next page": lambda: ended_before("t-1", "k-1", START_MICROS + 5, Candidate("1", START_MICROS), 10),
    "kept": lambda: kept_until(START_MICROS + 5, None, 10),
    "kept, next page": lambda: kept_until(START_MICROS + 5, (START_MICROS, "1"), 10),
    "claimed": lambda: claimed_for("a-1", "", 10),
    "forgotten": lambda: _behind_the_fence(forget_purged("holder", START_MICROS + 5)),
    "requests": lambda: prune_requests(START_MICROS + 5),
    "archives at work": lambda: archives_where("emptied", 0, 10),
    "archives being deleted": lambda: archives_where("state", 3, 10),
    "archives being restored": lambda: archives_where("restoring", 1, 10),
    "archives": lambda: list_archives(ALL_ROWS, "", "", 0, None, 10),
    "archives of a process": lambda: list_archives(ALL_ROWS, "", "k-1", 0, _n(2_000), 10),
    "records": lambda: read_records("a-1", TASKS, _n(1), None, 10),
    "records to remove": lambda: remove_records("a-1"),
    "overdue": lambda: overdue_tasks(ALL_ROWS, "", "", START_MICROS + 50, None, 10),
    "overdue of a process": lambda: overdue_tasks(ALL_ROWS, "", "k-1", START_MICROS + 50, None, 10),
    "overdue of a tenant": lambda: overdue_tasks(TENANT, "t-1", "", START_MICROS + 50, None, 10),
    "processes": lambda: page_of_processes(Scope(KEYS), None, 10),
    "a tenant's days": lambda: process_rows(Scope(TENANT), DAYS, ("day", "quarters")),
    "all tenants' days": lambda: process_rows(Scope(ALL_ROWS), DAYS, ("day", "quarters")),
    "elements": lambda: element_rows([DEFINITION], None),
    "elements of days": lambda: element_rows([DEFINITION], DAYS),
}


def _behind_the_fence(program: Program[Any]) -> Program[Any]:
    next(program)
    statement = program.send([("holder",)])
    yield statement


def _queries(program: Program[Any]) -> list[Fetch]:
    """The queries of a program that finds nothing."""
    found: list[Fetch] = []
    answer: Any = None
    try:
        while True:
            statement = program.send(answer)
            answer = []
            if isinstance(statement, Fetch):
                found.append(statement)
                if statement.sql.startswith("SELECT COUNT(*)"):
                    answer = [(0,)]
    except StopIteration:
        return found


async def test_no_query_reads_a_whole_table(filled: Database) -> None:
    for name, make in PROGRAMS.items():
        queries = _queries(make())
        assert queries, name
        for query in queries:
            if isinstance(filled, SqliteDatabase):
                plan = await filled.read(fetch(Fetch(f"EXPLAIN QUERY PLAN {query.sql}", query.parameters)))
                steps = [row[3] for row in plan]
                # A list from its end, or of what is as small as what is asked for, is read from an index in order.
                scans = [one for one in steps if one.startswith("SCAN") and one != "SCAN due" and "USING" not in one]
                allowed = name == "archives" or query.sql.endswith(" LIMIT 1") or "statistics_definition" in query.sql
                assert not scans or allowed, (name, steps)
                sorts = [one for one in steps if "TEMP B-TREE" in one]
                assert not sorts or name == "all tenants' days", (name, steps)
            else:
                plan = await filled.read(fetch(Fetch(f"EXPLAIN {query.sql}", query.parameters)))
                for row in plan:
                    table, kind, key = row[2], row[3], row[5]
                    if table is None or table.startswith("<") or table == "statistics_definition":
                        continue
                    assert key is not None, (name, row)
                    assert kind != "ALL", (name, row)
