"""SQLite answers by an index whatever is asked of messages, subscriptions and start events on the hot path."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine_svc.state.instance import Wait
from engine_svc.storage import messages, start_events, subscriptions
from mesh.access.rows import ALL_ROWS
from mesh.db.statements import Fetch, Program

PROGRAMS: dict[str, Callable[[], Program[Any]]] = {
    "who waits for a message": lambda: messages.find_waiting("", "m", "k"),
    "which message is kept": lambda: messages.find_buffered("", "m", "k", 1),
    "what is kept and wanted": lambda: messages.wanted_messages("", 1),
    "what is over": lambda: messages.anything_over(1),
    "what to expire": lambda: messages.expire_messages(1),
    "who waits for a signal": lambda: subscriptions.find_signal_subscriptions("", "s", None),
    "who else waits for a signal": lambda: subscriptions.find_signal_subscriptions("", "s", ("i", 1)),
    "what an instance waits for": lambda: subscriptions.find_subscriptions(
        subscriptions.SubscriptionFilter(instance_id="i"), ALL_ROWS, None, 10
    ),
    "who waits for the name": lambda: subscriptions.find_subscriptions(
        subscriptions.SubscriptionFilter(type=int(Wait.MESSAGE), name="m", tenant_id=""), ALL_ROWS, None, 10
    ),
    "what starts by a message": lambda: start_events.find_message_start("", "m"),
    "which timers are due": lambda: start_events.due_start_timers(1, 10),
}


FIRST_ANSWERS: dict[str, list[tuple[Any, ...]]] = {
    "what is kept and wanted": [("0",)],
    "what starts by a message": [(0,)],
}
"""The rows that a first statement finds, where it takes some to come to the next one."""


@pytest.mark.parametrize("question", PROGRAMS)
def test_it_is_found_by_an_index(sqlite_template: Path, question: str) -> None:
    asked: list[str] = []
    with contextlib.closing(sqlite3.connect(sqlite_template)) as connection, contextlib.suppress(StopIteration):
        program = PROGRAMS[question]()
        statement = next(program)
        while True:
            assert isinstance(statement, Fetch)
            plan = connection.execute(f"EXPLAIN QUERY PLAN {statement.sql}", statement.parameters)
            steps = [row[3] for row in plan]
            assert not [step for step in steps if step.startswith("SCAN")], (statement.sql, steps)
            statement = program.send([] if asked else FIRST_ANSWERS.get(question, []))
            asked.append(question)
