"""Both databases read queries from the indexes that are meant: in their order, within a window, or from what is rare.

The plans are those of tables with some rows; what a program asks of the database is answered with what it would find
where there is more.
"""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
from flowmesh.history.v1 import history_filters_pb2 as fpb
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from history_svc.api import filters, orders
from history_svc.consumers.projection import project
from history_svc.queries.dialect import dialect_of
from history_svc.queries.narrowing import Narrowing
from history_svc.queries.pages import count_rows, read_page
from history_svc.queries.search import Narrowed, WordTable
from history_svc.queries.timeline import Asked, read_timeline
from mesh.access.rows import ALL_ROWS
from mesh.db.database import Database
from mesh.db.sqlite import SqliteDatabase
from mesh.db.statements import Fetch, Program, Row
from mesh.json_values import to_value
from tests.unit.history.event_histories import START_MICROS, Life

pytestmark = pytest.mark.fresh_database

TIME = Timestamp(seconds=START_MICROS // 1_000_000)
KINDS: dict[type[Message], tuple[Any, orders.Orders]] = {
    fpb.HistoricProcessInstanceFilter: (filters.ask_of_instances, orders.INSTANCE_ORDERS),
    fpb.HistoricActivityFilter: (filters.ask_of_activities, orders.ACTIVITY_ORDERS),
    fpb.HistoricTaskFilter: (filters.ask_of_tasks, orders.TASK_ORDERS),
    fpb.HistoricVariableFilter: (filters.ask_of_variables, orders.VARIABLE_ORDERS),
    fpb.HistoricVariableChangeFilter: (filters.ask_of_variable_changes, orders.VARIABLE_CHANGE_ORDERS),
    fpb.HistoricIncidentFilter: (filters.ask_of_incidents, orders.INCIDENT_ORDERS),
    fpb.HistoricJobEventFilter: (filters.ask_of_job_events, orders.JOB_EVENT_ORDERS),
}
VARIABLE = [fpb.VariableCondition(name="amount", value=to_value(5))]
TEXT = [fpb.VariableCondition(name="note", operator="OPERATOR_LIKE", value=to_value("n%"))]

IN_ORDER: list[tuple[Message, str]] = [
    (fpb.HistoricProcessInstanceFilter(), ""),
    (fpb.HistoricProcessInstanceFilter(), "start_time"),
    (fpb.HistoricProcessInstanceFilter(), "end_time desc"),
    (fpb.HistoricProcessInstanceFilter(end_reason_like="%x%"), ""),
    (fpb.HistoricProcessInstanceFilter(end_time_from=TIME), ""),
    (fpb.HistoricProcessInstanceFilter(end_time_from=TIME), "end_time"),
    (fpb.HistoricProcessInstanceFilter(tenant_ids=["t"], process_definition_keys=["order"]), ""),
    (fpb.HistoricProcessInstanceFilter(business_keys=["B"], finished=True), ""),
    (fpb.HistoricProcessInstanceFilter(business_keys=["B", "C"], duration_from={"seconds": 1}), ""),
    (fpb.HistoricProcessInstanceFilter(variables=VARIABLE), ""),
    (fpb.HistoricProcessInstanceFilter(variables=TEXT, involved_user="ann"), "end_time"),
    (fpb.HistoricProcessInstanceFilter(active_element_ids=["a"], with_open_incidents=True), ""),
    (fpb.HistoricActivityFilter(process_instance_ids=["i"], element_name_like="%x"), ""),
    (fpb.HistoricActivityFilter(assignees=["ann"], end_time_to=TIME), ""),
    (fpb.HistoricTaskFilter(), "due_time"),
    (fpb.HistoricTaskFilter(name_like="%x%", finished=False), "end_time desc"),
    (fpb.HistoricTaskFilter(assignees=["ann"], name_like="%x%"), ""),
    (fpb.HistoricTaskFilter(task_variables=VARIABLE, process_variables=TEXT, involved_user="ann"), ""),
    (fpb.HistoricTaskFilter(candidate_groups=["it"], due_time_to=TIME), ""),
    (fpb.HistoricTaskFilter(business_key_like="B%", process_finished=True), ""),
    (fpb.HistoricVariableFilter(names=["amount"], tenant_ids=["t"]), ""),
    (fpb.HistoricVariableFilter(values=VARIABLE), ""),
    (fpb.HistoricVariableChangeFilter(names=["amount"], user_ids=["ann"]), ""),
    (fpb.HistoricVariableChangeFilter(process_instance_ids=["i"], deleted=True), ""),
    (fpb.HistoricIncidentFilter(types=["x"]), ""),
    (fpb.HistoricJobEventFilter(events=["EVENT_FAILED"], job_types=["charge"]), ""),
]


@pytest.fixture
async def filled(history: Database) -> Database:
    events = []
    for number in range(60):
        life = Life(key=f"process-{number % 3}", business_key=f"B-{number}", micros=START_MICROS + number)
        life.start("ann", amount=number, note=f"n {number}")
        life.enter(life.activity("approve"))
        life.tell(
            "user_task_created",
            task_id=f"{life.id}.2",
            element_id="approve",
            name="审批",
            assignee="ann",
            candidate_groups=["it"],
        )
        life.tell("incident_raised", incident_id=f"{life.id}.3", type="x", message="m")
        life.tell("job_failed", job_id=f"{life.id}.4", job_type="charge")
        if number % 2:
            life.end()
        events += life.events
    await history.write(project(events))
    return history


def _fetched(program: Program[Any], *, many: bool) -> list[Fetch]:
    """The queries of a program: where there are `many` rows for whatever leads, windows end; else few are gathered."""
    queries: list[Fetch] = []
    answer: list[Row] = []
    try:
        statement = program.send(None)
        while len(queries) < 60:
            assert isinstance(statement, Fetch)
            queries.append(statement)
            if "COUNT(*)" in statement.sql:
                answer = [(1_000_000 if many else 3,)]
            elif " OFFSET " in statement.sql:
                columns = (
                    statement.sql.removeprefix("SELECT ")
                    .removeprefix("/*! STRAIGHT_JOIN */ ")
                    .split(" FROM ")[0]
                    .split(",")
                )
                answer = [tuple("x" if name.endswith("id") else 5 for name in columns)]
            else:
                answer = []
            statement = program.send(answer)
    except StopIteration:
        pass
    return queries


async def _plan(database: Database, query: Fetch) -> str:
    def explain() -> Program[list[Row]]:
        prefix = "EXPLAIN QUERY PLAN" if isinstance(database, SqliteDatabase) else "EXPLAIN"
        rows: list[Row] = yield Fetch(f"{prefix} {query.sql}", query.parameters)
        return rows

    rows = await database.read(explain())
    return "\n".join(" | ".join(str(value) for value in row) for row in rows)


def _program(database: Database, asked: Message, order_by: str, *, count: bool = False) -> Program[Any]:
    ask, ordered = KINDS[type(asked)]
    narrowing = Narrowing(ordered.listing, dialect_of(database))
    ask(asked, narrowing)
    reverse, order = orders.parse_order(order_by, ordered)
    if count:
        return count_rows(ordered.listing, narrowing.all_of(order=()), ALL_ROWS, 1_000)
    return read_page(ordered.listing, narrowing.all_of(reverse=reverse, order=order), ALL_ROWS, None, 50)


async def test_queries_are_read_in_the_order_of_an_index(filled: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("history_svc.queries.pages.LOOKING_SECONDS", -1.0)
    for (asked, order_by), count in itertools.product(IN_ORDER, (False, True)):
        listing = KINDS[type(asked)][1].listing
        for query in _fetched(_program(filled, asked, "" if count else order_by, count=count), many=True):
            plan = await _plan(filled, query)
            where = (asked, query.sql, plan)
            leads = "own_id FROM" in query.sql
            if isinstance(filled, SqliteDatabase):
                assert "TEMP B-TREE" not in plan or leads, where
                scans = [line for line in plan.splitlines() if f"SCAN {listing.table}" in line]
                assert not [line for line in scans if "INDEX" not in line] or listing.order[0].endswith("id"), where
            elif not leads:
                first = next((line for line in plan.splitlines() if listing.table in line), "")
                assert "filesort" not in first, where
                assert "ALL" not in first.split(" | ")[3:4], where


RARE: list[tuple[Message, str, str]] = [
    (fpb.HistoricProcessInstanceFilter(initiators=["ann", "bob"]), "duration", "history_instance_initiator"),
    (fpb.HistoricProcessInstanceFilter(variables=VARIABLE), "business_key", "history_variable_value"),
    (fpb.HistoricProcessInstanceFilter(variables=TEXT), "", "history_variable_value"),
    (fpb.HistoricProcessInstanceFilter(business_keys=["B", "C"]), "", "history_instance_business_key"),
    (fpb.HistoricProcessInstanceFilter(active_element_ids=["a"]), "", "history_activity_element"),
    (fpb.HistoricTaskFilter(task_variables=VARIABLE), "name", "history_variable_value"),
    (fpb.HistoricTaskFilter(process_variables=VARIABLE), "", "history_variable_value"),
    (fpb.HistoricTaskFilter(candidate_groups=["it"]), "priority desc", "history_task_candidate"),
    (fpb.HistoricTaskFilter(parent_task_ids=["a", "b"]), "", "history_task_parent"),
    (fpb.HistoricVariableFilter(values=VARIABLE), "update_time", "history_variable_value"),
]


async def test_what_is_rare_leads(filled: Database) -> None:
    for asked, order_by, index in RARE:
        queries = _fetched(_program(filled, asked, order_by), many=False)
        assert len(queries) == 2
        for query in queries:
            plan = await _plan(filled, query)
            assert index in plan, (query.sql, plan)


OF_RECORDS: list[Message] = [
    fpb.HistoricProcessInstanceFilter(active_element_ids=["a"]),
    fpb.HistoricProcessInstanceFilter(completed_element_ids=["a", "b"]),
    fpb.HistoricProcessInstanceFilter(with_open_incidents=True),
    fpb.HistoricProcessInstanceFilter(with_open_incidents=False),
    fpb.HistoricProcessInstanceFilter(incident_type="x", incident_message_like="%m%"),
    fpb.HistoricProcessInstanceFilter(involved_user="ann"),
    fpb.HistoricProcessInstanceFilter(variables=[*VARIABLE, *TEXT]),
    fpb.HistoricTaskFilter(candidate_groups=["it"], involved_user="ann"),
    fpb.HistoricTaskFilter(business_key_like="B%", process_finished=False),
    fpb.HistoricTaskFilter(task_variables=VARIABLE, process_variables=TEXT),
    fpb.HistoricActivityFilter(assignees=["ann"], called_process_instance_ids=["i"]),
]


async def test_what_a_row_has_is_looked_up_by_the_row(filled: Database) -> None:
    for asked in OF_RECORDS:
        table = KINDS[type(asked)][1].listing.table
        queries = [each for each in _fetched(_program(filled, asked, ""), many=True) if "EXISTS(" in each.sql]
        assert queries, asked
        for query in queries:
            plan = await _plan(filled, query)
            if isinstance(filled, SqliteDatabase):
                inner = [line for line in plan.splitlines() if re.search(r"(SEARCH|SCAN) \w (USING|\|)", line)]
                assert inner, (query.sql, plan)
                for line in inner:
                    assert re.search(r"\((\w*_)?(id|parent_activity_id)=\?", line), (query.sql, plan)
            else:
                inner = [line for line in plan.splitlines() if "DEPENDENT SUBQUERY" in line]
                assert inner, (query.sql, plan)
                for line in inner:
                    assert f".{table}." in line or " | func | " in line, (query.sql, plan)


async def test_words_and_timelines_are_read_by_their_keys(filled: Database) -> None:
    programs: list[Program[Any]] = [
        read_timeline("x", Asked(), None, 50),
        read_timeline("x", Asked(frozenset({30, 20}), descending=True), (5, "x", 5, "y"), 50),
    ]

    async def read(program: Program[Any]) -> Any:
        programs.append(program)
        return [], None

    await WordTable(read).read(("审批", "n"), Narrowed(), ALL_ROWS, None)
    await WordTable(read).read(("审批", "n"), Narrowed(kinds=(2,), tenant_ids=("",)), ALL_ROWS, ("x", 2))
    assert len(programs) == 4
    for program in programs:
        for query in _fetched(program, many=True):
            plan = await _plan(filled, query)
            if isinstance(filled, SqliteDatabase):
                assert "TEMP B-TREE" not in plan, (query.sql, plan)
                assert "SCAN history" not in plan, (query.sql, plan)
            else:
                assert "filesort" not in plan, (query.sql, plan)
                assert " | ALL | " not in plan.replace("<derived2> | ALL", "<derived2> |"), (query.sql, plan)
