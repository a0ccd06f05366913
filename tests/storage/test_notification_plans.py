"""The statements of notifications that run often are answered by indexes on SQLite, whatever is in the tables."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from mesh.db.migrate import migrate
from mesh.db.sqlite_statements import fetch_keys_sql
from mesh.db.statements import Fetch, FetchKeys
from notification_svc.queries.caller import Caller
from notification_svc.queries.inbox import Cursor, changes_since
from notification_svc.storage import comments, deliveries, matters, notifications, reminders, requests, rules
from notification_svc.storage.directory import read_members
from notification_svc.storage.layout import NOTIFICATION
from notification_svc.storage.schema import HEAD, MIGRATIONS

ADA = Caller("ada", signed_in=False)
CLAIM = deliveries.Claim(0, 0, "lease", {"d1"})
PROGRAMS: dict[str, Any] = {
    "claim": lambda: deliveries.claim([2], CLAIM, 10),
    "claim for a receiver": lambda: deliveries.claim_for(6, {"webhook": 3}, CLAIM, 10),
    "anything due": lambda: deliveries.receivers_after(6, 0, "", 10),
    "next receiver": lambda: _second(deliveries.receivers_after(6, 0, "", 10)),
    "assignees": lambda: matters.read_assignees("i", 10),
    "waiting comments": lambda: comments.waiting_comments(["i", "j"]),
    "digest": lambda: deliveries.in_digest("d", 10),
    "count of a digest": lambda: deliveries.count_in_digest("d", forced=False),
    "reminders": lambda: reminders.take_due(0, 10),
    "changes": lambda: changes_since(ADA, Cursor(3, "x"), 10),
    "members": lambda: read_members("staff", "", 10),
    "open tasks": lambda: matters.open_tasks("", "", 10),
    "ended": lambda: matters.prune_matters(0),
    "old notifications": lambda: notifications.prune_notifications(0),
    "old deliveries": lambda: deliveries.prune_deliveries(0),
    "old requests": lambda: requests.prune_requests(0),
    "rules": lambda: rules.rules_of(["a", "b"]),
    "told already": lambda: notifications.told_already([(1, "ada", "x"), (1, "bob", "y")]),
    "matters": lambda: iter([FetchKeys(NOTIFICATION, ("id",), ("matter_id",), [("a",), ("b",)])]),
}


def _second(program: Any) -> Any:
    """Return a program behind its first statement, which finds something."""
    next(program)
    yield program.send([(1,)])


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path: Path = tmp_path_factory.mktemp("plans") / "notification.db"
    migrate(f"sqlite:///{path}", MIGRATIONS, HEAD)
    # Where it broke off it can be run again; where it is done nothing happens.
    migrate(f"sqlite:///{path}", MIGRATIONS, HEAD)
    opened = sqlite3.connect(path)
    yield opened
    opened.close()


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_is_found_by_an_index(connection: sqlite3.Connection, name: str) -> None:
    statement = next(PROGRAMS[name]())
    if isinstance(statement, Fetch):
        sql, count = statement.sql, len(statement.parameters)
    else:
        sql = fetch_keys_sql(statement.table, statement.columns, statement.key_columns, len(statement.keys))
        count = sql.count("?")
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", ["x"] * count)]
    assert not [
        step for step in plan if step.startswith("SCAN ") and not step.startswith(("SCAN wanted", "SCAN 2 CONSTANT"))
    ], plan
    # Keys that are looked up one by one are put into their order afterwards.
    assert isinstance(statement, FetchKeys) or not [step for step in plan if "TEMP B-TREE" in step], plan
