"""SQLite finds what is open to a call by indexes: no wall makes it look at a whole table of what grows."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine_svc.main import MIGRATIONS, MIGRATIONS_HEAD
from engine_svc.storage.instances import InstanceFilter, list_summaries
from engine_svc.storage.involvement import takes_part_in_tasks_of
from engine_svc.storage.jobs import lease_jobs
from engine_svc.storage.user_task_lists import OLDEST_FIRST, UserTaskFilter, count_user_tasks, list_user_tasks
from mesh.access.rows import RowGrant, Rows
from mesh.db.migrate import migrate
from mesh.db.statements import Fetch, Program

TENANT = Rows((RowGrant(frozenset({"a"})),))
DEFINITION = Rows((RowGrant(frozenset({"a"}), ("review",)),))
SEVERAL = Rows((RowGrant(frozenset({"a", "b"}), ("review", "or*")), RowGrant(frozenset({"c"}))))
INVOLVED = Rows((RowGrant(frozenset({"a"}), involved_only=True),), "ann", frozenset({"it", "sales"}))


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path = tmp_path_factory.mktemp("plans") / "engine.db"
    migrate(f"sqlite:///{path}", MIGRATIONS, MIGRATIONS_HEAD)
    opened = sqlite3.connect(path)
    yield opened
    opened.close()


def plans(connection: sqlite3.Connection, program: Program[Any]) -> list[list[str]]:
    """The plans of all queries of a program that finds nothing."""
    found = []
    try:
        statement = next(program)
        while True:
            assert isinstance(statement, Fetch)
            explained = connection.execute(f"EXPLAIN QUERY PLAN {statement.sql}", list(statement.parameters))
            found.append([row[3] for row in explained])
            statement = program.send([(0,)] if "COUNT" in statement.sql else [])
    except StopIteration:
        return found


INSTANCES: dict[str, tuple[InstanceFilter, Rows, str]] = {
    "of a tenant": (InstanceFilter(), TENANT, "process_instance_by_tenant (tenant_id=?"),
    "of a tenant, of a version": (InstanceFilter(definition_id="d"), TENANT, "process_instance_by_version"),
    "of a definition": (InstanceFilter(), DEFINITION, "process_instance_by_"),
    "by business key": (InstanceFilter(business_key="k"), TENANT, "process_instance_by_business_key"),
    "by business key, of several": (InstanceFilter(business_key="k"), SEVERAL, "process_instance_by_business_key"),
    "by taking part": (InstanceFilter(), INVOLVED, "process_instance_by_initiator"),
}


@pytest.mark.parametrize("question", INSTANCES)
@pytest.mark.parametrize("after", [None, "i"])
def test_instances(connection: sqlite3.Connection, question: str, after: str | None) -> None:
    wanted, opened, index = INSTANCES[question]
    for steps in plans(connection, list_summaries(wanted, opened, after, 51)):
        text = "\n".join(steps)
        assert index in text, text
        assert not [step for step in steps if step.startswith(("SCAN process_instance", "SCAN user_task"))], text
        # What is the caller's own is few, and it alone is sorted.
        assert opened is INVOLVED or "ORDER BY" not in text, text


def test_instances_by_taking_part_come_from_who_takes_part(connection: sqlite3.Connection) -> None:
    (steps,) = plans(connection, list_summaries(InstanceFilter(), INVOLVED, None, 51))
    text = "\n".join(steps)
    for index in ("user_task_by_assignee", "user_task_by_owner", "user_task_candidate_by_candidate"):
        assert index in text, text


TASKS: dict[str, tuple[UserTaskFilter, Rows, str]] = {
    "of a tenant": (UserTaskFilter(), TENANT, "user_task_by_tenant"),
    "of a tenant, of a user": (UserTaskFilter(assignee="ann"), TENANT, "user_task_by_assignee"),
    "of a tenant, for a group": (UserTaskFilter(candidate_groups=("it",)), TENANT, "user_task_candidate_by_candidate"),
    "of a definition": (UserTaskFilter(), DEFINITION, "user_task_by_"),
    "of several": (UserTaskFilter(), SEVERAL, "user_task_by_"),
    "by taking part": (UserTaskFilter(), INVOLVED, "user_task_candidate_by_candidate"),
    "of an instance, by taking part": (UserTaskFilter(instance_id="i"), INVOLVED, "PRIMARY KEY (instance_id=?"),
    "of another, by taking part": (UserTaskFilter(assignee="bob"), INVOLVED, "user_task_by_assignee"),
}


@pytest.mark.parametrize("question", TASKS)
@pytest.mark.parametrize(
    "read",
    [
        lambda wanted, opened: list_user_tasks(wanted, opened, OLDEST_FIRST, None, 51),
        lambda wanted, opened: list_user_tasks(wanted, opened, OLDEST_FIRST, [1, "i", 1], 51),
        count_user_tasks,
    ],
)
def test_tasks(connection: sqlite3.Connection, question: str, read: Callable[..., Program[Any]]) -> None:
    wanted, opened, index = TASKS[question]
    for steps in plans(connection, read(wanted, opened)):
        text = "\n".join(steps)
        assert index in text, text
        assert not [step for step in steps if step.startswith("SCAN t") and "INDEX" not in step], text


def test_jobs_are_leased_in_the_order_of_their_index(connection: sqlite3.Connection) -> None:
    for opened in (TENANT, DEFINITION, SEVERAL):
        (steps,) = plans(connection, lease_jobs("work", "", opened, "w", 10, 1))
        assert len(steps) == 1, steps
        assert "job_by_type (type=? AND state=?)" in steps[0], steps


def test_taking_part_in_one_instance_is_looked_up(connection: sqlite3.Connection) -> None:
    for steps in plans(connection, takes_part_in_tasks_of(INVOLVED, "i")):
        assert all("PRIMARY KEY (instance_id=?" in step for step in steps), steps
