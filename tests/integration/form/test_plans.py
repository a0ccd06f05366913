"""Lists and background work read their rows from an index, on SQLite and on MariaDB."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from form_svc.storage.definitions import DefinitionFilter, find_newest, list_definitions
from form_svc.storage.drafts import prune_drafts
from form_svc.storage.files import count_loose, expired_files
from form_svc.storage.submissions import SubmissionFilter, due_submissions, find_by_scope, list_submissions
from mesh.access.rows import ALL_ROWS, RowGrant, Rows
from mesh.db.database import Database
from mesh.db.statements import Fetch, Program, fetch

pytestmark = pytest.mark.fresh_database

TENANT = Rows((RowGrant(frozenset({"acme"})),), "ann")
OWN = Rows((RowGrant(involved_only=True),), "ann")
READS: dict[str, Callable[[], Program[Any]]] = {
    "due submissions": lambda: due_submissions(1, 10),
    "by scope": lambda: find_by_scope("x"),
    "by task": lambda: list_submissions(SubmissionFilter(user_task_id="t"), ALL_ROWS, None, 10),
    "by instance": lambda: list_submissions(SubmissionFilter(process_instance_id="t"), ALL_ROWS, None, 10),
    "by state": lambda: list_submissions(SubmissionFilter(state=4), ALL_ROWS, None, 10),
    "of a tenant": lambda: list_submissions(SubmissionFilter(), TENANT, None, 10),
    "own": lambda: list_submissions(SubmissionFilter(), OWN, None, 10),
    "expired files": lambda: expired_files(1),
    "loose files": lambda: count_loose("ann", 10),
    "old drafts": lambda: prune_drafts(1),
    "newest form": lambda: find_newest("", "request"),
    "forms of a tenant": lambda: list_definitions(DefinitionFilter(), TENANT, None, 10),
}


@pytest.mark.parametrize("what", READS)
async def test_no_table_is_read_as_a_whole(form_database: Database, what: str) -> None:
    statement = next(READS[what]())
    assert isinstance(statement, Fetch)
    explain = "EXPLAIN QUERY PLAN" if "Sqlite" in type(form_database).__name__ else "EXPLAIN"
    plan = await form_database.read(fetch(Fetch(f"{explain} {statement.sql}", statement.parameters)))
    if explain == "EXPLAIN":
        # Columns: id, select_type, table, type, possible_keys, key, …: an empty table may be "impossible".
        assert all(row[3] != "ALL" for row in plan), plan
    else:
        assert all("USING" in row[3] and "TEMP B-TREE" not in row[3] for row in plan), plan
