"""SQLite takes todo lists from indexes in their order, whatever the number of tasks."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from engine_svc.main import MIGRATIONS, MIGRATIONS_HEAD
from engine_svc.storage.user_task_lists import (
    OLDEST_FIRST,
    Order,
    UserTaskFilter,
    count_user_tasks,
    list_stamps,
    list_user_tasks,
)
from mesh.access.rows import ALL_ROWS
from mesh.db.migrate import migrate
from mesh.db.statements import Fetch, Program, Row

NEWEST_FIRST = (Order("create_time", descending=True),)
BY_DUE_TIME = (Order("due_time", all_have_it=True),)
AFTER = [1, "i", 1]


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path = tmp_path_factory.mktemp("plans") / "engine.db"
    migrate(f"sqlite:///{path}", MIGRATIONS, MIGRATIONS_HEAD)
    connection = sqlite3.connect(path)
    yield connection
    connection.close()


def plan(connection: sqlite3.Connection, statement: Any) -> list[str]:
    assert isinstance(statement, Fetch)
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement.sql}", statement.parameters)]


MY_TASKS = UserTaskFilter(assignee_or_candidate="ann", candidate_groups=("sales", "it"))
OFFERED = UserTaskFilter(candidate_user="ann", candidate_groups=("sales",))


@pytest.mark.parametrize("read", [list_user_tasks, list_stamps])
@pytest.mark.parametrize("after", [None, AFTER])
@pytest.mark.parametrize(
    ("wanted", "order", "indexes"),
    [
        (UserTaskFilter(), OLDEST_FIRST, {"user_task_by_creation"}),
        (UserTaskFilter(), NEWEST_FIRST, {"user_task_by_creation"}),
        (UserTaskFilter(assignee="ann"), OLDEST_FIRST, {"user_task_by_assignee"}),
        (UserTaskFilter(unassigned=True), OLDEST_FIRST, {"user_task_by_assignee"}),
        (UserTaskFilter(owner="ann"), OLDEST_FIRST, {"user_task_by_owner"}),
        (UserTaskFilter(definition_key="review"), OLDEST_FIRST, {"user_task_by_definition"}),
        (UserTaskFilter(due=(0, 9)), BY_DUE_TIME, {"user_task_by_due_time"}),
        (OFFERED, OLDEST_FIRST, {"user_task_candidate_by_candidate"}),
        (OFFERED, NEWEST_FIRST, {"user_task_candidate_by_candidate"}),
        (MY_TASKS, OLDEST_FIRST, {"user_task_by_assignee", "user_task_candidate_by_candidate"}),
        (MY_TASKS, NEWEST_FIRST, {"user_task_by_assignee", "user_task_candidate_by_candidate"}),
        (
            UserTaskFilter(involved_user="ann"),
            OLDEST_FIRST,
            {"user_task_by_assignee", "user_task_by_owner", "user_task_candidate_by_candidate"},
        ),
    ],
)
def test_lists_come_from_indexes(
    connection: sqlite3.Connection,
    wanted: UserTaskFilter,
    order: Sequence[Order],
    indexes: set[str],
    after: list[Any] | None,
    read: Callable[..., Program[list[Row]]],
) -> None:
    steps = plan(connection, next(read(wanted, ALL_ROWS, order, after, 51)))
    text = "\n".join(steps)
    for index in indexes:
        assert index in text, text
    assert "SCAN user_task" not in text, text
    assert not [step for step in steps if step.startswith("SCAN t") and "INDEX" not in step], text
    # The keys of the page are few; only they are sorted, never what the page is taken from.
    sorts = [number for number, step in enumerate(steps) if "ORDER BY" in step]
    assert len(sorts) <= (1 if wanted in (MY_TASKS, OFFERED) or wanted.involved_user else 0), text


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (UserTaskFilter(instance_id="i"), "PRIMARY KEY (instance_id=?"),
        (UserTaskFilter(parent=("i", 1)), "PRIMARY KEY (instance_id=?"),
        (UserTaskFilter(business_key="order"), "process_instance_by_business_key"),
    ],
)
def test_the_tasks_of_an_instance_are_found_by_its_id(
    connection: sqlite3.Connection, wanted: UserTaskFilter, index: str
) -> None:
    text = "\n".join(plan(connection, next(list_user_tasks(wanted, ALL_ROWS, OLDEST_FIRST, None, 51))))
    assert index in text, text
    assert "SEARCH t USING PRIMARY KEY (instance_id=?" in text, text


def test_counts_look_at_a_users_tasks_alone(connection: sqlite3.Connection) -> None:
    text = "\n".join(plan(connection, next(count_user_tasks(MY_TASKS, ALL_ROWS))))
    assert "user_task_by_assignee" in text
    assert "user_task_candidate_by_candidate" in text
    assert "SCAN t" not in text, text
