"""SQLite answers by an index whatever is asked of sagas and of jobs for the bus."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine_svc.storage import job_dispatch, sagas
from mesh.access.rows import ALL_ROWS
from mesh.db.statements import Fetch, Program

PROGRAMS: dict[str, Callable[[], Program[Any]]] = {
    "which sagas are due": lambda: sagas.due_sagas(1, 10),
    "whether a saga is old": lambda: sagas.any_saga_ended(1),
    "which sagas are old": lambda: sagas.prune_sagas(1),
    "sagas of a state": lambda: sagas.list_sagas(1, "", "", ALL_ROWS, None, 10),
    "the steps of a saga": lambda: sagas.list_steps("i", 0, 10),
    "types with a beginning": lambda: job_dispatch.job_types_with_prefix("pay-", 10),
    "all types": lambda: job_dispatch.job_types_with_prefix("", 10),
    "ready jobs": lambda: job_dispatch.ready_jobs("mail", 10, 10),
}


@pytest.mark.parametrize("question", PROGRAMS)
def test_it_is_found_by_an_index(sqlite_template: Path, question: str) -> None:
    statement = next(PROGRAMS[question]())
    assert isinstance(statement, Fetch)
    with contextlib.closing(sqlite3.connect(sqlite_template)) as connection:
        steps = [
            row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement.sql}", tuple(statement.parameters))
        ]
    assert steps
    assert not [step for step in steps if not step.startswith("SEARCH")], (statement.sql, steps)
