"""Lists: every combination of filters against a list made in Python, page by page, and the indexes behind them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from history_svc.consumers.projection import project
from history_svc.queries.listings import ACTIVITIES, INSTANCES, TASKS, VARIABLES
from history_svc.queries.pages import Filters, Listing, read_page
from mesh.access.rows import ALL_ROWS, RowGrant, Rows
from mesh.db.database import Database
from mesh.db.sqlite import SqliteDatabase
from mesh.db.statements import Fetch, Program, Row
from tests.unit.history.event_histories import START_MICROS, Life


@pytest.fixture
async def filled(history: Database) -> Database:
    """Some instances in all states, several at the same time."""
    events = []
    for number in range(40):
        life = Life(
            key=f"process-{number % 3}",
            definition_id=f"definition-{number % 4}",
            business_key=f"B-{number % 5}",
            tenant_id=f"tenant-{number % 2}",
            micros=START_MICROS + number // 4 * 1_000,
        )
        life.start(amount=number, note="n")
        life.leave(life.activity("start", "startEvent"))
        activity = life.activity(f"approve-{number % 2}")
        life.enter(activity)
        assignee = ["", "ann", "bob"][number % 3]
        life.tell("user_task_created", task_id=activity.id, element_id=activity.element_id, assignee=assignee)
        life.commit()
        if number % 4 == 1:
            life.leave(activity, START_MICROS)
            life.tell("user_task_completed", task_id=activity.id, assignee=assignee)
            life.end()
        elif number % 4 == 2:
            life.abandon(activity, START_MICROS)
            life.tell("user_task_terminated", task_id=activity.id)
            life.terminate()
        elif number % 4 == 3:
            life.tell("process_instance_suspended")
        events += life.events
    await history.write(project(events))
    return history


FILTERS = {
    "history_process_instance": (
        "process_definition_key",
        "process_definition_id",
        "business_key",
        "tenant_id",
        "parent_process_instance_id",
        "root_process_instance_id",
    ),
    "history_activity": ("process_instance_id", "element_id", "element_type", "process_definition_key"),
    "history_task": ("process_instance_id", "assignee", "element_id", "process_definition_key", "tenant_id"),
    "history_variable": ("process_instance_id", "name"),
}


def _choices(listing: Listing) -> Iterator[tuple[tuple[str, ...], int]]:
    names = FILTERS[listing.table]
    subsets = itertools.chain.from_iterable(itertools.combinations(names, size) for size in range(len(names) + 1))
    return itertools.product(subsets, (0, *listing.states))


def _only(state: int) -> tuple[int, ...] | None:
    return (state,) if state else None


async def _all_pages(database: Database, listing: Listing, filters: Filters, size: int) -> list[Row]:
    rows: list[Row] = []
    after: tuple[Any, ...] | None = None
    while True:
        page = await database.read(read_page(listing, filters, ALL_ROWS, after, size))
        assert len(page.rows) <= size
        rows += page.rows
        if page.next_key is None:
            return rows
        assert len(page.rows) == size
        after = page.next_key


def _expected(listing: Listing, rows: Sequence[Row], filters: Filters) -> list[Row]:
    places = {column: place for place, column in enumerate(listing.columns)}
    return sorted(
        (
            row
            for row in rows
            if all(row[places[column]] == value for column, value in filters.equal.items())
            and (filters.states is None or row[places[listing.state_column]] in filters.states)
            and all(row[places[column]] >= value for column, value in filters.at_least.items())
            and all(row[places[column]] < value for column, value in filters.below.items())
        ),
        key=lambda row: [row[places[column]] for column in listing.order],
        reverse=listing.descending,
    )


@pytest.mark.parametrize("listing", [INSTANCES, ACTIVITIES, TASKS, VARIABLES], ids=lambda listing: listing.table)
async def test_every_combination_of_filters(filled: Database, listing: Listing) -> None:
    everything = await _all_pages(filled, listing, Filters({}), 1000)
    assert len(everything) >= 40
    sample = everything[len(everything) // 3]
    for names, state in _choices(listing):
        filters = Filters({name: sample[listing.columns.index(name)] for name in names}, _only(state))
        expected = _expected(listing, everything, filters)
        for size in (7, 1000):
            assert await _all_pages(filled, listing, filters, size) == expected, (names, state, size)


async def test_time_range(filled: Database) -> None:
    everything = await _all_pages(filled, INSTANCES, Filters({}), 1000)
    filters = Filters(
        {},
        at_least={"start_micros": START_MICROS + 2_000},
        below={"start_micros": START_MICROS + 5_000},
    )
    expected = _expected(INSTANCES, everything, filters)
    assert len(expected) == 12
    assert await _all_pages(filled, INSTANCES, filters, 5) == expected


async def test_rows_that_come_meanwhile_disturb_no_later_page(filled: Database) -> None:
    first = await filled.read(read_page(INSTANCES, Filters({}), ALL_ROWS, None, 10))
    rest = await filled.read(read_page(INSTANCES, Filters({}), ALL_ROWS, first.next_key, 1000))
    newer = Life(micros=START_MICROS + 1_000_000)
    newer.start()
    await filled.write(project(newer.events))
    assert (await filled.read(read_page(INSTANCES, Filters({}), ALL_ROWS, first.next_key, 1000))).rows == rest.rows


def _explained(program: Program[Any]) -> list[Fetch]:
    """Return the queries of a program that finds nothing."""
    queries: list[Fetch] = []
    try:
        statement = program.send(None)
        while True:
            assert isinstance(statement, Fetch)
            queries.append(statement)
            statement = program.send([])
    except StopIteration:
        return queries


def _explain(query: Fetch) -> Program[list[Row]]:
    rows: list[Row] = yield query
    return rows


@pytest.mark.parametrize("listing", [INSTANCES, ACTIVITIES, TASKS, VARIABLES], ids=lambda listing: listing.table)
async def test_no_list_is_sorted_or_scanned(filled: Database, listing: Listing) -> None:
    """Whatever the filters: the rows come from an index in their order, beginning behind the last page."""
    sample = (await filled.read(read_page(listing, Filters({}), ALL_ROWS, None, 20))).rows[-1]
    after = tuple(sample[listing.columns.index(column)] for column in listing.order)
    for (names, state), key in itertools.product(_choices(listing), (None, after)):
        filters = Filters({name: sample[listing.columns.index(name)] for name in names}, _only(state))
        for query in _explained(read_page(listing, filters, ALL_ROWS, key, 5)):
            where = (names, state, key)
            if isinstance(filled, SqliteDatabase):
                plan = await filled.read(_explain(Fetch(f"EXPLAIN QUERY PLAN {query.sql}", query.parameters)))
                (line,) = [row[3] for row in plan]
                # Variables are read in the order of their ids, from the first where nothing says otherwise.
                assert line.startswith("SEARCH") or (listing is VARIABLES and key is None and "name" not in names), (
                    where
                )
                assert "TEMP B-TREE" not in line, where
            else:
                plan = await filled.read(_explain(Fetch(f"EXPLAIN {query.sql}", query.parameters)))
                assert "filesort" not in plan[0][9], (where, plan)
                assert plan[0][5] is not None, (where, plan)


WALLS = {
    "a tenant": Rows((RowGrant(frozenset({"acme"})),)),
    "a definition of a tenant": Rows((RowGrant(frozenset({"acme"}), ("order",)),)),
    "tenants and definitions": Rows((RowGrant(frozenset({"acme", "other"}), ("order", "re*")), RowGrant(frozenset()))),
    "taking part": Rows((RowGrant(frozenset({"acme"}), involved_only=True),), "ann", frozenset({"it"})),
    "a tenant, and taking part": Rows((RowGrant(frozenset({"acme"})), RowGrant(involved_only=True)), "ann"),
}


@pytest.mark.parametrize("wall", WALLS)
@pytest.mark.parametrize("listing", [INSTANCES, ACTIVITIES, TASKS, VARIABLES], ids=lambda listing: listing.table)
async def test_walls_leave_lists_their_indexes(filled: Database, listing: Listing, wall: str) -> None:
    """No list scans a table for what is open; only the caller's own rows, which are few, are sorted."""
    sample = (await filled.read(read_page(listing, Filters({}), ALL_ROWS, None, 20))).rows[-1]
    opened = WALLS[wall]
    for names, state in _choices(listing):
        filters = Filters({name: sample[listing.columns.index(name)] for name in names}, _only(state))
        queries = _explained(read_page(listing, filters, opened, None, 5))
        assert queries
        for query in queries if isinstance(filled, SqliteDatabase) else ():
            plan = await filled.read(_explain(Fetch(f"EXPLAIN QUERY PLAN {query.sql}", query.parameters)))
            steps = [row[3] for row in plan]
            scans = [step for step in steps if step.startswith(f"SCAN {listing.table}") and "INDEX" not in step]
            # Variables are read in the order of their ids, from the first where nothing says otherwise.
            assert not scans or listing is VARIABLES, (names, state, steps)
            own = [step for step in steps if "own" in step]
            assert own or not any("TEMP B-TREE" in step for step in steps), (names, state, steps)
            if own:
                assert any(step.startswith(f"SEARCH {listing.table} USING") for step in steps), steps
